/* Who is whom: the bridge between a directory that the test plays and our users. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "bridge/bridge.h"

enum { WAITING_MAX = 64 };

#define PERSON "%08x-aaaa-bbbb-cccc-0123456789ab"
#define TEAMS ",\"assignedPlans\":[{\"service\":\"TeamspaceAPI\",\"capabilityStatus\":\"Enabled\"}]"

struct request {
	uint32_t id;
	char url[1000];
};

struct bench {
	struct bridge *bridge;
	struct bridge_time t;
	struct secret secret;
	uint16_t account, other_account;
	struct request waiting[WAITING_MAX];
	uint32_t waiting_n;
	uint32_t told; /* BRIDGE_MATCH */
};

static void answer(struct bench *b, uint32_t id, uint16_t status, const char *body)
{
	const struct graph_response r = { .id = id, .status = status, .body = slice_str(body) };

	bridge_feed_graph(b->bridge, b->t, 0, &r);
}

static void drain(struct bench *b)
{
	static struct bridge_out out;

	while (bridge_drain(b->bridge, b->t, &out)) {
		b->told += out.kind == BRIDGE_MATCH;
		if (out.kind != BRIDGE_GRAPH || out.graph.kind != GRAPH_HTTP)
			continue;
		if (out.graph.request.secret) {
			answer(b, out.graph.request.id, 200,
			       "{\"token_type\":\"Bearer\",\"expires_in\":86400,\"access_token\":\"t\"}");
			continue;
		}
		assert_true(b->waiting_n < WAITING_MAX);
		struct request *q = &b->waiting[b->waiting_n++];
		q->id = out.graph.request.id;
		snprintf(q->url, sizeof(q->url), "%.*s", SLICE_ARG(out.graph.request.url));
	}
}

static void rules(struct bench *b, uint16_t account, struct bridge_matching m)
{
	if (!m.by)
		m.by = 1u << VIA_UPN | 1u << VIA_MAIL | 1u << VIA_ALIAS;
	assert_int_equal(bridge_set_matching(b->bridge, account, &m), ERR_OK);
}

static struct bench *bench(struct bridge_matching m)
{
	const struct bridge_limits limits = { .accounts = 4, .connectors = 4, .users = 64, .lines = 64,
					      .realms = 2, .seed = 1 };
	const struct policy policy = { .mode = MODE_LIVE, .lease_ms = 600000 };
	struct bench *b = calloc(1, sizeof(*b));
	uint32_t realm;

	assert_non_null(b);
	b->t = (struct bridge_time){ 1000, 1700000000000 };
	assert_int_equal(secret_set(&b->secret, SLICE_LIT("s")), ERR_OK);
	assert_int_equal(bridge_new(&b->bridge, &limits, b->t), ERR_OK);
	const struct graph_config gc = { .tenant = "t", .client_id = "99999999-8888-7777-6666-555555555555",
					 .credential.secret = &b->secret, .login_url = "https://login",
					 .graph_url = "https://g", .quota = 1500, .window_ms = 30000,
					 .users_max = 64, .seed = 3 };
	assert_int_equal(bridge_add_realm(b->bridge, b->t, &gc, &realm), ERR_OK);
	assert_int_equal(bridge_add_account(b->bridge, b->t, SLICE_LIT("acme"), realm, &policy, &b->account),
			 ERR_OK);
	assert_int_equal(bridge_add_account(b->bridge, b->t, SLICE_LIT("zeta"), realm, &policy,
					    &b->other_account),
			 ERR_OK);
	rules(b, b->account, m);
	return b;
}

static void end(struct bench *b)
{
	bridge_free(b->bridge);
	secret_fini(&b->secret);
	free(b);
}

static uint32_t add(struct bench *b, const char *email, const char *teams_id)
{
	const struct bridge_user u = { .email = slice_str(email), .teams_id = teams_id, .enabled = true };
	uint32_t id;

	assert_int_equal(bridge_add_user(b->bridge, b->t, b->account, &u, &id), ERR_OK);
	return id;
}

static void pass(struct bench *b, int64_t ms)
{
	b->t.mono_ms += ms;
	b->t.wall_ms += ms;
	bridge_tick(b->bridge, b->t);
	drain(b);
}

/* Takes the oldest waiting request whose URL has the part; false when there is none. */
static bool take(struct bench *b, const char *part, struct request *ret)
{
	for (uint32_t i = 0; i < b->waiting_n; i++) {
		if (!strstr(b->waiting[i].url, part))
			continue;
		*ret = b->waiting[i];
		memmove(&b->waiting[i], &b->waiting[i + 1], (--b->waiting_n - i) * sizeof(*ret));
		return true;
	}
	return false;
}

