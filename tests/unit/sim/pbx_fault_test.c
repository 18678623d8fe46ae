/* Transactions, streams and misbehaviour of the simulated PBX. */
#include "pbx_world.h"

/* ---- transactions ---- */

static void notifies_are_repeated_on_udp_until_answered(void **state)
{
	static const int64_t gaps[] = {500, 1000, 2000, 4000, 4000};
	struct pbx_counters n;
	(void)state;

	start((struct pbx_config){0});
	w.answer = 0;
	subscribe((struct ask){.user = "201"});
	pass(12000);
	assert_int_equal(notifies(), 6);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(notify(i + 1)->at_ms - notify(i)->at_ms, gaps[i]);
		assert_true(slice_eq(notify(i + 1)->out.bytes, notify(i)->out.bytes));
	}
	w.answer = 200;
	pass(40000);
	pbx_count(w.pbx, &n);
	assert_int_equal(n.subscriptions, 1);
}

static void nobody_there_or_481_ends_the_subscription(void **state)
{
	struct pbx_counters n;
	(void)state;

	start((struct pbx_config){0});
	w.answer = 0;
	subscribe((struct ask){.user = "201"});
	pass(31000);
	pbx_count(w.pbx, &n);
	assert_int_equal(n.subscriptions, 1);
	pass(2000);
	pbx_count(w.pbx, &n);
	assert_int_equal(n.subscriptions, 0);
	w.answer = 481;
	subscribe((struct ask){.user = "201", .call = "e"});
	pbx_count(w.pbx, &n);
	assert_int_equal(n.subscriptions, 0);
	w.answer = 500;
	subscribe((struct ask){.user = "201", .call = "f"});
	pbx_count(w.pbx, &n);
	assert_int_equal(n.subscriptions, 1);
}

static void a_lost_stream_is_replaced_by_one_to_the_contact(void **state)
{
	struct pbx_counters n;
	(void)state;

	start((struct pbx_config){0});
	w.channel = 5;
	pbx_feed(w.pbx, w.now_ms,
		 &(struct pbx_feed){
		     .kind = PBX_OPENED, .transport = PBX_TCP, .channel = 5, .peer = watcher});
	assert_int_equal(subscribe((struct ask){.user = "201"}), 200);
	assert_int_equal(notify(0)->out.channel, 5);
	clear();
	pbx_feed(w.pbx, w.now_ms, &(struct pbx_feed){.kind = PBX_CLOSED, .channel = 5});
	call(0, PBX_EXTERNAL, PBX_UNTIL_TOLD, 0);
	pass(200);
	assert_true(w.connected >= 0x80000000u);
	assert_int_equal(notifies(), 0);
	w.channel = w.connected;
	pbx_feed(
	    w.pbx, w.now_ms,
	    &(struct pbx_feed){.kind = PBX_OPENED, .transport = PBX_TCP, .channel = w.connected});
	drain();
	assert_string_equal(told(), "confirmed");
	pbx_feed(w.pbx, w.now_ms, &(struct pbx_feed){.kind = PBX_CLOSED, .channel = w.connected});
	assert_int_equal(pbx_hangup(w.pbx, w.now_ms, 0), ERR_OK);
	drain();
	pbx_feed(w.pbx, w.now_ms, &(struct pbx_feed){.kind = PBX_CLOSED, .channel = w.connected});
	pbx_count(w.pbx, &n);
	assert_int_equal(n.subscriptions, 0);
}

/* ---- faults ---- */

static void overtaken_reports_arrive_in_the_wrong_order(void **state)
{
	(void)state;
	start((struct pbx_config){.style = PBX_KAMAILIO});
	subscribe((struct ask){.user = "201"});
	clear();
	fault((struct pbx_fault){.kind = PBX_FAULT_OVERTAKEN, .phone = 0});
	call(0, 1, 1000, 1000);
	pass(3000);
	assert_string_equal(told(), "early trying confirmed terminated");
	assert_int_equal(notify(0)->m.cseq, notify(1)->m.cseq + 1);
	assert_true(notify(1)->at_ms - notify(0)->at_ms <= 30);
}

static void swapped_states_are_numbered_in_order(void **state)
{
	(void)state;
	start((struct pbx_config){.style = PBX_KAMAILIO});
	subscribe((struct ask){.user = "201"});
	clear();
	fault((struct pbx_fault){.kind = PBX_FAULT_SWAPPED, .phone = 0});
	call(0, 1, 1000, 1000);
	assert_int_equal(truth(0), PBX_DIALING);
	pass(3000);
	assert_string_equal(told(), "early trying confirmed terminated");
	assert_int_equal(notify(0)->m.cseq + 1, notify(1)->m.cseq);
}

