#include "rig.h"

#include <stdio.h>

#include "source/sip/sip.h"

static struct rig r;

static void start(const struct rig_options *o)
{
	rig_open(&r, o);
	rig_add(&r, 7, "201");
	assert_true(rig_quiet(&r));
	rig_connect(&r);
}

/* The form of the first SUBSCRIBE, and what a first report does. */
static void test_subscribe(void **state)
{
	(void)state;
	start(&(struct rig_options){ .server = "sip:pbx.test:5070" });
	assert_string_equal(r.host, "pbx.test");
	assert_int_equal(r.port, 5070);
	assert_int_equal(r.transport, TRANSPORT_UDP);
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	assert_slice(q->m.uri, "sip:201@pbx.test:5070");
	assert_string_equal(rig_header(q, "To"), "<sip:201@pbx.test:5070>");
	assert_string_equal(rig_header(q, "Contact"), "<sip:offhook@10.0.0.9:5088>");
	assert_string_equal(rig_header(q, "Event"), "dialog");
	assert_string_equal(rig_header(q, "Accept"), "application/dialog-info+xml");
	assert_string_equal(rig_header(q, "Expires"), "3600");
	assert_string_equal(rig_header(q, "Authorization"), "");
	assert_true(q->m.via.rport);
	assert_int_equal(rig_view(&r, 7).link, LINE_ASKING);
	assert_int_equal(r.ups, 0);
	rig_reply(&r, q, 200, "Expires: 3600\r\n");
	assert_int_equal(r.ups, 1);
	struct rig_dialog d = rig_dialog(q, "pbxtag");
	assert_int_equal(rig_notify_dialog(&r, &d, rig_info(0, "a", "recipient", "early")), 200);
	assert_int_equal(r.obs_n, 1);
	assert_int_equal(r.obs[0].line, 7);
	assert_int_equal(r.obs[0].connector, 3);
	assert_int_equal(r.obs[0].account, 2);
	assert_int_equal(r.obs[0].scope, SCOPE_FULL);
	assert_int_equal(r.obs[0].call, CALL_RINGING);
	assert_true(r.obs[0].call_key != 0);
	assert_int_equal(rig_view(&r, 7).link, LINE_LIVE);
	assert_int_equal(rig_source(&r).live, 1);
	rig_close(&r);
}

static void test_notify_before_200(void **state)
{
	(void)state;
	start(&(struct rig_options){ 0 });
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	struct rig_dialog d = rig_dialog(q, "pbxtag");
	assert_int_equal(rig_notify_dialog(&r, &d, rig_info(0, "a", "initiator", "trying")), 200);
	assert_int_equal(r.ups, 1);
	assert_int_equal(rig_call(&r, 7), CALL_DIALING);
	rig_reply(&r, q, 200, "Expires: 3600\r\n");
	assert_true(rig_quiet(&r));
	rig_run(&r, 60000); /* no first-NOTIFY time-out strikes; only OPTIONS are asked */
	assert_int_equal(r.notes[NOTE_NO_FIRST_NOTIFY], 0);
	assert_int_equal(rig_view(&r, 7).link, LINE_LIVE);
	rig_close(&r);
}

/* RFC 3261 17.1.2.2: E doubles from 500 ms to 4 s, F ends it at 32 s: 11 copies in all. */
static void test_retransmission(void **state)
{
	static const int64_t at[] = { 0,     500,   1500,  3500,  7500, 11500,
				      15500, 19500, 23500, 27500, 31500 };

	(void)state;
	start(&(struct rig_options){ 0 });
	int64_t begin = r.now;
	uint32_t seen = 0;
	for (int64_t t = 0; t < 32000; t += 100) {
		rig_run(&r, begin + t - r.now);
		while (!rig_quiet(&r)) {
			struct rig_request *q = rig_take(&r, NULL);
			if (slice_is(q->m.method, "OPTIONS"))
				continue;
			assert_int_equal(t, (at[seen] + 99) / 100 * 100);
			seen++;
		}
	}
	assert_int_equal(seen, ARRAY_LEN(at));
	assert_int_equal(r.closes, 0);
	rig_run(&r, 100);
	assert_int_equal(r.closes, 1);
	assert_int_equal(r.downs, 0); /* it had never been up */
	assert_int_equal(r.notes[NOTE_TIMED_OUT], 1);
	assert_int_equal(r.notes[NOTE_DISCONNECTED], 1);
	rig_run(&r, 2000);
	assert_int_equal(r.connects, 2);
	rig_close(&r);
}

