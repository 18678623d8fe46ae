/* cloud_fold.h - Teams' own folding of presence sessions, and the two clocks of a session.
 *
 * Pure values and functions. Sources: Microsoft's "Manage presence state by using the Microsoft
 * Graph API" and the setPresence page; presence-rules.md section 6. */
#ifndef SIM_CLOUD_FOLD_H
#define SIM_CLOUD_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* The table has several kinds of rows; whoever reads it defines the kinds not wanted as nothing. */
#define CLOUD_ACTIVITY(id, name)
#define CLOUD_CLIENT(id, name, availability, activity)
#define CLOUD_SESSION_PAIR(availability, activity)
#define CLOUD_PREFERRED_PAIR(availability, activity, days)
enum cloud_availability {
#define CLOUD_AVAILABILITY(id, name, rank) CLOUD_AVAILABILITY_##id,
#include "cloud_names.def"
	CLOUD_AVAILABILITY_COUNT
};
#define CLOUD_AVAILABILITY(id, name, rank)
#define CLOUD_CLIENT(id, name, availability, activity)
#define CLOUD_SESSION_PAIR(availability, activity)
#define CLOUD_PREFERRED_PAIR(availability, activity, days)
enum cloud_activity {
#define CLOUD_ACTIVITY(id, name) CLOUD_ACTIVITY_##id,
#include "cloud_names.def"
	CLOUD_ACTIVITY_COUNT
};
#define CLOUD_AVAILABILITY(id, name, rank)
#define CLOUD_ACTIVITY(id, name)
#define CLOUD_SESSION_PAIR(availability, activity)
#define CLOUD_PREFERRED_PAIR(availability, activity, days)
enum cloud_client {
#define CLOUD_CLIENT(id, name, availability, activity) CLOUD_CLIENT_##id,
#include "cloud_names.def"
	CLOUD_CLIENT_COUNT
};

struct cloud_pair {
	uint8_t availability; /* enum cloud_availability */
	uint8_t activity;     /* enum cloud_activity */
};

/* One live session's say. since_ms breaks ties of rank. */
struct cloud_vote {
	struct cloud_pair pair;
	int64_t since_ms;
};

struct cloud_rules {
	uint8_t rank[CLOUD_AVAILABILITY_COUNT];
	bool oldest_wins;    /* among equals; default: the newest */
	int32_t inactive_ms; /* an app's Available becomes AvailableIdle after this: 5 min */
	int32_t away_ms;     /* and Away after this: 10 min */
};

void cloud_rules_init(struct cloud_rules *r);

/* What an app's session set at set_ms, ending at expires_ms, says now; false when it has ended. */
bool cloud_app_vote(const struct cloud_rules *r, struct cloud_pair pair, int64_t set_ms,
		    int64_t expires_ms, int64_t now_ms, struct cloud_vote *ret);
/* What a client's state says; false for a signed-out one. */
bool cloud_client_vote(enum cloud_client state, int64_t since_ms, struct cloud_vote *ret);
/* What others see. preferred may be NULL; it shows only while there is a session. */
struct cloud_pair cloud_fold(const struct cloud_rules *r, const struct cloud_vote *votes, size_t n,
			     const struct cloud_pair *preferred);

bool cloud_session_pair_allowed(struct cloud_pair p);
/* The default life of a preferred pair in days, 0 when setUserPreferredPresence refuses it. */
int cloud_preferred_pair_days(struct cloud_pair p);

const char *cloud_availability_name(unsigned a);
const char *cloud_activity_name(unsigned a);
const char *cloud_client_name(unsigned c);
/* Exact names as the documents write them; false for others. */
bool cloud_availability_parse(struct slice s, uint8_t *ret);
bool cloud_activity_parse(struct slice s, uint8_t *ret);
bool cloud_client_parse(struct slice s, uint8_t *ret);

#endif
