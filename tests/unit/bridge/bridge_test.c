#include "test.h"

#include <stdio.h>

#include "bridge/bridge.h"
#include "told.h"

/* A bridge with one account, one connector that is told what happens, and a Graph that answers by hand. */
struct bench {
	struct bridge *bridge;
	struct bridge_time t;
	struct secret secret;
	uint16_t account;
	uint32_t connector, user, line;
	char bodies[16][256]; /* of presence requests, oldest first */
	uint32_t ids[16], realms[16];
	int bodies_n;
	int saved_users, audits, gone;
};

static struct told *the_told;

static void answer_in(struct bench *b, uint32_t realm, uint32_t id, uint16_t status, const char *body)
{
	const struct graph_response r = { .id = id, .failure = HTTP_ANSWERED, .status = status,
					  .body = slice_str(body) };

	bridge_feed_graph(b->bridge, b->t, realm, &r);
}

static void answer(struct bench *b, uint32_t id, uint16_t status, const char *body)
{
	answer_in(b, 0, id, status, body);
}

static void take_request(struct bench *b, uint32_t realm, const struct graph_request *r)
{
	uint32_t id = r->id;

	if (r->secret) {
		answer_in(b, realm, id, 200,
			  "{\"token_type\":\"Bearer\",\"expires_in\":3600,\"access_token\":\"t\"}");
		return;
	}
	assert_true(b->bodies_n < 16);
	snprintf(b->bodies[b->bodies_n], sizeof(b->bodies[0]), "%.*s %.*s", SLICE_ARG(r->url),
		 SLICE_ARG(r->body));
	b->realms[b->bodies_n] = realm;
	b->ids[b->bodies_n++] = id;
}

static void drain(struct bench *b)
{
	static struct bridge_out out;

	while (bridge_drain(b->bridge, b->t, &out)) {
		if (out.kind == BRIDGE_GRAPH && out.graph.kind == GRAPH_HTTP)
			take_request(b, out.realm, &out.graph.request);
		if (out.kind != BRIDGE_ACTION)
			continue;
		b->saved_users += out.action.kind == ACT_SAVE_USER;
		b->audits += out.action.kind == ACT_AUDIT;
		if (out.action.kind == ACT_USER_GONE) {
			b->gone++;
			/* the shell still needs the name when it hears of it */
			assert_slice(directory_email(bridge_directory(b->bridge), out.action.user),
				     "ana@acme.example");
		}
	}
}

static void tell(struct bench *b, enum call_state call)
{
	const struct source_feed poke = { .kind = FEED_CONNECTED };

	told_call(the_told, b->line, call);
	bridge_feed_source(b->bridge, b->t, b->connector, &poke);
	drain(b);
}

static void pass(struct bench *b, int64_t ms)
{
	b->t.mono_ms += ms;
	b->t.wall_ms += ms;
	bridge_tick(b->bridge, b->t);
	drain(b);
}

static struct graph_config realm_of(const struct bench *b)
{
	return (struct graph_config) { .tenant = "11111111-2222-3333-4444-555555555555",
					 .client_id = "99999999-8888-7777-6666-555555555555",
					 .credential.secret = &b->secret,
					 .login_url = "https://login.example",
					 .graph_url = "https://graph.example",
					 .quota = 1500,
					 .window_ms = 30000,
					 .users_max = 8,
					 .seed = 1 };
}

static void add_realm(struct bench *b)
{
	const struct graph_config gc = realm_of(b);
	uint32_t realm, again;

	assert_int_equal(bridge_add_realm(b->bridge, b->t, &gc, &realm), ERR_OK);
	assert_int_equal(bridge_add_realm(b->bridge, b->t, &gc, &again), ERR_OK);
	assert_int_equal(realm, again);
}

