#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

static struct rig r;

static void start(void)
{
	rig_open(&r, &(struct rig_options){ 0 });
	rig_add(&r, 7, "201");
	rig_connect(&r);
}

/* Any bytes as a datagram; the status that came back, 0: nothing. */
static uint16_t say_from(const char *host, const char *text)
{
	uint32_t before = r.sent_at = r.sent_n;

	rig_bytes_from(&r, r.channel, host, text, strlen(text));
	return r.sent_n > before ? rig_answer(&r) : 0;
}

static uint16_t say(const char *text)
{
	return say_from("10.0.0.1", text);
}

static char text[4096];

/* A NOTIFY with every part free. */
static const char *notify(const struct rig_dialog *d, const char *branch, uint32_t cseq,
			  const char *headers, const char *body)
{
	snprintf(text, sizeof(text),
		 "NOTIFY sip:offhook@10.0.0.9:5088 SIP/2.0\r\nVia: SIP/2.0/UDP "
		 "10.0.0.1:5060;branch=%s\r\n"
		 "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u NOTIFY\r\n%s\r\n%s",
		 branch, d->own, d->peer, d->call_id, cseq, headers, body);
	return text;
}

#define GOOD                                                                                       \
	"Event: dialog\r\nSubscription-State: active;expires=3600\r\nContent-Type: "               \
	"application/dialog-info+xml\r\n"

static void test_retransmission_answered_again(void **state)
{
	(void)state;
	start();
	struct rig_dialog d = rig_live(&r, "");
	rig_forget(&r);
	const char *busy = rig_info(1, "a", "recipient", "confirmed");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(say(notify(&d, "z9hG4bKsame", 200, GOOD, busy)), 200);
		rig_run(&r, 2000);
	}
	assert_int_equal(r.obs_n, 1);
	assert_int_equal(rig_source(&r).counters[NOTE_REPEATED], 2);
	/* a copy of the one before, long after a newer one, is a copy all the same */
	assert_int_equal(say(notify(&d, "z9hG4bKnext", 201, GOOD, busy)), 200);
	rig_run(&r, 5000);
	assert_int_equal(say(notify(&d, "z9hG4bKsame", 200, GOOD, busy)), 200);
	assert_int_equal(r.obs_n, 2);
	assert_int_equal(r.notes[NOTE_STEPPED_BACK], 0);
	rig_close(&r);
}

/* pbx.md 2, rule 2: Kamailio's workers overtake each other. */
static void test_overtaken(void **state)
{
	(void)state;
	start();
	struct rig_dialog d = rig_live(&r, "");
	rig_forget(&r);
	assert_int_equal(
		say(notify(&d, "z9hG4bKa", 173, GOOD, rig_info(3, "a", "recipient", "confirmed"))),
		200);
	rig_run(&r, 15);
	assert_int_equal(
		say(notify(&d, "z9hG4bKb", 172, GOOD, rig_info(2, "a", "recipient", "early"))),
		200);
	assert_int_equal(r.obs_n, 1);
	assert_int_equal(rig_call(&r, 7), CALL_TALKING);
	assert_int_equal(rig_source(&r).counters[NOTE_OLD_REPORT], 1);
	/* its copies, however late, are no step back */
	rig_run(&r, 4000);
	assert_int_equal(
		say(notify(&d, "z9hG4bKb", 172, GOOD, rig_info(2, "a", "recipient", "early"))),
		200);
	assert_int_equal(r.notes[NOTE_STEPPED_BACK], 0);
	assert_int_equal(r.obs_n, 1);
	rig_close(&r);
}

/* pbx.md 2, rule 1: Asterisk after a crash. A lower number, or one used before, more than a second
 * after the last: a new subscription tells the truth, and the old one is let go. */
