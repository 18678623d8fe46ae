/* packet.h - cuts what an Asterisk manager sends into its banner and packets, and reads their fields.
 *
 * A packet is lines "Key: Value" up to an empty line; the first says what it is, Response or Event.
 * Keys may repeat and come in any order. Lines end with CR LF, or LF alone. The byte stream may be cut
 * anywhere. A packet above a maximum is skipped whole and the stream goes on behind it. */
#ifndef PROTO_AMI_PACKET_H
#define PROTO_AMI_PACKET_H

#include "base/buf.h"
#include "base/slice.h"

enum {
	AMI_PACKET_MAX = 128 * 1024, /* ListCommands of a full manager: 13 kB */
	AMI_BANNER_MAX = 256,
	AMI_FIELDS_MAX = 1024, /* lines of one packet */
};

enum ami_kind { AMI_RESPONSE, AMI_EVENT, AMI_OTHER };

struct ami_line {
	uint32_t at, n; /* from the packet's first byte; without the line end */
};

struct ami_stream {
	struct buf in;
	size_t at;      /* the first byte not yet given out */
	size_t scanned; /* bytes behind at whose lines are known */
	uint32_t lines_n;
	bool skips; /* the packet being read is above a maximum */
	struct ami_line *lines; /* AMI_FIELDS_MAX */
};

/* Points into the stream; valid until the stream is next touched. */
struct ami_packet {
	uint8_t kind;      /* enum ami_kind */
	struct slice name; /* value of the first line: Success, ExtensionStatus ... */
	const char *p;
	const struct ami_line *lines;
	uint32_t n;
};

/* ERR_NO_MEMORY. */
MUST_CHECK enum err ami_stream_init(struct ami_stream *s);
/* Takes a zeroed one. */
void ami_stream_fini(struct ami_stream *s);
/* Forgets all bytes: a new connection. */
void ami_stream_reset(struct ami_stream *s);
/* Takes bytes in any cut; the caller takes all packets out after every add. ERR_LIMIT above a megabyte
 * at once, ERR_NO_MEMORY: the stream has a hole then and must be closed. */
MUST_CHECK enum err ami_stream_add(struct ami_stream *s, struct slice bytes);
/* The first line, "Asterisk Call Manager/11.0.0". Asked for once, before the packets. ERR_AGAIN: needs
 * more bytes; ERR_MALFORMED: too long or another server's. */
MUST_CHECK enum err ami_stream_banner(struct ami_stream *s, struct slice *ret);
/* The next packet. ERR_AGAIN: needs more bytes; ERR_LIMIT: one was skipped, ask again. */
MUST_CHECK enum err ami_stream_next(struct ami_stream *s, struct ami_packet *ret);

/* The value of the first field with this key, without regard to case; SLICE_NONE (p NULL) without one. */
struct slice ami_get(const struct ami_packet *p, const char *key);
/* The value of the (nth + 1)th field with this key. */
struct slice ami_get_nth(const struct ami_packet *p, const char *key, uint32_t nth);
bool ami_has(const struct ami_packet *p, const char *key);
/* "ListItems", "ActionID" and the like: digits. False when absent or above max. */
bool ami_get_u32(const struct ami_packet *p, const char *key, uint32_t max, uint32_t *ret);

#endif
