/* lamp.h - a SIP presence server for phones and PBXs: who watches whom, and what they are told.
 *
 * A machine with the four verbs of the house; the shell owns the sockets. Phones SUBSCRIBE (RFC
 * 6665) to `dialog` (RFC 4235: a lamp that is on or off) or `presence` (RFC 3863, RFC 4480); the
 * machine answers, keeps the dialogs, and sends NOTIFYs with full state and a rising version when
 * lamps_show says so.
 *
 * Digest MD5 and SHA-256 (RFC 8760). A nonce is good for LAMP_NONCE_MS and each of its counts once;
 * it needs no memory until somebody has signed in with it. Requests need no server transactions: a
 * copy is known by Call-ID, tag and CSeq, and answered again.
 *
 * A NOTIFY goes where the watcher's last SUBSCRIBE came from: the address over UDP, the connection
 * over TCP and TLS. When that connection ends, the watcher waits for its refresh over another one.
 * One NOTIFY of a watcher is under way at a time; unanswered, it is sent again as RFC 3261 17.1.2
 * says, then after 30 s, 60 s, 120 s, then the watcher is given up. At most LAMP_BURST leave in
 * LAMP_BURST_MS.
 *
 * Bounds: config.watchers watchers, each at most LAMP_WATCHER_BYTES (tests hold the figure),
 * typically under 600; LAMP_CONNS_MAX connections with at most one unfinished message (64 KB) each.
 */
#ifndef SINK_LAMP_LAMP_H
#define SINK_LAMP_LAMP_H

#include "base/secret.h"
#include "base/slice.h"
#include "core/types.h"

enum {
	LAMP_HOST_MAX = 64,
	LAMP_TEXT_MAX = 1024,	   /* of one watcher: all its names, URIs and routes */
	LAMP_WATCHER_BYTES = 1280, /* record, timer, index and texts */
	LAMP_CONNS_MAX = 4096,
	LAMP_LOGINS_MAX = 10000,
	LAMP_NONCE_MS = 300000,
	LAMP_BURST = 50,
	LAMP_BURST_MS = 20,
	LAMP_RETRY_MS = 30000,
};

enum lamp_transport {
	LAMP_UDP,
	LAMP_TCP,
	LAMP_TLS
}; /* the values of io's enum channel_transport */
enum lamp_package { LAMP_DIALOG, LAMP_PRESENCE, LAMP_PACKAGE_COUNT };
enum lamp_digest { LAMP_DIGEST_BOTH, LAMP_DIGEST_SHA256, LAMP_DIGEST_MD5 };

struct lamp_place {
	char host[LAMP_HOST_MAX]; /* numeric, no brackets */
	uint16_t port;
};

/* Somebody who may watch. */
struct lamp_login {
	char *name;
	struct secret password;
	char *account; /* whose people; "": everybody's */
};

/* Whom a request URI names. */
struct lamp_name {
	struct slice user; /* %-escapes resolved */
	struct slice host;
	struct slice account; /* of the login; empty: any */
};

struct lamps_config {
	uint64_t seed; /* unguessable: tags, branches and nonces come from it */
	const char *realm;
	uint32_t watchers, users;
	int32_t expires_min_s, expires_s,
		stream_expires_s; /* shortest; longest over UDP, over streams */
	uint8_t digest;		  /* enum lamp_digest */
	/* The one person with a lamp who has that name, or ID_NONE. */
	uint32_t (*resolve)(void *arg, const struct lamp_name *name);
	void *arg;
};

enum lamps_feed_kind {
	LAMPS_OPENED, /* a UDP socket, or an accepted connection: .transport, .local, .peer */
	LAMPS_BYTES,  /* UDP: .peer and one datagram */
	LAMPS_CLOSED,
};

struct lamps_feed {
	uint8_t kind;
	uint8_t transport;
	uint32_t channel; /* the shell's number; the UDP socket's is 0 in every process */
	struct lamp_place local, peer;
	struct slice bytes;
};

enum lamp_note {
#define LAMP_NOTE(id, name, level, text) LAMP_NOTE_##id,
#include "sink/lamp/notes.def"
	LAMP_NOTE_COUNT
};

/* What of a watcher outlives the process. Texts are the machine's own form; at most LAMP_TEXT_MAX.
 */
enum { LAMP_FIELDS = 9 };
struct lamp_record {
	uint64_t tag;
	int64_t expires_ms; /* monotonic */
	uint32_t cseq, remote_cseq;
	uint8_t package, transport, shown; /* enum lamp_package, enum lamp_transport, enum lamp */
	uint16_t port;
	struct slice fields[LAMP_FIELDS];
};

enum lamps_out_kind {
	LAMPS_SEND,   /* .bytes to .channel; UDP: to .peer */
	LAMPS_CLOSE,  /* .channel talks nonsense */
	LAMPS_SAVE,   /* .record */
	LAMPS_DELETE, /* .record.tag */
	LAMPS_NOTE,   /* .note, .text */
};

/* Slices are valid until the next call. */
struct lamps_out {
	uint8_t kind;
	uint8_t note;
	uint32_t channel;
	struct lamp_place peer;
	struct slice bytes;
	struct lamp_record record;
	uint32_t user; /* LAMPS_SAVE, LAMPS_DELETE: who is watched; ID_NONE: nobody any more */
	char text[160];
};

struct lamps_view {
	uint32_t watchers, by_package[LAMP_PACKAGE_COUNT],
		streams;  /* streams: watchers over TCP and TLS */
	uint32_t waiting; /* for their connection to come back */
	uint32_t unanswered, lit;
	uint64_t notifies, repeats, timeouts, answered, subscribes;
	uint64_t counters[LAMP_NOTE_COUNT];
	size_t bytes; /* held now */
};

struct lamps;

MUST_CHECK enum err lamps_new(struct lamps **ret, const struct lamps_config *c, int64_t now_ms);
void lamps_free(struct lamps *l);
/* Takes over the list and its contents; an empty one lets everybody watch. */
void lamps_set_logins(struct lamps *l, struct lamp_login *list, uint32_t n);
/* New bounds for what comes from now on; watchers, users and seed stay as they were made. */
void lamps_set_config(struct lamps *l, const struct lamps_config *c);

/* What the user's lamp shows from now on. LAMP_OFF: there is none: its watchers are let go. Until
 * the first call after a restart what watchers were told last stands; with it each is told again,
 * for the answer to the last NOTIFY before may have been lost with the process. */
void lamps_show(struct lamps *l, int64_t now_ms, uint32_t user, enum lamp lamp);
/* The id may be somebody else's from now on. */
void lamps_forget(struct lamps *l, int64_t now_ms, uint32_t user);
/* A record of an earlier process; watchers whom nobody's name fits any more are let go. ERR_EXISTS,
 * ERR_LIMIT, ERR_MALFORMED, ERR_NOT_FOUND when it has expired: the caller deletes it. */
MUST_CHECK enum err lamps_restore(struct lamps *l, int64_t now_ms, const struct lamp_record *r);

void lamps_feed(struct lamps *l, int64_t now_ms, const struct lamps_feed *in);
void lamps_tick(struct lamps *l, int64_t now_ms);
int64_t lamps_next(const struct lamps *l);
bool lamps_drain(struct lamps *l, struct lamps_out *ret);

void lamps_view(const struct lamps *l, struct lamps_view *ret);
uint32_t lamps_watchers_of(const struct lamps *l, uint32_t user);

const char *lamp_note_name(enum lamp_note n);
const char *lamp_note_text(enum lamp_note n);
int lamp_note_level(enum lamp_note n);

#endif
