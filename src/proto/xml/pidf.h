/* pidf.h - application/pidf+xml (RFC 3863) with the data model (RFC 4479), RPID (RFC 4480, both
 * namespaces) and Cisco's additions: what the tuples, persons and devices of one document say,
 * joined. A PBX may merge several publications into one document, so every flag is the OR over all
 * of them and the reader ranks nothing. */
#ifndef PROTO_XML_PIDF_H
#define PROTO_XML_PIDF_H

#include "proto/xml/xml.h"

struct pidf {
	bool open;         /* a tuple (or person) with basic open */
	bool closed;       /* one with basic closed */
	bool ringing;      /* note "Ringing", ce:alerting. Asterisk sets on_the_phone beside it, the same
			      for a phone that only rings and for one that talks and rings */
	bool on_the_phone; /* rpid:on-the-phone, note "On the phone" or "On hold" */
	bool held;         /* note "On hold" */
	bool busy;         /* rpid:busy, appointment, performance, presentation, note "Busy" */
	bool meeting;      /* rpid:meeting */
	bool away;         /* rpid:away and what means it: meal, vacation, travel, sleeping ... */
	bool dnd;          /* ce:dnd, note "DND" or "Do not disturb" */
	bool unavailable;  /* note "Unavailable": the phone is not registered */
};

/* ERR_MALFORMED: no well-formed XML, DOCTYPE, or another document type. ERR_LIMIT: too long or too
 * deep. ERR_NO_MEMORY. */
MUST_CHECK enum err pidf_read(struct xml_reader *r, struct slice body, struct pidf *ret);

#endif
