/* Many lines at a time: how many are asked about at once, and lines that come and go meanwhile. */
#include <stdio.h>

#include "rig.h"
#include "test.h"

static uint32_t count(const struct rig *r, const char *request)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->asked_n; i++)
		n += slice_starts(slice_str(r->asked[i].text), request);
	return n;
}

static void add_lines(struct rig *r, uint32_t from, uint32_t n)
{
	for (uint32_t i = from; i < from + n; i++) {
		char number[16];

		snprintf(number, sizeof(number), "%u", 1000 + i);
		rig_line(r, i, number);
	}
}

/* Answers everything that is asked, until nothing is. */
static void answer_all(struct rig *r)
{
	while (r->asked_n) {
		char text[160], number[32], xref[40];
		const char *space = strchr(r->asked[0].text, ' ');

		if (!slice_starts(slice_str(r->asked[0].text), "MonitorStop")) {
			snprintf(number, sizeof(number), "%.*s", (int)strcspn(space + 1, " "),
				 space + 1);
			snprintf(xref, sizeof(xref), "x%s", number);
			rig_monitor(r, number, xref);
			snprintf(text, sizeof(text), "SnapshotDevice %s", number);
			if (rig_is_asked(r, text))
				rig_snapshot(r, number, "");
		} else {
			rig_answer(r, "MonitorStop", "<MonitorStopResponse/>");
		}
	}
}

static void test_outstanding(void **state)
{
	const struct rig_setup few = { .outstanding = 3 };
	struct rig r;

	(void)state;
	rig_open(&r, &few);
	add_lines(&r, 0, 10);
	rig_up(&r);
	assert_int_equal(count(&r, "MonitorStart"), 3);
	rig_answer(&r, "MonitorStart 1001", RIG_MONITORED("x1"));
	assert_int_equal(count(&r, ""), 3); /* the line itself goes on */
	rig_steps(&r, "1001");
	assert_int_equal(count(&r, "MonitorStart"), 2);
	rig_snapshot(&r, "1001", "");
	assert_int_equal(count(&r, "MonitorStart"), 3);
	rig_answer(&r, "MonitorStart 1000", RIG_UNKNOWN_DEVICE); /* a refused one makes room too */
	assert_int_equal(count(&r, "MonitorStart"), 3);
	answer_all(&r);
	assert_int_equal(rig_view(&r).live, 9);
	assert_int_equal(rig_view(&r).refused, 1);
	rig_close(&r);
}

/* More monitors to stop than there is room for questions: the new lines wait, and are not
 * forgotten. */
static void test_all_lines_replaced(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	add_lines(&r, 0, 900);
	rig_up(&r);
	answer_all(&r);
	assert_int_equal(rig_view(&r).live, 900);
	rig_sent(&r);
	for (uint32_t i = 0; i < 900; i++)
		csta_source_ops.remove_line(r.s, i);
	add_lines(&r, 900, 900);
	assert_int_equal(count(&r, "MonitorStop"), 900);
	answer_all(&r);
	assert_int_equal(rig_view(&r).live, 900);
	rig_close(&r);
}

/* A line that goes and comes back while it waits for its turn takes nobody's turn away. */
static void test_replaced_while_waiting(void **state)
{
	const struct rig_setup one = { .outstanding = 1 };
	struct rig r;

	(void)state;
	rig_open(&r, &one);
	add_lines(&r, 0, 4);
	rig_up(&r);
	csta_source_ops.remove_line(r.s, 1);
	csta_source_ops.remove_line(r.s, 2);
	add_lines(&r, 2, 1);
	add_lines(&r, 4, 2);
	answer_all(&r);
	assert_int_equal(rig_view(&r).live, 5);
	rig_close(&r);
}

static void test_removed_lines(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	rig_event(&r, RIG_EVENT("Established", "x1",
				RIG_CONNECTION("establishedConnection", "1", "201")));
	rig_told(&r);
	csta_source_ops.remove_line(r.s, 7);
	assert_string_equal(rig_sent(&r), "MonitorStop x1\n");
	rig_event(&r, RIG_EVENT("ConnectionCleared", "x1",
				RIG_CONNECTION("droppedConnection", "1", "201")));
	rig_answer(&r, "MonitorStop", "<MonitorStopResponse/>");
	assert_string_equal(rig_told(&r), "");
	assert_int_equal(rig_view(&r).counters[NOTE_LINE_STRANGE], 1);
	assert_int_equal(rig_view(&r).counters[NOTE_UNSUPPORTED], 0);
	assert_false(csta_source_ops.line_view(r.s, 7, &(struct source_line_view){ 0 }));
	csta_source_ops.remove_line(r.s, 7);
	csta_source_ops.resync_line(r.s, 7);
	csta_source_ops.write_profile(r.s, 7, &(struct profile_write){ 0 });
	assert_string_equal(rig_sent(&r), "");
	rig_close(&r);
}

/* Answers to what the slot's line before had asked are nobody's; a monitor that came with them is
 * given back, for it costs a licence. */
static void test_stale_answers(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_up(&r);
	csta_source_ops.remove_line(r.s, 7);
	rig_line(&r, 8, "202");
	rig_sent(&r);
	rig_told(&r);
	rig_answer(&r, "MonitorStart 201", RIG_MONITORED("x1"));
	assert_string_equal(rig_sent(&r), "MonitorStop x1\n");
	rig_answer(&r, "MonitorStart 202", RIG_MONITORED("x2"));
	assert_string_equal(rig_sent(&r), "GetDoNotDisturb 202\n");
	assert_string_equal(rig_told(&r), "8 here\n");
	csta_source_ops.remove_line(r.s, 8);
	rig_line(&r, 9, "202");
	rig_answer(&r, "GetDoNotDisturb 202",
		   "<GetDoNotDisturbResponse><doNotDisturbOn>true</doNotDisturbOn></"
		   "GetDoNotDisturbResponse>");
	assert_string_equal(rig_told(&r), "");
	rig_monitor(&r, "202", "x3");
	rig_snapshot(&r, "202", "");
	assert_non_null(strstr(rig_told(&r), "9 call - gone full\n"));
	rig_close(&r);
}

static void test_each_line_in_a_quarter_of_an_hour(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	add_lines(&r, 0, 3);
	rig_up(&r);
	answer_all(&r);
	rig_told(&r);
	for (int i = 0; i < 90 + 90; i++) {
		rig_talk(&r, 10000);
		answer_all(&r);
	}
	const char *told = rig_told(&r);
	assert_non_null(strstr(told, "0 call - gone full\n"));
	assert_non_null(strstr(told, "1 call - gone full\n"));
	assert_non_null(strstr(told, "2 call - gone full\n"));
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outstanding),
		cmocka_unit_test(test_all_lines_replaced),
		cmocka_unit_test(test_replaced_while_waiting),
		cmocka_unit_test(test_removed_lines),
		cmocka_unit_test(test_stale_answers),
		cmocka_unit_test(test_each_line_in_a_quarter_of_an_hour),
	};

	return cmocka_run_group_tests_name("source/csta/lines", tests, NULL, NULL);
}
