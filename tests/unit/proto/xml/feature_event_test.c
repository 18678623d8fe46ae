#include "proto/xml/feature_event.h"

#include "test.h"

static struct xml_reader *reader;

static int set_up(void **state)
{
	(void)state;
	return xml_reader_new(&reader, 42) != ERR_OK;
}

static int tear_down(void **state)
{
	(void)state;
	xml_reader_free(reader);
	return 0;
}

#define NS " xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\""
#define DND(s) "<DoNotDisturbEvent" NS "><device>1001</device>" s "</DoNotDisturbEvent>"
#define FORWARD(s) "<ForwardingEvent" NS "><device>1001</device>" s "</ForwardingEvent>"

static void events_as_their_makers_write_them(void **state)
{
	static const struct {
		const char *xml;
		struct feature_event is;
	} rows[] = {
		{ DND("<doNotDisturbOn>true</doNotDisturbOn>"), { FEATURE_DND, true, 0, "" } },
		{ DND("<doNotDisturbOn> FALSE\n</doNotDisturbOn>"), { FEATURE_DND, false, 0, "" } },
		{ DND("<doNotDisturbOn>1</doNotDisturbOn>"), { FEATURE_DND, true, 0, "" } },
		{ DND("<doNotDisturbOn>perhaps</doNotDisturbOn>"),
		  { FEATURE_OTHER, false, 0, "" } },
		{ DND(""), { FEATURE_OTHER, false, 0, "" } },
		{ DND("<x><doNotDisturbOn>true</doNotDisturbOn></x>"),
		  { FEATURE_OTHER, false, 0, "" } },
		{ "<c:DoNotDisturbEvent xmlns:c=\"urn:ed4\"><c:doNotDisturbOn>0</c:doNotDisturbOn>"
		  "</c:DoNotDisturbEvent>",
		  { FEATURE_DND, false, 0, "" } },
		{ FORWARD("<forwardingType>forwardImmediate</forwardingType><forwardStatus>true</"
			  "forwardStatus>"
			  "<forwardTo>1002</forwardTo>"),
		  { FEATURE_FORWARD, true, FEATURE_FORWARD_IMMEDIATE, "1002" } },
		{ FORWARD("<forwardStatus>false</forwardStatus><forwardingType>forwardBusy</"
			  "forwardingType>"
			  "<forwardTo/>"),
		  { FEATURE_FORWARD, false, FEATURE_FORWARD_BUSY, "" } },
		{ FORWARD("<forwardingType>forwardNoAns</forwardingType><forwardStatus>true</"
			  "forwardStatus>"
			  "<ringCount>3</ringCount>"),
		  { FEATURE_FORWARD, true, FEATURE_FORWARD_NO_ANSWER, "" } },
		{ FORWARD("<forwardingType>forwardNever</forwardingType><forwardStatus>true</"
			  "forwardStatus>"),
		  { FEATURE_FORWARD, true, FEATURE_FORWARD_OTHER, "" } },
		{ "<AgentLoggedOnEvent" NS
		  "><doNotDisturbOn>true</doNotDisturbOn></AgentLoggedOnEvent>",
		  { FEATURE_OTHER, false, 0, "" } },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct feature_event f = { 0 };

		if (feature_event_read(reader, slice_str(rows[i].xml), &f))
			fail_msg("row %zu is refused", i);
		if (f.kind != rows[i].is.kind || f.on != rows[i].is.on ||
		    f.forward != rows[i].is.forward || strcmp(f.to, rows[i].is.to) != 0)
			fail_msg("row %zu reads as %u %d %u %s", i, f.kind, f.on, f.forward, f.to);
	}
}

static void what_is_no_xml_is_refused(void **state)
{
	struct feature_event f;
	(void)state;

	assert_int_equal(feature_event_read(reader, SLICE_LIT(""), &f), ERR_MALFORMED);
	assert_int_equal(feature_event_read(reader, SLICE_LIT("<DoNotDisturbEvent>"), &f),
			 ERR_MALFORMED);
	assert_int_equal(
		feature_event_read(reader, SLICE_LIT("<!DOCTYPE a><DoNotDisturbEvent/>"), &f),
		ERR_MALFORMED);
}

static void a_switch_is_written(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 4096);
	feature_put_dnd(&b, SLICE_LIT("a&b"), true);
	assert_int_equal(buf_err(&b), ERR_OK);
	assert_non_null(strstr(b.p, "<SetDoNotDisturb xmlns="));
	assert_non_null(strstr(b.p, "<device>a&amp;b</device>"));
	assert_non_null(strstr(b.p, "<doNotDisturbOn>true</doNotDisturbOn>"));
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_as_their_makers_write_them),
		cmocka_unit_test(what_is_no_xml_is_refused),
		cmocka_unit_test(a_switch_is_written),
	};
	return cmocka_run_group_tests_name("proto/xml/feature_event", tests, set_up, tear_down);
}
