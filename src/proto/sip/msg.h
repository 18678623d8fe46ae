/* msg.h - SIP messages: read from bytes, written into a buf (RFC 3261 7).
 *
 * Reading gives slices into the bytes; a header value may hold folds (CR LF blank), which count as
 * blanks everywhere here and may be echoed as they are. */
#ifndef PROTO_SIP_MSG_H
#define PROTO_SIP_MSG_H

#include "base/buf.h"
#include "base/slice.h"

enum { SIP_MSG_MAX = 65536, SIP_HEADERS_MAX = 128, SIP_CSEQ_MAX = 0x7fffffff };

/* Headers that somebody here looks at; names and compact forms in header.def. */
enum sip_header_id {
#define HEADER(id, name, compact) SIP_##id,
#include "proto/sip/header.def"
	SIP_OTHER,
	SIP_HEADER_COUNT
};

struct sip_header {
	uint8_t id;
	uint8_t next; /* index of the next one with this id, 0: none (index 0 never follows) */
	struct slice name, value;
};

struct sip_via {
	struct slice transport; /* "UDP" */
	struct slice host;	/* without brackets */
	uint16_t port;
	struct slice branch;
	struct slice params;
	bool rport; /* asks for RFC 3581 */
};

struct sip_msg {
	bool request;
	struct slice method, uri; /* requests */
	uint16_t status;	  /* responses */
	struct slice reason;
	/* NULL when the message is sound, otherwise what is wrong with it, in words for an answer
	 * of defect_status (400, 505). Only messages without a defect may be acted upon. */
	const char *defect;
	uint16_t defect_status;

	/* decoded; empty when missing */
	struct sip_via via; /* the topmost */
	struct slice call_id, from_tag, to_tag;
	uint32_t cseq;
	struct slice cseq_method;
	struct slice body;

	uint32_t n;
	uint8_t first[SIP_HEADER_COUNT], last[SIP_HEADER_COUNT]; /* index + 1, 0: none */
	struct sip_header headers[SIP_HEADERS_MAX];
};

/* Reads one whole message: a datagram, or what sip_stream_next gave. Without Content-Length the
 * body is what is left. ERR_MALFORMED: no SIP message at all; ERR_LIMIT: above SIP_MSG_MAX bytes or
 * SIP_HEADERS_MAX headers; ret is then undefined. */
MUST_CHECK enum err sip_msg_parse(struct slice bytes, struct sip_msg *ret);

/* The first header with that id, its value empty when there is none. */
struct slice sip_msg_header(const struct sip_msg *m, enum sip_header_id id);
bool sip_msg_has(const struct sip_msg *m, enum sip_header_id id);
/* All of them: NULL starts, NULL ends. */
const struct sip_header *sip_msg_next(const struct sip_msg *m, enum sip_header_id id,
				      const struct sip_header *after);
/* By name, for headers without an id. */
struct slice sip_msg_header_named(const struct sip_msg *m, const char *name);
/* A header that is one number; comments and parameters behind it are skipped. False when absent or
 * no number; values above max are cut to max. */
bool sip_msg_number(const struct sip_msg *m, enum sip_header_id id, uint64_t max, uint64_t *ret);

/* RFC 3261 25.1 token: at least one byte */
bool sip_is_token(struct slice s);
enum sip_header_id sip_header_find(struct slice name);
const char *sip_header_name(enum sip_header_id id);

/* ---- writing: start line, headers by sip_put, then sip_put_end ---- */

void sip_put_request(struct buf *b, const char *method, struct slice uri);
void sip_put_status(struct buf *b, uint16_t status, const char *reason);
void sip_put(struct buf *b, const char *name, struct slice value);
/* Only for values that are known to be short: numbers and our own words. */
enum { SIP_PUT_FMT_MAX = 256 };
void sip_put_fmt(struct buf *b, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Content-Type (when type is not NULL), Content-Length, empty line, body. */
void sip_put_end(struct buf *b, const char *type, struct slice body);

/* Where a request came from, for received= and rport= (RFC 3261 18.2.1, RFC 3581); host empty:
 * leave the Via as it is. */
struct sip_origin {
	struct slice host;
	uint16_t port;
};

/* Status line, Vias, From, To (with to_tag when it has none and to_tag is not NULL), Call-ID, CSeq
 * of an answer to req; headers that req lacks are left out. reason NULL: the standard's. */
void sip_put_answer(struct buf *b, const struct sip_msg *req, uint16_t status, const char *reason,
		    const char *to_tag, struct sip_origin from);
/* The standard's reason phrase, "" for an unknown status. */
const char *sip_reason(uint16_t status);

#endif