static int set_up(void **state)
{
	static struct bench b;
	const struct bridge_limits l = {
		.accounts = 2, .connectors = 2, .users = 8, .lines = 8, .realms = 2, .seed = 1
	};
	const struct policy p = { .mode = MODE_LIVE, .grace_ms = 120000, .lease_ms = 600000 };
	const struct bridge_user u = { .email = SLICE_LIT("ana@acme.example"), .enabled = true,
				       .teams_id = "aaaaaaaa-0000-0000-0000-000000000001" };
	struct source_config c = { .name = "hq", .server = "", .lines_max = 8 };

	b = (struct bench){ .t = { 1000, 1790000000000 } };
	assert_int_equal(secret_set(&b.secret, SLICE_LIT("s")), ERR_OK);
	assert_int_equal(bridge_new(&b.bridge, &l, b.t), ERR_OK);
	add_realm(&b);
	assert_int_equal(bridge_add_account(b.bridge, b.t, SLICE_LIT("acme"), 0, &p, &b.account), ERR_OK);
	assert_int_equal(bridge_add_connector(b.bridge, b.t, b.account, SLICE_LIT("hq"), &told_source_ops, &c,
					      &b.connector), ERR_OK);
	the_told = told_last();
	assert_int_equal(bridge_add_user(b.bridge, b.t, b.account, &u, &b.user), ERR_OK);
	assert_int_equal(
		bridge_add_line(b.bridge, b.t, b.connector, SLICE_LIT("201"), b.user, &b.line),
		ERR_OK);
	drain(&b);
	*state = &b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	bridge_free(b->bridge);
	secret_fini(&b->secret);
	return 0;
}

static void a_call_becomes_a_request_and_its_answer_is_confirmed(void **state)
{
	struct bench *b = *state;
	struct user_view v;

	tell(b, CALL_TALKING);
	assert_int_equal(b->bodies_n, 1);
	assert_non_null(strstr(b->bodies[0],
			       "/users/aaaaaaaa-0000-0000-0000-000000000001/presence/setPresence"));
	assert_non_null(strstr(b->bodies[0], "\"availability\":\"Busy\",\"activity\":\"InACall\""));
	assert_true(engine_user(bridge_engine(b->bridge), b->user, &v));
	assert_int_equal(v.held, SESSION_NONE);
	answer(b, b->ids[0], 200, "");
	drain(b);
	assert_true(engine_user(bridge_engine(b->bridge), b->user, &v));
	assert_int_equal(v.held, SESSION_CALL);
	assert_true(b->saved_users > 0 && b->audits > 0);
	tell(b, CALL_GONE);
	assert_int_equal(b->bodies_n, 2);
	assert_non_null(strstr(b->bodies[1], "/presence/clearPresence"));
}

static void a_reopened_connector_keeps_its_lines_and_nobody_flaps(void **state)
{
	struct bench *b = *state;
	struct source_config c = { .name = "hq", .server = "", .lines_max = 8 };
	struct line_view v;

	tell(b, CALL_TALKING);
	answer(b, b->ids[0], 200, "");
	drain(b);
	assert_int_equal(
		bridge_reopen_connector(b->bridge, b->t, b->connector, &told_source_ops, &c),
		ERR_OK);
	the_told = told_last();
	/* the new machine says "no call" for the line at once: a synchronised report, so it counts */
	assert_true(engine_line(bridge_engine(b->bridge), b->line, &v));
	assert_int_equal(v.sync, LINE_STANDING);
	assert_int_equal(v.presence, PRESENCE_BUSY);
	assert_int_equal(b->bodies_n, 1);
	drain(b);
	assert_int_equal(b->bodies_n, 2);
}

static void a_removed_user_gives_everything_back_before_the_name_goes(void **state)
{
	struct bench *b = *state;

	tell(b, CALL_TALKING);
	answer(b, b->ids[0], 200, "");
	drain(b);
	bridge_remove_user(b->bridge, b->t, b->user);
	drain(b);
	assert_int_equal(b->bodies_n, 2);
	assert_non_null(strstr(b->bodies[1], "/presence/clearPresence"));
	assert_int_equal(b->gone, 0);
	answer(b, b->ids[1], 404, "{\"error\":{\"code\":\"NotFound\",\"message\":\"\"}}");
	drain(b);
	assert_int_equal(b->gone, 1);
	drain(b);
	assert_int_equal(directory_users(bridge_directory(b->bridge)), 0);
	assert_int_equal(directory_lines(bridge_directory(b->bridge)), 0);
}

