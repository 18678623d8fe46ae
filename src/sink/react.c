#include "sink/react.h"

#include "base/check.h"
#include "sink/graph.h"

/* Columns: setting, clearing, look-up, read-back. A 404 for a clear says that there is no session:
 * what was wanted. Token requests have their own rules (graph_token.c). */
enum { SETTING, CLEARING, LOOKING, READING, COLUMNS };

static const uint8_t table[ANSWER_CLASS_COUNT][COLUMNS] = {
#define ROW(set, clear, look, read) \
	{ REACT_##set, REACT_##clear, REACT_##look, REACT_##read }
	[ANSWER_OK] = ROW(ACCEPT, ACCEPT, ACCEPT, ACCEPT),
	[ANSWER_BAD] = ROW(DENY, DENY, DENY, DENY),
	[ANSWER_UNAUTHORIZED] = ROW(NEW_TOKEN, NEW_TOKEN, NEW_TOKEN, NEW_TOKEN),
	[ANSWER_FORBIDDEN] = ROW(FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
	[ANSWER_NOT_FOUND] = ROW(DENY, ACCEPT, DENY, DENY),
	[ANSWER_COLLISION] = ROW(RETRY, RETRY, RETRY, RETRY),
	[ANSWER_THROTTLED] = ROW(GATE, GATE, GATE, GATE),
	[ANSWER_SERVER_ERROR] = ROW(RETRY, RETRY, RETRY, RETRY),
	[ANSWER_ODD] = ROW(RETRY, RETRY, RETRY, RETRY),
	[ANSWER_NOT_SENT] = ROW(GATE, GATE, GATE, GATE),
	[ANSWER_NONE] = ROW(RETRY, RETRY, RETRY, RETRY),
	[ANSWER_LOST] = ROW(GATE_UNSURE, GATE_UNSURE, GATE_UNSURE, GATE_UNSURE),
#undef ROW
};

static const int8_t columns[REQ_COUNT] = {
	[REQ_FREE] = -1,	   [REQ_TOKEN] = -1,
	[REQ_SET] = SETTING,	   [REQ_SET_PREFERRED] = SETTING,
	[REQ_CLEAR] = CLEARING,	   [REQ_CLEAR_PREFERRED] = CLEARING,
	[REQ_LOOK_UP] = LOOKING,   [REQ_READ_BACK] = READING,
	[REQ_SHOWN] = READING,	   [REQ_TEXT_READ] = READING,
	[REQ_TEXT_SET] = SETTING,
	[REQ_PEOPLE] = READING,
	[REQ_BATCH] = -1,
	[REQ_PROBE] = READING,
};

static enum answer_class class_of_status(uint16_t status)
{
	switch (status) {
	case 401:
		return ANSWER_UNAUTHORIZED;
	case 403:
		return ANSWER_FORBIDDEN;
	case 404:
		return ANSWER_NOT_FOUND;
	case 408:
	case 409:
	case 423:
	case 424:
	case 425:
		return ANSWER_COLLISION;
	case 429:
		return ANSWER_THROTTLED;
	default:
		break;
	}
	if (status >= 200 && status < 300)
		return ANSWER_OK;
	if (status >= 400 && status < 500)
		return ANSWER_BAD;
	return status >= 500 && status < 600 ? ANSWER_SERVER_ERROR : ANSWER_ODD;
}

enum answer_class answer_class(uint8_t failure, uint16_t status)
{
	switch ((enum http_failure)failure) {
	case HTTP_ANSWERED:
		return class_of_status(status);
	case HTTP_NOT_SENT:
		return ANSWER_NOT_SENT;
	case HTTP_STATUS_LOST:
		return ANSWER_LOST;
	case HTTP_UNSURE:
	default:
		return ANSWER_NONE;
	}
}

enum reaction react(enum answer_class c, enum request_kind k)
{
	CHECK(c < ANSWER_CLASS_COUNT && k < REQ_COUNT && columns[k] >= 0);
	return (enum reaction)table[c][columns[k]];
}