static void repeated_again_lost_and_skipped(void **state)
{
	(void)state;
	start((struct pbx_config){0});
	subscribe((struct ask){.user = "201"});
	uint32_t cseq = notify(0)->m.cseq;
	clear();
	fault((struct pbx_fault){.kind = PBX_FAULT_REPEATED, .phone = PBX_EXTERNAL});
	call(0, 1, 1000, 1000);
	drain();
	assert_int_equal(notifies(), 2);
	assert_int_equal(notify(0)->m.cseq, cseq + 1);
	assert_int_equal(notify(1)->m.cseq, cseq + 1);
	pass(10000);
	clear();
	fault((struct pbx_fault){.kind = PBX_FAULT_AGAIN, .phone = 0});
	assert_string_equal(told(), "terminated");
	cseq = notify(0)->m.cseq;
	clear();
	fault((struct pbx_fault){.kind = PBX_FAULT_LOST, .phone = 0});
	call(0, 1, PBX_UNTIL_TOLD, 1000);
	drain();
	assert_int_equal(notifies(), 0);
	pass(499);
	assert_int_equal(notifies(), 0);
	pass(1);
	assert_string_equal(told(), "confirmed");
	fault((struct pbx_fault){.kind = PBX_FAULT_SKIPPED, .phone = 0});
	clear();
	assert_int_equal(pbx_hangup(w.pbx, w.now_ms, 0), ERR_OK);
	pass(60000);
	assert_int_equal(notifies(), 0);
	fault((struct pbx_fault){.kind = PBX_FAULT_AGAIN, .phone = 0});
	assert_int_equal(notify(0)->m.cseq, cseq + 3);
}

static void a_stuck_call_is_seen_by_old_subscriptions_only(void **state)
{
	struct pbx_phone ph;
	(void)state;

	for (int style = PBX_ASTERISK; style <= PBX_KAMAILIO; style++) {
		start((struct pbx_config){.style = (uint8_t)style});
		call(0, 1, 100, 5000);
		pass(1000);
		subscribe((struct ask){.user = "201"});
		char tag[64];
		snprintf(tag, sizeof(tag), "%s", tag_of_answer());
		fault((struct pbx_fault){.kind = PBX_FAULT_STUCK, .phone = 0});
		pass(20000);
		assert_int_equal(truth(0), PBX_IDLE);
		assert_true(pbx_phone(w.pbx, 0, &ph) && ph.stuck);
		clear();
		subscribe((struct ask){.user = "201", .to_tag = tag, .cseq = 2});
		assert_string_equal(told(), "confirmed");
		clear();
		subscribe((struct ask){.user = "201", .call = "new"});
		assert_string_equal(told(), "terminated");
		clear();
		fault((struct pbx_fault){.kind = PBX_FAULT_NONE});
		assert_true(notifies() >= 1);
		assert_int_equal(document(0).n ? document(0).list[0].state : DIALOG_TERMINATED,
				 DIALOG_TERMINATED);
		finish(NULL);
	}
	start((struct pbx_config){0});
}

static void silence_swallows_both_ways_and_ends(void **state)
{
	(void)state;
	start((struct pbx_config){0});
	subscribe((struct ask){.user = "201"});
	clear();
	fault((struct pbx_fault){.kind = PBX_FAULT_SILENT, .ms = 3000});
	call(0, 1, PBX_UNTIL_TOLD, 0);
	pass(2900);
	assert_int_equal(w.n, 0);
	assert_int_equal(subscribe((struct ask){.user = "202", .call = "x"}), 0);
	pass(2000);
	assert_string_equal(told(), "confirmed"); /* its next repetition */
	assert_int_equal(subscribe((struct ask){.user = "202", .call = "y"}), 200);
}

static void refusals_count_down(void **state)
{
	(void)state;
	start((struct pbx_config){0});
	fault((struct pbx_fault){
	    .kind = PBX_FAULT_BUSY, .phone = PBX_EXTERNAL, .count = 2, .retry_after_s = 9});
	assert_int_equal(subscribe((struct ask){.user = "201"}), 503);
	assert_slice(sip_msg_header(&w.got[0].m, SIP_RETRY_AFTER), "9");
	assert_int_equal(subscribe((struct ask){.user = "201"}), 503);
	assert_int_equal(subscribe((struct ask){.user = "201"}), 200);
	fault((struct pbx_fault){.kind = PBX_FAULT_REFUSE, .phone = 1, .status = 403});
	assert_int_equal(subscribe((struct ask){.user = "203", .call = "q"}), 200);
	assert_int_equal(subscribe((struct ask){.user = "202", .call = "r"}), 403);
}

