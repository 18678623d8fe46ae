#include "proto/sip/value.h"

#include "test.h"

static struct sip_subscription_state state_of(const char *text)
{
	struct sip_subscription_state s;

	assert_int_equal(sip_subscription_state_parse(slice_str(text), &s), ERR_OK);
	return s;
}

static void test_states(void **state)
{
	struct sip_subscription_state s = state_of("active;expires=599");

	(void)state;
	assert_int_equal(s.state, SIP_SUB_ACTIVE);
	assert_true(s.has_expires);
	assert_int_equal(s.expires_s, 599);
	assert_false(s.has_retry_after);
	s = state_of("Terminated ; reason=ProBation;retry-after=60");
	assert_int_equal(s.state, SIP_SUB_TERMINATED);
	assert_int_equal(s.reason, SIP_REASON_PROBATION);
	assert_int_equal(s.retry_after_s, 60);
	assert_int_equal(state_of("terminated").reason, SIP_REASON_NONE);
	assert_int_equal(state_of("terminated;reason=bored").reason, SIP_REASON_OTHER);
	assert_int_equal(state_of("PENDING").state, SIP_SUB_PENDING);
	assert_int_equal(state_of("waiting").state, SIP_SUB_OTHER);
	assert_false(state_of("active;expires=soon").has_expires);
	assert_int_equal(state_of("active;expires=99999999999999999999").expires_s,
			 SIP_SECONDS_MAX);
	assert_int_equal(sip_subscription_state_parse(SLICE_LIT(";x"), &s), ERR_MALFORMED);
}

static void test_every_reason(void **state)
{
	static const struct {
		const char *text;
		uint8_t reason;
	} rows[] = {
		{ "terminated;reason=deactivated", SIP_REASON_DEACTIVATED },
		{ "terminated;reason=probation", SIP_REASON_PROBATION },
		{ "terminated;reason=rejected", SIP_REASON_REJECTED },
		{ "terminated;reason=timeout", SIP_REASON_TIMEOUT },
		{ "terminated;reason=giveup", SIP_REASON_GIVEUP },
		{ "terminated;reason=noresource", SIP_REASON_NORESOURCE },
		{ "terminated;reason=invariant", SIP_REASON_INVARIANT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(state_of(rows[i].text).reason, rows[i].reason);
}

static void test_event_and_types(void **state)
{
	struct sip_event e;

	(void)state;
	assert_int_equal(sip_event_parse(SLICE_LIT("dialog ; id=7"), &e), ERR_OK);
	assert_slice(e.package, "dialog");
	assert_slice(e.id, "7");
	assert_int_equal(sip_event_parse(SLICE_LIT(""), &e), ERR_MALFORMED);
	assert_true(
		sip_type_is(SLICE_LIT("Application/PIDF+xml ;charset=x"), "application/pidf+xml"));
	assert_false(sip_type_is(SLICE_LIT("application/pidf"), "application/pidf+xml"));
	assert_true(sip_list_has(SLICE_LIT("100rel, EventList"), "eventlist"));
	assert_false(sip_list_has(SLICE_LIT("100rel"), "eventlist"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_every_reason),
		cmocka_unit_test(test_event_and_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
