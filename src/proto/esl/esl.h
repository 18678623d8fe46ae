/* esl.h - FreeSWITCH's event socket: frames out of a stream, events, and the tables of `show`.
 * Pure.
 *
 * A frame is a head of `Name: value` lines, an empty line, and Content-Length bytes
 * (mod_event_socket). Events come plain (values percent-encoded) or as JSON; both are read by the
 * same call. Line ends are LF, CRLF is taken too. */
#ifndef PROTO_ESL_ESL_H
#define PROTO_ESL_ESL_H

#include "base/buf.h"

enum {
	ESL_HEAD_MAX = 16384,
	ESL_BODY_MAX = 16 << 20, /* `show channels` of ten thousand channels */
	ESL_EVENT_MAX = 1 << 20,
	ESL_VALUE_MAX = 255,
};

/* A stream's bytes; zeroed is empty. */
struct esl_stream {
	struct buf in;
	size_t at;	/* consumed */
	size_t skip;	/* of a body too large: still to come */
	size_t scanned; /* of the head being waited for, from `at` */
};

enum esl_kind {
	ESL_AUTH,    /* auth/request: log in now */
	ESL_REPLY,   /* command/reply: .reply */
	ESL_RESULT,  /* api/response: .body */
	ESL_EVENT,   /* text/event-plain, text/event-json: .body, .json */
	ESL_REFUSED, /* text/rude-rejection: the access list */
	ESL_BYE,     /* text/disconnect-notice */
	ESL_OTHER,   /* log/data and what else there may be: to be passed over */
};

struct esl_frame {
	uint8_t kind; /* enum esl_kind */
	bool json;
	bool too_large;	    /* the body was over its maximum and is passed over; .body is empty */
	struct slice reply; /* Reply-Text: "+OK accepted", "-ERR invalid" */
	struct slice body;
};

void esl_stream_fini(struct esl_stream *s);
/* ERR_LIMIT, ERR_NO_MEMORY: the stream is lost. */
MUST_CHECK enum err esl_stream_add(struct esl_stream *s, struct slice bytes);
/* The next frame; its slices stand until the next call. ERR_AGAIN: more bytes are needed.
 * ERR_MALFORMED, ERR_LIMIT (head): the stream is lost. */
MUST_CHECK enum err esl_stream_next(struct esl_stream *s, struct esl_frame *ret);

/* One header that is wanted of an event; dst gets "" when it is not there or longer than cap - 1.
 */
struct esl_want {
	const char *name;
	char *dst;
	size_t cap;
};

/* ERR_MALFORMED, ERR_LIMIT. A header that comes twice: the first counts. */
MUST_CHECK enum err esl_event_read(struct slice body, bool json, const struct esl_want *wants,
				   size_t n);

/* A row of `show channels as json` or `show registrations as json`; what a table has not is "". */
struct esl_row {
	char uuid[ESL_VALUE_MAX + 1], presence_id[ESL_VALUE_MAX + 1], name[ESL_VALUE_MAX + 1];
	char direction[16], callstate[24], application[64];
	char reg_user[ESL_VALUE_MAX + 1], realm[ESL_VALUE_MAX + 1];
};

typedef void esl_row_h(const struct esl_row *row, void *arg);

/* Calls h for each row. ERR_MALFORMED: no such table; nothing or a part has been handed over, so
 * callers count on a result of ERR_OK only. "-ERR ..." is ERR_DENIED. */
MUST_CHECK enum err esl_rows_read(struct slice body, esl_row_h *h, void *arg);

#endif
