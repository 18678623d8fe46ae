#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/types.h"
#include "proto/webhook/hook.h"

static const struct hook_form own = { .kind = HOOK_OWN, .seed = 7 },
			      yeastar = { .kind = HOOK_YEASTAR };

static enum err read_text(const struct hook_form *form, const char *body, struct hook_report *r,
			  char why[200])
{
	uint32_t n = 0;
	enum err e = hook_read(form, slice_str(body), r, 1, &n, why, 200);

	if (!e)
		assert_int_equal(n, 1);
	return e;
}

static struct hook_report good(const struct hook_form *form, const char *body)
{
	struct hook_report r;
	char why[200];

	if (read_text(form, body, &r, why))
		fail_msg("%s: %s", body, why);
	return r;
}

static void refused(const struct hook_form *form, const char *body, enum err wanted,
		    const char *word)
{
	struct hook_report r;
	char why[200] = "";
	enum err e = read_text(form, body, &r, why);

	if (e != wanted || !strstr(why, word))
		fail_msg("%s: %s, %s", body, err_name(e), why);
}

static void every_state_word(void **state)
{
	static const struct {
		const char *word;
		uint8_t call, dnd, registered;
	} rows[] = {
		{ "idle", HOOK_IDLE, HOOK_OFF, HOOK_ON },
		{ "available", HOOK_IDLE, HOOK_OFF, HOOK_ON },
		{ "ringing", HOOK_RINGING, HOOK_OFF, HOOK_ON },
		{ "dialing", HOOK_DIALING, HOOK_OFF, HOOK_ON },
		{ "busy", HOOK_TALKING, HOOK_OFF, HOOK_ON },
		{ "BUSY", HOOK_TALKING, HOOK_OFF, HOOK_ON },
		{ "held", HOOK_HELD, HOOK_OFF, HOOK_ON },
		{ "conference", HOOK_CONFERENCE, HOOK_OFF, HOOK_ON },
		{ "dnd", HOOK_IDLE, HOOK_ON, HOOK_ON },
		{ "offline", HOOK_IDLE, HOOK_OFF, HOOK_OFF },
	};
	char body[80];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(body, sizeof(body), "{\"state\":\"%s\"}", rows[i].word);
		struct hook_report r = good(&own, body);
		assert_int_equal(r.call, rows[i].call);
		assert_int_equal(r.dnd, rows[i].dnd);
		assert_int_equal(r.registered, rows[i].registered);
		assert_true(r.full && r.dnd_by_word && r.registered_by_word && !r.has_key);
	}
	assert_true(good(&own, "{\"state\":\"ignore\"}").ignored);
}

static void own_keys(void **state)
{
	struct hook_report r;
	(void)state;

	r = good(&own, "{\"state\":\"busy\",\"dnd\":true,\"registered\":false}");
	assert_int_equal(r.dnd, HOOK_ON);
	assert_int_equal(r.registered, HOOK_OFF);
	assert_false(r.dnd_by_word || r.registered_by_word);
	r = good(&own, "{\"state\":\"busy\",\"call\":\"c1\"}");
	assert_true(r.has_key && r.key && !r.full);
	assert_true(r.key == good(&own, "{\"state\":\"idle\",\"call\":\"c1\"}").key);
	assert_true(r.key != good(&own, "{\"state\":\"idle\",\"call\":\"c2\"}").key);
	assert_true(good(&own, "{\"state\":\"busy\",\"call\":17,\"full\":true}").full);
	r = good(&own, "{\"dnd\":false,\"line\":\"201\",\"sequence\":18446744073709551,"
		       "\"time\":\"2026-11-24T14:00:00.5+01:00\"}");
	assert_int_equal(r.call, HOOK_UNSAID);
	assert_int_equal(r.dnd, HOOK_OFF);
	assert_string_equal(r.line, "201");
	assert_true(r.has_sequence && r.has_time);
	assert_int_equal(r.time_wall_ms, 1795525200500);
	assert_int_equal(good(&own, "{\"dnd\":true,\"time\":1795525200}").time_wall_ms,
			 1795525200000);
	assert_int_equal(good(&own, "{\"dnd\":true,\"time\":1795525200123}").time_wall_ms,
			 1795525200123);
	assert_string_equal(good(&own, "{\"dnd\":true,\"line\":201}").line, "201");
}

