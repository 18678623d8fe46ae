/* said.h - a sentence of the daemon by code and arguments, for readers of other languages. Pure.
 *
 * The rooms hand sentences on as plain text, as logs, mail and the CLI show them; here, at the
 * edge, a text is found again in the table (said.def), clause by clause: "; " stands between two.
 * What is in no row was said by others (Microsoft, a PBX, a person) and stays as it is. */
#ifndef ADMIN_SAID_H
#define ADMIN_SAID_H

#include <jansson.h>

#include "base/jsonw.h"

enum { SAID_PARTS_MAX = 24, SAID_ARGS_MAX = 8 };

struct said_part {
	const char *code; /* NULL: others have said it; it is the one argument */
	unsigned args_n;
	struct slice args[SAID_ARGS_MAX]; /* into the text */
};

/* How many parts the text has. What would be more than SAID_PARTS_MAX stays together in the last. */
unsigned said_parse(struct slice text, struct said_part ret[static SAID_PARTS_MAX]);

/* Sets key to the text, and KEY_said to its parts; text.p NULL: null, and no parts. */
void said_write(struct jsonw *j, const char *key, struct slice text);
/* The parts alone; key NULL: an element of an array. */
void said_write_parts(struct jsonw *j, const char *key, struct slice text);
/* As said_write, of a document. */
void said_set(json_t *object, const char *key, const char *text);

/* Row i of the table, as its two texts; false: there are no more. For the test that looks for them. */
bool said_row(unsigned i, const char **ret_code, const char **ret_sentence);

#endif
