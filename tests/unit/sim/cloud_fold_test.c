#include <stdio.h>

#include "test.h"

#include "cloud_fold.h"

/* What others see, as a person would write it down: rows are what the user's Teams client does,
 * columns the session that an app holds, set after the client's last move. */
static const char *const columns[] = { "", "Available/Available", "Busy/InACall",
				       "Busy/InAConferenceCall", "Away/Away",
				       "DoNotDisturb/Presenting" };
#define OFFLINE "Offline/Offline"
#define AVAIL "Available/Available"
#define CALL "Busy/InACall"
#define CONF "Busy/InAConferenceCall"
#define MEET "Busy/InAMeeting"
#define AWAY "Away/Away"
#define PRES "DoNotDisturb/Presenting"
#define DND "DoNotDisturb/DoNotDisturb"
static const struct {
	const char *client;
	const char *seen[6];
} golden[] = {
	/* app's session:  none     Available  call  conference  away   presenting */
	{ "signed-out", { OFFLINE, AVAIL,     CALL, CONF,       AWAY,  PRES } },
	{ "inactive",   { AWAY,    AVAIL,     CALL, CONF,       AWAY,  PRES } },
	{ "active",     { AVAIL,   AVAIL,     CALL, CONF,       AVAIL, PRES } },
	{ "busy",       { CALL,    CALL,      CALL, CONF,       CALL,  PRES } },
	{ "meeting",    { MEET,    MEET,      CALL, CONF,       MEET,  PRES } },
	{ "presenting", { PRES,    PRES,      PRES, PRES,       PRES,  PRES } },
	{ "focusing",   { DND,     DND,       DND,  DND,        DND,   PRES } },
};
static const char *const preferred[] = { AVAIL,  "Busy/Busy", DND, "BeRightBack/BeRightBack", AWAY,
					 "Offline/OffWork" };

static struct cloud_pair pair_of(const char *text)
{
	struct slice s = slice_str(text);
	size_t slash = slice_find(s, '/');
	struct cloud_pair p = { 0, 0 };

	assert_true(cloud_availability_parse(slice_sub(s, 0, slash), &p.availability));
	assert_true(cloud_activity_parse(slice_sub(s, slash + 1, s.n), &p.activity));
	return p;
}

static void assert_seen(struct cloud_pair got, const char *want)
{
	char text[80];

	snprintf(text, sizeof text, "%s/%s", cloud_availability_name(got.availability),
		 cloud_activity_name(got.activity));
	assert_string_equal(text, want);
}

static size_t votes_of(size_t client, size_t column, struct cloud_vote *votes)
{
	struct cloud_rules rules;
	uint8_t state = 0;
	size_t n = 0;

	cloud_rules_init(&rules);
	assert_true(cloud_client_parse(slice_str(golden[client].client), &state));
	n += cloud_client_vote(state, 1000, &votes[n]);
	if (columns[column][0])
		n += cloud_app_vote(&rules, pair_of(columns[column]), 2000, 60000, 2000, &votes[n]);
	return n;
}

static void every_client_session_and_preferred_state(void **state)
{
	struct cloud_rules rules;
	struct cloud_vote votes[2];
	(void)state;

	cloud_rules_init(&rules);
	assert_int_equal(ARRAY_LEN(golden), CLOUD_CLIENT_COUNT);
	for (size_t i = 0; i < ARRAY_LEN(golden); i++)
		for (size_t j = 0; j < ARRAY_LEN(columns); j++) {
			size_t n = votes_of(i, j, votes);

			assert_seen(cloud_fold(&rules, votes, n, NULL), golden[i].seen[j]);
			for (size_t k = 0; k < ARRAY_LEN(preferred); k++) {
				struct cloud_pair p = pair_of(preferred[k]);

				assert_seen(cloud_fold(&rules, votes, n, &p),
					    n == 0 ? OFFLINE : preferred[k]);
			}
		}
}

static void ties_go_to_the_newest_or_by_switch_to_the_oldest(void **state)
{
	struct cloud_rules rules;
	struct cloud_vote votes[2];
	(void)state;

	cloud_rules_init(&rules);
	size_t n = votes_of(4, 2, votes); /* meeting, then the app's call */
	assert_seen(cloud_fold(&rules, votes, n, NULL), CALL);
	rules.oldest_wins = true;
	assert_seen(cloud_fold(&rules, votes, n, NULL), MEET);
}

/* One row per instant: the two clocks of an app's session. */
static void both_clocks_of_a_session(void **state)
{
	static const struct {
		const char *pair;
		int64_t age_ms, life_ms;
		const char *says; /* "": gone */
	} rows[] = {
		{ AVAIL, 0, 3600000, AVAIL },
		{ AVAIL, 299999, 3600000, AVAIL },
		{ AVAIL, 300000, 3600000, "AvailableIdle/Inactive" },
		{ AVAIL, 599999, 3600000, "AvailableIdle/Inactive" },
		{ AVAIL, 600000, 3600000, AWAY },
		{ AVAIL, 3599999, 3600000, AWAY },
		{ AVAIL, 3600000, 3600000, "" },
		/* Default life: fade and end coincide, the end wins. */
		{ AVAIL, 299999, 300000, AVAIL },
		{ AVAIL, 300000, 300000, "" },
		{ CALL, 3599999, 3600000, CALL },
		{ CALL, 3600000, 3600000, "" },
		{ PRES, 14399999, 14400000, PRES },
		{ AWAY, 599999, 600000, AWAY },
		{ AWAY, 600000, 600000, "" },
	};
	struct cloud_rules rules;
	struct cloud_vote v;
	(void)state;

	cloud_rules_init(&rules);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool there = cloud_app_vote(&rules, pair_of(rows[i].pair), 7000, 7000 + rows[i].life_ms,
					    7000 + rows[i].age_ms, &v);

		assert_int_equal(there, rows[i].says[0] != '\0');
		if (there)
			assert_seen(v.pair, rows[i].says);
	}
}

static void exactly_five_and_six_pairs_can_be_set(void **state)
{
	unsigned session = 0, prefer = 0;
	(void)state;

	for (uint8_t a = 0; a < CLOUD_AVAILABILITY_COUNT; a++)
		for (uint8_t b = 0; b < CLOUD_ACTIVITY_COUNT; b++) {
			session += cloud_session_pair_allowed((struct cloud_pair){ a, b });
			prefer += cloud_preferred_pair_days((struct cloud_pair){ a, b }) > 0;
		}
	assert_int_equal(session, 5);
	assert_int_equal(prefer, 6);
	for (size_t i = 1; i < ARRAY_LEN(columns); i++)
		assert_true(cloud_session_pair_allowed(pair_of(columns[i])));
	static const int days[] = { 7, 1, 1, 7, 7, 7 };
	for (size_t i = 0; i < ARRAY_LEN(preferred); i++)
		assert_int_equal(cloud_preferred_pair_days(pair_of(preferred[i])), days[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_client_session_and_preferred_state),
		cmocka_unit_test(ties_go_to_the_newest_or_by_switch_to_the_oldest),
		cmocka_unit_test(both_clocks_of_a_session),
		cmocka_unit_test(exactly_five_and_six_pairs_can_be_set),
	};
	return cmocka_run_group_tests_name("sim/cloud_fold", tests, NULL, NULL);
}
