/* What a token says it permits. */
#include "test.h"

#include "proto/graph/base64.h"
#include "proto/graph/roles.h"

static enum err roles_of(const char *claims, const char *before, const char *after, uint32_t *ret)
{
	struct buf b;

	buf_init(&b, 65536);
	buf_str(&b, before);
	base64url_put(&b, claims, strlen(claims));
	buf_str(&b, after);
	enum err e = token_roles(buf_view(&b), ret);
	buf_fini(&b);
	return e;
}

static void roles_are_told_by_name(void **state)
{
	static const struct {
		const char *claims;
		uint32_t permits;
	} rows[] = {
		{ "{\"roles\":[\"Presence.ReadWrite.All\"]}", PERMITS_SET | PERMITS_READ },
		{ "{\"roles\":[\"presence.readwrite.all\",\"User.Read.All\"]}",
		  PERMITS_SET | PERMITS_READ | PERMITS_LOOK_UP },
		{ "{\"roles\":[\"Presence.Read.All\",\"Mail.Read\",7,null]}", PERMITS_READ },
		{ "{\"roles\":[\"Directory.Read.All\"]}", PERMITS_LOOK_UP | PERMITS_GROUPS },
		{ "{\"roles\":[]}", 0 },
		{ "{\"roles\":\"Presence.ReadWrite.All\"}", 0 },
		{ "{\"aud\":\"x\"}", 0 },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint32_t permits = 99;

		assert_int_equal(roles_of(rows[i].claims, "e30.", ".c2ln", &permits), ERR_OK);
		assert_int_equal(permits, rows[i].permits);
	}
}

static void an_opaque_token_says_nothing(void **state)
{
	static const char *const tokens[] = { "", "tok1", "a.b", "..", "a..b", "e30.W10.x", "e30.!!!.x",
					      "e30.eyJ4Ijo.x", "e30.e30" };
	uint32_t permits = 99;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(tokens); i++)
		assert_int_equal(token_roles(slice_str(tokens[i]), &permits), ERR_MALFORMED);
	assert_int_equal(permits, 99);
	char long_one[ROLES_PAYLOAD_MAX + 10];
	memset(long_one, ' ', sizeof(long_one) - 1);
	long_one[0] = '{';
	long_one[sizeof(long_one) - 2] = '}';
	long_one[sizeof(long_one) - 1] = '\0';
	assert_int_equal(roles_of(long_one, "e30.", ".x", &permits), ERR_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles_are_told_by_name),
		cmocka_unit_test(an_opaque_token_says_nothing),
	};
	return cmocka_run_group_tests_name("proto/graph/roles", tests, NULL, NULL);
}
