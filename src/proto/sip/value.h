/* value.h - the header values of SIP events (RFC 6665 8.2, RFC 4662 4.1). */
#ifndef PROTO_SIP_VALUE_H
#define PROTO_SIP_VALUE_H

#include "base/slice.h"

enum sip_substate { SIP_SUB_ACTIVE, SIP_SUB_PENDING, SIP_SUB_TERMINATED, SIP_SUB_OTHER };

enum sip_reason_code {
	SIP_REASON_NONE,
	SIP_REASON_DEACTIVATED,
	SIP_REASON_PROBATION,
	SIP_REASON_REJECTED,
	SIP_REASON_TIMEOUT,
	SIP_REASON_GIVEUP,
	SIP_REASON_NORESOURCE,
	SIP_REASON_INVARIANT,
	SIP_REASON_OTHER
};

struct sip_subscription_state {
	uint8_t state;  /* enum sip_substate; SIP_SUB_OTHER counts as active */
	uint8_t reason; /* enum sip_reason_code */
	bool has_expires, has_retry_after;
	uint32_t expires_s, retry_after_s; /* at most SIP_SECONDS_MAX */
};

enum { SIP_SECONDS_MAX = 30 * 24 * 3600 };

/* Words are compared without regard to case; numbers that are none are left out. ERR_MALFORMED for
 * an empty value. */
MUST_CHECK enum err sip_subscription_state_parse(struct slice value,
						 struct sip_subscription_state *ret);

struct sip_event {
	struct slice package, id; /* "dialog"; id empty when absent */
};

MUST_CHECK enum err sip_event_parse(struct slice value, struct sip_event *ret);

/* "application/pidf+xml;charset=utf-8" is of "application/pidf+xml". */
bool sip_type_is(struct slice content_type, const char *type);
/* Is word one of the comma separated words of value (any case)? */
bool sip_list_has(struct slice value, const char *word);

#endif
