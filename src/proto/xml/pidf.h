/* pidf.h - application/pidf+xml (RFC 3863) with the data model (RFC 4479), RPID (RFC 4480, both
 * namespaces) and Cisco's additions: what the tuples, persons and devices of one document say,
 * joined. A PBX may merge several publications into one document, so every flag is the OR over all
 * of them.
 *
 * Beside the flags, which are about the phone, `others` and `own` say what the document states
 * about its user: the statement of the highest rank among tuples and persons. Our own publication
 * is told by its ids; it is in `own` only and never in the flags. */
#ifndef PROTO_XML_PIDF_H
#define PROTO_XML_PIDF_H

#include "proto/xml/xml.h"

/* The ids of tuple and person in what we publish start with it; what else an id has tells whose
 * publication it is: one with a foreign rest is a leftover of an earlier run. */
#define PIDF_OWN_ID "offhook"

enum { PIDF_ID_MAX = 63 };

/* What a document states about the user, lowest rank first. */
enum pidf_stand {
	PIDF_NOTHING,	    /* no tuple or person that says anything */
	PIDF_UNSAID,	    /* a phone's state: on the phone, ringing, DND, Asterisk's "Ready" */
	PIDF_AVAILABLE,	    /* open and no more */
	PIDF_NOT_AVAILABLE, /* permanent-absence, or nothing open, something closed, and a reason given */
	PIDF_AWAY,
	PIDF_BUSY, /* not beside a call */
	PIDF_MEETING,
	PIDF_STAND_COUNT
};

struct pidf {
	bool open;    /* a tuple (or person) with basic open */
	bool closed;  /* one with basic closed */
	bool ringing; /* note "Ringing", ce:alerting. Asterisk sets on_the_phone beside it, the same
			 for a phone that only rings and for one that talks and rings */
	bool on_the_phone; /* rpid:on-the-phone, note "On the phone" or "On hold" */
	bool held;	   /* note "On hold" */
	bool busy;	   /* rpid:busy, appointment, performance, presentation, note "Busy" */
	bool meeting;	   /* rpid:meeting */
	bool away;	   /* rpid:away and what means it: meal, vacation, travel, sleeping ... */
	bool dnd;	   /* ce:dnd, note "DND" or "Do not disturb" */
	bool unavailable;  /* note "Unavailable": the phone is not registered */
	bool phone_words;  /* anything that only a phone's state brings about */
	uint8_t others;	   /* enum pidf_stand: everyone's but ours */
	uint8_t own;	   /* enum pidf_stand: ours; PIDF_NOTHING: not there */
	uint8_t stale;	   /* enum pidf_stand: leftovers of ours, of an earlier run */
	int64_t others_until_ms, own_until_ms,
		stale_until_ms; /* RPID's until, UTC since 1970; INT64_MAX: none */
};

/* What we publish. */
struct pidf_statement {
	const char *id; /* starts with PIDF_OWN_ID, then letters, digits, dashes; up to PIDF_ID_MAX */
	uint8_t stand; /* enum pidf_stand, from PIDF_AVAILABLE */
	struct slice note;
	int64_t until_ms; /* UTC since 1970, INT64_MAX: no end */
};

/* ERR_MALFORMED: no well-formed XML, DOCTYPE, or another document type. ERR_LIMIT: too long or too
 * deep. ERR_NO_MEMORY. own_id: the id that we publish under now, NULL: nothing is. */
MUST_CHECK enum err pidf_read(struct xml_reader *r, struct slice body, const char *own_id,
			      struct pidf *ret);

/* The whole document. entity: the URI of whom it is about; both texts UTF-8, free of control
 * characters. */
void pidf_put(struct buf *b, struct slice entity, const struct pidf_statement *s);

#endif
