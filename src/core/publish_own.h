/* publish_own.h - the reconciler between its files; for publish.c and publish_*.c only.
 *
 * All of it is about one user's record and its struct pub, which belong to the engine. Times are monotonic
 * ms of the present step. Nothing here fails. */
#ifndef CORE_PUBLISH_OWN_H
#define CORE_PUBLISH_OWN_H

#include "core/publish.h"
#include "core/state.h"

static const struct hold NOTHING = { SESSION_NONE, false };

static inline void earlier(int64_t *due, int64_t t)
{
	if (t < *due)
		*due = t;
}

/* ---- publish.c ---- */
void publish_move(struct user *u, enum publish_state to);
/* Enough is known of the user to lower what is held. */
bool publish_settled(const struct user *u, const struct fold *f);

/* ---- publish_target.c ---- */
struct hold publish_target(const struct user *u);
void publish_set_target(struct engine *e, struct user *u, struct hold h);
/* Sets the target by the fold, at once or once it has lasted; lowers *due to when that is. */
void publish_choose(struct engine *e, struct user *u, const struct policy *p, const struct fold *f,
		    int64_t *due);

/* ---- publish_give.c ---- */
/* Something of ours is, or may be, in Teams. */
bool publish_anything_ours(const struct pub *b);
/* A clear was given out and is not answered: what is held may be gone already. */
bool publish_clear_is_out(const struct user *u, const struct pub *b);
int32_t publish_lease_ms(const struct engine *e, const struct user *u, const struct policy *p);
/* The same for holding goal on the evidence there is. 0: not now. */
int32_t publish_lease_for(const struct engine *e, const struct user *u, const struct policy *p,
			  const struct fold *f, struct hold goal);
void publish_give_hold(struct engine *e, uint32_t user, const struct policy *p, const struct fold *f,
		       struct hold goal, int32_t lease_ms);
void publish_give_clear(struct engine *e, uint32_t user);

#endif
