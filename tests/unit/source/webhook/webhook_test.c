#include "test.h"

#include <stdio.h>

#include "proto/conf/conf.h"
#include "source/webhook/webhook.h"

enum { LINE = 41, OTHER = 42, MINUTE = 60000 };

/* A connector with two lines, what came out of it last, and a clock. */
struct rig {
	struct source *s;
	struct secret token;
	int64_t now_ms;
	uint32_t request;
	char said[400]; /* obs and events since the last ask(), one word each */
	uint16_t status;
	char text[160];
	enum note note;
	char note_text[200];
	uint32_t note_line;
};

static const char *const call_words[CALL_COUNT] = { "gone",    "ringing", "dialing",
						    "talking", "held",	  "conference" };

static void say(struct rig *r, const char *text)
{
	size_t n = strlen(r->said);

	snprintf(r->said + n, sizeof(r->said) - n, "%s%s", n ? " " : "", text);
}

static void say_obs(struct rig *r, const struct obs *o)
{
	static const char *const scopes[] = { "full", "partial", "end" };
	char text[80] = "";

	assert_int_equal(o->connector, 7);
	assert_int_equal(o->account, 3);
	assert_int_equal(o->user, ID_NONE);
	switch ((enum obs_kind)o->kind) {
	case OBS_CALL:
		snprintf(text, sizeof(text), "%s:%s%s", scopes[o->scope], call_words[o->call],
			 o->call_key ? "+key" : "");
		break;
	case OBS_DND:
		snprintf(text, sizeof(text), "dnd:%s", o->on ? "on" : "off");
		break;
	case OBS_REGISTRATION:
		snprintf(text, sizeof(text), "registered:%s", o->registered ? "yes" : "no");
		break;
	case OBS_PROFILE:
		snprintf(text, sizeof(text), "profile:%s:%s",
			 profile_name((enum profile)o->profile.state), scopes[o->scope]);
		break;
	case OBS_FORWARD:
	case OBS_READBACK:
	case OBS_COUNT:
		fail();
	}
	if (o->line != LINE)
		say(r, "other");
	say(r, text);
}

static void drain(struct rig *r)
{
	struct source_out out;

	while (webhook_source_ops.drain(r->s, &out)) {
		switch (out.kind) {
		case OUT_OBS:
			say_obs(r, &out.obs);
			break;
		case OUT_UP:
			say(r, "up");
			break;
		case OUT_LINE_LOST:
			say(r, out.line == LINE ? "lost" : "other-lost");
			break;
		case OUT_NOTE:
			r->note = (enum note)out.note;
			snprintf(r->note_text, sizeof(r->note_text), "%s", out.text);
			r->note_line = out.line;
			break;
		case OUT_ANSWER:
			assert_int_equal(out.channel, r->request);
			assert_int_equal(r->status, 0);
			r->status = out.status;
			memcpy(r->text, out.text, sizeof(r->text));
			break;
		default:
			fail_msg("out %d", out.kind);
		}
	}
}

static void open_as(struct rig *r, const struct conf_connector *settings, bool reads_profile)
{
	*r = (struct rig){ .now_ms = 1000 };
	assert_int_equal(secret_set(&r->token, SLICE_LIT("key")), ERR_OK);
	const struct source_config c = { .name = "crm",
					 .connector = 7,
					 .account = 3,
					 .lines_max = 4,
					 .token = &r->token,
					 .settings = settings,
					 .reads_profile = reads_profile,
					 .seed = 9 };
	assert_int_equal(webhook_source_ops.open(&r->s, &c, r->now_ms), ERR_OK);
	assert_int_equal(webhook_source_ops.add_line(r->s, LINE, SLICE_LIT("201")), ERR_OK);
	assert_int_equal(webhook_source_ops.add_line(r->s, OTHER, SLICE_LIT("202")), ERR_OK);
	drain(r);
	assert_string_equal(r->said, "up");
}

static void close_rig(struct rig *r)
{
	webhook_source_ops.close(r->s);
	secret_fini(&r->token);
}