/* The remembered id is nobody's any more: who has the address now is asked once a refusal, and served. */
static void an_id_that_graph_does_not_know_is_looked_up_anew(void **state)
{
	static const char who[] = "{\"value\":[{\"id\":\"bbbbbbbb-0000-0000-0000-000000000002\","
				  "\"userPrincipalName\":\"bea@acme.example\","
				  "\"mail\":\"bea@acme.example\"}]}";
	const struct bridge_user u = { .email = SLICE_LIT("bea@acme.example"), .enabled = true };
	struct bench *b = *state;

	assert_int_equal(bridge_add_user(b->bridge, b->t, b->account, &u, &b->user), ERR_OK);
	bridge_set_teams_id(b->bridge, b->user, "bbbbbbbb-0000-0000-0000-000000000001");
	bridge_move_line(b->bridge, b->t, b->line, b->user);
	tell(b, CALL_TALKING);
	assert_int_equal(b->bodies_n, 1);
	answer(b, b->ids[0], 404, "{\"error\":{\"code\":\"NotFound\"}}");
	drain(b);
	assert_int_equal(b->bodies_n, 2);
	assert_non_null(strstr(b->bodies[1], "/users?"));
	answer(b, b->ids[1], 200, who);
	drain(b);
	pass(b, 59000);
	assert_int_equal(b->bodies_n, 2);
	pass(b, 1000);
	assert_int_equal(b->bodies_n, 3);
	assert_non_null(strstr(b->bodies[2],
			       "/users/bbbbbbbb-0000-0000-0000-000000000002/presence/setPresence"));
}

static void an_id_from_the_configuration_is_not_looked_up(void **state)
{
	struct bench *b = *state;

	tell(b, CALL_TALKING);
	answer(b, b->ids[0], 404, "");
	drain(b);
	assert_int_equal(b->bodies_n, 1);
}

static void nothing_is_asked_of_graph_for_an_idle_phone(void **state)
{
	struct bench *b = *state;

	tell(b, CALL_GONE);
	tell(b, CALL_RINGING);
	tell(b, CALL_GONE);
	for (int i = 0; i < 10; i++)
		pass(b, 600000);
	assert_int_equal(b->bodies_n, 0);
}

/* An Away until six ends when the clock is set past six, not at the next thing that happens. */
static void a_clock_set_forward_ends_a_profile_at_once(void **state)
{
	struct bench *b = *state;

	tell(b, CALL_GONE);
	bridge_set_profile(b->bridge, b->t, b->user, PROFILE_AWAY, b->t.wall_ms + 3600000);
	drain(b);
	assert_int_equal(b->bodies_n, 1);
	answer(b, b->ids[0], 200, "");
	drain(b);
	pass(b, 1000);
	assert_int_equal(b->bodies_n, 1);
	b->t.wall_ms += 3600000;
	pass(b, 1000);
	assert_int_equal(b->bodies_n, 2);
	assert_non_null(strstr(b->bodies[1], "clearPresence"));
}

static void the_lease_is_renewed_while_the_call_lasts(void **state)
{
	struct bench *b = *state;

	tell(b, CALL_TALKING);
	for (int i = 0; i < b->bodies_n; i++)
		answer(b, b->ids[i], 200, "");
	drain(b);
	int64_t until = b->t.mono_ms + 30 * 60 * 1000;
	while (b->t.mono_ms < until) {
		int n = b->bodies_n;

		pass(b, 1000);
		for (; n < b->bodies_n; n++)
			answer(b, b->ids[n], 200, "");
		drain(b);
		tell(b, CALL_TALKING);
	}
	/* at a spread point of 0.6 to 0.9 of 10 minutes each: 3 to 5 in half an hour */
	assert_in_range(b->bodies_n, 1 + 3, 1 + 5);
}

