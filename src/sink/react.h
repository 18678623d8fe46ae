/* react.h - what each kind of answer means, as one table: (class of answer) x (kind of request). */
#ifndef SINK_REACT_H
#define SINK_REACT_H

#include <stdint.h>

enum request_kind {
	REQ_FREE,
	REQ_TOKEN,
	REQ_SET,
	REQ_SET_PREFERRED,
	REQ_CLEAR,
	REQ_CLEAR_PREFERRED,
	REQ_LOOK_UP,
	REQ_READ_BACK,
	REQ_SHOWN,     /* what Teams shows of one user, before a preferred state is touched */
	REQ_TEXT_READ, /* the user's own status message */
	REQ_TEXT_SET,
	REQ_PEOPLE,
	REQ_BATCH, /* carries parts of the kinds above, each with its own answer */
	REQ_PROBE,
	REQ_COUNT
};

enum answer_class {
	ANSWER_OK,           /* 2xx */
	ANSWER_BAD,          /* 400 and every 4xx not named below */
	ANSWER_UNAUTHORIZED, /* 401 */
	ANSWER_FORBIDDEN,    /* 403 */
	ANSWER_NOT_FOUND,    /* 404 */
	ANSWER_COLLISION,    /* 408, 409, 423, 425: the same may succeed later */
	ANSWER_THROTTLED,    /* 429 */
	ANSWER_SERVER_ERROR, /* 5xx */
	ANSWER_ODD,          /* anything that Graph never answers: a proxy in between */
	ANSWER_NOT_SENT,     /* no connection */
	ANSWER_NONE,         /* time-out or reset: may have been applied */
	ANSWER_LOST,         /* an early answer whose status was lost */
	ANSWER_CLASS_COUNT
};

enum reaction {
	REACT_ACCEPT,      /* done */
	REACT_DENY,        /* reported; nobody else waits for it */
	REACT_NEW_TOKEN,   /* a new token and once more; then denied */
	REACT_FORBIDDEN,   /* a new token, once per token, for roles granted since; then denied */
	REACT_GATE,        /* not applied; everybody waits */
	REACT_GATE_UNSURE, /* may have been applied; everybody waits */
	REACT_RETRY,       /* may have been applied; this one backs off */
	REACT_COUNT
};

/* failure: enum http_failure; status counts only for HTTP_ANSWERED. */
enum answer_class answer_class(uint8_t failure, uint16_t status);
enum reaction react(enum answer_class c, enum request_kind k);

#endif