static void test_provisional_slows_down(void **state)
{
	(void)state;
	start(&(struct rig_options){ 0 });
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	rig_reply(&r, q, 100, "");
	rig_run(&r, 4400);
	rig_take(&r, "SUBSCRIBE"); /* the first timer was running */
	assert_true(rig_quiet(&r));
	rig_reply(&r, q, 200, "Expires: 3600\r\n");
	rig_run(&r, 20000);
	assert_true(rig_quiet(&r));
	rig_close(&r);
}

static void test_streams_do_not_retransmit(void **state)
{
	(void)state;
	start(&(struct rig_options){ .server = "sip:pbx.test;transport=tcp" });
	assert_int_equal(r.transport, TRANSPORT_TCP);
	assert_int_equal(r.port, 0);
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	assert_string_equal(rig_header(q, "Contact"), "<sip:offhook@10.0.0.9:5088;transport=tcp>");
	rig_run(&r, 20000);
	assert_true(rig_quiet(&r));
	rig_close(&r);
}

static void test_no_first_notify(void **state)
{
	(void)state;
	start(&(struct rig_options){ 0 });
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	rig_reply(&r, q, 200, "Expires: 3600\r\n");
	rig_run(&r, 31900);
	assert_int_equal(r.notes[NOTE_NO_FIRST_NOTIFY], 0);
	rig_forget(&r);
	rig_run(&r, 200);
	assert_int_equal(r.notes[NOTE_NO_FIRST_NOTIFY], 1);
	q = rig_take(&r, "SUBSCRIBE"); /* what it took it gives back */
	assert_string_equal(rig_header(q, "Expires"), "0");
	rig_reply(&r, q, 200, "Expires: 0\r\n");
	assert_int_equal(rig_view(&r, 7).link, LINE_WAITING);
	rig_forget(&r);
	rig_run(&r, 6000);
	q = rig_take(&r, "SUBSCRIBE");
	assert_string_equal(rig_header(q, "Expires"), "3600");
	rig_close(&r);
}

/* Refreshed in the dialog between 75 and 90 % of the life granted, again and again. */
static void test_refresh(void **state)
{
	(void)state;
	start(&(struct rig_options){ 0 });
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	char call[64];
	snprintf(call, sizeof(call), "%s", rig_header(q, "Call-ID"));
	rig_reply(&r, q, 200, "Expires: 300\r\nRecord-Route: <sip:p2;lr>, <sip:p1;lr>\r\n");
	struct rig_dialog d = rig_dialog(q, "pbxtag");
	assert_int_equal(rig_notify(&r, &d, "active;expires=300", NULL, ""), 200);
	for (uint32_t round = 2; round < 5; round++) {
		int64_t asked = r.now;

		for (q = NULL; !q || !slice_is(q->m.method, "SUBSCRIBE");) {
			while (rig_quiet(&r))
				rig_run(&r, 1000);
			q = rig_take(&r, NULL);
			if (slice_is(q->m.method, "OPTIONS"))
				rig_reply(&r, q, 200, "");
		}
		assert_in_range(r.now - asked, 225000, 272500);
		assert_string_equal(rig_header(q, "Call-ID"), call);
		assert_int_equal(q->m.cseq, round);
		assert_slice(q->m.to_tag, "pbxtag");
		assert_slice(q->m.uri, "sip:10.0.0.1:5060");
		/* the 200's Record-Route turned round, until the NOTIFY's dialog is taken */
		assert_string_equal(rig_header(q, "Route"), "<sip:p1;lr>, <sip:p2;lr>");
		rig_reply(&r, q, 200, "Expires: 300\r\n");
		assert_int_equal(rig_notify(&r, &d, "active;expires=300", NULL, ""), 200);
	}
	assert_int_equal(r.lost_n, 0);
	rig_close(&r);
}

static void test_notify_shortens_life(void **state)
{
	(void)state;
	start(&(struct rig_options){ 0 });
	struct rig_dialog d = rig_live(&r, "");
	assert_int_equal(rig_notify(&r, &d, "active;expires=60", NULL, ""), 200);
	int64_t begin = r.now;
	struct rig_request *q = rig_next_subscribe(&r, 60000);
	assert_true(r.now - begin >= 45000);
	assert_slice(q->m.to_tag, "pbxtag");
	rig_close(&r);
}

