/* policy.h - the pure part of the rules: ranks, what is held for which state, and when.
 *
 * Functions of their arguments only. Rules: presence-rules.md sections 3 to 5. */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include "core/types.h"

enum {
	LEASE_MIN_MS = 300000,     /* PT5M, the shortest that setPresence takes */
	LEASE_MAX_MS = 14400000,   /* PT4H */
	PREFERRED_MAX_MS = 604800000, /* seven days: the longest life that Graph gives by itself */
	SETTLE_MAX_MS = 600000,
	GRACE_MAX_MS = 3600000,
	RINGING_MAX_MS = 300000,   /* a ringing that never ends is dropped after this, a dialing questioned */
	QUESTION_MS = 1800000,     /* a call this old is questioned by a fresh report */
	BACKOFF_MIN_MS = 60000,    /* after a refusal; doubles up to ... */
	BACKOFF_MAX_MS = 3600000,
};

/* What is to be held for one user in Teams. */
struct hold {
	uint8_t session; /* enum session */
	bool preferred;  /* the user-preferred state too */
};

static inline bool hold_same(struct hold a, struct hold b)
{
	return a.session == b.session && a.preferred == b.preferred;
}

bool policy_valid(const struct policy *p);

/* Height in the order of precedence: the higher one wins the fold. */
int policy_rank(enum precedence precedence, enum presence p);
/* The same order over what may be held; a change to a lower one is a fall. */
int policy_hold_rank(enum precedence precedence, struct hold h);
/* What the profile counts as under this policy. */
enum presence policy_profile(const struct policy *p, enum profile profile);
/* Whether a call in this state makes its line Busy. */
bool policy_call_busy(enum ringing ringing, enum call_state c);
/* What is held while the user's combined state is this. */
struct hold policy_hold(const struct policy *p, enum presence combined, bool conference);

/* How long before its end a lease is renewed: at a point of 0.6 to 0.9 of its life that depends on
 * user and generation only, so that a mass change does not come back as an echo. */
int32_t policy_renew_before_ms(uint32_t user, uint32_t generation, int32_t lease_ms);
/* The wait after the n-th refusal in a row, n >= 1. */
int32_t policy_backoff_ms(unsigned n);

#endif
