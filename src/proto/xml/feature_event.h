/* feature_event.h - application/x-as-feature-event+xml: DND and forwarding as BroadWorks, and those
 * who follow it (FreeSWITCH, Kamailio's presence_dfks, sipXecs), tell their phones over SIP.
 *
 * The elements are those of CSTA (ECMA-323) without its envelope, a document each; where several
 * are told at once they are the parts of a multipart/mixed body (multipart.h). Namespaces are not
 * looked at: makers differ in the edition they name. */
#ifndef PROTO_XML_FEATURE_EVENT_H
#define PROTO_XML_FEATURE_EVENT_H

#include "proto/xml/xml.h"

#define FEATURE_EVENT_TYPE "application/x-as-feature-event+xml"

enum { FEATURE_TO_MAX = 63 };

enum feature_kind {
	FEATURE_OTHER, /* an event of the package that is nothing to us, such as an agent's state */
	FEATURE_DND,
	FEATURE_FORWARD,
};

enum feature_forward {
	FEATURE_FORWARD_OTHER,
	FEATURE_FORWARD_IMMEDIATE,
	FEATURE_FORWARD_BUSY,
	FEATURE_FORWARD_NO_ANSWER
};

struct feature_event {
	uint8_t kind;	 /* enum feature_kind; without a readable switch it is FEATURE_OTHER */
	bool on;	 /* doNotDisturbOn, forwardStatus */
	uint8_t forward; /* enum feature_forward */
	char to[FEATURE_TO_MAX + 1]; /* forwardTo; empty: not said, or too long */
};

/* One document. ERR_MALFORMED: no well-formed XML, or DOCTYPE. ERR_LIMIT, ERR_NO_MEMORY. */
MUST_CHECK enum err feature_event_read(struct xml_reader *r, struct slice body,
				       struct feature_event *ret);

/* The body of a SUBSCRIBE that switches DND of a device on or off. */
void feature_put_dnd(struct buf *b, struct slice device, bool on);

#endif
