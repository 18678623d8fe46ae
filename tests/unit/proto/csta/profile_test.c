/* The table by which a switch's words for the user's own presence become ours, and back. */
#include "proto/csta/profile.h"

#include <stdio.h>

#include "core/types.h"
#include "test.h"

static struct csta_form form;
static struct csta_message m;
static struct xml_reader *reader;
static char why[240];

static void make(const struct csta_mapping *mapping)
{
	why[0] = '\0';
	if (csta_form_init(&form, mapping, why, sizeof(why)))
		fail_msg("%s", why);
}

static void read(const char *xml)
{
	assert_int_equal(csta_read(reader, slice_str(xml), &m), ERR_OK);
}

static enum csta_profile event(const char *xml)
{
	struct slice word = SLICE_NONE;

	read(xml);
	return csta_form_event(&form, &m, &word);
}

static enum csta_profile answer(const char *xml)
{
	struct slice word = SLICE_NONE;

	read(xml);
	return csta_form_answer(&form, &m, &word);
}

/* The connector gives its own numbers to the engine as they are. */
static void the_order_is_the_engines(void **state)
{
	(void)state;
	make(NULL);
	assert_int_equal(CSTA_IGNORED, PROFILE_COUNT);
	assert_int_equal(CSTA_AVAILABLE, PROFILE_AVAILABLE);
	for (int p = 0; p < PROFILE_COUNT; p++) {
		char row[80];
		const char *const rows[] = { row };

		snprintf(row, sizeof(row), "theirs=%s", profile_name((enum profile)p));
		make(&(struct csta_mapping){ .rows = rows, .rows_n = 1 });
		assert_int_equal(form.rows[0].ours, p);
	}
}

static void the_sixth_edition(void **state)
{
	static const struct {
		const char *word;
		enum csta_profile ours;
	} words[] = {
		{ "available", CSTA_AVAILABLE },
		{ "away", CSTA_AWAY },
		{ "busy", CSTA_BUSY },
		{ "calling", CSTA_BUSY },
		{ "dnd", CSTA_NOT_AVAILABLE },
		{ "meeting", CSTA_MEETING },
		{ "offline", CSTA_NOT_AVAILABLE },
		{ "unknown", CSTA_NO_STATEMENT },
		{ "vacation", CSTA_AWAY },
		{ "Away", CSTA_AWAY },
		{ "applicationSpecified0", CSTA_STRANGE },
		{ "", CSTA_UNSAID },
	};

	(void)state;
	make(NULL);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		char xml[240];

		snprintf(xml, sizeof(xml),
			 "<PresenceStateEvent><device>1</device><presenceState>%s</presenceState>"
			 "</PresenceStateEvent>",
			 words[i].word);
		assert_int_equal(event(xml), words[i].ours);
		snprintf(xml, sizeof(xml),
			 "<GetPresenceStateResponse><x><presenceState>%s</presenceState></x>"
			 "</GetPresenceStateResponse>",
			 words[i].word);
		assert_int_equal(answer(xml), words[i].ours);
	}
	assert_int_equal(event("<PresenceStateEvent/>"), CSTA_UNSAID);
	assert_int_equal(event("<XEvent><presenceState>away</presenceState></XEvent>"),
			 CSTA_UNSAID);
	assert_int_equal(answer("<GetPresenceStateResponse/>"), CSTA_UNSAID);
	assert_string_equal(form.get, "GetPresenceState");
	assert_string_equal(form.set, "SetPresenceState/requestedPresenceState");
}

static void the_word_that_is_written(void **state)
{
	static const char *const rows[] = { "A/b@Absent=away", "gone=away", "Absent=away",
					    "meeting=meeting" };

	(void)state;
	make(NULL);
	assert_string_equal(csta_form_word(&form, CSTA_AVAILABLE), "available");
	assert_string_equal(csta_form_word(&form, CSTA_AWAY), "away");
	assert_string_equal(csta_form_word(&form, CSTA_BUSY), "busy");
	assert_string_equal(csta_form_word(&form, CSTA_NOT_AVAILABLE), "offline");
	assert_string_equal(csta_form_word(&form, CSTA_MEETING), "meeting");
	make(&(struct csta_mapping){ .rows = rows, .rows_n = ARRAY_LEN(rows) });
	assert_string_equal(csta_form_word(&form, CSTA_AWAY), "gone");
	assert_null(csta_form_word(&form, CSTA_BUSY));
}

