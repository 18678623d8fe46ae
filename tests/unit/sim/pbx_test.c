/* What the simulated PBX tells when it behaves. */
#include "pbx_world.h"
#include "proto/sip/digest.h"
#include "proto/xml/multipart.h"
#include "proto/xml/pidf.h"
#include "proto/xml/rlmi.h"

/* ---- calls and what is told of them ---- */

static void truth_goes_through_every_state_of_a_call(void **state)
{
	(void)state;
	start((struct pbx_config){0});
	call(0, 1, 2000, 5000);
	assert_int_equal(truth(0), PBX_DIALING);
	assert_int_equal(truth(1), PBX_IDLE);
	pass(100);
	assert_int_equal(truth(0), PBX_DIALING);
	assert_int_equal(truth(1), PBX_RINGING);
	pass(2000);
	assert_int_equal(truth(0), PBX_TALKING);
	assert_int_equal(truth(1), PBX_TALKING);
	assert_int_equal(pbx_hold(w.pbx, w.now_ms, 1, true), ERR_OK);
	assert_int_equal(truth(0), PBX_TALKING);
	assert_int_equal(truth(1), PBX_HELD);
	assert_int_equal(pbx_hold(w.pbx, w.now_ms, 1, false), ERR_OK);
	assert_int_equal(truth(1), PBX_TALKING);
	pass(5000);
	assert_int_equal(truth(0), PBX_IDLE);
	assert_int_equal(truth(1), PBX_IDLE);
	assert_int_equal(pbx_hold(w.pbx, w.now_ms, 1, true), ERR_NOT_FOUND);
	assert_int_equal(pbx_hangup(w.pbx, w.now_ms, 1), ERR_NOT_FOUND);
}

static void asterisk_tells_a_caller_busy_from_the_start(void **state)
{
	(void)state;
	start((struct pbx_config){0});
	assert_int_equal(subscribe((struct ask){.user = "201"}), 200);
	assert_int_equal(subscribe((struct ask){.user = "202", .call = "d"}), 200);
	assert_string_equal(told(), "terminated terminated");
	clear();
	call(0, PBX_EXTERNAL, 1000, 1000);
	pass(10000);
	assert_string_equal(told(), "confirmed terminated");
	clear();
	call(PBX_EXTERNAL, 1, 1000, 1000);
	pass(10000);
	assert_string_equal(told(), "early confirmed terminated");
	assert_true(document(0).list[0].recipient);
}

static void kamailio_tells_every_step_and_keeps_ended_calls_a_while(void **state)
{
	(void)state;
	start((struct pbx_config){.style = PBX_KAMAILIO});
	assert_int_equal(subscribe((struct ask){.user = "201"}), 200);
	assert_int_equal(notify(0)->m.body.n, 0);
	assert_false(sip_msg_has(&notify(0)->m, SIP_CONTENT_TYPE));
	clear();
	call(0, 1, 1000, 1000);
	pass(2500);
	assert_string_equal(told(), "trying early confirmed terminated");
	assert_true(document(0).list[0].initiator);
	assert_true(slice_find_str(notify(0)->m.body, SLICE_LIT("Trying")) < notify(0)->m.body.n);
	assert_true(document(0).list[0].key == document(3).list[0].key);
	for (int i = 0; i < 4; i++)
		assert_int_equal(document(i).version, notify(i)->m.cseq - 1);
	clear();
	call(0, 1, 1000, 1000);
	assert_int_equal(document((drain(), 0)).n, 2);
	assert_int_equal(document(0).list[1].state, DIALOG_TERMINATED);
	pass(20000);
	clear();
	call(0, 1, 1000, 1000);
	assert_int_equal(document((drain(), 0)).n, 1);
}