static void test_481_starts_anew(void **state)
{
	(void)state;
	start(&(struct rig_options){ .tuning = { .expires_s = 600 } });
	struct rig_dialog d = rig_live(&r, rig_info(0, "a", "recipient", "confirmed"));
	struct rig_request *q = rig_next_subscribe(&r, 4000000);
	rig_reply(&r, q, 481, "");
	assert_int_equal(r.lost_n, 1);
	assert_int_equal(r.lost[0], 7);
	q = rig_take(&r, "SUBSCRIBE");
	assert_int_equal(q->m.to_tag.n, 0);
	assert_string_not_equal(rig_header(q, "Call-ID"), d.call_id);
	assert_int_equal(rig_notify_dialog(&r, &d, ""), 481); /* the old dialog is none any more */
	assert_int_equal(r.notes[NOTE_FORGED], 1);
	rig_close(&r);
}

/* A PBX that was started anew while nobody looked answers OPTIONS and knows nothing: after some minutes
 * without a word one subscription is asked for, and when that is gone, all of them. */
static void test_forgotten(void **state)
{
	struct rig_request *q;

	(void)state;
	start(&(struct rig_options){ 0 });
	rig_live(&r, "");
	for (uint32_t line = 8; line < 10; line++) {
		rig_add(&r, line, line == 8 ? "202" : "203");
		rig_run(&r, 1);
		rig_live(&r, "");
	}
	for (int i = 0; i < 2; i++) { /* it still knows: one question in a while, in turn */
		int64_t begin = r.now;
		q = rig_next_subscribe(&r, 400000);
		assert_in_range(r.now - begin, 250000, 340000);
		assert_slice(q->m.to_tag, "pbxtag");
		rig_reply(&r, q, 200, "Expires: 3600\r\n");
		assert_true(rig_quiet(&r));
	}
	q = rig_next_subscribe(&r, 400000);
	rig_reply(&r, q, 481, "");
	for (int i = 0; i < 2; i++) {
		q = rig_take(&r, "SUBSCRIBE");
		assert_slice(q->m.to_tag, "pbxtag");
		rig_reply(&r, q, 481, "");
	}
	assert_int_equal(r.lost_n, 3);
	for (int i = 0; i < 3; i++)
		rig_live(&r, "");
	assert_int_equal(rig_source(&r).live, 3);
	assert_true(rig_quiet(&r));
	rig_close(&r);
}

static void test_423_raises_expires(void **state)
{
	(void)state;
	start(&(struct rig_options){ .tuning = { .expires_s = 30 } });
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	char call[64];
	snprintf(call, sizeof(call), "%s", rig_header(q, "Call-ID"));
	assert_string_equal(rig_header(q, "Expires"), "30");
	rig_reply(&r, q, 423, "Min-Expires: 300\r\n");
	q = rig_take(&r, "SUBSCRIBE");
	assert_string_equal(rig_header(q, "Expires"), "300");
	assert_string_equal(rig_header(q, "Call-ID"), call);
	assert_int_equal(q->m.cseq, 2);
	/* nonsense does not loop */
	rig_reply(&r, q, 423, "Min-Expires: 200\r\n");
	assert_true(rig_quiet(&r));
	rig_close(&r);
}