static void test_stepped_back(void **state)
{
	static const uint32_t numbers[] = { 8838, 8839 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		start();
		struct rig_dialog d = rig_live(&r, "");
		assert_int_equal(say(notify(&d, "z9hG4bKa", 8839, GOOD,
					    rig_info(3, "a", "recipient", "confirmed"))),
				 200);
		rig_idle(&r, 20000);
		rig_forget(&r);
		assert_int_equal(say(notify(&d, "z9hG4bKb", numbers[i], GOOD,
					    rig_info(2, "a", "recipient", "early"))),
				 200);
		assert_int_equal(r.notes[NOTE_STEPPED_BACK], 1);
		assert_int_equal(r.obs_n, 0); /* the old body is not believed */
		assert_int_equal(r.lost_n, 0);
		struct rig_request *q = rig_take(&r, "SUBSCRIBE");
		assert_int_equal(q->m.to_tag.n, 0);
		assert_string_not_equal(rig_header(q, "Call-ID"), d.call_id);
		rig_reply(&r, q, 200, "Expires: 3600\r\n");
		struct rig_dialog fresh = rig_dialog(q, "fresh");
		fresh.cseq = 3;
		assert_int_equal(rig_notify_dialog(&r, &fresh, rig_info(0, "a", NULL, NULL)), 200);
		assert_int_equal(rig_call(&r, 7), CALL_GONE);
		assert_string_equal(rig_header(rig_take(&r, "SUBSCRIBE"), "Expires"), "0");
		rig_close(&r);
	}
}

/* A PBX whose numbers never rise is asked anew at intervals, not without end. */
static void test_stepping_back_is_paced(void **state)
{
	(void)state;
	rig_open(&r, &(struct rig_options){
			     .server = "sip:pbx.test;transport=tcp" }); /* no copies to count */
	rig_add(&r, 7, "201");
	rig_connect(&r);
	struct rig_dialog d = rig_live(&r, "");
	unsigned asked = 0;
	int64_t begin = r.now;
	while (r.now < begin + 100000) {
		rig_run(&r, 1500);
		d.cseq = 50;
		rig_notify_dialog(&r, &d, "");
		while (!rig_quiet(&r)) {
			struct rig_request *q = rig_take(&r, "SUBSCRIBE");
			bool initial = q->m.to_tag.n == 0;

			rig_reply(&r, q, 200, "Expires: 3600\r\n");
			if (!initial)
				continue;
			asked++;
			d = rig_dialog(q, "pbxtag");
			rig_notify_dialog(&r, &d, "");
		}
	}
	assert_in_range(asked, 5, 11);
	rig_close(&r);
}

/* With the CSeq risen and a whole document, whatever version is taken (seen after restarts). */
static void test_version_back_to_zero(void **state)
{
	(void)state;
	start();
	struct rig_dialog d = rig_live(&r, rig_info(17, "a", "recipient", "early"));
	rig_notify_dialog(&r, &d, rig_info(0, "a", "recipient", "confirmed"));
	assert_int_equal(rig_call(&r, 7), CALL_TALKING);
	assert_true(rig_quiet(&r));
	rig_close(&r);
}

/* RFC 6665 4.4.1: another notifier's NOTIFY may be the first, and several may speak. */
static void test_forks(void **state)
{
	(void)state;
	start();
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	rig_reply(&r, q, 200, "Expires: 3600\r\n"); /* pbxtag */
	struct rig_dialog a = rig_dialog(q, "phone-a"), b = rig_dialog(q, "phone-b"),
			  c = rig_dialog(q, "pbxtag");
	assert_int_equal(rig_notify_dialog(&r, &a, rig_info(0, "x", "recipient", "confirmed")),
			 200);
	assert_int_equal(rig_call(&r, 7), CALL_TALKING);
	/* the second one's idleness does not end the first one's call */
	assert_int_equal(rig_notify_dialog(&r, &b, ""), 200);
	assert_int_equal(rig_call(&r, 7), CALL_TALKING);
	assert_int_equal(rig_notify_dialog(&r, &c, rig_info(0, "y", "recipient", "early")), 200);
	assert_int_equal(rig_notify_dialog(&r, &a, rig_info(1, "x", "recipient", "terminated")),
			 200);
	assert_int_equal(rig_call(&r, 7), CALL_RINGING);
	assert_int_equal(rig_notify_dialog(&r, &b, rig_info(1, "z", "initiator", "trying")), 200);
	assert_int_equal(rig_call(&r, 7), CALL_DIALING);
	/* one that leaves takes its calls along */
	assert_int_equal(rig_notify(&r, &b, "terminated;reason=noresource", NULL, ""), 200);
	assert_int_equal(rig_call(&r, 7), CALL_RINGING);
	assert_int_equal(rig_view(&r, 7).link, LINE_LIVE);
	assert_int_equal(r.lost_n, 0);
	rig_idle(&r, 40000);
	struct rig_dialog late = a;
	snprintf(late.own, sizeof(late.own), "<sip:201@pbx.test>;tag=late");
	assert_int_equal(rig_notify_dialog(&r, &late, ""), 481);
	assert_int_equal(r.notes[NOTE_FORGED], 1);
	/* gone with the line, every one of them */
	rig_remove(&r, 7);
	for (int i = 0; i < 2; i++)
		assert_string_equal(rig_header(rig_take(&r, "SUBSCRIBE"), "Expires"), "0");
	assert_true(rig_quiet(&r));
	rig_close(&r);
}

