/* The device identifiers met in the field (ECMA-269 12.3.8 and what switches make of it). */
#include "proto/csta/device.h"

#include "test.h"

static const struct {
	const char *id, *number;
} rows[] = {
	{ "123", "123" },
	{ " 123 \r\n", "123" },
	{ "N<123>", "123" },
	{ "N<123", "123" },
	{ "N<123!98>", "123" },
	{ "N<123!98", "123" },
	{ "N<+41315551234>Ana Roth;displayNumber=123;noa=nk", "+41315551234" },
	{ "<123;ext=5>", "123" },
	{ "tel:+41315551234", "+41315551234" },
	{ "tel:123;phone-context=acme.example", "123" },
	{ "TEL:123", "123" },
	{ "sip:123@pbx.example", "123" },
	{ "sip:123@pbx.example;transport=tls", "123" },
	{ "sips:123@pbx.example", "123" },
	{ "sip:123", "123" },
	{ "N<tel:+4131>x", "+4131" },
	{ "N<sip:123@pbx>", "123" },
	{ "123@pbx", "123@pbx" },
	{ "123;4", "123;4" },
	{ "N123", "N123" },
	{ ">123<", "" },
	{ "N<>", "" },
	{ "<", "" },
	{ "tel:", "" },
	{ "", "" },
};

static void numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_slice(csta_device_number(slice_str(rows[i].id)), rows[i].number);
}

static void a_zero_byte_ends_nothing(void **state)
{
	struct slice id = slice_of("N<12\0003>", 7);

	(void)state;
	assert_int_equal(csta_device_number(id).n, 4);
}

static const struct {
	const char *a, *b;
	bool same;
} pairs[] = {
	{ "123", "N<123!98>", true },
	{ "N<123>", "123", true },
	{ "N<123>x", "sip:123@pbx", true },
	{ "tel:123", "123", true },
	{ "ana", "ANA", true },
	{ "123", "1234", false },
	{ "123", "+41123", false },
	{ "123", "0123", false },
	{ "123", "N<>", false },
	{ "", "", false },
	{ "N<>", "N<>", false },
};

static void same(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		assert_int_equal(csta_device_same(slice_str(pairs[i].a), slice_str(pairs[i].b)),
				 pairs[i].same);
		assert_int_equal(csta_device_same(slice_str(pairs[i].b), slice_str(pairs[i].a)),
				 pairs[i].same);
	}
	assert_false(csta_device_same(SLICE_NONE, SLICE_LIT("123")));
	assert_false(csta_device_same(SLICE_LIT("123"), SLICE_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(a_zero_byte_ends_nothing),
		cmocka_unit_test(same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
