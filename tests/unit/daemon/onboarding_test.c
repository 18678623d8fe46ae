#include "test.h"

#include "daemon/onboarding.h"

enum { LIST = 1, OUT = 2, IN = 4 }; /* enabled, excluded, selected */

static struct onboarding_facts facts(unsigned bits, uint8_t hand)
{
	return (struct onboarding_facts){ .enabled = bits & LIST,
					  .excluded = bits & OUT,
					  .selected = bits & IN,
					  .hand = hand };
}

static void who_counts_more(void **state)
{
	static const struct {
		unsigned bits;
		uint8_t hand;
		enum onboarding wanted;
	} rows[] = {
		{ LIST | IN, 0, ONBOARDING_ON },
		{ LIST, 0, ONBOARDING_NOT_SELECTED },
		{ LIST, HAND_ON, ONBOARDING_ON },
		{ LIST | IN, HAND_OFF, ONBOARDING_SWITCHED_OFF },
		{ LIST | IN, HAND_PAUSED, ONBOARDING_PAUSED },
		{ LIST, HAND_ON | HAND_PAUSED, ONBOARDING_PAUSED },
		{ LIST, HAND_PAUSED, ONBOARDING_NOT_SELECTED },
		{ LIST | IN, HAND_OFF | HAND_PAUSED, ONBOARDING_SWITCHED_OFF },
		{ LIST | IN | OUT, HAND_ON, ONBOARDING_EXCLUDED },
		{ IN, HAND_ON, ONBOARDING_OFF },
		{ IN, HAND_PAUSED, ONBOARDING_OFF },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct onboarding_facts f = facts(rows[i].bits, rows[i].hand);

		if (onboarding_judge(&f) != rows[i].wanted)
			fail_msg("row %zu: %d", i, onboarding_judge(&f));
	}
}

static void a_person_goes_on_with_what_it_paused(void **state)
{
	static const struct {
		unsigned bits;
		uint8_t hand;
	} rows[] = { { LIST | IN, 0 }, { LIST, HAND_ON }, { LIST | IN, HAND_ON } };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct onboarding_facts f = facts(rows[i].bits, rows[i].hand);

		assert_true(onboarding_pause(&f, true, &f.hand));
		assert_int_equal(onboarding_judge(&f), ONBOARDING_PAUSED);
		assert_true(onboarding_pause(&f, true, &f.hand)); /* twice is once */
		assert_true(onboarding_pause(&f, false, &f.hand));
		assert_int_equal(f.hand, rows[i].hand);
		assert_true(onboarding_pause(&f, false, &f.hand));
		assert_int_equal(f.hand, rows[i].hand);
	}
}

static void and_with_nothing_else(void **state)
{
	static const struct {
		unsigned bits;
		uint8_t hand;
	} rows[] = { { LIST | IN, HAND_OFF },
		     { LIST | IN | OUT, 0 },
		     { IN, 0 },
		     { LIST, 0 },
		     { LIST | IN | OUT, HAND_PAUSED },
		     { IN, HAND_PAUSED },
		     { LIST | IN, HAND_OFF | HAND_PAUSED } };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct onboarding_facts f = facts(rows[i].bits, rows[i].hand);

		assert_false(onboarding_pause(&f, false, &f.hand));
		/* pausing what is off already gives no right to switch it on */
		assert_true(onboarding_pause(&f, true, &f.hand));
		assert_int_equal(f.hand, rows[i].hand);
		assert_false(onboarding_pause(&f, false, &f.hand));
	}
}

static void an_operator_ends_the_pause(void **state)
{
	struct onboarding_facts f = facts(LIST | IN, HAND_PAUSED);
	(void)state;

	f.hand = onboarding_switch(false);
	assert_false(onboarding_pause(&f, false, &f.hand));
	f.hand = onboarding_switch(true);
	assert_int_equal(onboarding_judge(&f), ONBOARDING_ON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_counts_more),
		cmocka_unit_test(a_person_goes_on_with_what_it_paused),
		cmocka_unit_test(and_with_nothing_else),
		cmocka_unit_test(an_operator_ends_the_pause),
	};
	return cmocka_run_group_tests_name("daemon/onboarding", tests, NULL, NULL);
}