static void test_fork_limit(void **state)
{
	(void)state;
	start();
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	rig_reply(&r, q, 200, "Expires: 3600\r\n");
	unsigned taken = 0;
	for (int i = 0; i < 50; i++) {
		char tag[16];

		snprintf(tag, sizeof(tag), "t%d", i);
		struct rig_dialog d = rig_dialog(q, tag);
		taken += rig_notify_dialog(&r, &d, "") == 200;
	}
	assert_int_equal(taken, 4);
	rig_close(&r);
}

/* Nobody's, forged, or misdirected. */
static void test_matching_nothing(void **state)
{
	(void)state;
	start();
	struct rig_dialog d = rig_live(&r, ""), x;
	rig_forget(&r);
	x = d;
	x.call_id[0] = x.call_id[0] == '0' ? '1' : '0';
	assert_int_equal(say(notify(&x, "z9hG4bKa", 300, GOOD, "")), 481);
	snprintf(x.call_id, sizeof(x.call_id), "f71730d49a5d699e@w");
	assert_int_equal(say(notify(&x, "z9hG4bKb", 300, GOOD, "")), 481);
	x = d;
	snprintf(x.peer, sizeof(x.peer), "<sip:offhook@pbx.test>;tag=0123456789abcdef");
	assert_int_equal(say(notify(&x, "z9hG4bKc", 300, GOOD, "")), 481);
	x = d;
	snprintf(x.own, sizeof(x.own), "<sip:201@pbx.test>");
	assert_int_equal(say(notify(&x, "z9hG4bKd", 300, GOOD, "")), 481);
	assert_int_equal(r.notes[NOTE_FORGED], 4);
	/* from another address, all right in every other way */
	assert_int_equal(say_from("10.6.6.6", notify(&d, "z9hG4bKe", 300, GOOD, "")), 403);
	assert_string_equal(r.sent[r.sent_n - 1].peer.host, "10.6.6.6");
	assert_int_equal(r.notes[NOTE_FORGED], 5);
	assert_int_equal(r.obs_n, 0);
	/* CUCM sends no To tag */
	x = d;
	snprintf(x.peer, sizeof(x.peer), "<sip:offhook@pbx.test>");
	assert_int_equal(say(notify(&x, "z9hG4bKf", 300, GOOD, "")), 200);
	rig_close(&r);
}

/* An answer from another address, or to no question of ours, changes nothing. */
static void test_forged_answers(void **state)
{
	(void)state;
	start();
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	struct buf b;
	buf_init(&b, 4096);
	sip_put_answer(&b, &q->m, 404, NULL, "t", (struct sip_origin){ SLICE_NONE, 0 });
	sip_put_end(&b, NULL, SLICE_NONE);
	rig_bytes_from(&r, r.channel, "10.6.6.6", b.p, b.n);
	assert_int_equal(rig_view(&r, 7).link, LINE_ASKING);
	assert_int_equal(r.notes[NOTE_FORGED], 1);
	char *branch = strstr(b.p, "z9hG4bK");
	branch[10] = branch[10] == '0' ? '1' : '0';
	rig_bytes(&r, b.p, b.n);
	assert_int_equal(rig_view(&r, 7).link, LINE_ASKING);
	assert_int_equal(r.ups, 0);
	buf_fini(&b);
	rig_close(&r);
}