static uint16_t ask(struct rig *r, struct source_feed in)
{
	in.kind = FEED_REQUEST;
	in.channel = ++r->request;
	r->said[0] = '\0';
	r->status = 0;
	r->note = NOTE_COUNT;
	webhook_source_ops.feed(r->s, r->now_ms, &in);
	drain(r);
	assert_int_not_equal(r->status, 0);
	return r->status;
}

static uint16_t ask_as(struct rig *r, const char *token, const char *line, const char *body)
{
	return ask(r, (struct source_feed){
			      .text = line, .token = slice_str(token), .bytes = slice_str(body) });
}

/* A report on the first line, and what came of it. */
static void told(struct rig *r, const char *body, const char *wanted)
{
	uint16_t status = ask_as(r, "key", "201", body);

	if (status != 200 || strcmp(r->said, wanted) != 0)
		fail_msg("%s: %u %s: %s", body, status, r->text, r->said);
}

static uint64_t counted(struct rig *r, enum note n)
{
	struct source_view v;

	webhook_source_ops.view(r->s, &v);
	return v.counters[n];
}

static void who_may_send(void **state)
{
	struct source_view v;
	struct rig r;
	(void)state;

	open_as(&r, NULL, false);
	assert_int_equal(ask_as(&r, "", "201", "{\"state\":\"busy\"}"), 401);
	assert_int_equal(ask_as(&r, "kez", "201", "{\"state\":\"busy\"}"), 401);
	assert_int_equal(ask_as(&r, "key", "nobody", "{\"state\":\"busy\"}"), 404);
	assert_int_equal(r.note, NOTE_LINE_STRANGE);
	assert_int_equal(ask_as(&r, "kez", "nobody", "x"), 401);
	assert_int_equal(r.note, NOTE_TOKEN_REFUSED);
	assert_string_equal(r.said, "");
	assert_int_equal(counted(&r, NOTE_TOKEN_REFUSED), 3);
	webhook_source_ops.view(r.s, &v);
	assert_true(v.up && !v.logged_in && strstr(v.state, "wrong token"));
	assert_int_equal(ask_as(&r, "key", "201", "{\"state\":\"busy\"}"), 200);
	webhook_source_ops.view(r.s, &v);
	assert_true(v.logged_in);
	assert_int_equal(v.received, 5);
	assert_int_equal(v.lines, 2);
	assert_int_equal(v.live, 1);
	/* of a body of another kind only who may send is told */
	assert_int_equal(ask(&r, (struct source_feed){ .text = "201",
						       .token = SLICE_LIT("kez"),
						       .bytes = SLICE_LIT("{\"state\":\"busy\"}"),
						       .no_json = true }),
			 401);
	assert_int_equal(ask(&r, (struct source_feed){ .text = "201",
						       .token = SLICE_LIT("key"),
						       .bytes = SLICE_LIT("{\"state\":\"busy\"}"),
						       .no_json = true }),
			 415);
	assert_int_equal(r.note, NOTE_BAD_BODY);
	assert_string_equal(r.said, "");
	close_rig(&r);
}

/* A connector without its token takes nothing at all. */
static void no_token_no_entry(void **state)
{
	const struct source_config c = { .lines_max = 1 };
	struct rig r = { 0 };
	(void)state;

	assert_int_equal(webhook_source_ops.open(&r.s, &c, 0), ERR_OK);
	assert_int_equal(ask_as(&r, "", "", "{}"), 401);
	assert_int_equal(ask_as(&r, "x", "", "{}"), 401);
	close_rig(&r);
}