static void own_elements(void **state)
{
	static const char *const rows[] = { "Absent=away",
					    "At desk = available",
					    "x=y=busy",
					    "DoNotDisturbEvent/profile@3=meeting",
					    "VendorEvent/a/b@none=none",
					    "VendorEvent/a/c@Lunch=ignore",
					    "VendorEvent/a/c@In=available" };
	struct slice word = SLICE_NONE;

	(void)state;
	make(&(struct csta_mapping){ .at = "PrivateEvent/data/state",
				     .get = "",
				     .set = "",
				     .rows = rows,
				     .rows_n = ARRAY_LEN(rows) });
	assert_string_equal(form.get, "");
	assert_string_equal(form.set, "");
	assert_int_equal(
		event("<PrivateEvent><x><data><state>absent</state></data></x></PrivateEvent>"),
		CSTA_AWAY);
	assert_int_equal(
		event("<PrivateEvent><data><state> At desk\n</state></data></PrivateEvent>"),
		CSTA_AVAILABLE);
	assert_int_equal(event("<PrivateEvent><data><state>x=y</state></data></PrivateEvent>"),
			 CSTA_BUSY);
	assert_int_equal(event("<PrivateEvent><state>Absent</state></PrivateEvent>"), CSTA_UNSAID);
	assert_int_equal(event("<DoNotDisturbEvent><profile>3</profile></DoNotDisturbEvent>"),
			 CSTA_MEETING);
	assert_int_equal(event("<DoNotDisturbEvent><profile>4</profile></DoNotDisturbEvent>"),
			 CSTA_UNSAID);
	assert_int_equal(event("<VendorEvent><a><b>none</b></a></VendorEvent>"), CSTA_NO_STATEMENT);
	assert_int_equal(event("<VendorEvent><a><c>Lunch</c></a></VendorEvent>"), CSTA_IGNORED);
	assert_int_equal(event("<VendorEvent><a><b>x</b><c>In</c></a></VendorEvent>"),
			 CSTA_AVAILABLE);
	/* a row with a path is no word of the form's own element */
	read("<PrivateEvent><data><state>Lunch</state></data></PrivateEvent>");
	assert_int_equal(csta_form_event(&form, &m, &word), CSTA_STRANGE);
	assert_slice(word, "Lunch");
}

static void nothing_of_its_own(void **state)
{
	static const char *const rows[] = { "E/a@x=busy", "away=away" };

	(void)state;
	make(&(struct csta_mapping){ .at = "", .rows = rows, .rows_n = ARRAY_LEN(rows) });
	assert_int_equal(event("<PresenceStateEvent><presenceState>away</presenceState>"
			       "</PresenceStateEvent>"),
			 CSTA_UNSAID);
	assert_int_equal(answer("<R><presenceState>away</presenceState></R>"), CSTA_UNSAID);
	assert_int_equal(event("<E><a>x</a></E>"), CSTA_BUSY);
}

#define LONG48 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG192 LONG48 LONG48 LONG48 LONG48