static void profiles_are_the_engines(void **state)
{
	char body[120];
	struct hook_report r;
	(void)state;

	assert_int_equal(HOOK_PROFILE_UNSAID, PROFILE_COUNT);
	for (int p = 0; p < PROFILE_COUNT; p++) {
		snprintf(body, sizeof(body), "{\"profile\":{\"state\":\"%s\",\"until\":null}}",
			 profile_name((enum profile)p));
		r = good(&own, body);
		assert_int_equal(r.profile, p);
		assert_true(r.until_wall_ms == TIME_NEVER);
	}
	r = good(&own, "{\"profile\":{\"state\":\"away\",\"until\":\"2026-11-24T14:00:00Z\"}}");
	assert_int_equal(r.until_wall_ms, 1795528800000);
	assert_int_equal(good(&own, "{\"profile\":\"meeting\"}").profile, HOOK_MEETING);
}

static void what_own_refuses(void **state)
{
	static const struct {
		const char *body;
		enum err e;
		const char *word;
	} rows[] = {
		{ "", ERR_MALFORMED, "empty" },
		{ "hello", ERR_MALFORMED, "line 1" },
		{ "{\"state\":\"busy\",\"state\":\"idle\"}", ERR_MALFORMED, "duplicate" },
		{ "7", ERR_MALFORMED, "" },
		{ "[7]", ERR_PROTOCOL, "report 0" },
		{ "{}", ERR_PROTOCOL, "says nothing" },
		{ "{\"sequence\":4}", ERR_PROTOCOL, "says nothing" },
		{ "{\"sate\":\"busy\"}", ERR_PROTOCOL, "unknown key sate" },
		{ "{\"state\":\"bussy\"}", ERR_PROTOCOL, "not bussy" },
		{ "{\"state\":7}", ERR_PROTOCOL, "state must be" },
		{ "{\"state\":\"b\\u001b[31m\"}", ERR_PROTOCOL, "b?[31m" },
		{ "{\"dnd\":\"yes\"}", ERR_PROTOCOL, "dnd must be" },
		{ "{\"dnd\":true,\"call\":\"x\"}", ERR_PROTOCOL, "needs a state" },
		{ "{\"state\":\"busy\",\"full\":false}", ERR_PROTOCOL, "needs the call" },
		{ "{\"state\":\"busy\",\"sequence\":-1}", ERR_PROTOCOL, "sequence" },
		{ "{\"state\":\"busy\",\"sequence\":1.5}", ERR_PROTOCOL, "sequence" },
		{ "{\"state\":\"busy\",\"time\":\"noon\"}", ERR_PROTOCOL, "time" },
		{ "{\"state\":\"busy\",\"time\":-5}", ERR_PROTOCOL, "time" },
		{ "{\"profile\":\"out\"}", ERR_PROTOCOL, "not out" },
		{ "{\"profile\":{\"until\":\"2026-11-24T14:00:00Z\"}}", ERR_PROTOCOL,
		  "profile must" },
		{ "{\"profile\":{\"state\":\"away\",\"until\":\"tomorrow\"}}", ERR_PROTOCOL,
		  "until" },
		{ "{\"state\":\"busy\",\"line\":[]}", ERR_PROTOCOL, "line" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		refused(&own, rows[i].body, rows[i].e, rows[i].word);
}

static void limits(void **state)
{
	static struct hook_report r[HOOK_REPORTS_MAX];
	char why[200], deep[HOOK_DEPTH_MAX * 2 + 3];
	char *large = malloc(HOOK_BODY_MAX + 1);
	uint32_t n = 99;
	(void)state;

	memset(large, ' ', HOOK_BODY_MAX + 1);
	assert_int_equal(
		hook_read(&own, slice_of(large, HOOK_BODY_MAX + 1), r, 1, &n, why, sizeof(why)),
		ERR_LIMIT);
	free(large);
	memset(deep, '[', HOOK_DEPTH_MAX + 1);
	memset(deep + HOOK_DEPTH_MAX + 1, ']', HOOK_DEPTH_MAX + 1);
	assert_int_equal(
		hook_read(&own, slice_of(deep, HOOK_DEPTH_MAX * 2 + 2), r, 1, &n, why, sizeof(why)),
		ERR_LIMIT);
	assert_int_equal(hook_read(&own, SLICE_LIT("[{\"dnd\":true},{\"dnd\":true}]"), r, 1, &n,
				   why, sizeof(why)),
			 ERR_LIMIT);
	assert_int_equal(n, 99);
	assert_int_equal(hook_read(&own,
				   SLICE_LIT("[{\"dnd\":true,\"line\":\"1\"},{\"state\":\"idle\","
					     "\"line\":\"2\"}]"),
				   r, HOOK_REPORTS_MAX, &n, why, sizeof(why)),
			 ERR_OK);
	assert_int_equal(n, 2);
	assert_string_equal(r[1].line, "2");
}

/* The samples of the P-Series developer guide, with the quotes in msg escaped as JSON wants. */
static void yeastar_events(void **state)
{
	struct hook_report r;
	(void)state;

	r = good(
		&yeastar,
		"{\"type\":30008,\"sn\":\"3631A2124XXX\",\"msg\":\"{\\\"extension\\\":\\\"2002\\\","
		"\\\"status\\\":\\\"Ringing\\\"}\"}");
	assert_string_equal(r.line, "2002");
	assert_int_equal(r.call, HOOK_RINGING);
	assert_true(r.full && r.dnd == HOOK_NOT_SAID && r.registered == HOOK_NOT_SAID);
	assert_int_equal(
		good(&yeastar, "{\"type\":30008,\"msg\":{\"extension\":\"2\",\"status\":\"Busy\"}}")
			.call,
		HOOK_TALKING);
	assert_int_equal(
		good(&yeastar, "{\"type\":30008,\"msg\":{\"extension\":2,\"status\":\"Idle\"}}")
			.call,
		HOOK_IDLE);
	r = good(
		&yeastar,
		"{\"type\":30007,\"sn\":\"3631A2124XXX\",\"msg\":\"{\\\"extension\\\":\\\"2010\\\","
		"\\\"kind\\\":\\\"Mobile\\\",\\\"status\\\":\\\"Registered\\\","
		"\\\"registered_ip\\\":\\\"223.104.45.163\\\"}\"}");
	assert_int_equal(r.registered, HOOK_ON);
	assert_int_equal(r.endpoint, 2);
	r = good(&yeastar, "{\"type\":30007,\"msg\":{\"extension\":\"2\",\"kind\":\"Watch\","
			   "\"status\":\"Unregistered\"}}");
	assert_int_equal(r.registered, HOOK_OFF);
	assert_int_equal(r.endpoint, 6);
	r = good(&yeastar, "{\"type\":30009,\"sn\":\"x\",\"msg\":\"{\\\"extension\\\":\\\"2005\\\","
			   "\\\"status\\\":"
			   "\\\"business_trip\\\"}\"}");
	assert_int_equal(r.profile, HOOK_AWAY);
	assert_int_equal(r.dnd, HOOK_OFF);
	assert_int_equal(r.call, HOOK_UNSAID);
	r = good(&yeastar,
		 "{\"type\":30009,\"msg\":{\"extension\":\"2\",\"status\":\"do_not_disturb\"}}");
	assert_int_equal(r.dnd, HOOK_ON);
	assert_int_equal(r.profile, HOOK_AVAILABLE);
	assert_true(good(&yeastar, "{\"type\":30012,\"msg\":\"{}\"}").ignored);
}

static void what_yeastar_refuses(void **state)
{
	static const char *const bodies[][2] = {
		{ "{\"event\":\"ExtensionStatus\"}", "type" },
		{ "{\"type\":\"30008\"}", "type" },
		{ "{\"type\":30008}", "msg" },
		{ "{\"type\":30008,\"msg\":\"no json\"}", "msg" },
		{ "{\"type\":30008,\"msg\":{}}", "extension" },
		{ "{\"type\":30008,\"msg\":{\"extension\":\"2\"}}", "status" },
		{ "{\"type\":30008,\"msg\":{\"extension\":\"2\",\"status\":\"Dancing\"}}",
		  "Dancing" },
		{ "{\"type\":30009,\"msg\":{\"extension\":\"2\",\"status\":\"Dancing\"}}",
		  "Dancing" },
		{ "{\"type\":30007,\"msg\":{\"extension\":\"2\",\"status\":\"Dancing\"}}",
		  "Dancing" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		refused(&yeastar, bodies[i][0], ERR_PROTOCOL, bodies[i][1]);
}

static void a_mapping(void **state)
{
	static const char *const states[] = { "InUse=busy", "OnHook = idle", "a=b=ringing",
					      "Wrapup=ignore" };
	static const char *const profiles[] = { "Lunch=away" };
	const struct hook_mapping m = { .line = "/data/ext",
					.state = "/data/st~1ate",
					.call = "/data/id",
					.dnd = "/data/flags/0",
					.profile = "/data/p",
					.sequence = "/n",
					.time = "/payload/at",
					.only = "/kind=phone",
					.states = states,
					.states_n = 4,
					.profiles = profiles,
					.profiles_n = 1 };
	struct hook_form f;
	struct hook_report r;
	char why[200];
	(void)state;

	assert_int_equal(hook_form_init(&f, HOOK_MAPPED, &m, 1, why, sizeof(why)), ERR_OK);
	assert_int_equal(f.states[1].ours, 0);
	r = good(&f, "{\"kind\":\"phone\",\"n\":7,\"payload\":\"{\\\"at\\\":1795525200}\",\"data\":"
		     "{\"ext\":201,"
		     "\"st/ate\":\"inuse\",\"id\":\"c\",\"flags\":[true],\"p\":\"Lunch\"}}");
	assert_string_equal(r.line, "201");
	assert_int_equal(r.call, HOOK_TALKING);
	assert_true(r.has_key && !r.full);
	assert_int_equal(r.dnd, HOOK_ON);
	assert_int_equal(r.profile, HOOK_AWAY);
	assert_int_equal(r.sequence, 7);
	assert_int_equal(r.time_wall_ms, 1795525200000);
	assert_int_equal(good(&f, "{\"kind\":\"phone\",\"data\":{\"st/ate\":\"a=b\"}}").call,
			 HOOK_RINGING);
	assert_int_equal(good(&f, "{\"kind\":\"phone\",\"data\":{\"st/ate\":\"held\"}}").call,
			 HOOK_HELD);
	assert_true(good(&f, "{\"kind\":\"phone\",\"data\":{\"st/ate\":\"wrapup\"}}").ignored);
	assert_true(good(&f, "{\"kind\":\"phone\"}").ignored);
	assert_true(good(&f, "{\"kind\":\"door\",\"data\":{\"st/ate\":\"x\"}}").ignored);
	refused(&f, "{\"kind\":\"phone\",\"data\":{\"st/ate\":\"gone\"}}", ERR_PROTOCOL,
		"gone is not in states");
	refused(&f, "{\"kind\":\"phone\",\"data\":{\"st/ate\":{}}}", ERR_PROTOCOL, "no text");
	refused(&f, "{\"kind\":\"phone\",\"data\":{\"p\":\"x\"}}", ERR_PROTOCOL, "not in profiles");
	refused(&f, "{\"kind\":\"phone\",\"data\":{\"flags\":[\"maybe\"]}}", ERR_PROTOCOL, "maybe");
	refused(&f, "{\"kind\":\"phone\",\"data\":{\"ext\":[]}}", ERR_PROTOCOL, "line_at");
}

static void bad_mappings(void **state)
{
	static const char *const no_eq[] = { "busy" }, *const no_word[] = { "x=flying" },
				 *const good_word[] = { "x=busy" };
	const struct {
		struct hook_mapping m;
		const char *word;
	} rows[] = {
		{ { 0 }, "needs state_at" },
		{ { .state = "state" }, "state_at: must be" },
		{ { .state = "/a~2b" }, "state_at" },
		{ { .state = "/s", .line = "l" }, "line_at" },
		{ { .state = "/s", .states = no_eq, .states_n = 1 }, "theirs=ours" },
		{ { .state = "/s", .states = no_word, .states_n = 1 }, "theirs=ours" },
		{ { .profile = "/s", .profiles = no_word, .profiles_n = 1 }, "profiles" },
		{ { .state = "/s", .only = "/s" }, "only" },
		{ { .state = "/s", .only = "s=1" }, "only" },
		{ { .state = "/s", .states = good_word, .states_n = HOOK_WORDS_MAX + 1 },
		  "at most" },
	};
	struct hook_form f = { .seed = 5 };
	char why[200];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		why[0] = '\0';
		assert_int_not_equal(
			hook_form_init(&f, HOOK_MAPPED, &rows[i].m, 1, why, sizeof(why)), ERR_OK);
		if (!strstr(why, rows[i].word))
			fail_msg("%zu: %s", i, why);
		assert_int_equal(f.seed, 5);
	}
}

static void who_sends(void **state)
{
	struct secret token = { 0 };
	(void)state;

	assert_false(hook_token_is(NULL, SLICE_LIT("x")));
	assert_false(hook_token_is(&token, SLICE_LIT("")));
	assert_false(hook_signature_is(&token, SLICE_LIT("x"), SLICE_LIT("x")));
	assert_int_equal(secret_set(&token, SLICE_LIT("key")), ERR_OK);
	assert_true(hook_token_is(&token, SLICE_LIT("key")));
	assert_false(hook_token_is(&token, SLICE_LIT("kez")));
	assert_false(hook_token_is(&token, SLICE_LIT("key ")));
	assert_false(hook_token_is(&token, SLICE_LIT("ke")));
	/* HMAC-SHA256("key", "The quick brown fox jumps over the lazy dog"): the widely published
	 * value */
	assert_true(hook_signature_is(&token,
				      SLICE_LIT("The quick brown fox jumps over the lazy dog"),
				      SLICE_LIT("97yD9DBThCSxMpjmqm+xQ+9NWaFJRhdZl0edvC0aPNg=")));
	assert_false(hook_signature_is(&token,
				       SLICE_LIT("The quick brown fox jumps over the lazy cog"),
				       SLICE_LIT("97yD9DBThCSxMpjmqm+xQ+9NWaFJRhdZl0edvC0aPNg=")));
	assert_false(hook_signature_is(&token, SLICE_LIT("x"),
				       SLICE_LIT("97yD9DBThCSxMpjmqm+xQ+9NWaFJRhdZl0edvC0aPNg")));
	secret_fini(&token);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_word),
		cmocka_unit_test(own_keys),
		cmocka_unit_test(profiles_are_the_engines),
		cmocka_unit_test(what_own_refuses),
		cmocka_unit_test(limits),
		cmocka_unit_test(yeastar_events),
		cmocka_unit_test(what_yeastar_refuses),
		cmocka_unit_test(a_mapping),
		cmocka_unit_test(bad_mappings),
		cmocka_unit_test(who_sends),
	};
	return cmocka_run_group_tests_name("proto/webhook", tests, NULL, NULL);
}