static void a_signature_is_as_good(void **state)
{
	struct rig r;
	struct source_feed in = { .kind = FEED_REQUEST,
				  .channel = 1,
				  .text = "201",
				  .bytes = SLICE_LIT("{\"state\":\"busy\"}"),
				  /* openssl dgst -sha256 -hmac key -binary | base64 */
				  .signature = SLICE_LIT(
					  "YMLoAXxkKz69QQKkYp+f9wS3m8Hh2FvGyEnG2XgE2nA=") };
	char good[64];
	(void)state;

	open_as(&r, NULL, false);
	r.request = 1;
	webhook_source_ops.feed(r.s, r.now_ms, &in);
	drain(&r);
	assert_int_equal(r.status, 401);
	snprintf(good, sizeof(good), "%s", "mTC56U0gVL26qZmqkahH6Kv+aoz70D7iGLZR0R/JG9Q=");
	in.signature = slice_str(good);
	r.status = 0;
	r.said[0] = '\0';
	webhook_source_ops.feed(r.s, r.now_ms, &in);
	drain(&r);
	assert_int_equal(r.status, 200);
	close_rig(&r);
}

static void a_line_from_call_to_call(void **state)
{
	struct source_line_view v;
	struct rig r;
	(void)state;

	open_as(&r, NULL, false);
	assert_true(webhook_source_ops.line_view(r.s, LINE, &v));
	assert_int_equal(v.link, LINE_WAITING);
	told(&r, "{\"state\":\"ringing\"}", "registered:yes full:ringing dnd:off");
	told(&r, "{\"state\":\"busy\"}", "full:talking");
	told(&r, "{\"state\":\"idle\"}", "full:gone");
	told(&r, "{\"state\":\"busy\",\"call\":\"a\"}", "partial:talking+key");
	told(&r, "{\"state\":\"held\",\"call\":\"b\"}", "partial:held+key");
	told(&r, "{\"state\":\"idle\",\"call\":\"a\"}", "end:gone+key");
	told(&r, "{\"state\":\"conference\",\"call\":\"c\",\"full\":true}", "full:conference+key");
	assert_true(webhook_source_ops.line_view(r.s, LINE, &v));
	assert_int_equal(v.link, LINE_LIVE);
	assert_int_equal(v.last_report_ms, 1000);
	assert_int_equal(v.last_status, 200);
	close_rig(&r);
}

/* Of a line that is not synchronised the first word is the whole truth, be it the end of a call. */
static void the_first_report_synchronises(void **state)
{
	struct rig r;
	(void)state;

	open_as(&r, NULL, false);
	told(&r, "{\"state\":\"idle\",\"call\":\"a\"}", "registered:yes full:gone dnd:off");
	close_rig(&r);
	open_as(&r, NULL, false);
	told(&r, "{\"state\":\"busy\",\"call\":\"a\"}", "registered:yes full:talking+key dnd:off");
	close_rig(&r);
	open_as(&r, NULL, false);
	told(&r, "{\"dnd\":true}", "dnd:on");
	told(&r, "{\"state\":\"busy\",\"dnd\":true}", "registered:yes dnd:on full:talking");
	close_rig(&r);
}

static void dnd_by_word_and_by_key(void **state)
{
	struct rig r;
	(void)state;

	open_as(&r, NULL, false);
	told(&r, "{\"state\":\"dnd\"}", "registered:yes dnd:on full:gone");
	told(&r, "{\"state\":\"busy\"}", "full:talking dnd:off");
	told(&r, "{\"state\":\"idle\"}", "full:gone");
	told(&r, "{\"dnd\":true}", "dnd:on");
	told(&r, "{\"state\":\"busy\"}", "full:talking");
	told(&r, "{\"state\":\"idle\"}", "full:gone");
	told(&r, "{\"dnd\":false}", "dnd:off");
	told(&r, "{\"state\":\"offline\"}", "full:gone registered:no");
	told(&r, "{\"state\":\"idle\"}", "registered:yes full:gone");
	told(&r, "{\"registered\":false}", "registered:no");
	told(&r, "{\"state\":\"idle\"}", "full:gone");
	close_rig(&r);
}

