/* frame.h - CSTA over TCP: messages out of a stream, and the head of one of ours (ECMA-323 annex
 * J.2).
 *
 * A head is eight bytes: 0x00 0x00 (0x01 0x00 would be SOAP), the length in two bytes, head
 * included, big endian, and four ASCII digits, the invoke id. Answers repeat the request's id;
 * events come with 9999. A length that is wrong by one loses the stream, so a head that cannot be
 * is the stream's end: the caller closes. A head without XML is a message all the same, an empty
 * one. */
#ifndef PROTO_CSTA_FRAME_H
#define PROTO_CSTA_FRAME_H

#include "base/buf.h"

enum {
	CSTA_HEAD = 8,
	CSTA_FRAME_MAX = 65535, /* head included */
	CSTA_EVENT = 9999,
	CSTA_INVOKE_MAX = 9998, /* of requests */
};

/* Zeroed is empty. */
struct csta_stream {
	struct buf in;
	size_t at; /* consumed */
};

struct csta_frame {
	uint16_t invoke;
	struct slice xml; /* valid until the stream is next touched */
};

void csta_stream_fini(struct csta_stream *s);
/* The caller takes all frames out after every add. ERR_LIMIT, ERR_NO_MEMORY: the stream is lost. */
MUST_CHECK enum err csta_stream_add(struct csta_stream *s, struct slice bytes);
/* ERR_AGAIN: more bytes are needed. ERR_MALFORMED: no CSTA, or a broken stream. */
MUST_CHECK enum err csta_stream_next(struct csta_stream *s, struct csta_frame *ret);

/* Begins a frame in b, whose content is dropped: room for the head. */
void csta_frame_begin(struct buf *b);
/* Writes the head of what stands in b. invoke: 0..9999. ERR_LIMIT: more than a frame may hold. */
MUST_CHECK enum err csta_frame_end(struct buf *b, uint16_t invoke);

#endif
