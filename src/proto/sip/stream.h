/* stream.h - cuts the byte stream of TCP and TLS into SIP messages (RFC 3261 18.3, 7.5). */
#ifndef PROTO_SIP_STREAM_H
#define PROTO_SIP_STREAM_H

#include "base/buf.h"
#include "base/slice.h"

struct sip_stream {
	struct buf in;
	size_t at;	/* the first byte not yet given out */
	size_t scanned; /* bytes behind at known to hold no end of the header section */
	uint32_t pings; /* CRLF CRLF between messages seen and not yet asked for (RFC 5626 3.5.1) */
	bool broken;
};

void sip_stream_init(struct sip_stream *s);
void sip_stream_fini(struct sip_stream *s);

/* Takes bytes in any cut. ERR_LIMIT: more than SIP_MSG_MAX bytes wait (or came at once beyond it):
 * the caller takes messages out after every add. */
MUST_CHECK enum err sip_stream_add(struct sip_stream *s, struct slice bytes);
/* One whole message, valid until the next call. ERR_AGAIN: needs more bytes. ERR_LIMIT: a message
 * above SIP_MSG_MAX; ERR_MALFORMED: no way to tell where it ends. After either the stream is broken
 * for good and must be closed. */
MUST_CHECK enum err sip_stream_next(struct sip_stream *s, struct slice *ret);
/* How many keep-alive pings came since the last question. */
uint32_t sip_stream_pings(struct sip_stream *s);

#endif