/* What a first SUBSCRIBE may be answered, and what becomes of the line. */
static void test_refusals(void **state)
{
	static const struct {
		uint16_t status;
		const char *headers;
		uint8_t link;
		enum note note;
		int64_t from_s, to_s; /* next try */
	} rows[] = {
		{ 403, "", LINE_REFUSED, NOTE_LINE_REFUSED, 600, 725 },
		{ 404, "", LINE_REFUSED, NOTE_LINE_UNKNOWN, 600, 725 },
		{ 405, "", LINE_REFUSED, NOTE_LINE_REFUSED, 600, 725 },
		{ 489, "Allow-Events: presence\r\n", LINE_REFUSED, NOTE_LINE_REFUSED, 600, 725 },
		{ 501, "", LINE_REFUSED, NOTE_LINE_REFUSED, 600, 725 },
		{ 603, "", LINE_REFUSED, NOTE_LINE_REFUSED, 600, 725 },
		{ 302, "", LINE_REFUSED, NOTE_LINE_REFUSED, 600, 725 },
		{ 500, "", LINE_WAITING, NOTE_COUNT, 2, 6 },
		{ 480, "Retry-After: 30 (soon)\r\n", LINE_WAITING, NOTE_COUNT, 30, 32 },
		{ 503, "Retry-After: 40\r\n", LINE_WAITING, NOTE_THROTTLED, 40, 42 },
		{ 481, "", LINE_WAITING, NOTE_COUNT, 2, 6 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		start(&(struct rig_options){ 0 });
		rig_reply(&r, rig_take(&r, "SUBSCRIBE"), rows[i].status, rows[i].headers);
		assert_int_equal(rig_view(&r, 7).link, rows[i].link);
		assert_int_equal(rig_view(&r, 7).last_status, rows[i].status);
		if (rows[i].note != NOTE_COUNT)
			assert_int_equal(r.notes[rows[i].note], 1);
		int64_t begin = r.now;
		rig_next_subscribe(&r, 4000000);
		assert_in_range(r.now - begin, rows[i].from_s * 1000, rows[i].to_s * 1000);
		rig_close(&r);
	}
}

/* 503 with Retry-After holds back every line, and the window opens with one again. */
static void test_503_holds_all(void **state)
{
	(void)state;
	rig_open(&r, &(struct rig_options){ 0 });
	for (uint32_t i = 0; i < 5; i++) {
		char number[8];

		snprintf(number, sizeof(number), "%u", 200 + i);
		rig_add(&r, i, number);
	}
	rig_connect(&r);
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	assert_true(rig_quiet(&r)); /* one, until the PBX has taken one */
	rig_reply(&r, q, 503, "Retry-After: 60\r\n");
	rig_run(&r, 25000);
	assert_true(rig_quiet(&r));
	int64_t begin = r.now - 25000;
	q = rig_next_subscribe(&r, 60000);
	assert_in_range(r.now - begin, 60000, 61000);
	assert_true(rig_quiet(&r));
	rig_reply(&r, q, 200, "Expires: 3600\r\n");
	for (int i = 0; i < 3; i++)
		rig_take(&r, "SUBSCRIBE");
	rig_close(&r);
}

static void test_back_off_grows(void **state)
{
	int64_t waits[6];

	(void)state;
	start(&(struct rig_options){ 0 });
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
		int64_t begin = r.now;

		rig_reply(&r, q, 500, "");
		q = rig_next_subscribe(&r, 4000000);
		waits[i] = r.now - begin;
	}
	for (size_t i = 0; i < ARRAY_LEN(waits); i++)
		assert_in_range(waits[i], 2500 << i, (5000 << i) + 1000);
	rig_close(&r);
}