static void test_error_answers(void **state)
{
	static const struct {
		const char *headers;
		uint16_t status;
		enum note note;
	} rows[] = {
		{ "Event: message-summary\r\nSubscription-State: active\r\n", 489,
		  NOTE_UNSUPPORTED },
		{ "Subscription-State: active\r\n", 489, NOTE_UNSUPPORTED },
		{ "Event: presence\r\nSubscription-State: active\r\n", 489, NOTE_UNSUPPORTED },
		{ "Event: dialog\r\n", 400, NOTE_MALFORMED },
		{ "Event: dialog\r\nSubscription-State: active\r\nRequire: 100rel\r\n", 420,
		  NOTE_UNSUPPORTED },
		{ "Event: dialog\r\nSubscription-State: active\r\nContent-Length: 9\r\n", 400,
		  NOTE_MALFORMED },
		{ "Event: dialog\r\nSubscription-State: active\r\nCSeq: 5 NOTIFY\r\n", 400,
		  NOTE_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		start();
		struct rig_dialog d = rig_live(&r, "");
		rig_forget(&r);
		assert_int_equal(say(notify(&d, "z9hG4bKa", 300, rows[i].headers, "")),
				 rows[i].status);
		assert_int_equal(r.notes[rows[i].note], 1);
		assert_int_equal(r.obs_n, 0);
		assert_int_equal(rig_view(&r, 7).link, LINE_LIVE);
		/* and the next right one is taken */
		assert_int_equal(say(notify(&d, "z9hG4bKb", 301, GOOD,
					    rig_info(1, "a", "recipient", "confirmed"))),
				 200);
		assert_int_equal(rig_call(&r, 7), CALL_TALKING);
		rig_close(&r);
	}
}

#define OTHER(method)                                                                              \
	method " sip:offhook@10.0.0.9 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKo\r\n"    \
	       "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: o\r\nCSeq: 1 " method           \
	       "\r\n\r\n"

static void test_other_methods(void **state)
{
	(void)state;
	start();
	rig_live(&r, "");
	assert_int_equal(say(OTHER("OPTIONS")), 200);
	assert_non_null(strstr(r.sent[r.sent_n - 1].bytes, "Allow: NOTIFY, OPTIONS\r\n"));
	assert_int_equal(say(OTHER("INVITE")), 405);
	assert_non_null(strstr(r.sent[r.sent_n - 1].bytes, "Allow: NOTIFY, OPTIONS\r\n"));
	assert_int_equal(say(OTHER("MESSAGE")), 405);
	assert_int_equal(say(OTHER("SUBSCRIBE")), 405);
	assert_int_equal(say(OTHER("FROBNICATE")), 501);
	assert_int_equal(say(OTHER("notify")), 501); /* methods have case */
	assert_int_equal(say(OTHER("ACK")), 0);
	assert_int_equal(r.notes[NOTE_UNSUPPORTED], 5);
	rig_close(&r);
}

static void test_malformed(void **state)
{
	static const char *const junk[] = {
		"hello",
		"\x80\x80\x80\x80",
		"NOTIFY",
		"NOTIFY sip:x SIP/2.0\r\n",
		"SIP/2.0 200 OK\r\nbroken\r\n\r\n",
	};

	(void)state;
	start();
	rig_live(&r, "");
	for (size_t i = 0; i < ARRAY_LEN(junk); i++)
		assert_int_equal(say(junk[i]), 0);
	assert_int_equal(r.notes[NOTE_MALFORMED], ARRAY_LEN(junk));
	assert_int_equal(say("\r\n\r\n"), 0); /* a NAT keep-alive */
	assert_int_equal(say(""), 0);
	assert_int_equal(r.notes[NOTE_MALFORMED], ARRAY_LEN(junk));
	assert_int_equal(say("NOTIFY sip:x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\r\n"),
			 400);
	assert_int_equal(say("NOTIFY sip:x SIP/3.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\r\n"),
			 505);
	assert_int_equal(say("ACK sip:x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\r\n"), 0);
	assert_int_equal(rig_view(&r, 7).link, LINE_LIVE);
	rig_close(&r);
}

/* A body that cannot be read: the right error, the last state stands, and the truth is asked anew.
 */
static void test_bad_bodies(void **state)
{
	static const struct {
		const char *type, *body;
		uint16_t status;
	} rows[] = {
		{ "application/dialog-info+xml", "<dialog-info", 400 },
		{ "application/dialog-info+xml", "no xml at all", 400 },
		{ "application/dialog-info+xml", "<presence xmlns='urn:ietf:params:xml:ns:pidf'/>",
		  400 },
		{ "application/dialog-info+xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><dialog-info/>",
		  400 },
		{ "application/pidf+xml", "<presence/>", 415 },
		{ "text/plain", "confirmed", 415 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		start();
		struct rig_dialog d = rig_live(&r, rig_info(0, "a", "recipient", "confirmed"));
		rig_idle(&r, 20000);
		rig_forget(&r);
		assert_int_equal(rig_notify(&r, &d, SUBSTATE, rows[i].type, rows[i].body),
				 rows[i].status);
		assert_int_equal(r.notes[NOTE_BAD_BODY], 1);
		assert_int_equal(r.obs_n, 0);
		assert_int_equal(r.lost_n, 0);
		assert_int_equal(rig_take(&r, "SUBSCRIBE")->m.to_tag.n, 0);
		rig_close(&r);
	}
}

static void test_first_body_bad(void **state)
{
	(void)state;
	start();
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	rig_reply(&r, q, 200, "Expires: 3600\r\n");
	struct rig_dialog d = rig_dialog(q, "pbxtag");
	assert_int_equal(rig_notify(&r, &d, SUBSTATE, "application/dialog-info+xml", "<"), 400);
	assert_int_equal(rig_view(&r, 7).link, LINE_WAITING);
	assert_int_equal(r.obs_n, 0);
	assert_string_equal(rig_header(rig_take(&r, "SUBSCRIBE"), "Expires"), "0");
	rig_close(&r);
}

static void test_pending(void **state)
{
	(void)state;
	start();
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	rig_reply(&r, q, 202, "Expires: 3600\r\n");
	struct rig_dialog d = rig_dialog(q, "pbxtag");
	assert_int_equal(rig_notify(&r, &d, "pending;expires=3600", NULL, ""), 200);
	assert_int_equal(r.obs_n, 0); /* says nothing of the line */
	assert_int_equal(rig_notify(&r, &d, "active;expires=3600", NULL, ""), 200);
	assert_int_equal(rig_call(&r, 7), CALL_GONE);
	rig_close(&r);
}

/* Compact names, folds and blanks, as another PBX may write the same NOTIFY. */
static void test_other_spelling(void **state)
{
	(void)state;
	start();
	struct rig_dialog d = rig_live(&r, "");
	rig_forget(&r);
	const char *body = rig_info(1, "a", "RECIPIENT", "Confirmed");
	snprintf(text, sizeof(text),
		 "NOTIFY sip:offhook@10.0.0.9:5088 SIP/2.0\r\nv:\r\n SIP/2.0/UDP 10.0.0.1:5060 "
		 ";branch=z9hG4bKq\r\n"
		 "f: %s\r\nt: %s\r\ni:   %s\r\nCSeq: 900\r\n NOTIFY\r\no: "
		 "DIALOG\r\nsubscription-state : Active ;\r\n"
		 "\texpires=100\r\nc: Application/Dialog-Info+XML;charset=utf-8\r\nl:   "
		 "%zu\r\n\r\n%s",
		 d.own, d.peer, d.call_id, strlen(body), body);
	assert_int_equal(say(text), 200);
	assert_int_equal(rig_call(&r, 7), CALL_TALKING);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retransmission_answered_again),
		cmocka_unit_test(test_overtaken),
		cmocka_unit_test(test_stepped_back),
		cmocka_unit_test(test_stepping_back_is_paced),
		cmocka_unit_test(test_version_back_to_zero),
		cmocka_unit_test(test_forks),
		cmocka_unit_test(test_fork_limit),
		cmocka_unit_test(test_matching_nothing),
		cmocka_unit_test(test_forged_answers),
		cmocka_unit_test(test_error_answers),
		cmocka_unit_test(test_other_methods),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_bad_bodies),
		cmocka_unit_test(test_first_body_bad),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_other_spelling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
