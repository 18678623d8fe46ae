/* What a watcher is answered and told. */
#include "rig.h"

#include <stdio.h>

static void a_lamp_goes_on_and_off(void **state)
{
	struct rig r;
	char version[40];
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	rig_subscribe(&r, (struct rig_ask){ 0 });
	const struct sip_msg *m = rig_take(&r);
	assert_int_equal(m->status, 200);
	assert_true(slice_is(sip_msg_header(m, SIP_EXPIRES), "600"));
	assert_int_equal(m->to_tag.n, 16);
	m = rig_notify(&r);
	assert_true(rig_has(m, "state=\"full\"") && rig_has(m, "<state>terminated</state>"));
	assert_true(rig_has(m, "entity=\"sip:201@10.0.0.9\""));
	assert_true(slice_is(m->uri, "sip:phone@10.0.0.1:5062"));
	assert_true(slice_is(sip_msg_header(m, SIP_SUBSCRIPTION_STATE), "active;expires=600"));
	rig_answer(&r, 200, "");
	rig_show(&r, LAMP_DARK); /* as it was told */
	assert_true(rig_quiet(&r));
	for (unsigned i = 2; i < 6; i++) {
		rig_show(&r, i % 2 ? LAMP_DARK : LAMP_MEETING);
		rig_run(&r, 100);
		m = rig_notify(&r);
		snprintf(version, sizeof(version), "version=\"%u\"", i);
		assert_true(rig_has(m, version));
		assert_true(rig_has(m, i % 2 ? "terminated" : "confirmed"));
		rig_answer(&r, 200, "");
	}
	rig_run(&r, 60000);
	assert_true(rig_quiet(&r));
	rig_close(&r);
}

static void presence_says_which(void **state)
{
	static const char *const words[LAMP_COUNT] = { [LAMP_CALL] = "<rpid:on-the-phone/>",
						       [LAMP_MEETING] = "<rpid:meeting/>",
						       [LAMP_DND] = "Do not disturb" };
	struct rig r;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	rig_live(&r, (struct rig_ask){ .event = "presence", .user = "ana%40acme.example" });
	for (int lamp = LAMP_CALL; lamp < LAMP_COUNT; lamp++) {
		rig_show(&r, (enum lamp)lamp);
		rig_run(&r, 30);
		assert_true(rig_has(rig_notify(&r), words[lamp]));
		rig_answer(&r, 200, "");
	}
	rig_show(&r, LAMP_DARK);
	rig_run(&r, 30);
	assert_false(rig_has(rig_notify(&r), "activities"));
	rig_close(&r);
}

static void refusals(void **state)
{
	static const struct {
		struct rig_ask ask;
		uint16_t status;
	} rows[] = {
		{ { .event = "message-summary" }, 489 },
		{ { .event = "" }, 489 },
		{ { .user = "999" }, 404 },
		{ { .expires = 59 }, 423 },
		{ { .to_tag = "0123456789abcdef" }, 481 },
		{ { .to_tag = "nonsense" }, 481 },
		{ { .extra = "Require: 100rel\r\n" }, 420 },
		{ { .extra = "Accept: text/plain\r\n" }, 406 },
	};
	struct rig r;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rig_subscribe(&r, rows[i].ask);
		if (rig_status(&r) != rows[i].status)
			fail_msg("row %zu: %u", i, r.m.status);
	}
	assert_int_equal(rig_watchers(&r), 0);
	rig_bytes(&r, "INVITE sip:201@10.0.0.9 SIP/2.0\r\nVia: SIP/2.0/UDP "
		      "10.0.0.1;branch=z9hG4bKi\r\nFrom: <sip:a@b>;tag=1\r\n"
		      "To: <sip:201@10.0.0.9>\r\nCall-ID: i\r\nCSeq: 1 INVITE\r\nContent-Length: "
		      "0\r\n\r\n");
	assert_int_equal(rig_status(&r), 405);
	rig_bytes(&r, "no sip at all");
	assert_true(rig_quiet(&r));
	assert_int_equal(rig_counted(&r, LAMP_NOTE_MALFORMED), 1);
	rig_close(&r);
}

