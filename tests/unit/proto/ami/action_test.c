#include "proto/ami/action.h"

#include "test.h"

static void test_action_as_on_the_wire(void **state)
{
	struct ami_action a;
	struct buf b;

	(void)state;
	buf_init(&b, 65536);
	ami_begin(&a, &b, "Setvar", 17);
	ami_put_fmt(&a, "Variable", "PRESENCE_STATE(CustomPresence:%s)", "1001");
	ami_put(&a, "Value", slice_str("dnd,busy,"));
	assert_int_equal(ami_end(&a), ERR_OK);
	assert_slice(buf_view(&b),
		     "Action: Setvar\r\nActionID: 17\r\n"
		     "Variable: PRESENCE_STATE(CustomPresence:1001)\r\nValue: dnd,busy,\r\n\r\n");
	ami_begin(&a, &b, "Ping", 0);
	assert_int_equal(ami_end(&a), ERR_OK);
	assert_slice(buf_view(&b), "Action: Ping\r\n\r\n");
	buf_fini(&b);
}

/* A line end in a name or a password must not become an action of its own. */
static void test_no_injection(void **state)
{
	static const struct slice bad[] = {
		{ "x\r\nAction: Command", 18 }, { "x\n", 2 }, { "\r", 1 }, { "a\0b", 3 },
	};
	struct ami_action a;
	struct buf b;

	(void)state;
	buf_init(&b, 65536);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ami_begin(&a, &b, "Login", 1);
		ami_put(&a, "Username", bad[i]);
		ami_put(&a, "Secret", slice_str("s"));
		assert_int_equal(ami_end(&a), ERR_DENIED);
		assert_int_equal(b.n, 0);
	}
	ami_begin(&a, &b, "Login", 1);
	ami_put_fmt(&a, "Username", "a%sb", "\n");
	assert_int_equal(ami_end(&a), ERR_DENIED);
	buf_fini(&b);
}

static void test_bounds(void **state)
{
	char big[AMI_LINE_MAX + 2];
	struct ami_action a;
	struct buf b;

	(void)state;
	memset(big, 'x', sizeof(big));
	buf_init(&b, 65536);
	for (size_t n = AMI_LINE_MAX - 5; n <= AMI_LINE_MAX + 1; n++) {
		ami_begin(&a, &b, "A", 1);
		ami_put(&a, "Value", slice_of(big, n));
		assert_int_equal(ami_end(&a), n + 5 > AMI_LINE_MAX ? ERR_LIMIT : ERR_OK);
	}
	big[sizeof(big) - 1] = '\0';
	ami_begin(&a, &b, "A", 1);
	ami_put_fmt(&a, "Value", "%s", big);
	assert_int_equal(ami_end(&a), ERR_LIMIT);
	ami_begin(&a, &b, "A", 1);
	for (int i = 0; i < 10; i++)
		ami_put(&a, "Value", slice_of(big, 900));
	assert_int_equal(ami_end(&a), ERR_LIMIT);
	buf_fini(&b);
}

/* MD5 over challenge and secret, against md5sum. */
static void test_login_key(void **state)
{
	char key[AMI_KEY_HEX];

	(void)state;
	assert_int_equal(ami_login_key(slice_str("200789188"), slice_str("bridge-secret"), key), ERR_OK);
	assert_string_equal(key, "36f1dca60af7673337b8309a288c01ad");
	assert_int_equal(ami_login_key(SLICE_NONE, SLICE_NONE, key), ERR_OK);
	assert_string_equal(key, "d41d8cd98f00b204e9800998ecf8427e");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_action_as_on_the_wire),
		cmocka_unit_test(test_no_injection),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_login_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
