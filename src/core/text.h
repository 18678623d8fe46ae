/* text.h - which status message a person is to have; private to this folder.
 *
 * The engine knows causes, never words: a template becomes words in the shell, where zone and
 * language are, and neither a number nor a name crosses the seam. What is sent, what stood there
 * before and whether ours still shows are the sink's. */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include "core/state.h"

struct fold;

/* Gives ACT_STATUS_TEXT when the cause or its end has changed; at most two actions. */
void text_look(struct engine *e, uint32_t user, const struct fold *f, int64_t *due_mono_ms);
/* What would be said of the fold. */
enum text_cause text_cause_of(const struct user *u, const struct policy *p, const struct fold *f);
/* Whether Teams may show a text of ours. */
void text_state(struct engine *e, uint32_t user, bool ours);

#endif