/* The client id of the configuration is another one: the account is in another realm. */
static uint32_t move_account(struct bench *b)
{
	struct graph_config gc = realm_of(b);
	uint32_t realm;

	gc.client_id = "99999999-8888-7777-6666-000000000001";
	assert_int_equal(bridge_add_realm(b->bridge, b->t, &gc, &realm), ERR_OK);
	assert_int_equal(bridge_move_account(b->bridge, b->t, b->account, realm), ERR_OK);
	drain(b);
	return realm;
}

static int find(const struct bench *b, uint32_t realm, const char *verb, int from)
{
	for (int i = from; i < b->bodies_n; i++)
		if (b->realms[i] == realm && strstr(b->bodies[i], verb))
			return i;
	return -1;
}

static void another_app_gives_back_in_the_old_realm_and_holds_in_the_new_one(void **state)
{
	struct bench *b = *state;
	struct user_view v;
	uint32_t realm;

	tell(b, CALL_TALKING);
	answer(b, b->ids[0], 200, "");
	drain(b);
	realm = move_account(b);
	assert_int_equal(realm, 1);
	int set = find(b, 1, "setPresence", 1), clear = find(b, 0, "clearPresence", 1);
	assert_true(set > 0 && clear > 0);
	assert_non_null(strstr(b->bodies[set], "99999999-8888-7777-6666-000000000001"));
	assert_non_null(strstr(b->bodies[set], "/users/aaaaaaaa-0000-0000-0000-000000000001/"));
	assert_non_null(strstr(b->bodies[clear], "99999999-8888-7777-6666-555555555555"));
	assert_false(bridge_realm_is_over(b->bridge, b->t, 0));
	answer_in(b, 1, b->ids[set], 200, "");
	answer_in(b, 0, b->ids[clear], 200, "");
	drain(b);
	assert_true(engine_user(bridge_engine(b->bridge), b->user, &v));
	assert_int_equal(v.held, SESSION_CALL);
	assert_int_equal(b->bodies_n, 3);
	assert_true(bridge_realm_is_over(b->bridge, b->t, 0));
	bridge_remove_realm(b->bridge, 0);
	tell(b, CALL_GONE);
	assert_int_equal(b->bodies_n, 4);
	assert_true(find(b, 1, "clearPresence", 3) == 3);
}

static void answers_of_the_realm_that_was_left_change_nothing(void **state)
{
	struct bench *b = *state;
	struct user_view v;

	tell(b, CALL_TALKING); /* no answer yet */
	move_account(b);
	assert_true(find(b, 1, "setPresence", 1) > 0);
	assert_int_equal(find(b, 0, "clearPresence", 1), -1); /* one request of a person at a time */
	answer_in(b, 0, b->ids[0], 403, "{\"error\":{\"code\":\"Forbidden\"}}");
	drain(b);
	assert_true(engine_user(bridge_engine(b->bridge), b->user, &v));
	assert_int_equal(v.held, SESSION_NONE);
	answer_in(b, 1, b->ids[find(b, 1, "setPresence", 1)], 200, "");
	drain(b);
	assert_true(engine_user(bridge_engine(b->bridge), b->user, &v));
	assert_int_equal(v.held, SESSION_CALL);
	assert_false(bridge_realm_is_over(b->bridge, b->t, 1));
}

/* A mistyped client id, corrected: the realm that never took anything goes. */
static void a_realm_that_refuses_everything_is_left_in_the_end(void **state)
{
	struct bench *b = *state;
	int n;

	tell(b, CALL_TALKING);
	answer(b, b->ids[0], 200, "");
	drain(b);
	n = b->bodies_n;
	move_account(b);
	assert_int_equal(find(b, 0, "clearPresence", n) >= 0, 1);
	int clear = find(b, 0, "clearPresence", n);
	answer_in(b, 0, b->ids[clear], 503, ""); /* and never anything better */
	drain(b);
	assert_false(bridge_realm_is_over(b->bridge, b->t, 0));
	b->t.mono_ms += 901000;
	assert_true(bridge_realm_is_over(b->bridge, b->t, 0));
}

