/* When a watcher is told, and how often. */
#include "rig.h"

#include <stdio.h>

/* 0, 0.5, 1.5, 3.5, 7.5, 11.5 … 31.5 s: eleven copies of the very same bytes, then rests of 30, 60,
 * 120 s. */
static void silence_is_met_with_patience(void **state)
{
	struct rig r;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	rig_subscribe(&r, (struct rig_ask){ .expires = 3600 });
	assert_int_equal(rig_status(&r), 200);
	for (int round = 0; round < 4; round++) {
		uint32_t first = r.at;

		rig_run(&r, 31900);
		assert_int_equal(r.sent_n - first, 11);
		for (uint32_t i = first + 1; i < r.sent_n; i++) {
			assert_int_equal(r.sent[i].n, r.sent[first].n);
			assert_memory_equal(r.sent[i].bytes, r.sent[first].bytes, r.sent[first].n);
		}
		rig_forget(&r);
		if (round < 3)
			rig_run(&r, 100 + (30000 << round) - 1);
		assert_int_equal(r.sent_n, 0);
		rig_run(&r, 1);
	}
	rig_run(&r, 200);
	assert_int_equal(rig_watchers(&r), 0);
	assert_int_equal(rig_counted(&r, LAMP_NOTE_SILENT), 1);
	assert_int_equal(r.notes, 1);
	rig_close(&r);
}

static void later_is_obeyed_and_gone_is_gone(void **state)
{
	struct rig r;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	rig_subscribe(&r, (struct rig_ask){ 0 });
	assert_int_equal(rig_status(&r), 200);
	rig_notify(&r);
	rig_answer(&r, 503, "Retry-After: 50\r\n");
	rig_run(&r, 49000);
	assert_true(rig_quiet(&r));
	rig_run(&r, 1100);
	rig_notify(&r);
	rig_answer(&r, 481, "");
	assert_int_equal(rig_watchers(&r), 0);
	rig_close(&r);
}

/* What changes while a NOTIFY is unanswered is told by one more, with the last state. */
static void one_at_a_time(void **state)
{
	struct rig r;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	rig_subscribe(&r, (struct rig_ask){ 0 });
	assert_int_equal(rig_status(&r), 200);
	rig_notify(&r);
	rig_show(&r, LAMP_MEETING);
	rig_show(&r, LAMP_CALL);
	rig_run(&r, 100);
	assert_true(rig_quiet(&r));
	rig_answer(&r, 200, "");
	rig_run(&r, 30);
	assert_true(rig_has(rig_notify(&r), "confirmed"));
	rig_answer(&r, 200, "");
	rig_run(&r, 1000);
	assert_true(rig_quiet(&r));
	rig_close(&r);
}

static void no_more_than_the_burst(void **state)
{
	struct rig r;
	char call_id[20];
	(void)state;

	rig_open(&r, LAMP_UDP, 200);
	for (int i = 0; i < 120; i++) {
		snprintf(call_id, sizeof(call_id), "c%d", i);
		r.now += 10;
		rig_live(&r, (struct rig_ask){ .call_id = call_id });
	}
	rig_forget(&r);
	rig_run(&r, 1000);
	rig_show(&r, LAMP_MEETING);
	assert_int_equal(r.sent_n, LAMP_BURST);
	rig_run(&r, LAMP_BURST_MS);
	assert_int_equal(r.sent_n, 2 * LAMP_BURST);
	rig_run(&r, LAMP_BURST_MS);
	assert_int_equal(r.sent_n, 120);
	rig_close(&r);
}

static void over_a_stream(void **state)
{
	struct rig r;
	char tag[20];
	(void)state;

	rig_open(&r, LAMP_TCP, 10);
	rig_subscribe(&r, (struct rig_ask){ 0 });
	assert_true(slice_is(sip_msg_header(rig_take(&r), SIP_EXPIRES), "300"));
	snprintf(tag, sizeof(tag), "%.*s", SLICE_ARG(r.m.to_tag));
	rig_notify(&r);
	rig_run(&r, 5000);
	assert_true(rig_quiet(&r)); /* a stream loses nothing */
	rig_answer(&r, 200, "");
	const struct lamps_feed closed = { .kind = LAMPS_CLOSED, .channel = 5 };
	lamps_feed(r.l, r.now, &closed);
	rig_show(&r, LAMP_MEETING);
	rig_run(&r, 1000);
	assert_true(rig_quiet(&r));
	const struct lamps_feed again = { .kind = LAMPS_OPENED,
					  .transport = LAMP_TCP,
					  .channel = 6,
					  .local = { "10.0.0.9", 5060 },
					  .peer = { "10.0.0.1", 5063 } };
	lamps_feed(r.l, r.now, &again);
	r.channel = 6;
	rig_subscribe(&r, (struct rig_ask){ .cseq = 2, .to_tag = tag });
	assert_int_equal(rig_status(&r), 200);
	assert_true(rig_has(rig_notify(&r), "confirmed"));
	assert_int_equal(r.sent[r.at - 1].channel, 6);
	rig_answer(&r, 200, "");
	rig_bytes(&r, "no sip at all\r\nContent-Length: 999999\r\n\r\n");
	assert_int_equal(r.closed, 1);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_is_met_with_patience),
		cmocka_unit_test(later_is_obeyed_and_gone_is_gone),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(no_more_than_the_burst),
		cmocka_unit_test(over_a_stream),
	};

	return cmocka_run_group_tests_name("sink/lamp/notify", tests, NULL, NULL);
}
