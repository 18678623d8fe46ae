/* lamp.h - by which service a switch lights a lamp of a phone, which lamp is whose, and its words.
 *
 * The standard has SetLampMode and GetLampMode (ECMA-269, physical device features); what MiVoice
 * Office 400 takes is not public. So this is a table of the configuration, and the standard's names
 * are no more than its default. */
#ifndef PROTO_CSTA_LAMP_H
#define PROTO_CSTA_LAMP_H

#include "proto/csta/profile.h"

enum {
	CSTA_LAMP_ID_MAX = 31,
	CSTA_LAMP_DEVICE_MAX = 79,
	CSTA_LAMP_ROWS_MAX = 1024,
	CSTA_LAMPS_A_LINE_MAX = 32, /* phones that show one person */
};

/* What a lamp tells of a person, in the order of core/names.def without its first, which a test holds. */
enum csta_lamp {
	CSTA_LAMP_DARK,
	CSTA_LAMP_CALL,
	CSTA_LAMP_MEETING,
	CSTA_LAMP_DND,
	CSTA_LAMP_COUNT,
	CSTA_LAMP_STRANGE, /* a word that is none of these */
	CSTA_LAMP_UNSAID,  /* this message says nothing of the lamp */
};

/* A lamp that shows the person of a line. */
struct csta_lamp_row {
	char number[CSTA_LAMP_DEVICE_MAX + 1]; /* the line's; "": every line's */
	char device[CSTA_LAMP_DEVICE_MAX + 1]; /* whose lamp it is; "": the line's own */
	char lamp[CSTA_LAMP_ID_MAX + 1];
};

struct csta_lamp_form {
	char set[CSTA_PATH_MAX + 1], get[CSTA_WORD_MAX + 1], element[CSTA_WORD_MAX + 1];
	char words[CSTA_LAMP_COUNT][CSTA_WORD_MAX + 1];
	struct csta_lamp_row *rows;
	uint32_t n;
};

/* As in the configuration; NULL is absent. Rows are "LAMP" or "NUMBER=DEVICE/LAMP", states "ours=theirs". */
struct csta_lamp_mapping {
	const char *set, *get, *element;
	const char *const *rows, *const *states;
	uint32_t rows_n, states_n;
};

/* ERR_MALFORMED, ERR_LIMIT with the reason in why, ERR_NO_MEMORY; then there is nothing to free. */
MUST_CHECK enum err csta_lamp_init(struct csta_lamp_form *ret, const struct csta_lamp_mapping *mapping,
				   char *why, size_t why_cap);
void csta_lamp_fini(struct csta_lamp_form *f); /* takes NULL */

/* The first row of the line at or after `from`; f->n: there is none. */
uint32_t csta_lamp_row_of(const struct csta_lamp_form *f, struct slice number, uint32_t from);
/* What the answer to `get` says of this lamp: the last element of `set` beside the one that names the
 * lamp; without that element, the only one there is. */
enum csta_lamp csta_lamp_answer(const struct csta_lamp_form *f, const struct csta_message *m,
				const char *lamp);
/* Whether both are shown in the same way. */
bool csta_lamp_same(const struct csta_lamp_form *f, enum csta_lamp a, enum csta_lamp b);
/* As in the configuration. */
const char *csta_lamp_name(enum csta_lamp l);

#endif