static const struct {
	const char *at, *get, *set, *row, *why;
} refusals[] = {
	{ "Event", 0, 0, 0,
	  "profile_at must be element names with / between, and this is not: Event" },
	{ "Event/", 0, 0, 0,
	  "profile_at must be element names with / between, and this is not: Event/" },
	{ "/a", 0, 0, 0, "profile_at must be element names with / between, and this is not: /a" },
	{ "a//b", 0, 0, 0,
	  "profile_at must be element names with / between, and this is not: a//b" },
	{ "csta:a/b", 0, 0, 0,
	  "profile_at must be element names with / between, and this is not: csta:a/b" },
	{ "a/b c", 0, 0, 0,
	  "profile_at must be element names with / between, and this is not: a/b c" },
	{ "a/1b", 0, 0, 0,
	  "profile_at must be element names with / between, and this is not: a/1b" },
	{ "a/" LONG192, 0, 0, 0,
	  "profile_at must be element names with / between, and this is not: a/" LONG48
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
	{ 0, "Get><x", 0, 0,
	  "profile_get must be element names with / between, and this is not: Get><x" },
	{ 0, "Get/x", 0, 0, "profile_get must be one element: Get/x" },
	{ 0, LONG48, 0, 0,
	  "profile_get must be element names with / between, and this is not: " LONG48 },
	{ 0, 0, "Set", 0,
	  "profile_set must be element names with / between, and this is not: Set" },
	{ 0, 0, "Set/\"", 0,
	  "profile_set must be element names with / between, and this is not: Set/\"" },
	{ 0, 0, 0, "away", "profiles must be words like Absent=away, and this is not: away" },
	{ 0, 0, 0, "", "profiles must be words like Absent=away, and this is not: " },
	{ 0, 0, 0, "=away", "profiles: a word is empty or too long: =away" },
	{ 0, 0, 0, "a/b@=away", "profiles: a word is empty or too long: a/b@=away" },
	{ 0, 0, 0, LONG48 "=away", "profiles: a word is empty or too long: " LONG48 "=away" },
	{ 0, 0, 0, "a@x=away",
	  "profiles: no path of elements such as Event/element stands before @: a@x=away" },
	{ 0, 0, 0, "@x=away",
	  "profiles: no path of elements such as Event/element stands before @: @x=away" },
	{ 0, 0, 0, "ana@acme.example=away",
	  "profiles: no path of elements such as Event/element stands before @: "
	  "ana@acme.example=away" },
	{ 0, 0, 0, "Absent=absent",
	  "profiles must end in available, away, busy, not-available, meeting, none or ignore, and "
	  "this "
	  "does not: Absent=absent" },
	{ 0, 0, 0, "Absent=",
	  "profiles must end in available, away, busy, not-available, meeting, none or ignore, and "
	  "this "
	  "does not: Absent=" },
};

/* The end beside the word, at any depth; text that is none is told apart from silence. */
static void the_end(void **state)
{
	static const struct {
		const char *until, *text;
		enum err e;
		int64_t ms;
	} rows[] = {
		{ NULL, "<untilTime>2026-11-24T14:00:00Z</untilTime>", ERR_OK, 1795528800000 },
		{ NULL, "<x><untilTime> 2026-11-24T15:00:00.250+01:00 </untilTime></x>", ERR_OK,
		  1795528800250 },
		{ NULL, "<untilTime>2026-11-24T14:00:00</untilTime>", ERR_MALFORMED, 7 },
		{ NULL, "<untilTime>noon</untilTime>", ERR_MALFORMED, 7 },
		{ NULL, "<untilTime/>", ERR_OK, INT64_MAX },
		{ NULL, "", ERR_OK, INT64_MAX },
		{ "endTime", "<untilTime>2026-11-24T14:00:00Z</untilTime>", ERR_OK, INT64_MAX },
		{ "endTime", "<endTime>2026-11-24T14:00:00Z</endTime>", ERR_OK, 1795528800000 },
		{ "", "<untilTime>2026-11-24T14:00:00Z</untilTime>", ERR_OK, INT64_MAX },
	};
	static const char *const wrong[] = { "a/b", "a b", "1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slice word = SLICE_NONE;
		char xml[240];
		int64_t ms = 7;

		make(&(struct csta_mapping){ .until = rows[i].until });
		snprintf(xml, sizeof(xml), "<E><presenceState>away</presenceState>%s</E>",
			 rows[i].text);
		read(xml);
		assert_int_equal(csta_form_until(&form, &m, &ms, &word), rows[i].e);
		assert_int_equal(ms, rows[i].ms);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(csta_form_init(&form, &(struct csta_mapping){ .until = wrong[i] }, why,
						sizeof(why)),
				 ERR_MALFORMED);
}

static void what_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		const struct csta_mapping mapping = { refusals[i].at, refusals[i].get,
						      refusals[i].set,
						      NULL,
						      refusals[i].row ? &refusals[i].row : NULL,
						      refusals[i].row ? 1 : 0 };

		if (csta_form_init(&form, &mapping, why, sizeof(why)) != ERR_MALFORMED)
			fail_msg("row %zu is taken", i);
		assert_string_equal(why, refusals[i].why);
	}
}

static void too_many_rows(void **state)
{
	const char *rows[CSTA_ROWS_MAX + 1];
	struct csta_mapping mapping = { .rows = rows, .rows_n = CSTA_ROWS_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		rows[i] = "x=away";
	make(&mapping);
	mapping.rows_n++;
	assert_int_equal(csta_form_init(&form, &mapping, why, sizeof(why)), ERR_LIMIT);
	assert_string_equal(why, "profiles has more than 64 rows");
}

static void element_names(void **state)
{
	static const char *const good[] = { "a", "_a", "SessionLoginInfo", "a-b.c_1" };
	static const char *const bad[] = { "",	  "1a",	 "-a", ".a",	  "a:b",
					   "a b", "a/b", "a>", "\xc3\xa4" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(csta_element_is(slice_str(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(csta_element_is(slice_str(bad[i])));
	assert_false(csta_element_is(SLICE_NONE));
}

static int begin(void **state)
{
	(void)state;
	return xml_reader_new(&reader, 7) != ERR_OK;
}

static int end(void **state)
{
	(void)state;
	xml_reader_free(reader);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_is_the_engines),
		cmocka_unit_test(the_sixth_edition),
		cmocka_unit_test(the_word_that_is_written),
		cmocka_unit_test(own_elements),
		cmocka_unit_test(nothing_of_its_own),
		cmocka_unit_test(the_end),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(too_many_rows),
		cmocka_unit_test(element_names),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
