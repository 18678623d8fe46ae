/* rlmi.h - application/rlmi+xml (RFC 4662 section 5): which lines a list notification speaks of and
 * which body part belongs to each. Copies what it keeps; about 70 kB, so not for the stack. */
#ifndef PROTO_XML_RLMI_H
#define PROTO_XML_RLMI_H

#include "proto/xml/xml.h"

enum { RLMI_MAX = 256, RLMI_TEXT_MAX = 64 * 1024 };

/* The instance's state attribute. */
enum rlmi_state {
	RLMI_NONE, /* the resource has no instance: nothing is known of it */
	RLMI_ACTIVE,
	RLMI_PENDING,
	RLMI_TERMINATED,
	RLMI_OTHER, /* a word that is not of the RFC */
};

/* Offsets into struct rlmi's text; read them with rlmi_text(). 0 is the empty string. */
struct rlmi_resource {
	uint32_t uri;
	uint32_t cid;    /* Content-ID of the body part, without <>; empty: none */
	uint32_t reason; /* of a terminated instance */
	uint8_t state;   /* enum rlmi_state */
};

struct rlmi {
	uint32_t uri; /* of the list; rlmi_text() */
	uint32_t version;
	bool full_state;
	bool overflow; /* more than RLMI_MAX resources or RLMI_TEXT_MAX bytes: the rest is missing */
	uint32_t n;    /* one entry an instance; a resource without one has an entry too */
	struct rlmi_resource list[RLMI_MAX];
	uint32_t text_n;
	char text[RLMI_TEXT_MAX];
};

/* ERR_MALFORMED: no well-formed XML, DOCTYPE, another document type, or a list without uri.
 * ERR_LIMIT: too long or too deep. ERR_NO_MEMORY. On failure *ret is undefined (it is large). */
MUST_CHECK enum err rlmi_read(struct xml_reader *r, struct slice body, struct rlmi *ret);

static inline const char *rlmi_text(const struct rlmi *r, uint32_t offset)
{
	return r->text + offset;
}

#endif
