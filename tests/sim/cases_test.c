/* cases_test.c - scripted stories in the deterministic simulator; TAP by cmocka.
 *
 * Case 18 of doc/presence-rules.md section 7 (DND at the PBX) is proved here, against what others see in the
 * simulated Teams, and the stories of section 2 that need an exact moment. */
#include "test.h"

#include "world.h"

enum { MINUTE_MS = 60 * 1000, ANA = 0, ANAS_LINE = 0, ANAS_TOLD_LINE = 2 };

static const struct policy plain = { .grace_ms = 120000, .lease_ms = 600000 };

static struct world *begin(bool udp)
{
	/* user 0 has a line on either PBX and one on the connector that tells DND apart */
	const struct world_config c = { .seed = 42, .users = 1, .udp = udp, .policy = plain, .quota = 1500,
					.window_ms = 30000 };
	struct world *w;

	assert_int_equal(world_new(&w, &c), ERR_OK);
	assert_true(world_run(w, MINUTE_MS, false));
	return w;
}

static const char *seen(struct world *w)
{
	return cloud_availability_name(cloud_seen(world_cloud(w), world_cloud_ms(w), ANA).availability);
}

static bool holds(struct world *w)
{
	struct cloud_pair pair;
	int64_t expires_ms;

	return cloud_session(world_cloud(w), world_cloud_ms(w), ANA, NULL, &pair, &expires_ms);
}

static uint64_t requests(struct world *w)
{
	struct world_counts n;

	world_count(w, &n);
	return n.presence_requests;
}

static void client(struct world *w, enum cloud_client state)
{
	assert_int_equal(cloud_client_set(world_cloud(w), world_cloud_ms(w), ANA, "", state), ERR_OK);
}

/* Case 18: do not disturb, whatever the clients do, for every profile but away. */
static void dnd_at_the_pbx_shows_whatever_the_clients_do(void **state)
{
	(void)state;
	for (int profile = 0; profile < PROFILE_COUNT; profile++) {
		struct world *w = begin(false);

		world_profile(w, ANA, (enum profile)profile, TIME_NEVER);
		world_dnd(w, ANAS_TOLD_LINE, true);
		for (int c = 0; c < CLOUD_CLIENT_COUNT; c++) {
			client(w, (enum cloud_client)c);
			assert_true(world_run(w, MINUTE_MS, false));
			if (profile != PROFILE_AWAY)
				assert_string_equal(seen(w), "DoNotDisturb");
		}
		world_dnd(w, ANAS_TOLD_LINE, false);
		client(w, CLOUD_CLIENT_SIGNED_OUT);
		assert_true(world_run(w, MINUTE_MS, false));
		assert_string_not_equal(seen(w), "DoNotDisturb");
		world_free(w);
	}
}

/* Short of a preferred state: what the user picked by hand wins. */
static void a_pinned_state_wins_over_dnd(void **state)
{
	const struct cloud_pair away = { CLOUD_AVAILABILITY_AWAY, CLOUD_ACTIVITY_AWAY };
	struct world *w = begin(false);
	(void)state;

	world_dnd(w, ANAS_TOLD_LINE, true);
	client(w, CLOUD_CLIENT_ACTIVE);
	assert_true(world_run(w, MINUTE_MS, false));
	assert_string_equal(seen(w), "DoNotDisturb");
	assert_true(cloud_pin(world_cloud(w), world_cloud_ms(w), ANA, &away));
	assert_string_equal(seen(w), "Away");
	world_free(w);
}

static void a_reboot_of_the_pbx_in_a_call_drops_nobodys_busy(void **state)
{
	(void)state;
	for (int udp = 0; udp < 2; udp++) {
		struct world *w = begin(udp);

		world_call(w, ANAS_LINE);
		assert_true(world_run(w, MINUTE_MS, false));
		assert_string_equal(seen(w), "Busy");
		uint64_t before = requests(w);
		pbx_restart(world_pbx(w, 0), world_now(w), PBX_RESTART_FORGET, 30000, false);
		for (int s = 0; s < 100; s++) {
			assert_true(world_run(w, 1000, false));
			assert_string_equal(seen(w), "Busy");
		}
		/* back again, and only real differences are sent: there is none */
		assert_int_equal(requests(w), before);
		world_free(w);
	}
}