static void profiles(void **state)
{
	struct rig r;
	(void)state;

	open_as(&r, NULL, true);
	/* nothing else is said: somebody has set it */
	told(&r, "{\"profile\":\"away\"}", "profile:away:partial");
	told(&r, "{\"profile\":\"away\"}", "profile:away:full");
	told(&r, "{\"profile\":\"busy\"}", "profile:busy:partial");
	close_rig(&r);
	open_as(&r, NULL, true);
	told(&r, "{\"profile\":\"away\",\"state\":\"idle\"}",
	     "registered:yes profile:away:full full:gone dnd:off");
	told(&r, "{\"profile\":\"busy\",\"state\":\"idle\"}", "profile:busy:partial full:gone");
	close_rig(&r);
	open_as(&r, NULL, false);
	told(&r, "{\"profile\":\"away\"}", "");
	assert_string_equal(r.text, "ignored");
	told(&r, "{\"profile\":\"away\",\"state\":\"idle\"}", "registered:yes full:gone dnd:off");
	assert_string_equal(r.text, "applied");
	close_rig(&r);
}

static void overtaken_ones_are_dropped(void **state)
{
	struct rig r;
	(void)state;

	open_as(&r, NULL, false);
	told(&r, "{\"state\":\"idle\",\"sequence\":5}", "registered:yes full:gone dnd:off");
	told(&r, "{\"state\":\"busy\",\"sequence\":4}", "");
	assert_string_equal(r.text, "stale");
	told(&r, "{\"state\":\"busy\",\"sequence\":5}", "");
	told(&r, "{\"state\":\"busy\"}", "full:talking");
	told(&r, "{\"state\":\"idle\",\"sequence\":6,\"time\":\"2026-11-24T14:00:00Z\"}",
	     "full:gone");
	told(&r, "{\"state\":\"busy\",\"sequence\":7,\"time\":\"2026-11-24T13:59:59Z\"}", "");
	told(&r, "{\"state\":\"busy\",\"sequence\":1,\"time\":\"2026-11-24T14:00:01Z\"}",
	     "full:talking");
	told(&r, "{\"state\":\"idle\",\"time\":\"2026-11-24T14:00:01Z\"}", "full:gone");
	assert_int_equal(counted(&r, NOTE_OLD_REPORT), 3);
	r.now_ms += 10 * MINUTE;
	told(&r, "{\"state\":\"busy\",\"time\":\"2026-11-24T13:00:00Z\"}", "");
	r.now_ms += 1;
	told(&r, "{\"state\":\"busy\",\"time\":\"2026-11-24T13:00:00Z\"}", "full:talking");
	assert_int_equal(r.note, NOTE_STEPPED_BACK);
	assert_int_equal(ask_as(&r, "key", "202", "{\"state\":\"busy\",\"sequence\":1}"), 200);
	assert_string_equal(r.text, "applied"); /* each line has its own order */
	close_rig(&r);
}

static void wrong_bodies(void **state)
{
	static const struct {
		const char *line, *body;
		uint16_t status;
		enum note note;
	} rows[] = {
		{ "201", "hello", 400, NOTE_BAD_BODY },
		{ "201", "", 400, NOTE_BAD_BODY },
		{ "201", "{\"state\":\"flying\"}", 422, NOTE_BAD_BODY },
		{ "201", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", 413,
		  NOTE_TOO_LARGE },
		{ "", "{\"state\":\"busy\"}", 422, NOTE_BAD_BODY },
		{ "201", "{\"state\":\"busy\",\"line\":\"202\"}", 422, NOTE_BAD_BODY },
		{ "", "{\"state\":\"busy\",\"line\":\"999\"}", 404, NOTE_LINE_STRANGE },
		{ "", "[{\"state\":\"busy\",\"line\":\"201\"},{\"state\":\"busy\",\"line\":\"9\"}]",
		  404, NOTE_LINE_STRANGE },
	};
	struct rig r;
	(void)state;

	open_as(&r, NULL, false);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t before = counted(&r, rows[i].note);

		if (ask_as(&r, "key", rows[i].line, rows[i].body) != rows[i].status || r.said[0] ||
		    !r.text[0])
			fail_msg("%zu: %u %s %s", i, r.status, r.text, r.said);
		assert_int_equal(r.note, rows[i].note);
		assert_int_equal(counted(&r, rows[i].note), before + 1);
		/* nothing of the body reaches a log: it may name a caller */
		assert_string_equal(strstr(r.note_text, ", "), ", with the reason for its sender");
	}
	close_rig(&r);
}