/* RFC 6665 4.1.3 */
static void test_terminated_by_reason(void **state)
{
	static const struct {
		const char *text;
		uint8_t link;
		int64_t from_s, to_s;
	} rows[] = {
		{ "terminated;reason=deactivated", LINE_ASKING, 0, 1 },
		{ "terminated;reason=timeout", LINE_ASKING, 0, 1 },
		{ "TERMINATED", LINE_ASKING, 0, 1 },
		{ "terminated;reason=probation", LINE_WAITING, 2, 6 },
		{ "terminated;reason=probation;retry-after=90", LINE_WAITING, 90, 92 },
		{ "terminated;reason=giveup;retry-after=20", LINE_WAITING, 20, 22 },
		{ "terminated;reason=rejected", LINE_REFUSED, 600, 725 },
		{ "terminated;reason=noresource", LINE_REFUSED, 600, 725 },
		{ "terminated;reason=invariant", LINE_REFUSED, 600, 725 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		start(&(struct rig_options){ 0 });
		struct rig_dialog d = rig_live(&r, rig_info(0, "a", "recipient", "confirmed"));
		rig_idle(&r, 120000);
		rig_forget(&r);
		assert_int_equal(rig_notify(&r, &d, rows[i].text, NULL, ""), 200);
		assert_int_equal(r.obs_n, 0); /* the last state stands */
		assert_int_equal(r.lost_n, 1);
		assert_int_equal(rig_view(&r, 7).link, rows[i].link);
		int64_t begin = r.now;
		struct rig_request *q = rig_next_subscribe(&r, 4000000);
		assert_in_range(r.now - begin, rows[i].from_s * 1000, rows[i].to_s * 1000);
		assert_int_equal(q->m.to_tag.n, 0);
		rig_close(&r);
	}
}

/* A PBX that takes and ends, takes and ends, is not asked in a loop. */
static void test_ended_at_once_backs_off(void **state)
{
	(void)state;
	start(&(struct rig_options){ 0 });
	struct rig_dialog d = rig_live(&r, "");
	rig_notify(&r, &d, "terminated;reason=deactivated", NULL, "");
	d = rig_live(&r, "");
	rig_notify(&r, &d, "terminated;reason=deactivated", NULL, "");
	assert_true(rig_quiet(&r));
	assert_int_equal(rig_view(&r, 7).link, LINE_WAITING);
	rig_close(&r);
}

static void test_refresh_survives_errors(void **state)
{
	(void)state;
	start(&(struct rig_options){ .tuning = { .expires_s = 600 } });
	struct rig_dialog d = rig_live(&r, "");
	(void)d;
	struct rig_request *q = rig_next_subscribe(&r, 4000000);
	rig_reply(&r, q, 500, "");
	assert_int_equal(r.lost_n, 0);
	q = rig_next_subscribe(&r, 400000);
	assert_slice(q->m.to_tag, "pbxtag"); /* once more in the dialog */
	rig_reply(&r, q, 200, "Expires: 600\r\n");
	assert_int_equal(rig_view(&r, 7).link, LINE_LIVE);
	rig_close(&r);
}

static void test_remove_unsubscribes(void **state)
{
	(void)state;
	start(&(struct rig_options){ 0 });
	struct rig_dialog d = rig_live(&r, rig_info(0, "a", "recipient", "confirmed"));
	rig_remove(&r, 7);
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	assert_string_equal(rig_header(q, "Expires"), "0");
	assert_string_equal(rig_header(q, "Call-ID"), d.call_id);
	assert_slice(q->m.to_tag, "pbxtag");
	rig_reply(&r, q, 200, "Expires: 0\r\n");
	rig_forget(&r);
	assert_int_equal(rig_notify(&r, &d, "terminated;reason=timeout", NULL, ""), 200);
	assert_int_equal(r.obs_n, 0);
	assert_int_equal(r.lost_n, 0);
	assert_int_equal(r.notes[NOTE_FORGED], 0);
	assert_int_equal(rig_notify(&r, &d, SUBSTATE, NULL, ""), 481);
	struct source_line_view v;
	assert_false(sip_source_ops.line_view(r.s, 7, &v));
	rig_add(&r, 7, "201"); /* the id may come again */
	rig_take(&r, "SUBSCRIBE");
	rig_close(&r);
}

/* Taken away before the 200: unsubscribed as soon as it is there. */
static void test_remove_while_asking(void **state)
{
	(void)state;
	start(&(struct rig_options){ 0 });
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	rig_remove(&r, 7);
	assert_true(rig_quiet(&r));
	rig_reply(&r, q, 200, "Expires: 3600\r\n");
	q = rig_take(&r, "SUBSCRIBE");
	assert_string_equal(rig_header(q, "Expires"), "0");
	rig_close(&r);
}

/* A fresh subscription beside the old one; the old one reports until the new one does. */
static void test_resync(void **state)
{
	(void)state;
	start(&(struct rig_options){ 0 });
	struct rig_dialog old = rig_live(&r, rig_info(0, "a", "recipient", "confirmed"));
	rig_run(&r, 20000);
	rig_forget(&r);
	rig_resync(&r, 7);
	rig_resync(&r, 7); /* once is enough */
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	assert_true(rig_quiet(&r));
	assert_int_equal(q->m.to_tag.n, 0);
	assert_int_equal(rig_view(&r, 7).link, LINE_LIVE);
	rig_reply(&r, q, 200, "Expires: 3600\r\n");
	assert_int_equal(rig_notify_dialog(&r, &old, rig_info(1, "b", "recipient", "confirmed")),
			 200);
	assert_int_equal(r.obs_n, 1);
	struct rig_dialog d = rig_dialog(q, "newtag");
	assert_int_equal(rig_notify_dialog(&r, &d, ""), 200);
	assert_int_equal(rig_call(&r, 7), CALL_GONE);
	assert_int_equal(r.lost_n, 0);
	q = rig_take(&r, "SUBSCRIBE");
	assert_string_equal(rig_header(q, "Expires"), "0");
	assert_string_equal(rig_header(q, "Call-ID"), old.call_id);
	assert_int_equal(rig_notify(&r, &old, "terminated", "application/dialog-info+xml",
				    rig_info(2, "b", NULL, "confirmed")),
			 200);
	assert_int_equal(r.obs_n, 2); /* the old one says no more */
	rig_close(&r);
}

static void test_resync_refused_keeps_old(void **state)
{
	(void)state;
	start(&(struct rig_options){ 0 });
	struct rig_dialog old = rig_live(&r, rig_info(0, "a", "recipient", "confirmed"));
	rig_run(&r, 20000);
	rig_resync(&r, 7);
	rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 500, "");
	assert_int_equal(rig_view(&r, 7).link, LINE_LIVE);
	assert_int_equal(r.lost_n, 0);
	assert_int_equal(rig_notify_dialog(&r, &old, ""), 200);
	assert_int_equal(rig_call(&r, 7), CALL_GONE);
	rig_next_subscribe(&r, 10000); /* asked again a little later */
	rig_close(&r);
}

