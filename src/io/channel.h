/* channel.h - streams and datagrams under one handle: UDP, TCP and TLS, connecting and listening.
 *
 * How the daemon uses this: OUT_CONNECT and OUT_LISTEN become channel_connect and channel_listen,
 * OUT_SEND channel_send, OUT_CLOSE channel_close; the handlers become FEED_CONNECTED, FEED_BYTES,
 * FEED_ACCEPTED and FEED_CLOSED. The daemon keeps the table channel id <-> handle; `arg` is its
 * entry.
 *
 * Life of a handle: it is valid from channel_connect, channel_listen or `accepted` until
 * channel_close is called or `closed` returns. No handler is called from inside channel_connect,
 * channel_listen, channel_send or channel_close, and none after channel_close.
 *
 * Everything has a bound: output 1 MB (then closed), reads per turn 64 KB of a stream or 64
 * datagrams, connecting 10 s, accepted connections 256 a listener (those above are turned away),
 * an accepted one must finish its TLS handshake within 10 s and send something within 30 s. */
#ifndef IO_CHANNEL_H
#define IO_CHANNEL_H

#include "io/endpoint.h"
#include "io/loop.h"

/* The values are those of source.h's enum transport. */
enum channel_transport { CHANNEL_UDP, CHANNEL_TCP, CHANNEL_TLS };

enum {
	CHANNEL_OUTPUT_MAX = 1 << 20,
	CHANNEL_CONNECT_MS = 10000,
	CHANNEL_HANDSHAKE_MS = 10000,
	CHANNEL_FIRST_BYTES_MS = 30000,
	CHANNEL_ACCEPTED_MAX = 256,
	CHANNEL_DATAGRAM_MAX = 65507,
};

/* TLS 1.2 or later always; the peer's certificate is always verified when we connect. */
struct channel_tls {
	const char
	    *name; /* whom the certificate must be for; NULL or "": the host as asked, which
		    * for SIP is the domain, not the target of its SRV record (RFC 5922 7.2) */
	const char *ca_file; /* connecting: only these issuers (or this very certificate) count;
			      * NULL or "": the system's */
	const char *certificate_file, *key_file; /* PEM; listening: needed; connecting: optional */
};

/* A transport that would do, and how DNS names it: resolve.h's struct resolve_way. */
struct channel_way {
	enum channel_transport transport;
	const char *naptr, *service;
	uint16_t default_port;
};

struct channel_spec {
	enum channel_transport transport;
	const char *host;      /* name or numeric; listening: "" for all addresses */
	uint16_t port;	       /* connecting: 0 asks `service`; listening: 0 picks one */
	const char *service;   /* "_sip._udp", "_sip._tcp", "_sips._tcp"; NULL: no SRV */
	uint16_t default_port; /* when port is 0 and there is no SRV record */
	/* Connecting: the transport is open (RFC 3263 4.1), and these, in place of transport, service
	 * and default_port, would do; channel_transport says which has become of it. */
	const struct channel_way *ways;
	size_t ways_n; /* at most 3 */
	uint32_t skip; /* UDP has no "connect failed": start with this candidate (modulo their
			* number), so that each new attempt can try the next address */
	struct channel_tls tls;
	/* 0: CHANNEL_CONNECT_MS, names included; then as much again for the TLS handshake.
	 * Listening: for the handshake of an accepted one, 0: CHANNEL_HANDSHAKE_MS. */
	int32_t connect_ms;
	uint32_t accepted_max;	 /* 0: CHANNEL_ACCEPTED_MAX */
	const char *dns_servers; /* for tests: see resolve.h */
};

struct channel;

/* peer and local are valid during the call. Members may be NULL. */
struct channel_handlers {
	/* The channel is up. local is the real address that faces the peer (for a SIP Contact),
	 * never the wildcard, but for a listener (there peer is empty) it is what it was bound to.
	 */
	void (*connected)(void *arg, struct channel *c, const struct endpoint *local,
			  const struct endpoint *peer);
	/* Stream: any cut, at least one byte. Datagram: one message. A UDP socket takes datagrams
	 * from anywhere: the machine compares peer. bytes are valid during the call. */
	void (*bytes)(void *arg, struct channel *c, struct slice bytes,
		      const struct endpoint *peer);
	/* A stream listener got a connection, its TLS handshake is done. c has the listener's
	 * handlers and arg until channel_set_handlers. The connection outlives its listener. */
	void (*accepted)(void *arg, struct channel *listener, struct channel *c,
			 const struct endpoint *local, const struct endpoint *peer);
	/* A connection to the listener came to nothing: limit, handshake, no bytes. For a counter.
	 */
	void (*refused)(void *arg, struct channel *listener, const struct endpoint *peer,
			const char *why);
	/* The end, by the peer, by the system, or the attempt failed. Never after channel_close. */
	void (*closed)(void *arg, struct channel *c, const char *why);
};

/* Everything is copied, the files of tls are read at connecting. ERR_NO_MEMORY, ERR_MALFORMED (a
 * text too long); everything else is told by closed. */
MUST_CHECK enum err channel_connect(struct channel **ret, struct loop *l,
				    const struct channel_spec *spec,
				    const struct channel_handlers *handlers, void *arg);
MUST_CHECK enum err channel_listen(struct channel **ret, struct loop *l,
				   const struct channel_spec *spec,
				   const struct channel_handlers *handlers, void *arg);
void channel_set_handlers(struct channel *c, const struct channel_handlers *handlers, void *arg);

/* From `connected` on. */
enum channel_transport channel_transport(const struct channel *c);

/* UDP: one datagram to peer (NULL: the address connected to); what the network or a full buffer
 * refuses is lost as datagrams are, counted. Streams: queued, peer is ignored. ERR_IO when not up;
 * ERR_LIMIT when too long or the output is full: a stream is then closed, and closed will say so.
 */
enum err channel_send(struct channel *c, struct slice bytes, const struct endpoint *peer);

/* Sends what the system takes at once of the output still waiting (a log-off, say), says goodbye in
 * TLS, closes. Takes NULL. */
void channel_close(struct channel *c);

/* TLS listeners: reads certificate and key again, for connections to come. On failure the old ones
 * stay and ret_why (room for cap bytes) says why. ERR_BUG when c is no TLS listener. */
MUST_CHECK enum err channel_renew(struct channel *c, const struct channel_tls *tls, char *ret_why,
				  size_t cap);

struct channel_counts {
	uint64_t bytes_in, bytes_out;
	uint64_t datagrams_cut;	 /* longer than a datagram may be */
	uint64_t datagrams_lost; /* by our system, in or out, as far as it tells */
};
void channel_count(const struct channel *c, struct channel_counts *ret);

#endif