static void several_in_one_body(void **state)
{
	struct rig r;
	(void)state;

	open_as(&r, NULL, false);
	assert_int_equal(
		ask_as(&r, "key", "",
		       "[{\"line\":\"201\",\"state\":\"busy\"},{\"line\":\"202\",\"dnd\":true},"
		       "{\"line\":\"201\",\"state\":\"ignore\"}]"),
		200);
	assert_string_equal(r.text, "2 applied, 0 stale, 1 ignored");
	assert_string_equal(r.said, "registered:yes full:talking dnd:off other dnd:on");
	assert_int_equal(ask_as(&r, "key", "", "[]"), 200);
	close_rig(&r);
}

static void yeastar(void **state)
{
	const struct conf_connector c = { .format = CONF_FORMAT_YEASTAR };
	struct rig r;
	(void)state;

	open_as(&r, &c, true);
	static const struct {
		const char *body, *said;
	} rows[] = {
		{ "{\"type\":30008,\"msg\":\"{\\\"extension\\\":\\\"201\\\",\\\"status\\\":"
		  "\\\"Ringing\\\"}\"}",
		  "full:ringing" },
		{ "{\"type\":30008,\"msg\":\"{\\\"extension\\\":\\\"201\\\",\\\"status\\\":"
		  "\\\"Busy\\\"}\"}",
		  "full:talking" },
		{ "{\"type\":30009,\"msg\":{\"extension\":\"201\",\"status\":\"do_not_disturb\"}}",
		  "dnd:on profile:available:partial" },
		{ "{\"type\":30008,\"msg\":{\"extension\":\"201\",\"status\":\"Idle\"}}",
		  "full:gone" },
		{ "{\"type\":30009,\"msg\":{\"extension\":\"201\",\"status\":\"lunch\"}}",
		  "profile:away:partial dnd:off" },
		{ "{\"type\":30007,\"msg\":{\"extension\":\"201\",\"kind\":\"Sip\",\"status\":"
		  "\"Registered\"}}",
		  "registered:yes" },
		{ "{\"type\":30007,\"msg\":{\"extension\":\"201\",\"kind\":\"Web\",\"status\":"
		  "\"Registered\"}}",
		  "registered:yes" },
		{ "{\"type\":30007,\"msg\":{\"extension\":\"201\",\"kind\":\"Sip\",\"status\":"
		  "\"Unregistered\"}}",
		  "" },
		{ "{\"type\":30007,\"msg\":{\"extension\":\"201\",\"kind\":\"Web\",\"status\":"
		  "\"Unregistered\"}}",
		  "registered:no" },
		{ "{\"type\":30008,\"msg\":{\"extension\":\"777\",\"status\":\"Busy\"}}", "" },
		{ "{\"type\":30011,\"msg\":\"{}\"}", "" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint16_t status = ask_as(&r, "key", "", rows[i].body);

		if (status != 200 || strcmp(r.said, rows[i].said) != 0)
			fail_msg("%s: %u %s", rows[i].body, status, r.said);
	}
	assert_int_equal(counted(&r, NOTE_LINE_STRANGE), 1);
	close_rig(&r);
}

static void silence(void **state)
{
	const struct conf_connector c = { .silence = 5 * MINUTE };
	struct source_line_view v;
	struct rig r;
	(void)state;

	open_as(&r, &c, false);
	told(&r, "{\"state\":\"busy\"}", "registered:yes full:talking dnd:off");
	r.said[0] = '\0';
	for (int64_t end = r.now_ms + 5 * MINUTE; r.now_ms < end - 1;) {
		int64_t next = webhook_source_ops.next(r.s);

		assert_true(next <= end + MINUTE);
		r.now_ms = next > r.now_ms && next < end ? next : end - 1;
		webhook_source_ops.tick(r.s, r.now_ms);
		drain(&r);
		assert_string_equal(r.said, "");
	}
	while (!r.said[0]) {
		r.now_ms = webhook_source_ops.next(r.s);
		assert_true(r.now_ms < 1000 + 6 * MINUTE);
		webhook_source_ops.tick(r.s, r.now_ms);
		drain(&r);
	}
	assert_string_equal(r.said, "lost");
	assert_true(webhook_source_ops.line_view(r.s, LINE, &v));
	assert_int_equal(v.link, LINE_WAITING);
	told(&r, "{\"state\":\"busy\",\"call\":\"x\"}", "full:talking+key");
	close_rig(&r);
}

/* The engine asks again for long calls: without a word for eight hours a call is over. */
static void a_call_nobody_ends(void **state)
{
	struct rig r;
	(void)state;

	open_as(&r, NULL, false);
	assert_true(webhook_source_ops.next(r.s) == TIME_NEVER);
	told(&r, "{\"state\":\"busy\"}", "registered:yes full:talking dnd:off");
	r.said[0] = '\0';
	webhook_source_ops.tick(r.s, r.now_ms + 8 * 60 * MINUTE - 1);
	webhook_source_ops.resync_line(r.s, LINE);
	drain(&r);
	assert_string_equal(r.said, "");
	webhook_source_ops.tick(r.s, r.now_ms + 8 * 60 * MINUTE);
	webhook_source_ops.resync_line(r.s, OTHER);
	webhook_source_ops.resync_line(r.s, LINE);
	webhook_source_ops.resync_line(r.s, LINE);
	drain(&r);
	assert_string_equal(r.said, "lost");
	close_rig(&r);
}

/* Nobody can be asked: what counts is when it was last told. */
static void a_person_asks(void **state)
{
	struct source_view v;
	struct rig r;
	(void)state;

	open_as(&r, NULL, false);
	webhook_source_ops.probe(r.s, r.now_ms);
	webhook_source_ops.view(r.s, &v);
	assert_int_equal(v.probe, SOURCE_PROBE_NOBODY);
	assert_int_equal(v.told_ms, 0);
	assert_int_equal(ask_as(&r, "wrong", "201", "{\"state\":\"busy\"}"), 401);
	webhook_source_ops.view(r.s, &v);
	assert_int_equal(v.told_ms, 0);
	told(&r, "{\"state\":\"busy\"}", "registered:yes full:talking dnd:off");
	webhook_source_ops.view(r.s, &v);
	assert_int_equal(v.told_ms, r.now_ms);
	close_rig(&r);
}

static void lines_come_and_go(void **state)
{
	struct rig r;
	(void)state;

	open_as(&r, NULL, false);
	assert_int_equal(webhook_source_ops.add_line(r.s, 50, SLICE_LIT("201")), ERR_EXISTS);
	webhook_source_ops.remove_line(r.s, LINE);
	assert_int_equal(ask_as(&r, "key", "201", "{\"state\":\"busy\"}"), 404);
	assert_int_equal(webhook_source_ops.add_line(r.s, LINE, SLICE_LIT("201")), ERR_OK);
	told(&r, "{\"state\":\"busy\",\"call\":\"z\"}", "registered:yes full:talking+key dnd:off");
	close_rig(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_send),
		cmocka_unit_test(no_token_no_entry),
		cmocka_unit_test(a_signature_is_as_good),
		cmocka_unit_test(a_line_from_call_to_call),
		cmocka_unit_test(the_first_report_synchronises),
		cmocka_unit_test(dnd_by_word_and_by_key),
		cmocka_unit_test(profiles),
		cmocka_unit_test(overtaken_ones_are_dropped),
		cmocka_unit_test(wrong_bodies),
		cmocka_unit_test(several_in_one_body),
		cmocka_unit_test(yeastar),
		cmocka_unit_test(silence),
		cmocka_unit_test(a_call_nobody_ends),
		cmocka_unit_test(a_person_asks),
		cmocka_unit_test(lines_come_and_go),
	};
	return cmocka_run_group_tests_name("source/webhook", tests, NULL, NULL);
}
