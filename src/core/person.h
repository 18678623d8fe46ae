/* person.h - one user's lines and profile folded into one state; private to this folder.
 *
 * Rules: presence-rules.md sections 3 and 4. */
#ifndef CORE_PERSON_H
#define CORE_PERSON_H

#include "core/state.h"

struct fold {
	uint8_t combined;    /* enum presence: all inputs, last known states included */
	uint8_t evidence;    /* the same without what only stands */
	uint8_t winner;      /* enum winner */
	uint32_t winner_line;
	bool conference, evidence_conference;
	uint8_t forward;     /* enum forward_target, of the line that is forwarded furthest */
	bool settled;        /* every line is synchronised or past its grace */
	int64_t evidence_end_mono_ms; /* of the winning state; now, when it is not a standing one */
};

void person_fold(const struct engine *e, const struct user *u, const struct policy *p,
		 struct fold *ret);
/* A profile report: the last change wins. True when the profile or its end has changed. */
bool person_profile(struct engine *e, uint32_t id, const struct obs *o);
/* Returns the profile to Available when its end has passed; lowers *due to its end. */
void person_profile_end(struct engine *e, uint32_t id, int64_t *due_mono_ms);

#endif
