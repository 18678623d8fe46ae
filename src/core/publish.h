/* publish.h - holding in Teams what is desired: one reconciler a user.
 *
 * Level-triggered: it compares what is desired with what Graph has confirmed and gives out one
 * action at a time. Every action has a new generation; only the answer to the latest one counts.
 * Rules: presence-rules.md sections 2 and 5. */
#ifndef CORE_PUBLISH_H
#define CORE_PUBLISH_H

#include "base/sm.h"
#include "core/types.h"

enum publish_state {
	PUBLISH_IDLE,      /* what is confirmed is what is desired */
	PUBLISH_DWELL,     /* a change waits until it has lasted `settle` */
	PUBLISH_WANT,      /* an action is about to be given out */
	PUBLISH_IN_FLIGHT, /* given out, no answer yet */
	PUBLISH_BACKOFF,   /* the sink let go of it: again soon */
	PUBLISH_DENIED,    /* refused for this user: again after a growing wait */
	PUBLISH_STATE_COUNT
};

extern const struct sm_state publish_moves[PUBLISH_STATE_COUNT];
/* Lower-case name; "?" out of range. */
const char *publish_state_name(enum publish_state s);

struct engine;
struct fold;
struct user;

/* Brings the user's publishing in line with the fold; lowers *due to its next deadline. Gives at
 * most four actions. */
void publish_look(struct engine *e, uint32_t user, const struct fold *f, int64_t *due_mono_ms);
/* Whether the user takes part at all. */
bool publish_takes_part(const struct engine *e, const struct user *u);
/* Takes an answer. False when it answers no longer to the latest action. */
bool publish_outcome(struct engine *e, uint32_t user, const struct outcome *o);
/* Nothing of ours is held where the user is published from now on; answers still to come are about another
 * place. */
void publish_anew(struct engine *e, uint32_t user);
void publish_restore(struct engine *e, uint32_t user, const struct user_record *r);
/* What the store must know of the user. */
struct user_record publish_record(const struct engine *e, uint32_t user);
/* True when nothing of ours is or may be held. */
bool publish_clean(const struct engine *e, uint32_t user);

#endif
