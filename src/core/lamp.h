/* lamp.h - what a phone's lamp shows of a user's Teams, from what was read back; private to this
 * folder.
 *
 * Teams tells the aggregate only, and part of it may be what we hold there ourselves. The rule: a
 * read lights the lamp only if nothing of ours that looks like it can have been visible at any time
 * since LAMP_LINGER_MS before the answer came. "Can have been" covers what is held, what was given
 * out and not answered, what was refused and may have been applied for all that, what has lapsed
 * and may end a little later at Graph's end, and, until this process has had its first clear
 * answer for the person, whatever an earlier one may have left. So no call of a desk phone comes
 * back as a call in Teams, and no loop can form. Rules: doc/teams-to-phones.md. */
#ifndef CORE_LAMP_H
#define CORE_LAMP_H

#include "core/state.h"

enum {
	LAMP_READ_MAX_MS = 10000, /* an answer that took longer lights nothing: it is asked again */
	LAMP_LAG_MS = 50000,      /* far longer than Graph's reads show what has changed */
	LAMP_LINGER_MS = LAMP_READ_MAX_MS + LAMP_LAG_MS,
};

/* Whether the user has a lamp at all. */
bool lamp_is_there(const struct engine *e, const struct user *u);
/* What the activity lights when it is not ours; pure. */
enum lamp lamp_of(enum seen_activity activity);
/* A read; a look at the user follows. */
void lamp_take(struct engine *e, uint32_t user, const struct obs *o);
/* A request to hold h was given out. */
void lamp_given(struct pub *b, struct hold h, int32_t lease_ms);
/* A clear answer: .held is what Teams holds, and nothing else of ours. had_preferred: the preferred
 * state may have been ours before it. */
void lamp_confirmed(struct engine *e, uint32_t user, const struct outcome *o, bool had_preferred);
/* What was given out is not held, by an answer that may be wrong. */
void lamp_refused(const struct engine *e, struct pub *b);
/* A clear found nothing, or was not worth a request; before lamp_confirmed: what was given out may be
 * there for all that. Neither proves that nothing of an earlier process is there: that ends by itself at
 * past_until_mono_ms (0: there was none). */
void lamp_not_found(const struct engine *e, struct pub *b, int64_t past_until_mono_ms);
/* The proof was refused: what an earlier process may have left ends by itself. */
void lamp_unproven(struct pub *b, int64_t until_mono_ms);
/* The lease is over by our clock; .held still says of what. */
void lamp_lapsed(struct pub *b);
/* The store says that h may be held for so long. */
void lamp_restored(struct engine *e, uint32_t user, struct hold h, int64_t left_ms);
/* After publishing: gives ACT_LAMP when the lamp changes, ACT_READ_AGAIN when what was masked may
 * be judged again; lowers *due. */
void lamp_look(struct engine *e, uint32_t user, int64_t *due_mono_ms);

#endif