static void hold_and_several_calls_are_told(void **state)
{
	(void)state;
	for (int style = PBX_ASTERISK; style <= PBX_KAMAILIO; style++) {
		start((struct pbx_config){.style = (uint8_t)style});
		call(0, 1, 100, PBX_UNTIL_TOLD);
		pass(1000);
		subscribe((struct ask){.user = "201"});
		clear();
		assert_int_equal(pbx_hold(w.pbx, w.now_ms, 0, true), ERR_OK);
		drain();
		assert_true(document(0).list[0].held);
		clear();
		call(PBX_EXTERNAL, 0, PBX_UNTIL_TOLD, 0);
		pass(200);
		/* Asterisk folds ringing and held into one confirmed dialog. */
		assert_int_equal(document(0).n, style == PBX_ASTERISK ? 1 : 2);
		assert_int_equal(document(0).list[0].state,
				 style == PBX_ASTERISK ? DIALOG_CONFIRMED : DIALOG_EARLY);
		assert_int_equal(pbx_answer(w.pbx, w.now_ms, 0), ERR_OK);
		assert_int_equal(truth(0), PBX_TALKING);
		assert_int_equal(pbx_hangup(w.pbx, w.now_ms, 0), ERR_OK);
		assert_int_equal(truth(0), PBX_IDLE);
		finish(NULL);
	}
	start((struct pbx_config){0});
}

static void presence_documents_say_the_same(void **state)
{
	struct pidf p;
	(void)state;

	for (int style = PBX_ASTERISK; style <= PBX_KAMAILIO; style++) {
		start((struct pbx_config){.style = (uint8_t)style});
		assert_int_equal(subscribe((struct ask){.user = "202", .event = "presence"}), 200);
		clear();
		call(0, 1, 1000, PBX_UNTIL_TOLD);
		pass(200);
		assert_int_equal(pidf_read(w.reader, notify(0)->m.body, NULL, &p), ERR_OK);
		assert_true(p.open && p.ringing);
		clear();
		pass(2000);
		assert_int_equal(pidf_read(w.reader, notify(0)->m.body, NULL, &p), ERR_OK);
		assert_true(p.open && p.on_the_phone && !p.ringing);
		clear();
		pbx_set_profile(w.pbx, w.now_ms, 1, PBX_MEETING);
		drain();
		if (style == PBX_KAMAILIO) {
			assert_int_equal(pidf_read(w.reader, notify(0)->m.body, NULL, &p), ERR_OK);
			assert_true(p.meeting && p.on_the_phone);
		}
		finish(NULL);
	}
	start((struct pbx_config){0});
}

static void unregistered_and_dnd_phones_report_as_freepbx_does(void **state)
{
	struct pidf p;
	(void)state;

	start((struct pbx_config){0});
	subscribe((struct ask){.user = "201"});
	subscribe((struct ask){.user = "201", .call = "p", .event = "presence"});
	clear();
	pbx_set_registered(w.pbx, w.now_ms, 0, false);
	drain();
	assert_int_equal(notifies(), 2);
	for (int i = 0; i < 2; i++)
		if (sip_type_is(sip_msg_header(&notify(i)->m, SIP_CONTENT_TYPE),
				"application/pidf+xml"))
			assert_int_equal(pidf_read(w.reader, notify(i)->m.body, NULL, &p), ERR_OK);
	assert_true(p.closed && p.unavailable);
	pbx_set_registered(w.pbx, w.now_ms, 0, true);
	drain();
	clear();
	pbx_set_dnd(w.pbx, w.now_ms, 1, true);
	subscribe((struct ask){.user = "202", .call = "x"});
	assert_string_equal(told(), "confirmed");
	assert_int_equal(truth(1), PBX_IDLE);
}

/* ---- subscriptions ---- */