static void reply(struct bench *b, const char *part, const char *rows)
{
	struct request q;
	char body[8000];

	if (!take(b, part, &q))
		fail_msg("nobody asks for %s", part);
	snprintf(body, sizeof(body), "{\"value\":[%s]%s}", rows,
		 strstr(q.url, "delta")
			 ? ",\"@odata.deltaLink\":\"https://g/v1.0/users/delta?$deltatoken=x\""
			 : "");
	answer(b, q.id, 200, body);
	drain(b);
}

/* A row: number of the person, mail, further members beginning with a comma. */
static const char *row(unsigned person, const char *mail, const char *more)
{
	static char texts[8][600];
	static int at;
	char *text = texts[at++ % 8];

	snprintf(text, sizeof(texts[0]),
		 "{\"id\":\"" PERSON
		 "\",\"userPrincipalName\":\"p%u@x\",\"accountEnabled\":true,\"mail\":\"%s\"%s}",
		 person, person, mail, more);
	return text;
}

static const char *rows(const char *a, const char *b)
{
	static char texts[2][2000];
	static int at;
	char *text = texts[at++ % 2];

	struct buf both;

	buf_init(&both, sizeof(texts[0]) - 1);
	buf_fmt(&both, "%s,%s", a, b);
	snprintf(text, sizeof(texts[0]), "%s", buf_cstr(&both));
	buf_fini(&both);
	return text;
}

static enum match match_of(struct bench *b, uint32_t user)
{
	struct bridge_match m;

	assert_true(bridge_match(b->bridge, user, &m));
	return (enum match)m.state;
}

static const char *id_at_the_sink(struct bench *b, uint32_t user)
{
	return graph_id(bridge_realm(b->bridge, 0), user);
}

static const char *person_id(unsigned person)
{
	static char text[40];

	snprintf(text, sizeof(text), PERSON, person);
	return text;
}

static void answer_look_ups(struct bench *b)
{
	struct request q;

	while (take(b, "users?", &q)) {
		answer(b, q.id, 200, "{\"value\":[]}");
		drain(b);
	}
}

static void a_full_reading_decides_at_its_end(void **state)
{
	struct bench *b = bench((struct bridge_matching){ .every_ms = 60000 });
	uint32_t ana = add(b, "ana@a", NULL), bo = add(b, "bo@a", NULL), cy = add(b, "cy@a", NULL);
	(void)state;

	drain(b);
	answer_look_ups(b); /* nobody, asked of an index that may lag behind */
	assert_int_equal(match_of(b, ana), MATCH_UNMATCHED);
	reply(b, "delta",
	      rows(rows(row(1, "ANA@A", TEAMS),
			row(2, "x@a", ",\"proxyAddresses\":[\"smtp:bo@a\"]" TEAMS)),
		   row(3, "cy@a", ",\"assignedPlans\":[]")));
	assert_int_equal(match_of(b, ana), MATCH_MATCHED);
	assert_string_equal(id_at_the_sink(b, ana), person_id(1));
	assert_int_equal(match_of(b, bo), MATCH_MATCHED);
	assert_int_equal(match_of(b, cy), MATCH_UNLICENSED);
	assert_string_equal(id_at_the_sink(b, cy), "");
	assert_true(b->told >= 3);
	end(b);
}

/* Rows may leave an empty list out; that others have one tells that we may see it. */
static void absent_licences_count_when_others_have_some(void **state)
{
	static const struct {
		const char *others;
		enum match ana;
	} cases[] = { { TEAMS, MATCH_UNLICENSED }, { "", MATCH_MATCHED } };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bench *b = bench((struct bridge_matching){ .every_ms = 60000 });
		uint32_t ana = add(b, "ana@a", NULL);

		drain(b);
		reply(b, "delta", rows(row(1, "ana@a", ""), row(2, "x@a", cases[i].others)));
		assert_int_equal(match_of(b, ana), cases[i].ana);
		end(b);
	}
}

