/* Which lamp shows whom, by which words, and what an answer says of one. */
#include "proto/csta/lamp.h"

#include <stdio.h>

#include "core/types.h"
#include "test.h"

static struct csta_lamp_form form;

static void made(const struct csta_lamp_mapping *mapping)
{
	char why[240] = "";

	if (csta_lamp_init(&form, mapping, why, sizeof(why)))
		fail_msg("refused: %s", why);
}

/* The lamps of core/names.def without "off". */
static void names(void **state)
{
	(void)state;
	assert_int_equal(CSTA_LAMP_COUNT, LAMP_COUNT - LAMP_DARK);
	for (int i = 0; i < CSTA_LAMP_COUNT; i++)
		assert_string_equal(csta_lamp_name((enum csta_lamp)i), lamp_name((enum lamp)(LAMP_DARK + i)));
}

static void the_standard(void **state)
{
	(void)state;
	made(NULL);
	assert_string_equal(form.set, "SetLampMode/lampMode");
	assert_string_equal(form.get, "GetLampMode");
	assert_string_equal(form.element, "lamp");
	assert_string_equal(form.words[CSTA_LAMP_DARK], "off");
	for (int i = CSTA_LAMP_CALL; i < CSTA_LAMP_COUNT; i++)
		assert_string_equal(form.words[i], "steady");
	assert_int_equal(form.n, 0);
	assert_true(csta_lamp_same(&form, CSTA_LAMP_CALL, CSTA_LAMP_DND));
	assert_false(csta_lamp_same(&form, CSTA_LAMP_CALL, CSTA_LAMP_DARK));
	assert_false(csta_lamp_same(&form, CSTA_LAMP_STRANGE, CSTA_LAMP_STRANGE));
	csta_lamp_fini(&form);
}

static void rows_of_a_line(void **state)
{
	static const char *const rows[] = { "7", "201=100/7x", " N<201> = N<100!98> / 12 ", "201=a/b/c",
					    "202=100/9" };
	static const char *const states[] = { "dark=0", "call = blink", "dnd=flutter" };
	const struct csta_lamp_mapping m = { .rows = rows, .rows_n = ARRAY_LEN(rows), .states = states,
					     .states_n = ARRAY_LEN(states) };
	static const struct {
		const char *number;
		uint32_t rows[4], n;
	} lines[] = {
		{ "201", { 0, 1, 3 }, 3 },
		{ "N<201>", { 0, 2 }, 2 },
		{ "202", { 0, 4 }, 2 },
		{ "20", { 0 }, 1 },
	};

	(void)state;
	made(&m);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		uint32_t at = 0;

		for (uint32_t k = 0; k < lines[i].n; k++, at++) {
			at = csta_lamp_row_of(&form, slice_str(lines[i].number), at);
			assert_int_equal(at, lines[i].rows[k]);
		}
		assert_int_equal(csta_lamp_row_of(&form, slice_str(lines[i].number), at), form.n);
	}
	assert_string_equal(form.rows[0].device, "");
	assert_string_equal(form.rows[0].lamp, "7");
	assert_string_equal(form.rows[2].device, "N<100!98>");
	assert_string_equal(form.rows[2].lamp, "12");
	assert_string_equal(form.rows[3].device, "a/b");
	assert_string_equal(form.rows[3].lamp, "c");
	assert_string_equal(form.words[CSTA_LAMP_DARK], "0");
	assert_string_equal(form.words[CSTA_LAMP_CALL], "blink");
	assert_string_equal(form.words[CSTA_LAMP_MEETING], "steady");
	assert_string_equal(form.words[CSTA_LAMP_DND], "flutter");
	csta_lamp_fini(&form);
}