/* At most so many outstanding; each answer lets the next one go. */
static void test_window(void **state)
{
	(void)state;
	rig_open(&r, &(struct rig_options){ .tuning = { .outstanding_max = 8 } });
	for (uint32_t i = 0; i < 60; i++) {
		char number[8];

		snprintf(number, sizeof(number), "%u", 200 + i);
		rig_add(&r, i, number);
	}
	rig_connect(&r);
	assert_int_equal(r.sent_n, 1);
	rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 200, "Expires: 3600\r\n");
	assert_int_equal(r.sent_n - r.sent_at, 8);
	rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 200, "Expires: 3600\r\n");
	assert_int_equal(r.sent_n - r.sent_at, 8);
	for (int i = 2; i < 60; i++)
		rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 200, "Expires: 3600\r\n");
	assert_true(rig_quiet(&r));
	rig_close(&r);
}

/* A PBX that never sends the last NOTIFY: those that leave hold their places, a new one waits without
 * spinning, and gets its turn. */
static void test_places_run_out(void **state)
{
	struct rig_request *q = NULL;

	(void)state;
	rig_open(&r, &(struct rig_options){ .lines_max = 1 });
	rig_add(&r, 0, "201");
	rig_connect(&r);
	for (uint32_t i = 1; i < 400 && !q; i++) {
		rig_live(&r, "");
		rig_remove(&r, i - 1);
		rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 200, "Expires: 0\r\n");
		rig_forget(&r);
		rig_add(&r, i, "201");
		if (rig_quiet(&r))
			q = rig_next_subscribe(&r, 70000);
	}
	assert_non_null(q);
	assert_int_equal(q->m.to_tag.n, 0);
	rig_close(&r);
}

static void test_add_line_errors(void **state)
{
	const struct source_ops *ops = &sip_source_ops;

	(void)state;
	rig_open(&r, &(struct rig_options){ .lines_max = 3 });
	rig_add(&r, 1, "201");
	assert_int_equal(ops->add_line(r.s, 1, SLICE_LIT("202")), ERR_EXISTS);
	assert_int_equal(ops->add_line(r.s, 2, SLICE_LIT("")), ERR_MALFORMED);
	assert_int_equal(ops->add_line(r.s, 2, SLICE_LIT("20\r\n1")), ERR_MALFORMED);
	assert_int_equal(ops->add_line(r.s, 2, SLICE_LIT("201@")), ERR_MALFORMED);
	assert_int_equal(ops->add_line(r.s, 2, SLICE_LIT("201@h>")), ERR_MALFORMED);
	rig_add(&r, 2, "*77#");
	rig_add(&r, 3, "201@other.test");
	assert_int_equal(ops->add_line(r.s, 4, SLICE_LIT("204")), ERR_LIMIT);
	rig_connect(&r);
	rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 200, "");
	assert_slice(rig_take(&r, "SUBSCRIBE")->m.uri, "sip:*77%23@pbx.test");
	assert_slice(rig_take(&r, "SUBSCRIBE")->m.uri, "sip:201@other.test");
	rig_remove(&r, 2);
	rig_add(&r, 4, "204");
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subscribe),
		cmocka_unit_test(test_notify_before_200),
		cmocka_unit_test(test_retransmission),
		cmocka_unit_test(test_provisional_slows_down),
		cmocka_unit_test(test_streams_do_not_retransmit),
		cmocka_unit_test(test_no_first_notify),
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_notify_shortens_life),
		cmocka_unit_test(test_481_starts_anew),
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_423_raises_expires),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_503_holds_all),
		cmocka_unit_test(test_back_off_grows),
		cmocka_unit_test(test_terminated_by_reason),
		cmocka_unit_test(test_ended_at_once_backs_off),
		cmocka_unit_test(test_refresh_survives_errors),
		cmocka_unit_test(test_remove_unsubscribes),
		cmocka_unit_test(test_remove_while_asking),
		cmocka_unit_test(test_resync),
		cmocka_unit_test(test_resync_refused_keeps_old),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_places_run_out),
		cmocka_unit_test(test_add_line_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