/* What a row cannot say for certain, one look-up says. */
static void changes_are_decided_by_row_or_by_look_up(void **state)
{
	struct bench *b = bench((struct bridge_matching){ .every_ms = 60000 });
	uint32_t ana = add(b, "ana@a", NULL), bo = add(b, "bo@a", NULL);
	struct request q;
	(void)state;

	drain(b);
	reply(b, "delta", row(1, "ana@a", TEAMS));
	answer_look_ups(b);
	pass(b, 60000);
	reply(b, "delta", row(2, "bo@a", TEAMS)); /* new: certain */
	assert_int_equal(match_of(b, bo), MATCH_MATCHED);
	assert_false(take(b, "users?", &q));
	pass(b, 60000);
	reply(b, "delta", row(1, "ana@a", ",\"userType\":\"Guest\"" TEAMS)); /* the same person: certain */
	assert_int_equal(match_of(b, ana), MATCH_GUEST);
	assert_false(take(b, "users?", &q));
	pass(b, 60000);
	reply(b, "delta", row(3, "ana@a", TEAMS)); /* another one: asked for */
	assert_int_equal(match_of(b, ana), MATCH_GUEST);
	reply(b, "users?", rows(row(1, "ana@a", ",\"userType\":\"Guest\""), row(3, "ana@a", TEAMS)));
	assert_int_equal(match_of(b, ana), MATCH_MATCHED);
	assert_string_equal(id_at_the_sink(b, ana), person_id(3));
	pass(b, 60000);
	reply(b, "delta", row(4, "ana@a", TEAMS));
	reply(b, "users?", rows(row(3, "ana@a", TEAMS), row(4, "ana@a", TEAMS)));
	assert_int_equal(match_of(b, ana), MATCH_DUPLICATE);
	assert_string_equal(id_at_the_sink(b, ana), "");
	pass(b, 60000); /* only what has changed is told of bo, and then nothing but that he is gone */
	reply(b, "delta", "{\"id\":\"00000002-aaaa-bbbb-cccc-0123456789ab\",\"mail\":\"other@a\"}");
	reply(b, "users?", "");
	assert_int_equal(match_of(b, bo), MATCH_UNMATCHED);
	pass(b, 60000);
	reply(b, "delta", row(2, "bo@a", TEAMS));
	pass(b, 60000);
	reply(b, "delta",
	      "{\"id\":\"00000002-aaaa-bbbb-cccc-0123456789ab\",\"@removed\":{\"reason\":"
	      "\"deleted\"}}");
	assert_int_equal(match_of(b, bo), MATCH_MATCHED);
	reply(b, "users?", "");
	assert_int_equal(match_of(b, bo), MATCH_UNMATCHED);
	pass(b, 3600000 * 2); /* nobody is asked for again and again */
	assert_false(take(b, "users?", &q));
	end(b);
}

static void one_person_is_one_session(void **state)
{
	struct bench *b = bench((struct bridge_matching){ .every_ms = 60000 });
	uint32_t ana = add(b, "ana@a", NULL), alias = add(b, "as@a", NULL);
	struct bridge_match m;
	(void)state;

	drain(b);
	reply(b, "delta", row(1, "ana@a", ",\"proxyAddresses\":[\"SMTP:ana@a\",\"smtp:as@a\"]" TEAMS));
	assert_int_equal(match_of(b, ana), MATCH_MATCHED);
	assert_int_equal(match_of(b, alias), MATCH_SAME);
	assert_true(bridge_match(b->bridge, alias, &m));
	assert_int_equal(m.other, ana);
	assert_string_equal(id_at_the_sink(b, alias), "");
	/* the configuration's word counts more */
	uint32_t named = add(b, "boss@a", person_id(1));
	drain(b);
	assert_int_equal(match_of(b, named), MATCH_MATCHED);
	assert_int_equal(match_of(b, ana), MATCH_SAME);
	assert_string_equal(id_at_the_sink(b, named), person_id(1));
	assert_string_equal(id_at_the_sink(b, ana), "");
	/* and when it is gone, somebody has the session again */
	bridge_remove_user(b->bridge, b->t, named);
	drain(b);
	assert_int_equal((match_of(b, ana) == MATCH_MATCHED) + (match_of(b, alias) == MATCH_MATCHED), 1);
	end(b);
}

static void whom_the_configuration_names_keeps_the_id_and_is_reported(void **state)
{
	struct bench *b = bench((struct bridge_matching){ .every_ms = 60000 });
	uint32_t ida = add(b, "ida@pbx", person_id(7)), gone = add(b, "gone@pbx", person_id(8));
	(void)state;

	drain(b);
	reply(b, "delta", row(7, "other@a", ",\"userType\":\"Guest\""));
	assert_int_equal(match_of(b, ida), MATCH_GUEST);
	assert_string_equal(id_at_the_sink(b, ida), person_id(7));
	assert_int_equal(match_of(b, gone), MATCH_UNMATCHED);
	assert_string_equal(id_at_the_sink(b, gone), person_id(8));
	end(b);
}

static void groups_choose_and_a_failed_one_takes_nobody_away(void **state)
{
	static const char *const groups[] = { "aaaaaaaa-0000-4000-8000-000000000001" };
	struct bench *b = bench(
		(struct bridge_matching){ .every_ms = 60000, .groups = groups, .groups_n = 1 });
	uint32_t ana = add(b, "ana@a", NULL);
	struct bridge_match m;
	struct request q;
	(void)state;

	drain(b);
	reply(b, "delta", row(1, "ana@a", TEAMS));
	reply(b, "transitiveMembers", row(1, "", ""));
	assert_true(bridge_match(b->bridge, ana, &m) && m.in_group);
	pass(b, 60000);
	reply(b, "delta", "");
	assert_true(take(b, "transitiveMembers", &q));
	answer(b, q.id, 404, "{}");
	drain(b);
	assert_true(bridge_match(b->bridge, ana, &m) && m.in_group);
	pass(b, 60000);
	reply(b, "delta", "");
	reply(b, "transitiveMembers", row(2, "", ""));
	assert_true(bridge_match(b->bridge, ana, &m) && !m.in_group);
	end(b);
}

