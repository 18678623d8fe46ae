/* commands.h - changes on their way from the admin thread to the loop thread, and the answers back.
 */
#ifndef ADMIN_COMMANDS_H
#define ADMIN_COMMANDS_H

#include "admin/admin.h"

struct commands;

struct answer {
	struct answer *next;
	uint64_t command;
	int status;
	bool refused; /* problem+json */
	char *json;   /* NULL: the kind's plain answer */
	char *note;   /* what changed, for the record of changes; NULL: the body says it */
};

enum { COMMANDS_MAX = 256 };

MUST_CHECK enum err commands_new(struct commands **ret);
void commands_free(struct commands *c);

/* Admin thread. Takes over cmd (text included) on success and gives it an id; ERR_LIMIT when the
 * loop is that far behind. */
MUST_CHECK enum err commands_give(struct commands *c, struct admin_command *cmd);
/* An id for a command that another thread will give with it: at most one at a time. */
uint64_t commands_reserve(struct commands *c);
MUST_CHECK enum err commands_give_reserved(struct commands *c, struct admin_command *cmd);
/* All answers since; the caller frees each with answer_free. */
struct answer *commands_answers(struct commands *c);
void answer_free(struct answer *a);

/* Loop thread. */
bool commands_take(struct commands *c, struct admin_command *ret);
void commands_answer(struct commands *c, uint64_t command, int status, bool refused,
		     const char *json, const char *note);

#endif
