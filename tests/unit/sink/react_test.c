/* The table of answers, whole: every status and every failure against a golden list. */
#include "test.h"

#include "sink/graph.h"
#include "sink/react.h"

static enum answer_class golden_class(uint16_t status)
{
	if (status >= 200 && status <= 299)
		return ANSWER_OK;
	if (status == 401)
		return ANSWER_UNAUTHORIZED;
	if (status == 403)
		return ANSWER_FORBIDDEN;
	if (status == 404)
		return ANSWER_NOT_FOUND;
	if (status == 408 || status == 409 || status == 423 || status == 424 || status == 425)
		return ANSWER_COLLISION;
	if (status == 429)
		return ANSWER_THROTTLED;
	if (status >= 400 && status <= 499)
		return ANSWER_BAD;
	if (status >= 500 && status <= 599)
		return ANSWER_SERVER_ERROR;
	return ANSWER_ODD;
}

static void every_status_has_its_class(void **state)
{
	(void)state;
	for (uint32_t s = 0; s <= UINT16_MAX; s++) {
		assert_int_equal(answer_class(HTTP_ANSWERED, (uint16_t)s),
				 golden_class((uint16_t)s));
		assert_int_equal(answer_class(HTTP_NOT_SENT, (uint16_t)s), ANSWER_NOT_SENT);
		assert_int_equal(answer_class(HTTP_UNSURE, (uint16_t)s), ANSWER_NONE);
		assert_int_equal(answer_class(HTTP_STATUS_LOST, (uint16_t)s), ANSWER_LOST);
	}
}

static void every_class_has_its_reaction(void **state)
{
	static const enum request_kind kinds[] = { REQ_SET,	REQ_SET_PREFERRED,
						   REQ_CLEAR,	REQ_CLEAR_PREFERRED,
						   REQ_LOOK_UP, REQ_READ_BACK,
						   REQ_SHOWN,	REQ_TEXT_READ,
						   REQ_TEXT_SET };
	/* A accept, D deny, T new token, F forbidden, G gate, L gate and unsure, R retry; set, set
	 * preferred, clear, clear preferred, look-up, read-back, shown, text read, text set */
	static const char *const golden[ANSWER_CLASS_COUNT] = {
		[ANSWER_OK] = "AAAAAAAAA",		  [ANSWER_BAD] = "DDDDDDDDD",
		[ANSWER_UNAUTHORIZED] = "TTTTTTTTT", [ANSWER_FORBIDDEN] = "FFFFFFFFF",
		[ANSWER_NOT_FOUND] = "DDAADDDDD",	  [ANSWER_COLLISION] = "RRRRRRRRR",
		[ANSWER_THROTTLED] = "GGGGGGGGG",	  [ANSWER_SERVER_ERROR] = "RRRRRRRRR",
		[ANSWER_ODD] = "RRRRRRRRR",	  [ANSWER_NOT_SENT] = "GGGGGGGGG",
		[ANSWER_NONE] = "RRRRRRRRR",	  [ANSWER_LOST] = "LLLLLLLLL",
	};
	static const char letters[REACT_COUNT + 1] = "ADTFGLR";
	(void)state;

	for (int c = 0; c < ANSWER_CLASS_COUNT; c++)
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
			assert_int_equal(letters[react((enum answer_class)c, kinds[k])],
					 golden[c][k]);
}

static void every_note_has_a_name_and_a_text(void **state)
{
	(void)state;
	for (int n = 0; n < GRAPH_NOTE_COUNT; n++) {
		assert_true(strlen(graph_note_name((enum graph_note)n)) > 1);
		assert_true(strlen(graph_note_text((enum graph_note)n)) > 10);
		assert_in_range(graph_note_level((enum graph_note)n), 3, 7);
	}
	assert_string_equal(graph_note_name(GRAPH_NOTE_COUNT), "?");
	assert_string_equal(graph_note_text(GRAPH_NOTE_COUNT), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_has_its_class),
		cmocka_unit_test(every_class_has_its_reaction),
		cmocka_unit_test(every_note_has_a_name_and_a_text),
	};
	return cmocka_run_group_tests_name("sink/react", tests, NULL, NULL);
}