static void subscriptions_live_as_long_as_granted(void **state)
{
	struct sip_subscription_state s;
	char tag[64];
	(void)state;

	start((struct pbx_config){.max_expires_s = 300});
	assert_int_equal(subscribe((struct ask){.user = "201", .expires = 9999}), 200);
	snprintf(tag, sizeof(tag), "%s", tag_of_answer());
	clear();
	pass(200000);
	assert_int_equal(
	    subscribe((struct ask){.user = "201", .to_tag = tag, .cseq = 2, .expires = 100}), 200);
	assert_int_equal(notifies(), 1);
	assert_int_equal(subscribe((struct ask){.user = "201", .to_tag = tag, .cseq = 2}), 500);
	clear();
	pass(99000);
	assert_int_equal(notifies(), 0);
	pass(2000);
	assert_int_equal(notifies(), 1);
	assert_int_equal(
	    sip_subscription_state_parse(sip_msg_header(&notify(0)->m, SIP_SUBSCRIPTION_STATE), &s),
	    ERR_OK);
	assert_int_equal(s.state, SIP_SUB_TERMINATED);
	assert_int_equal(subscribe((struct ask){.user = "201", .to_tag = tag, .cseq = 3}), 481);
}

static void what_cannot_be_subscribed_is_refused(void **state)
{
	(void)state;
	start((struct pbx_config){.min_expires_s = 60});
	assert_int_equal(subscribe((struct ask){.user = "999"}), 404);
	assert_int_equal(subscribe((struct ask){.user = "200"}), 404);
	assert_int_equal(subscribe((struct ask){.user = "211"}), 404);
	assert_int_equal(subscribe((struct ask){.user = "bob"}), 404);
	assert_int_equal(subscribe((struct ask){.user = "lines"}), 404);
	assert_int_equal(subscribe((struct ask){.user = "201", .event = "refer"}), 489);
	assert_int_equal(subscribe((struct ask){.user = "201", .expires = 59}), 423);
	assert_int_equal(subscribe((struct ask){.user = "201", .to_tag = "ffffffff-0"}), 481);
	assert_int_equal(notifies(), 0);
	assert_int_equal(subscribe((struct ask){.user = "210", .expires = 60}), 200);
	assert_int_equal(notifies(), 1);
}

static void a_repeated_request_gets_the_same_answer_and_no_second_subscription(void **state)
{
	struct pbx_counters n;
	(void)state;

	start((struct pbx_config){0});
	assert_int_equal(subscribe((struct ask){.user = "201"}), 200);
	feed_text(w.request);
	pbx_count(w.pbx, &n);
	assert_int_equal(n.subscriptions, 1);
	assert_int_equal(w.n, 3);
	assert_true(slice_eq(w.got[0].m.to_tag, w.got[2].m.to_tag));
}