static void refresh_unsubscribe_fetch(void **state)
{
	struct rig r;
	char tag[20];
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	rig_subscribe(&r, (struct rig_ask){ .expires = -1 });
	assert_true(slice_is(sip_msg_header(rig_take(&r), SIP_EXPIRES), "3600"));
	snprintf(tag, sizeof(tag), "%.*s", SLICE_ARG(r.m.to_tag));
	rig_notify(&r);
	rig_answer(&r, 200, "");
	rig_subscribe(&r, (struct rig_ask){ .cseq = 2, .to_tag = tag, .expires = 90000 });
	assert_true(slice_is(sip_msg_header(rig_take(&r), SIP_EXPIRES), "3600"));
	rig_notify(&r);
	rig_answer(&r, 200, "");
	rig_subscribe(&r, (struct rig_ask){ .cseq = 1, .to_tag = tag });
	assert_int_equal(rig_status(&r), 500);
	static const char *const end = "Expires: 0\r\n";
	rig_subscribe(&r,
		      (struct rig_ask){ .cseq = 3, .to_tag = tag, .expires = -1, .extra = end });
	assert_int_equal(rig_status(&r), 200);
	assert_true(slice_is(sip_msg_header(rig_notify(&r), SIP_SUBSCRIPTION_STATE),
			     "terminated;reason=timeout"));
	rig_answer(&r, 200, "");
	assert_int_equal(rig_watchers(&r), 0);
	/* a fetch: one NOTIFY, and nothing is left */
	rig_subscribe(&r, (struct rig_ask){ .call_id = "fetch", .expires = -1, .extra = end });
	assert_int_equal(rig_status(&r), 200);
	rig_notify(&r);
	rig_answer(&r, 200, "");
	assert_int_equal(rig_watchers(&r), 0);
	rig_close(&r);
}

static void expires_by_itself(void **state)
{
	struct rig r;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	rig_live(&r, (struct rig_ask){ .expires = 60 });
	rig_run(&r, 59999);
	assert_true(rig_quiet(&r));
	rig_run(&r, 2);
	assert_true(slice_is(sip_msg_header(rig_notify(&r), SIP_SUBSCRIPTION_STATE),
			     "terminated;reason=timeout"));
	rig_answer(&r, 200, "");
	assert_int_equal(rig_watchers(&r), 0);
	assert_false(r.kept[0].is);
	rig_close(&r);
}

static void a_copy_is_answered_again(void **state)
{
	struct rig r;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	rig_subscribe(&r, (struct rig_ask){ 0 });
	assert_int_equal(rig_status(&r), 200);
	rig_notify(&r);
	rig_subscribe(&r, (struct rig_ask){ .same_branch = true });
	assert_int_equal(rig_status(&r), 200);
	assert_true(rig_quiet(&r));
	assert_int_equal(rig_watchers(&r), 1);
	assert_int_equal(rig_counted(&r, LAMP_NOTE_REPEATED), 1);
	rig_close(&r);
}

static void full_is_said(void **state)
{
	struct rig r;
	(void)state;

	rig_open(&r, LAMP_UDP, 1);
	rig_live(&r, (struct rig_ask){ 0 });
	rig_subscribe(&r, (struct rig_ask){ .call_id = "c2" });
	assert_int_equal(rig_status(&r), 503);
	assert_int_equal(rig_counted(&r, LAMP_NOTE_FULL), 1);
	rig_close(&r);
}

/* The longest that is taken costs no more than the stated figure; what is longer is refused. */
static void a_watcher_costs_what_is_stated(void **state)
{
	struct lamps_view before, after;
	struct rig r;
	char extra[1400];
	(void)state;

	rig_open(&r, LAMP_UDP, 100);
	lamps_view(r.l, &before);
	memset(extra, 'x', sizeof(extra));
	memcpy(extra, "Record-Route: <sip:", 19);
	snprintf(extra + 1300, 20, ";lr>\r\n");
	rig_subscribe(&r, (struct rig_ask){ .extra = extra });
	assert_int_equal(rig_status(&r), 413);
	assert_int_equal(rig_watchers(&r), 0);
	snprintf(extra + 800, 20, ";lr>\r\n");
	rig_subscribe(&r, (struct rig_ask){ .extra = extra });
	assert_int_equal(rig_status(&r), 200);
	lamps_view(r.l, &after);
	/* timers and index are sized once: their share is counted for one */
	assert_in_range(after.bytes - before.bytes + 64, 900, LAMP_WATCHER_BYTES);
	rig_close(&r);
}

static void let_go(void **state)
{
	struct rig r;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	rig_live(&r, (struct rig_ask){ 0 });
	rig_show(&r, LAMP_MEETING);
	rig_run(&r, 30);
	rig_notify(&r);
	rig_answer(&r, 200, "");
	rig_show(&r, LAMP_OFF);
	rig_run(&r, 30);
	const struct sip_msg *m = rig_notify(&r);
	assert_true(slice_is(sip_msg_header(m, SIP_SUBSCRIPTION_STATE),
			     "terminated;reason=noresource"));
	assert_true(rig_has(m, "terminated</state>"));
	rig_answer(&r, 200, "");
	assert_int_equal(rig_watchers(&r), 0);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lamp_goes_on_and_off),
		cmocka_unit_test(presence_says_which),
		cmocka_unit_test(refusals),
		cmocka_unit_test(refresh_unsubscribe_fetch),
		cmocka_unit_test(expires_by_itself),
		cmocka_unit_test(a_copy_is_answered_again),
		cmocka_unit_test(full_is_said),
		cmocka_unit_test(a_watcher_costs_what_is_stated),
		cmocka_unit_test(let_go),
	};

	return cmocka_run_group_tests_name("sink/lamp/serve", tests, NULL, NULL);
}