static void refusals(void **state)
{
	static const struct {
		const char *set, *get, *element, *row, *other, *state, *state2, *why;
	} rows[] = {
		{ .set = "SetLampMode", .why = "lamp_set must be a service and the element" },
		{ .set = "Set/", .why = "lamp_set must be a service and the element" },
		{ .get = "Get/a", .why = "lamp_get must be one element, and this is not: Get/a" },
		{ .element = "", .why = "lamp_element must be one element" },
		{ .element = "a b", .why = "lamp_element must be one element" },
		{ .row = "201=", .why = "lamp_at must be" },
		{ .row = "201=7", .why = "lamp_at must be" },
		{ .row = "100/7", .why = "lamp_at must be" },
		{ .row = "201=/7", .why = "lamp_at must be" },
		{ .row = "=100/7", .why = "lamp_at must be" },
		{ .row = "201=100/", .why = "lamp_at must be" },
		{ .row = "201=1 0/7", .why = "lamp_at must be" },
		{ .row = "1/2=3", .why = "lamp_at must be" },
		{ .row = "", .why = "lamp_at must be" },
		{ .row = "201=100/12345678901234567890123456789012", .why = "is too long" },
		{ .row = "201=100/7", .other = "202=100/7", .why = "the lamp stands in two rows: 202=100/7" },
		{ .row = "7", .other = "202=100/7", .why = "the lamp stands in two rows" },
		{ .row = "7", .other = "7", .why = "the lamp stands in two rows" },
		{ .state = "call", .why = "lamp_states must be" },
		{ .state = "off=dark", .why = "lamp_states must be" },
		{ .state = "call=", .why = "the word is empty or too long" },
		{ .state = "call=a", .state2 = "call=b", .why = "stands in two rows: call=b" },
		{ .state = "dark=Steady", .why = "the word for dark is that of a lit lamp too: steady" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *const at[] = { rows[i].row, rows[i].other }, *const st[] = { rows[i].state,
											 rows[i].state2 };
		const struct csta_lamp_mapping m = {
			.set = rows[i].set, .get = rows[i].get, .element = rows[i].element, .rows = at,
			.rows_n = !rows[i].row ? 0 : rows[i].other ? 2 : 1, .states = st,
			.states_n = !rows[i].state ? 0 : rows[i].state2 ? 2 : 1,
		};
		char why[240] = "";

		assert_int_equal(csta_lamp_init(&form, &m, why, sizeof(why)), ERR_MALFORMED);
		if (!strstr(why, rows[i].why))
			fail_msg("row %zu: %s", i, why);
	}
}

static void too_many(void **state)
{
	static char texts[CSTA_LAMP_ROWS_MAX + 1][24];
	static const char *rows[CSTA_LAMP_ROWS_MAX + 1];
	struct csta_lamp_mapping m = { .rows = rows, .rows_n = CSTA_LAMP_ROWS_MAX };
	char why[240];

	(void)state;
	for (int i = 0; i <= CSTA_LAMP_ROWS_MAX; i++) {
		snprintf(texts[i], sizeof(texts[i]), "%d=100/%d", i % 64, i);
		rows[i] = texts[i];
	}
	made(&m);
	csta_lamp_fini(&form);
	m.rows_n++;
	assert_int_equal(csta_lamp_init(&form, &m, why, sizeof(why)), ERR_LIMIT);
	assert_string_equal(why, "lamp_at has more than 1024 rows");
	for (int i = 0; i <= CSTA_LAMPS_A_LINE_MAX; i++)
		snprintf(texts[i], sizeof(texts[i]), "201=%d/7", i);
	m.rows_n = CSTA_LAMPS_A_LINE_MAX;
	made(&m);
	csta_lamp_fini(&form);
	m.rows_n++;
	assert_int_equal(csta_lamp_init(&form, &m, why, sizeof(why)), ERR_LIMIT);
	assert_string_equal(why, "lamp_at names more than 32 lamps for one line");
}

#define ITEM(lamp, mode) "<lampModeItem><lamp>" lamp "</lamp><lampMode>" mode "</lampMode></lampModeItem>"

static void answers(void **state)
{
	static const struct {
		const char *xml;
		enum csta_lamp lamp;
	} rows[] = {
		{ "<R><lampModeList>" ITEM("7", "steady") "</lampModeList></R>", CSTA_LAMP_CALL },
		{ "<R><lampModeList>" ITEM("6", "steady") ITEM("7", "Off") "</lampModeList></R>",
		  CSTA_LAMP_DARK },
		{ "<R><lampModeList>" ITEM("7", "wink") "</lampModeList></R>", CSTA_LAMP_STRANGE },
		{ "<R><lampModeList>" ITEM("7", "") "</lampModeList></R>", CSTA_LAMP_STRANGE },
		{ "<R><lampModeList>" ITEM("8", "steady") "</lampModeList></R>", CSTA_LAMP_UNSAID },
		{ "<R><lampMode>off</lampMode></R>", CSTA_LAMP_DARK },
		{ "<R><x/></R>", CSTA_LAMP_UNSAID },
		{ "<R/>", CSTA_LAMP_UNSAID },
	};
	static struct csta_message m;
	struct xml_reader *x;

	(void)state;
	made(NULL);
	assert_int_equal(xml_reader_new(&x, 7), ERR_OK);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(csta_read(x, slice_str(rows[i].xml), &m), ERR_OK);
		assert_int_equal(csta_lamp_answer(&form, &m, "7"), rows[i].lamp);
	}
	xml_reader_free(x);
	csta_lamp_fini(&form);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),    cmocka_unit_test(the_standard), cmocka_unit_test(rows_of_a_line),
		cmocka_unit_test(refusals), cmocka_unit_test(too_many),	    cmocka_unit_test(answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