static void two_accounts_of_one_realm_have_their_own_people(void **state)
{
	struct bench *b = bench((struct bridge_matching){ .every_ms = 60000 });
	uint32_t ana = add(b, "ana@a", NULL), zoe;
	(void)state;

	rules(b, b->other_account,
	      (struct bridge_matching){ .every_ms = 60000, .by = 1u << VIA_UPN, .take = 1u << PERSON_GUEST });
	const struct bridge_user u = { .email = SLICE_LIT("p2@X"), .enabled = true };
	assert_int_equal(bridge_add_user(b->bridge, b->t, b->other_account, &u, &zoe), ERR_OK);
	drain(b);
	reply(b, "delta", rows(row(1, "ana@a", TEAMS), row(2, "ana@a", ",\"userType\":\"Guest\"")));
	assert_int_equal(match_of(b, ana), MATCH_MATCHED);
	assert_int_equal(match_of(b, zoe), MATCH_MATCHED);
	assert_string_equal(id_at_the_sink(b, zoe), person_id(2));
	end(b);
}

static void what_was_known_is_restored(void **state)
{
	struct bench *b = bench((struct bridge_matching){ .every_ms = 60000 });
	uint32_t ana = add(b, "ana@a", NULL), gus = add(b, "gus@a", NULL), odd = add(b, "odd@a", NULL);
	struct bridge_match m = {
		.state = MATCH_MATCHED, .class = PERSON_GOOD, .via = VIA_ALIAS, .in_group = true
	};
	struct request q;
	(void)state;

	snprintf(m.id, sizeof(m.id), "%.36s", person_id(1));
	bridge_restore_match(b->bridge, ana, &m);
	m.state = MATCH_GUEST;
	m.class = PERSON_GUEST;
	snprintf(m.id, sizeof(m.id), "%.36s", person_id(2));
	bridge_restore_match(b->bridge, gus, &m);
	m.state = 200;
	bridge_restore_match(b->bridge, odd, &m);
	bridge_people_link(b->bridge, 0, SLICE_LIT("https://g/v1.0/users/delta?$deltatoken=kept"));
	drain(b);
	assert_string_equal(id_at_the_sink(b, ana), person_id(1));
	assert_string_equal(id_at_the_sink(b, gus), "");
	assert_int_equal(match_of(b, gus), MATCH_GUEST);
	assert_true(take(b, "kept", &q));
	assert_true(take(b, "odd", &q)); /* the only one that is looked up */
	assert_false(take(b, "users?", &q));
	end(b);
}

/* teams_id stood in the configuration, and went while no process ran: the address says who it is. */
static void whom_the_configuration_names_no_more_is_looked_for(void **state)
{
	struct bench *b = bench((struct bridge_matching){ .every_ms = 60000 });
	uint32_t ana = add(b, "ana@a", NULL);
	struct bridge_match m = { .state = MATCH_MATCHED, .class = PERSON_GOOD, .via = VIA_ID };
	struct request q;
	(void)state;

	snprintf(m.id, sizeof(m.id), "%.36s", person_id(9));
	bridge_restore_match(b->bridge, ana, &m);
	bridge_people_link(b->bridge, 0, SLICE_LIT("https://g/v1.0/users/delta?$deltatoken=kept"));
	drain(b);
	assert_string_equal(id_at_the_sink(b, ana), "");
	assert_true(take(b, "kept", &q));
	assert_true(take(b, "ana", &q));
	end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_reading_decides_at_its_end),
		cmocka_unit_test(absent_licences_count_when_others_have_some),
		cmocka_unit_test(changes_are_decided_by_row_or_by_look_up),
		cmocka_unit_test(one_person_is_one_session),
		cmocka_unit_test(whom_the_configuration_names_keeps_the_id_and_is_reported),
		cmocka_unit_test(groups_choose_and_a_failed_one_takes_nobody_away),
		cmocka_unit_test(two_accounts_of_one_realm_have_their_own_people),
		cmocka_unit_test(what_was_known_is_restored),
		cmocka_unit_test(whom_the_configuration_names_no_more_is_looked_for),
	};
	return cmocka_run_group_tests_name("bridge/match", tests, NULL, NULL);
}