static void a_dead_pbx_leaves_nobody_busy_for_long(void **state)
{
	const int64_t bound_ms =
		plain.grace_ms + plain.lease_ms + 10000 + 120000; /* + noticing the dead link */
	struct world *w = begin(true);
	(void)state;

	world_call(w, ANAS_LINE);
	assert_true(world_run(w, MINUTE_MS, false));
	assert_string_equal(seen(w), "Busy");
	pbx_restart(world_pbx(w, 0), world_now(w), PBX_RESTART_FORGET, 24 * 60 * MINUTE_MS, false);
	assert_true(world_run(w, plain.grace_ms / 2, false));
	assert_string_equal(seen(w), "Busy");
	assert_true(world_run(w, bound_ms, false));
	assert_string_equal(seen(w), "Offline");
	world_free(w);
}

static void a_crash_in_a_call_sends_nothing_twice(void **state)
{
	struct world *w = begin(false);
	(void)state;

	world_call(w, ANAS_LINE);
	assert_true(world_run(w, MINUTE_MS, false));
	uint64_t before = requests(w);
	world_crash(w, true);
	assert_true(world_run(w, 20000, false));
	world_start(w);
	assert_true(world_run(w, MINUTE_MS, false));
	assert_string_equal(seen(w), "Busy");
	assert_int_equal(requests(w), before);
	world_hang_up(w, ANAS_LINE);
	assert_true(world_run(w, MINUTE_MS, false));
	assert_string_equal(seen(w), "Offline");
	assert_int_equal(requests(w), before + 1);
	world_free(w);
}

static void without_a_restart_teams_heals_by_itself(void **state)
{
	struct world *w = begin(false);
	(void)state;

	world_call(w, ANAS_LINE);
	assert_true(world_run(w, MINUTE_MS, false));
	world_crash(w, true);
	assert_true(world_run(w, plain.lease_ms - 2 * MINUTE_MS, false));
	assert_string_equal(seen(w), "Busy");
	assert_true(world_run(w, 2 * MINUTE_MS, false));
	assert_false(holds(w));
	world_free(w);
}

/* A time-out after Graph had applied the change: the state that is current then is sent again. */
static void a_time_out_after_applying_heals(void **state)
{
	struct world *w = begin(false);
	const struct cloud_fault cut = {
		.kind = CLOUD_FAULT_RESET, .cut = CLOUD_CUT_AFTER, .user = CLOUD_NO_USER, .count = 1
	};
	(void)state;

	assert_int_equal(cloud_fault_add(world_cloud(w), &cut), ERR_OK);
	world_call(w, ANAS_LINE);
	assert_true(world_run(w, 2000, false));
	world_hang_up(w, ANAS_LINE);
	assert_true(world_run(w, 5 * MINUTE_MS, false));
	assert_false(holds(w));
	world_free(w);
}

/* ---- reconnecting: requests for those who truly differ, and for nobody else ----
 *
 * Twenty people with a phone at one of the two SIP PBXs; eight are in a call. While the link is cut four
 * calls end, four begin, and four begin and end. */
enum { MANY = 60, PEOPLE = 20, WERE = 8, ENDED = 4, BEGAN = 12, CAME_AND_WENT = 16, DIFFER = 8 };

static uint32_t user_of(uint32_t person)
{
	return person / 2 * 6 + person % 2;
}

static uint32_t line_of(uint32_t person)
{
	uint32_t line = 0;

	for (uint32_t i = 0; i < user_of(person); i++)
		line += 1 + (i % 3 == 0) + (i % 4 == 0);
	return line;
}

static struct world *begin_many(void)
{
	const struct world_config c = { .seed = 7, .users = MANY, .policy = plain, .quota = 1500,
					.window_ms = 30000 };
	struct world *w;

