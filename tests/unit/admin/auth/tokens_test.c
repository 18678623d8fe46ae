#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin/auth/tokens.h"

#define NOW 1790000000000ll

static struct tokens t;

static int tear_down(void **state)
{
	(void)state;
	tokens_fini(&t);
	return 0;
}

static struct token *add(int64_t expires, char text[TOKEN_LEN + 1])
{
	struct token *x = calloc(1, sizeof(*x));

	assert_non_null(x);
	*x = (struct token){ .name = "crm",
			     .account = "acme",
			     .role = ROLE_OPERATOR,
			     .made_by = "admin",
			     .created_wall_ms = NOW,
			     .expires_wall_ms = expires };
	assert_int_equal(tokens_add(&t, x, text), ERR_OK);
	return x;
}

static void the_text_opens_and_nothing_kept_does(void **state)
{
	char text[TOKEN_LEN + 1], changed[TOKEN_LEN + 1];
	struct token *x = add(INT64_MAX, text);
	(void)state;

	assert_int_equal(strlen(text), TOKEN_LEN);
	assert_memory_equal(text, "oh_", 3);
	assert_ptr_equal(tokens_by_text(&t, slice_str(text), NOW), x);
	assert_ptr_equal(tokens_by_id(&t, slice_str(x->id)), x);
	assert_null(tokens_by_text(&t, slice_str(x->digest), NOW));
	assert_null(tokens_by_text(&t, slice_of(text, TOKEN_LEN - 1), NOW));
	assert_null(tokens_by_text(&t, SLICE_NONE, NOW));
	for (size_t i = 0; i < TOKEN_LEN; i++) {
		snprintf(changed, sizeof(changed), "%s", text);
		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		assert_null(tokens_by_text(&t, slice_str(changed), NOW));
	}
}

static void it_expires(void **state)
{
	char text[TOKEN_LEN + 1];
	(void)state;

	add(NOW + 1000, text);
	assert_non_null(tokens_by_text(&t, slice_str(text), NOW + 999));
	assert_null(tokens_by_text(&t, slice_str(text), NOW + 1000));
}

static void taken_out_it_opens_nothing(void **state)
{
	char one[TOKEN_LEN + 1], two[TOKEN_LEN + 1];
	struct token *x = add(INT64_MAX, one);
	(void)state;

	add(INT64_MAX, two);
	tokens_take(&t, x);
	free(x);
	assert_null(tokens_by_text(&t, slice_str(one), NOW));
	assert_non_null(tokens_by_text(&t, slice_str(two), NOW));
}

static void there_is_a_most(void **state)
{
	char text[TOKEN_LEN + 1];
	struct token one_more = { .name = "x" };
	(void)state;

	while (t.n < TOKENS_MAX)
		add(INT64_MAX, text);
	assert_int_equal(tokens_add(&t, &one_more, text), ERR_LIMIT);
}

static void the_store_gives_it_back(void **state)
{
	char text[TOKEN_LEN + 1], id[ID_LEN + 1];
	struct token *x = add(INT64_MAX, text);
	char *doc;
	(void)state;

	x->used_wall_ms = NOW + 5;
	doc = token_document(x);
	assert_null(strstr(doc, text + 3));
	snprintf(id, sizeof(id), "%s", x->id);
	tokens_fini(&t);
	assert_true(tokens_load(&t, slice_str(id), slice_str(doc)));
	free(doc);
	x = tokens_by_text(&t, slice_str(text), NOW);
	assert_non_null(x);
	assert_string_equal(x->name, "crm");
	assert_string_equal(x->account, "acme");
	assert_int_equal(x->role, ROLE_OPERATOR);
	assert_int_equal(x->used_wall_ms, NOW + 5);
	assert_true(x->expires_wall_ms == INT64_MAX);
}

static void damaged_records_are_passed_over(void **state)
{
	char text[TOKEN_LEN + 1], damaged[1024];
	struct token *x = add(INT64_MAX, text);
	char *good = token_document(x);
	static const char *const keys[] = { "digest", "name",	 "account",
					    "role",   "made_by", "expires" };
	(void)state;

	tokens_fini(&t);
	for (size_t cut = 0; cut < strlen(good); cut++)
		assert_false(tokens_load(&t, slice_str("0123456789abcdef"), slice_of(good, cut)));
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		snprintf(damaged, sizeof(damaged), "%s", good);
		*strstr(damaged, keys[i]) = '_';
		tokens_load(&t, slice_str("0123456789abcdef"), slice_str(damaged));
		/* without an end it would be one that has passed: nothing opens either way */
		if (tokens_by_text(&t, slice_str(text), NOW))
			fail_msg("without %s", keys[i]);
	}
	tokens_fini(&t);
	assert_true(tokens_load(&t, slice_str("0123456789abcdef"), slice_str(good)));
	free(good);
}

#define CASE(f) cmocka_unit_test_teardown(f, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_text_opens_and_nothing_kept_does),
		CASE(it_expires),
		CASE(taken_out_it_opens_nothing),
		CASE(there_is_a_most),
		CASE(the_store_gives_it_back),
		CASE(damaged_records_are_passed_over),
	};
	return cmocka_run_group_tests_name("admin/auth/tokens", tests, NULL, NULL);
}
