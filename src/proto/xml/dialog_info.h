/* dialog_info.h - application/dialog-info+xml (RFC 4235 section 4): the calls of one line.
 *
 * Lenient where real PBXs are sloppy: state words in any case, unknown words and elements skipped,
 * a missing version or namespace taken. An empty body is no XML: the caller knows that it means
 * "no dialog" and does not come here. */
#ifndef PROTO_XML_DIALOG_INFO_H
#define PROTO_XML_DIALOG_INFO_H

#include "proto/xml/xml.h"

enum { DIALOG_INFO_MAX = 32 };

/* RFC 4235 section 3.7.1. */
enum dialog_state {
	DIALOG_TRYING,
	DIALOG_PROCEEDING,
	DIALOG_EARLY,
	DIALOG_CONFIRMED,
	DIALOG_TERMINATED,
	DIALOG_OTHER, /* no state, or a word that is not of the RFC: says nothing */
	DIALOG_STATE_COUNT
};

struct dialog_entry {
	uint64_t key;   /* keyed hash of the dialog's id, never 0; without an id, of its call-id or place */
	uint8_t state;  /* enum dialog_state */
	bool initiator; /* direction="initiator": the line placed the call */
	bool recipient; /* direction="recipient"; neither: not said */
	bool held;      /* local target has +sip.rendering=no (RFC 4235 section 4.1.6.2) */
	bool focus;     /* a target has isfocus: the call is a conference */
};

struct dialog_info {
	bool full;        /* state="full", or not said; false: partial */
	bool has_version; /* false: missing or no number, version is 0 */
	bool overflow;    /* more than DIALOG_INFO_MAX: the busiest were kept */
	uint32_t version;
	uint32_t n;
	struct dialog_entry list[DIALOG_INFO_MAX]; /* each key once: of equal ones the busiest */
};

/* ERR_MALFORMED: no well-formed XML, DOCTYPE, or another document type. ERR_LIMIT: too long or too
 * deep. ERR_NO_MEMORY. */
MUST_CHECK enum err dialog_info_read(struct xml_reader *r, struct slice body, struct dialog_info *ret);

/* Writes a whole document of one call without parties, confirmed or terminated. */
void dialog_info_put(struct buf *b, struct slice entity, const char *id, uint32_t version, bool confirmed);

/* How busy a dialog makes its line: confirmed 4 > early, proceeding, trying 3..1 > 0. */
int dialog_state_rank(enum dialog_state s);
/* The RFC's word, "other" for the rest. */
const char *dialog_state_name(enum dialog_state s);

#endif