static void every_reason_can_end_a_subscription(void **state)
{
	static const char *const reasons[] = {"deactivated", "probation",  "rejected",	"timeout",
					      "giveup",	     "noresource", "invariant", ""};
	struct sip_subscription_state s;
	struct pbx_counters n;
	(void)state;

	start((struct pbx_config){0});
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
		char id[8];

		snprintf(id, sizeof(id), "r%zu", i);
		subscribe((struct ask){.user = "201", .call = id});
		clear();
		fault((struct pbx_fault){.kind = PBX_FAULT_TERMINATE,
					 .phone = 0,
					 .reason = reasons[i],
					 .retry_after_s = 3});
		assert_int_equal(notifies(), 1);
		assert_int_equal(sip_subscription_state_parse(
				     sip_msg_header(&notify(0)->m, SIP_SUBSCRIPTION_STATE), &s),
				 ERR_OK);
		assert_int_equal(s.state, SIP_SUB_TERMINATED);
		assert_int_equal(s.retry_after_s, 3);
		pbx_count(w.pbx, &n);
		assert_int_equal(n.subscriptions, 0);
	}
}

static void restarts_forget_keep_or_step_back(void **state)
{
	struct pbx_counters n;
	(void)state;

	for (int mode = PBX_RESTART_FORGET; mode <= PBX_RESTART_STEP_BACK; mode++) {
		start((struct pbx_config){0});
		subscribe((struct ask){.user = "201"});
		pass(2000);
		call(0, 1, 100, 20000);
		pass(2000);
		const struct got *last = notify(notifies() - 1);
		uint32_t cseq = last->m.cseq;
		uint32_t version = document(notifies() - 1).version;
		clear();
		pbx_restart(w.pbx, w.now_ms, (enum pbx_restart_mode)mode, 5000, false);
		assert_int_equal(subscribe((struct ask){.user = "202", .call = "x"}), 0);
		pass(4900);
		assert_int_equal(w.n, 0);
		pass(200);
		pbx_count(w.pbx, &n);
		assert_int_equal(n.subscriptions, mode == PBX_RESTART_FORGET ? 0 : 1);
		assert_int_equal(truth(0), PBX_TALKING);
		if (mode != PBX_RESTART_FORGET) {
			int32_t step = mode == PBX_RESTART_KEEP ? 1 : -1;

			assert_string_equal(told(), "confirmed");
			assert_int_equal(notify(0)->m.cseq, cseq + (uint32_t)step);
			assert_int_equal(document(0).version, version + (uint32_t)step);
		}
		finish(NULL);
	}
	start((struct pbx_config){0});
}

static void streams_close_at_a_restart_and_open_only_afterwards(void **state)
{
	(void)state;
	start((struct pbx_config){0});
	struct pbx_feed in = {
	    .kind = PBX_OPENED, .transport = PBX_TCP, .channel = 3, .peer = watcher};

	pbx_feed(w.pbx, w.now_ms, &in);
	pbx_restart(w.pbx, w.now_ms, PBX_RESTART_FORGET, 1000, true);
	drain();
	assert_int_equal(w.closed, 1);
	in.channel = 4;
	pbx_feed(w.pbx, w.now_ms, &in);
	drain();
	assert_int_equal(w.closed, 2);
	pass(1000);
	in.channel = 5;
	pbx_feed(w.pbx, w.now_ms, &in);
	drain();
	assert_int_equal(w.closed, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(notifies_are_repeated_on_udp_until_answered, finish),
	    cmocka_unit_test_teardown(nobody_there_or_481_ends_the_subscription, finish),
	    cmocka_unit_test_teardown(a_lost_stream_is_replaced_by_one_to_the_contact, finish),
	    cmocka_unit_test_teardown(overtaken_reports_arrive_in_the_wrong_order, finish),
	    cmocka_unit_test_teardown(swapped_states_are_numbered_in_order, finish),
	    cmocka_unit_test_teardown(repeated_again_lost_and_skipped, finish),
	    cmocka_unit_test_teardown(a_stuck_call_is_seen_by_old_subscriptions_only, finish),
	    cmocka_unit_test_teardown(silence_swallows_both_ways_and_ends, finish),
	    cmocka_unit_test_teardown(refusals_count_down, finish),
	    cmocka_unit_test_teardown(every_reason_can_end_a_subscription, finish),
	    cmocka_unit_test_teardown(restarts_forget_keep_or_step_back, finish),
	    cmocka_unit_test_teardown(streams_close_at_a_restart_and_open_only_afterwards, finish),
	};
	return cmocka_run_group_tests_name("sim/pbx_fault", tests, NULL, NULL);
}
