#include "cloud_fold.h"

#include "base/check.h"

static const char *const availability_names[] = {
#define CLOUD_AVAILABILITY(id, name, rank) name,
#define CLOUD_ACTIVITY(id, name)
#define CLOUD_CLIENT(id, name, availability, activity)
#define CLOUD_SESSION_PAIR(availability, activity)
#define CLOUD_PREFERRED_PAIR(availability, activity, days)
#include "cloud_names.def"
};

static const uint8_t ranks[] = {
#define CLOUD_AVAILABILITY(id, name, rank) rank,
#define CLOUD_ACTIVITY(id, name)
#define CLOUD_CLIENT(id, name, availability, activity)
#define CLOUD_SESSION_PAIR(availability, activity)
#define CLOUD_PREFERRED_PAIR(availability, activity, days)
#include "cloud_names.def"
};

static const char *const activity_names[] = {
#define CLOUD_AVAILABILITY(id, name, rank)
#define CLOUD_ACTIVITY(id, name) name,
#define CLOUD_CLIENT(id, name, availability, activity)
#define CLOUD_SESSION_PAIR(availability, activity)
#define CLOUD_PREFERRED_PAIR(availability, activity, days)
#include "cloud_names.def"
};

static const struct {
	const char *name;
	struct cloud_pair pair;
} clients[] = {
#define CLOUD_AVAILABILITY(id, name, rank)
#define CLOUD_ACTIVITY(id, name)
#define CLOUD_CLIENT(id, name, availability, activity) \
	{ name, { CLOUD_AVAILABILITY_##availability, CLOUD_ACTIVITY_##activity } },
#define CLOUD_SESSION_PAIR(availability, activity)
#define CLOUD_PREFERRED_PAIR(availability, activity, days)
#include "cloud_names.def"
};

static const struct cloud_pair session_pairs[] = {
#define CLOUD_AVAILABILITY(id, name, rank)
#define CLOUD_ACTIVITY(id, name)
#define CLOUD_CLIENT(id, name, availability, activity)
#define CLOUD_SESSION_PAIR(availability, activity) \
	{ CLOUD_AVAILABILITY_##availability, CLOUD_ACTIVITY_##activity },
#define CLOUD_PREFERRED_PAIR(availability, activity, days)
#include "cloud_names.def"
};

static const struct {
	struct cloud_pair pair;
	int days;
} preferred_pairs[] = {
#define CLOUD_AVAILABILITY(id, name, rank)
#define CLOUD_ACTIVITY(id, name)
#define CLOUD_CLIENT(id, name, availability, activity)
#define CLOUD_SESSION_PAIR(availability, activity)
#define CLOUD_PREFERRED_PAIR(availability, activity, days) \
	{ { CLOUD_AVAILABILITY_##availability, CLOUD_ACTIVITY_##activity }, days },
#include "cloud_names.def"
};

static const struct cloud_pair offline = { CLOUD_AVAILABILITY_OFFLINE, CLOUD_ACTIVITY_OFFLINE };

static bool same_pair(struct cloud_pair a, struct cloud_pair b)
{
	return a.availability == b.availability && a.activity == b.activity;
}

void cloud_rules_init(struct cloud_rules *r)
{
	*r = (struct cloud_rules){ .inactive_ms = 5 * 60000, .away_ms = 10 * 60000 };
	memcpy(r->rank, ranks, sizeof ranks);
}

bool cloud_app_vote(const struct cloud_rules *r, struct cloud_pair pair, int64_t set_ms,
		    int64_t expires_ms, int64_t now_ms, struct cloud_vote *ret)
{
	if (now_ms >= expires_ms)
		return false;
	if (pair.availability == CLOUD_AVAILABILITY_AVAILABLE) {
		if (now_ms - set_ms >= r->away_ms)
			pair = (struct cloud_pair){ CLOUD_AVAILABILITY_AWAY, CLOUD_ACTIVITY_AWAY };
		else if (now_ms - set_ms >= r->inactive_ms)
			pair = (struct cloud_pair){ CLOUD_AVAILABILITY_AVAILABLE_IDLE,
						    CLOUD_ACTIVITY_INACTIVE };
	}
	*ret = (struct cloud_vote){ pair, set_ms };
	return true;
}

bool cloud_client_vote(enum cloud_client state, int64_t since_ms, struct cloud_vote *ret)
{
	CHECK((unsigned)state < ARRAY_LEN(clients));
	if (state == CLOUD_CLIENT_SIGNED_OUT)
		return false;
	*ret = (struct cloud_vote){ clients[state].pair, since_ms };
	return true;
}

static bool beats(const struct cloud_rules *r, const struct cloud_vote *a, const struct cloud_vote *b)
{
	int rank_a = r->rank[a->pair.availability], rank_b = r->rank[b->pair.availability];

	if (rank_a != rank_b)
		return rank_a > rank_b;
	return r->oldest_wins ? a->since_ms < b->since_ms : a->since_ms > b->since_ms;
}

struct cloud_pair cloud_fold(const struct cloud_rules *r, const struct cloud_vote *votes, size_t n,
			     const struct cloud_pair *preferred)
{
	const struct cloud_vote *best = votes;

	if (n == 0)
		return offline;
	if (preferred)
		return *preferred;
	for (size_t i = 1; i < n; i++)
		if (beats(r, &votes[i], best))
			best = &votes[i];
	return best->pair;
}

bool cloud_session_pair_allowed(struct cloud_pair p)
{
	for (size_t i = 0; i < ARRAY_LEN(session_pairs); i++)
		if (same_pair(session_pairs[i], p))
			return true;
	return false;
}

int cloud_preferred_pair_days(struct cloud_pair p)
{
	for (size_t i = 0; i < ARRAY_LEN(preferred_pairs); i++)
		if (same_pair(preferred_pairs[i].pair, p))
			return preferred_pairs[i].days;
	return 0;
}

const char *cloud_availability_name(unsigned a)
{
	CHECK(a < ARRAY_LEN(availability_names));
	return availability_names[a];
}

const char *cloud_activity_name(unsigned a)
{
	CHECK(a < ARRAY_LEN(activity_names));
	return activity_names[a];
}

const char *cloud_client_name(unsigned c)
{
	CHECK(c < ARRAY_LEN(clients));
	return clients[c].name;
}

bool cloud_availability_parse(struct slice s, uint8_t *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(availability_names); i++)
		if (slice_is(s, availability_names[i])) {
			*ret = (uint8_t)i;
			return true;
		}
	return false;
}

bool cloud_activity_parse(struct slice s, uint8_t *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(activity_names); i++)
		if (slice_is(s, activity_names[i])) {
			*ret = (uint8_t)i;
			return true;
		}
	return false;
}

bool cloud_client_parse(struct slice s, uint8_t *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(clients); i++)
		if (slice_is(s, clients[i].name)) {
			*ret = (uint8_t)i;
			return true;
		}
	return false;
}