static void the_place_of_a_removed_account_is_free_again(void **state)
{
	struct bench *b = *state;
	const struct policy p = { .mode = MODE_LIVE, .grace_ms = 120000, .lease_ms = 600000 };
	uint16_t id;

	bridge_remove_user(b->bridge, b->t, b->user);
	drain(b);
	assert_true(bridge_remove_connector(b->bridge, b->t, b->connector));
	drain(b);
	bridge_remove_account(b->bridge, b->account);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(bridge_add_account(b->bridge, b->t, SLICE_LIT("beta"), 0, &p, &id), ERR_OK);
		bridge_remove_account(b->bridge, id);
	}
	assert_true(bridge_realm_is_over(b->bridge, b->t, 0));
}

static void change_id(struct bench *b, const char *id)
{
	const struct bridge_user u = { .email = SLICE_LIT("ana@acme.example"), .enabled = true,
				       .teams_id = id };

	assert_int_equal(bridge_change_user(b->bridge, b->t, b->user, &u), ERR_OK);
	drain(b);
}

static void another_id_is_held_once_the_former_one_is_given_back(void **state)
{
	struct bench *b = *state;
	struct user_view v;

	tell(b, CALL_TALKING);
	answer(b, b->ids[0], 200, "");
	drain(b);
	change_id(b, "bbbbbbbb-0000-0000-0000-000000000002");
	assert_int_equal(b->bodies_n, 2);
	assert_non_null(strstr(b->bodies[1],
			       "/users/aaaaaaaa-0000-0000-0000-000000000001/presence/clearPresence"));
	answer(b, b->ids[1], 200, "");
	drain(b);
	assert_int_equal(b->bodies_n, 3);
	assert_non_null(strstr(b->bodies[2],
			       "/users/bbbbbbbb-0000-0000-0000-000000000002/presence/setPresence"));
	answer(b, b->ids[2], 200, "");
	drain(b);
	assert_true(engine_user(bridge_engine(b->bridge), b->user, &v));
	assert_int_equal(v.held, SESSION_CALL);
	change_id(b, "bbbbbbbb-0000-0000-0000-000000000002");
	assert_int_equal(b->bodies_n, 3);
}

static void restore(struct bench *b, const char *held_as)
{
	const struct user_record r = { .user = b->user, .session = SESSION_CALL, .sure = true,
				       .profile_until_wall_ms = TIME_NEVER,
				       .lease_end_wall_ms = b->t.wall_ms + 599000 };

	bridge_restore_user(b->bridge, b->t, &r);
	bridge_restore_held(b->bridge, b->t, b->user, held_as);
	drain(b);
}

/* The id in the configuration has changed while no process ran. */
static void what_an_earlier_process_held_under_another_id_is_given_back_there(void **state)
{
	struct bench *b = *state;

	restore(b, "bbbbbbbb-0000-0000-0000-000000000002");
	assert_int_equal(b->bodies_n, 1);
	assert_non_null(strstr(b->bodies[0],
			       "/users/bbbbbbbb-0000-0000-0000-000000000002/presence/clearPresence"));
	tell(b, CALL_TALKING);
	for (int n = 0; n < b->bodies_n && n < 4; n++) {
		if (strstr(b->bodies[n], "setPresence"))
			assert_null(strstr(b->bodies[n], "bbbbbbbb"));
		answer(b, b->ids[n], 200, "");
		drain(b);
	}
	assert_non_null(strstr(b->bodies[b->bodies_n - 1],
			       "/users/aaaaaaaa-0000-0000-0000-000000000001/presence/setPresence"));
	pass(b, 60000);
	assert_null(strstr(b->bodies[b->bodies_n - 1], "bbbbbbbb"));
}

static void what_an_earlier_process_held_under_the_same_id_stands(void **state)
{
	struct bench *b = *state;

	tell(b, CALL_TALKING);
	answer(b, b->ids[0], 200, "");
	drain(b);
	bridge_restore_held(b->bridge, b->t, b->user, "AAAAAAAA-0000-0000-0000-000000000001");
	bridge_restore_held(b->bridge, b->t, b->user, "no id");
	pass(b, 1000);
	assert_int_equal(b->bodies_n, 1);
}

