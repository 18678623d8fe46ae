/* profile.h - by which elements and words a switch tells and takes the user's own presence.
 *
 * The sixth edition has PresenceStateEvent, Get- and SetPresenceState (ECMA-269 9th
 * edition, 22.1.13, 22.1.21, 22.2.14); switches of older editions tell it, if at all, by vendor
 * elements. So this is a table of the configuration, and the sixth edition's names are no more than
 * its default.
 *
 * A path is element names with / between; its first is the root, and each of the others stands
 * right inside the one before it, but the second may stand anywhere below the root. */
#ifndef PROTO_CSTA_PROFILE_H
#define PROTO_CSTA_PROFILE_H

#include "proto/csta/message.h"

enum { CSTA_PATH_MAX = 191, CSTA_WORD_MAX = 47, CSTA_ROWS_MAX = 64 };

/* In the order of the words of core/names.def, which a test holds. */
enum csta_profile {
	CSTA_AVAILABLE,
	CSTA_AWAY,
	CSTA_BUSY,
	CSTA_NOT_AVAILABLE,
	CSTA_MEETING,
	CSTA_IGNORED,	   /* a word that is known and says nothing for us */
	CSTA_NO_STATEMENT, /* the user has set none */
	CSTA_UNSAID,	   /* this message says nothing of the profile */
	CSTA_STRANGE,	   /* a word that is in no row */
};

struct csta_row {
	char path[CSTA_PATH_MAX + 1]; /* "": the form's own */
	char theirs[CSTA_WORD_MAX + 1];
	uint8_t ours; /* enum csta_profile, up to CSTA_NO_STATEMENT */
};

/* No pointers inside. */
struct csta_form {
	char at[CSTA_PATH_MAX + 1], get[CSTA_WORD_MAX + 1], set[CSTA_PATH_MAX + 1];
	char until[CSTA_WORD_MAX + 1]; /* an element: when it ends; "": nobody says */
	uint32_t n;
	struct csta_row rows[CSTA_ROWS_MAX];
};

/* As in the configuration; NULL is absent. Rows are "theirs=ours" or "path@theirs=ours". */
struct csta_mapping {
	const char *at, *get, *set, *until;
	const char *const *rows;
	uint32_t rows_n;
};

/* mapping NULL: the sixth edition's names. ERR_MALFORMED, ERR_LIMIT with the reason in why. */
MUST_CHECK enum err csta_form_init(struct csta_form *ret, const struct csta_mapping *mapping,
				   char *why, size_t why_cap);

/* A name of an XML element as this house writes them: ASCII, no prefix. */
bool csta_element_is(struct slice name);
/* Such names with / between, at least so many. */
bool csta_path_is(struct slice path, size_t least);

/* What an event says. word gets theirs, for the log, when it is strange. */
enum csta_profile csta_form_event(const struct csta_form *f, const struct csta_message *m,
				  struct slice *word);
/* The same of an answer that holds what the event of that name would. */
enum csta_profile csta_form_as(const struct csta_form *f, const struct csta_message *m, const char *event,
			       struct slice *word);
/* What the answer to `get` says: the form's path but for its root. */
enum csta_profile csta_form_answer(const struct csta_form *f, const struct csta_message *m,
				   struct slice *word);
/* When it ends, as the message says: an instant with its zone (xsd:dateTime), in ms UTC since 1970.
 * INT64_MAX: it has no end, or says none. ERR_MALFORMED: it says one that we cannot read, word. */
MUST_CHECK enum err csta_form_until(const struct csta_form *f, const struct csta_message *m,
				    int64_t *ret_wall_ms, struct slice *word);
/* The word that `set` takes for it: the first row without a path; NULL: there is none. */
const char *csta_form_word(const struct csta_form *f, enum csta_profile ours);
/* The profile that Do Not Disturb, switched on or off, is read as; CSTA_UNSAID: as none. */
enum csta_profile csta_form_dnd(const struct csta_form *f, bool on);
/* As in the configuration. */
const char *csta_profile_name(enum csta_profile p);

#endif