	assert_int_equal(world_new(&w, &c), ERR_OK);
	assert_true(world_run(w, 2 * MINUTE_MS, false));
	for (uint32_t i = 0; i < WERE; i++)
		world_call(w, line_of(i));
	assert_true(world_run(w, MINUTE_MS, false));
	return w;
}

static void change_many(struct world *w)
{
	for (uint32_t i = 0; i < ENDED; i++)
		world_hang_up(w, line_of(i));
	for (uint32_t i = WERE; i < CAME_AND_WENT; i++)
		world_call(w, line_of(i));
	assert_true(world_run(w, 20000, false));
	for (uint32_t i = BEGAN; i < CAME_AND_WENT; i++)
		world_hang_up(w, line_of(i));
}

/* How many are shown as they are not. */
static uint32_t wrong(struct world *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < PEOPLE; i++) {
		struct cloud_pair now = cloud_seen(world_cloud(w), world_cloud_ms(w), user_of(i));

		n += (i >= ENDED && i < BEGAN) != (now.availability == CLOUD_AVAILABILITY_BUSY);
	}
	return n;
}

static void settle_many(struct world *w, uint64_t before, uint32_t differ)
{
	for (int s = 0; s < 600 && wrong(w); s++)
		assert_true(world_run(w, 1000, false));
	assert_int_equal(wrong(w), 0);
	assert_true(world_run(w, 10000, false)); /* nothing comes after it */
	assert_true((requests(w) - before) * 100 <= differ * UINT64_C(105));
}

static void back_in_touch_with_the_pbx_only_what_differs_is_sent(void **state)
{
	struct world *w = begin_many();
	(void)state;

	for (uint32_t i = 0; i < 2; i++)
		pbx_restart(world_pbx(w, i), world_now(w), PBX_RESTART_FORGET, 60000, false);
	uint64_t before = requests(w);
	change_many(w);
	assert_int_equal(wrong(w), DIFFER);
	assert_int_equal(requests(w), before);
	settle_many(w, before, DIFFER);
	world_free(w);
}

/* Whether a request that was cut was carried out nobody knows: those who came and went are cleared too. */
static void back_in_touch_with_graph_only_what_may_differ_is_sent(void **state)
{
	const struct cloud_fault cut = { .kind = CLOUD_FAULT_RESET, .cut = CLOUD_CUT_BEFORE,
					 .user = CLOUD_NO_USER, .count = 1000000 };
	struct world *w = begin_many();
	(void)state;

	assert_int_equal(cloud_fault_add(world_cloud(w), &cut), ERR_OK);
	change_many(w);
	assert_true(world_run(w, 2 * MINUTE_MS, false));
	assert_int_equal(wrong(w), DIFFER);
	cloud_faults_clear(world_cloud(w));
	settle_many(w, requests(w), DIFFER + CAME_AND_WENT - BEGAN);
	world_free(w);
}

static void started_again_only_what_differs_is_sent(void **state)
{
	struct world *w = begin_many();
	(void)state;

	world_crash(w, true);
	change_many(w);
	assert_int_equal(wrong(w), DIFFER);
	uint64_t before = requests(w);
	world_start(w);
	settle_many(w, before, DIFFER);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dnd_at_the_pbx_shows_whatever_the_clients_do),
		cmocka_unit_test(a_pinned_state_wins_over_dnd),
		cmocka_unit_test(a_reboot_of_the_pbx_in_a_call_drops_nobodys_busy),
		cmocka_unit_test(a_dead_pbx_leaves_nobody_busy_for_long),
		cmocka_unit_test(a_crash_in_a_call_sends_nothing_twice),
		cmocka_unit_test(without_a_restart_teams_heals_by_itself),
		cmocka_unit_test(a_time_out_after_applying_heals),
		cmocka_unit_test(back_in_touch_with_the_pbx_only_what_differs_is_sent),
		cmocka_unit_test(back_in_touch_with_graph_only_what_may_differ_is_sent),
		cmocka_unit_test(started_again_only_what_differs_is_sent),
	};
	return cmocka_run_group_tests_name("sim/cases", tests, NULL, NULL);
}