/* The call ends while the former id is being given back: nothing is held anywhere in the end. */
static void an_end_meanwhile_leaves_nobody_busy(void **state)
{
	struct bench *b = *state;

	tell(b, CALL_TALKING);
	answer(b, b->ids[0], 200, "");
	drain(b);
	change_id(b, "bbbbbbbb-0000-0000-0000-000000000002");
	tell(b, CALL_GONE);
	for (int n = 1; n < b->bodies_n; n++) {
		assert_null(strstr(b->bodies[n], "setPresence"));
		assert_null(strstr(b->bodies[n], "bbbbbbbb"));
		answer(b, b->ids[n], n == 1 ? 200 : 404, "");
		drain(b);
	}
	pass(b, 60000);
	for (int n = 1; n < b->bodies_n; n++)
		assert_null(strstr(b->bodies[n], "setPresence"));
	tell(b, CALL_TALKING);
	assert_non_null(strstr(b->bodies[b->bodies_n - 1], "/users/bbbbbbbb"));
}

/* Two ids in a row, and a refusal of the clear: the last one counts. */
static void the_last_of_several_ids_counts(void **state)
{
	struct bench *b = *state;

	tell(b, CALL_TALKING);
	answer(b, b->ids[0], 200, "");
	drain(b);
	change_id(b, "bbbbbbbb-0000-0000-0000-000000000002");
	change_id(b, "cccccccc-0000-0000-0000-000000000003");
	assert_int_equal(b->bodies_n, 2);
	answer(b, b->ids[1], 403, "{\"error\":{\"code\":\"Forbidden\"}}");
	drain(b);
	while (b->bodies_n < 16 && !strstr(b->bodies[b->bodies_n - 1], "setPresence")) {
		if (strstr(b->bodies[b->bodies_n - 1], "clearPresence"))
			answer(b, b->ids[b->bodies_n - 1], 403, "");
		pass(b, 1000);
	}
	assert_non_null(strstr(b->bodies[b->bodies_n - 1], "/users/cccccccc"));
}

/* Removed and added again before the shell has looked: nobody has gone. The other way round: once. */
static void removed_and_added_in_one_turn(void **state)
{
	struct bench *b = *state;
	const struct bridge_user ana = { .email = SLICE_LIT("ana@acme.example"), .enabled = true };
	const struct directory *d = bridge_directory(b->bridge);
	uint32_t user = directory_user(d, b->account, ana.email);

	drain(b);
	bridge_remove_user(b->bridge, b->t, user);
	assert_int_equal(directory_user(d, b->account, ana.email), user);
	assert_int_equal(bridge_change_user(b->bridge, b->t, user, &ana), ERR_OK);
	drain(b);
	assert_int_equal(b->gone, 0);
	assert_int_equal(directory_user(d, b->account, ana.email), user);
	for (int i = 0; i < 2; i++) {
		bridge_remove_user(b->bridge, b->t, user);
		if (i == 0)
			assert_int_equal(bridge_change_user(b->bridge, b->t, user, &ana), ERR_OK);
	}
	drain(b);
	assert_int_equal(b->gone, 1);
	assert_int_equal(directory_user(d, b->account, ana.email), ID_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_call_becomes_a_request_and_its_answer_is_confirmed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_reopened_connector_keeps_its_lines_and_nobody_flaps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_removed_user_gives_everything_back_before_the_name_goes, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(an_id_that_graph_does_not_know_is_looked_up_anew, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(an_id_from_the_configuration_is_not_looked_up, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_asked_of_graph_for_an_idle_phone, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_clock_set_forward_ends_a_profile_at_once, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_lease_is_renewed_while_the_call_lasts, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			another_app_gives_back_in_the_old_realm_and_holds_in_the_new_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(answers_of_the_realm_that_was_left_change_nothing, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_realm_that_refuses_everything_is_left_in_the_end, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_place_of_a_removed_account_is_free_again, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			what_an_earlier_process_held_under_another_id_is_given_back_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_an_earlier_process_held_under_the_same_id_stands, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(another_id_is_held_once_the_former_one_is_given_back, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(an_end_meanwhile_leaves_nobody_busy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_last_of_several_ids_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(removed_and_added_in_one_turn, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("bridge/bridge", tests, NULL, NULL);
}