static void other_methods_and_broken_messages_are_answered_or_counted(void **state)
{
	struct pbx_counters n;
	(void)state;

	start((struct pbx_config){0});
	feed_text(
	    "INVITE sip:201@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5099;branch=z9hG4bKx\r\n"
	    "From: <sip:w@x>;tag=1\r\nTo: <sip:201@x>\r\nCall-ID: i\r\nCSeq: 1 "
	    "INVITE\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(w.got[0].m.status, 405);
	feed_text(
	    "OPTIONS sip:10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5099;branch=z9hG4bKy\r\n"
	    "From: <sip:w@x>;tag=1\r\nTo: <sip:x>\r\nCall-ID: o\r\nCSeq: 1 "
	    "OPTIONS\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(w.got[1].m.status, 200);
	feed_text("hello\r\n\r\n");
	feed_text("\r\n\r\n");
	pbx_count(w.pbx, &n);
	assert_int_equal(n.malformed, 1);
	assert_int_equal(w.n, 2);
}

/* ---- log-in ---- */

static int log_in(uint8_t algorithm, const char *password, const char *header)
{
	struct sip_challenge c = {0};
	const struct sip_header *h = NULL;
	struct buf b;
	char more[1024];
	int status;

	clear();
	subscribe((struct ask){.user = "201"});
	while ((h = sip_msg_next(&w.got[0].m,
				 strcmp(header, "Authorization") == 0 ? SIP_WWW_AUTHENTICATE
								      : SIP_PROXY_AUTHENTICATE,
				 h)))
		if (!sip_challenge_parse(h->value, &c) && c.algorithm == algorithm)
			break;
	assert_non_null(h);
	struct sip_digest d = {.algorithm = algorithm,
			       .qop_auth = true,
			       .username = SLICE_LIT("bridge"),
			       .realm = c.realm,
			       .nonce = c.nonce,
			       .cnonce = SLICE_LIT("q"),
			       .nc = 1,
			       .method = SLICE_LIT("SUBSCRIBE"),
			       .uri = SLICE_LIT("sip:201@10.0.0.1")};
	buf_init(&b, 1000);
	assert_int_equal(sip_put_digest(&b, &d, c.opaque, c.has_opaque, slice_str(password)),
			 ERR_OK);
	snprintf(more, sizeof(more), "%s: %s\r\n", header, buf_cstr(&b));
	buf_fini(&b);
	status = subscribe((struct ask){.user = "201", .cseq = 2, .more = more});
	return status;
}

static void log_in_is_asked_for_in_both_manners(void **state)
{
	static const struct {
		uint8_t style, auth, algorithm;
		const char *header;
		int refused;
	} rows[] = {
	    {PBX_ASTERISK, PBX_AUTH_MD5, SIP_MD5, "Authorization", 401},
	    {PBX_ASTERISK, PBX_AUTH_SHA256, SIP_SHA256, "Authorization", 401},
	    {PBX_ASTERISK, PBX_AUTH_BOTH, SIP_MD5, "Authorization", 401},
	    {PBX_ASTERISK, PBX_AUTH_BOTH, SIP_SHA256, "Authorization", 401},
	    {PBX_KAMAILIO, PBX_AUTH_SHA256, SIP_SHA256, "Proxy-Authorization", 407},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		start((struct pbx_config){.style = rows[i].style,
					  .auth = rows[i].auth,
					  .username = "bridge",
					  .password = "secret"});
		assert_int_equal(log_in(rows[i].algorithm, "wrong", rows[i].header),
				 rows[i].refused);
		assert_int_equal(log_in(rows[i].algorithm, "secret", rows[i].header), 200);
		fault((struct pbx_fault){.kind = PBX_FAULT_STALE, .phone = PBX_EXTERNAL});
		assert_int_equal(log_in(rows[i].algorithm, "secret", rows[i].header),
				 rows[i].refused);
		assert_int_equal(log_in(rows[i].algorithm, "secret", rows[i].header), 200);
		finish(NULL);
	}
	start((struct pbx_config){0});
}

/* ---- lists ---- */

#define EVENTLIST "Supported: eventlist\r\n"

/* Resources in the first NOTIFY since clear(), each with its document. */
static uint32_t list_report(bool *ret_full)
{
	static struct rlmi rlmi;
	struct multipart m;
	struct multipart_part part;
	struct dialog_info d;
	uint32_t n = 0;

	assert_int_equal(
	    multipart_open(&m, sip_msg_header(&notify(0)->m, SIP_CONTENT_TYPE), notify(0)->m.body),
	    ERR_OK);
	assert_true(multipart_next(&m, &part));
	assert_int_equal(rlmi_read(w.reader, part.body, &rlmi), ERR_OK);
	while (multipart_next(&m, &part)) {
		assert_slice(part.content_id, rlmi_text(&rlmi, rlmi.list[n].cid));
		assert_int_equal(dialog_info_read(w.reader, part.body, &d), ERR_OK);
		n++;
	}
	assert_int_equal(m.err, ERR_OK);
	assert_int_equal(n, rlmi.n);
	*ret_full = rlmi.full_state;
	return n;
}

static void lists_tell_all_and_then_what_changed(void **state)
{
	bool full;
	(void)state;

	start((struct pbx_config){0});
	assert_int_equal(subscribe((struct ask){.user = "lines", .more = EVENTLIST}), 200);
	assert_int_equal(list_report(&full), 10);
	assert_true(full);
	clear();
	struct pbx_call_plan plan = {
	    .from = 0, .to = 1, .dial_ms = 150, .ring_ms = 10000, .talk_ms = 1000};
	assert_int_equal(pbx_call(w.pbx, w.now_ms, &plan, NULL), ERR_OK);
	pass(90);
	assert_int_equal(notifies(), 0); /* collected */
	pass(20);
	assert_int_equal(list_report(&full), 1);
	assert_false(full);
}

static void a_list_too_large_is_granted_and_never_told(void **state)
{
	(void)state;
	start((struct pbx_config){.phones = 150});
	assert_int_equal(subscribe((struct ask){.user = "lines", .more = EVENTLIST}), 200);
	call(0, 1, 1000, 1000);
	pass(60000);
	assert_int_equal(notifies(), 0);
	assert_int_equal(pbx_add_list(w.pbx, "east", 0, 100, false, 0), ERR_OK);
	assert_int_equal(pbx_add_list(w.pbx, "east", 0, 100, false, 0), ERR_EXISTS);
	assert_int_equal(pbx_add_list(w.pbx, "west", 100, 51, false, 0), ERR_LIMIT);
	assert_int_equal(subscribe((struct ask){.user = "east", .call = "e", .more = EVENTLIST}),
			 200);
	assert_int_equal(notifies(), 1);
}

/* ---- random calls ---- */

struct day {
	uint64_t calls, answered, busy_sum, samples, hash;
};

static struct day a_day(uint64_t seed)
{
	struct pbx_config c = {.host = "10.0.0.1",
			       .port = 5060,
			       .phones = 40,
			       .first = 201,
			       .username = "",
			       .password = "",
			       .seed = seed,
			       .calls_per_hour = 600,
			       .talk_s = 45};
	struct day d = {0};
	struct pbx_counters n;
	struct pbx *p;
	int64_t now = 0;

	assert_int_equal(pbx_new(&p, &c, now), ERR_OK);
	for (now = 0; now < 3600 * 1000; now += 1000) {
		pbx_tick(p, now);
		pbx_count(p, &n);
		d.hash = d.hash * 31 + n.busy_phones;
		if (now > 60000)
			d.busy_sum += n.busy_phones, d.samples++;
	}
	d.calls = n.calls;
	d.answered = n.answered;
	pbx_free(p);
	return d;
}

static void random_calls_are_lively_sane_and_repeatable(void **state)
{
	(void)state;
	struct day a = a_day(1), b = a_day(1), c = a_day(2);

	assert_true(a.hash == b.hash && a.calls == b.calls);
	assert_true(a.hash != c.hash);
	assert_in_range(a.calls, 450, 750);
	assert_in_range(a.answered * 100 / a.calls, 65, 92);
	assert_in_range(a.busy_sum * 100 / a.samples / 40, 15, 35);
	start((struct pbx_config){0});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(truth_goes_through_every_state_of_a_call, finish),
	    cmocka_unit_test_teardown(asterisk_tells_a_caller_busy_from_the_start, finish),
	    cmocka_unit_test_teardown(kamailio_tells_every_step_and_keeps_ended_calls_a_while,
				      finish),
	    cmocka_unit_test_teardown(hold_and_several_calls_are_told, finish),
	    cmocka_unit_test_teardown(presence_documents_say_the_same, finish),
	    cmocka_unit_test_teardown(unregistered_and_dnd_phones_report_as_freepbx_does, finish),
	    cmocka_unit_test_teardown(subscriptions_live_as_long_as_granted, finish),
	    cmocka_unit_test_teardown(what_cannot_be_subscribed_is_refused, finish),
	    cmocka_unit_test_teardown(
		a_repeated_request_gets_the_same_answer_and_no_second_subscription, finish),
	    cmocka_unit_test_teardown(other_methods_and_broken_messages_are_answered_or_counted,
				      finish),
	    cmocka_unit_test_teardown(log_in_is_asked_for_in_both_manners, finish),
	    cmocka_unit_test_teardown(lists_tell_all_and_then_what_changed, finish),
	    cmocka_unit_test_teardown(a_list_too_large_is_granted_and_never_told, finish),
	    cmocka_unit_test_teardown(random_calls_are_lively_sane_and_repeatable, finish),
	};
	return cmocka_run_group_tests_name("sim/pbx", tests, NULL, NULL);
}
