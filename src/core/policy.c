#include "core/policy.h"

/* presence-rules.md section 4: Away above all, or (call-first) below Busy and DND. */
static const uint8_t ranks[2][PRESENCE_COUNT] = {
	[PRECEDENCE_CLOUDLINK] = {
		[PRESENCE_UNKNOWN] = 0,
		[PRESENCE_OFFLINE] = 1,
		[PRESENCE_AVAILABLE] = 2,
		[PRESENCE_BUSY] = 3,
		[PRESENCE_DND] = 4,
		[PRESENCE_AWAY] = 5,
	},
	[PRECEDENCE_CALL_FIRST] = {
		[PRESENCE_UNKNOWN] = 0,
		[PRESENCE_OFFLINE] = 1,
		[PRESENCE_AVAILABLE] = 2,
		[PRESENCE_AWAY] = 3,
		[PRESENCE_BUSY] = 4,
		[PRESENCE_DND] = 5,
	},
};

static const uint8_t not_available_reads[] = {
	[NOT_AVAILABLE_OFFLINE] = PRESENCE_OFFLINE,
	[NOT_AVAILABLE_AWAY] = PRESENCE_AWAY,
	[NOT_AVAILABLE_DND] = PRESENCE_DND,
};

static bool within(int32_t value, int32_t from, int32_t to)
{
	return value >= from && value <= to;
}

bool policy_valid(const struct policy *p)
{
	return p->precedence <= PRECEDENCE_CALL_FIRST && p->ringing <= RINGING_BUSY &&
	       p->busy <= BUSY_DND && p->dnd <= DND_PREFERRED &&
	       p->not_available <= NOT_AVAILABLE_DND && p->mode <= MODE_OFF &&
	       p->outside <= OUTSIDE_NOTHING && p->hours < HOURS_MAX && p->texts < 1u << TEXT_COUNT &&
	       !(p->texts & 1) &&
	       p->direction <= DIRECTION_BOTH && p->lend < PROFILE_COUNT &&
	       p->lend_while < 1u << LAMP_COUNT &&
	       within(p->settle_ms, 0, SETTLE_MAX_MS) && within(p->grace_ms, 0, GRACE_MAX_MS) &&
	       within(p->lease_ms, LEASE_MIN_MS, LEASE_MAX_MS);
}

int policy_rank(enum precedence precedence, enum presence p)
{
	return ranks[precedence][p];
}

int policy_hold_rank(enum precedence precedence, struct hold h)
{
	int rank = h.session == SESSION_NONE ? 0 : ranks[precedence][session_shows(h.session)];

	return rank * 4 + (h.session == SESSION_CONFERENCE) * 2 + h.preferred;
}

enum presence policy_profile(const struct policy *p, enum profile profile)
{
	if (profile == PROFILE_NOT_AVAILABLE)
		return (enum presence)not_available_reads[p->not_available];
	return profile_reads_as(profile);
}

bool policy_call_busy(enum ringing ringing, enum call_state c)
{
	if (c == CALL_RINGING)
		return ringing == RINGING_BUSY;
	return c != CALL_GONE;
}

struct hold policy_hold(const struct policy *p, enum presence combined, bool conference)
{
	switch (combined) {
	case PRESENCE_BUSY:
		if (p->busy == BUSY_DND)
			return (struct hold){ SESSION_DND, false };
		return (struct hold){ conference ? SESSION_CONFERENCE : SESSION_CALL, false };
	case PRESENCE_DND:
		return (struct hold){ SESSION_DND, p->dnd == DND_PREFERRED };
	case PRESENCE_AWAY:
		return (struct hold){ SESSION_AWAY, false };
	case PRESENCE_AVAILABLE: /* never hold Available: it would show people who have gone home */
	case PRESENCE_OFFLINE:
	case PRESENCE_UNKNOWN:
	case PRESENCE_COUNT:
		break;
	}
	return (struct hold){ SESSION_NONE, false };
}

/* splitmix64's finisher: neighbouring ids land far apart. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

int32_t policy_renew_before_ms(uint32_t user, uint32_t generation, int32_t lease_ms)
{
	int64_t permille = 100 + (int64_t)(mix((uint64_t)user << 32 | generation) % 301);

	return (int32_t)(lease_ms * permille / 1000);
}

int32_t policy_backoff_ms(unsigned n)
{
	int32_t wait = BACKOFF_MIN_MS;

	while (n-- > 1 && wait < BACKOFF_MAX_MS)
		wait *= 2;
	return wait < BACKOFF_MAX_MS ? wait : BACKOFF_MAX_MS;
}
