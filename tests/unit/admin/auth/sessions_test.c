#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin/auth/sessions.h"

#define HOUR 3600000ll
#define NOW 1790000000000ll

static struct sessions s;

static int tear_down(void **state)
{
	(void)state;
	sessions_fini(&s);
	return 0;
}

static struct sign_in *begin(const char *name, enum caller_kind kind, int64_t at,
			     char key[KEY_LEN + 1], struct sign_in **gone)
{
	struct sign_in *x = calloc(1, sizeof(*x));

	assert_non_null(x);
	x->kind = (uint8_t)kind;
	snprintf(x->name, sizeof(x->name), "%s", name);
	x->created_wall_ms = x->seen_wall_ms = at;
	assert_int_equal(sessions_begin(&s, x, key, gone), ERR_OK);
	return x;
}

static void the_cookie_opens_it_and_nothing_kept_does(void **state)
{
	char key[KEY_LEN + 1], other[KEY_LEN + 1];
	struct sign_in *gone, *x = begin("admin", CALLER_PASSWORD, NOW, key, &gone);
	(void)state;

	assert_null(gone);
	assert_ptr_equal(sessions_by_key(&s, slice_str(key), NOW), x);
	assert_ptr_equal(sessions_by_id(&s, slice_str(x->id)), x);
	assert_null(sessions_by_key(&s, slice_str(x->digest), NOW));
	assert_null(sessions_by_key(&s, slice_str(x->csrf), NOW));
	assert_null(sessions_by_key(&s, slice_str(x->id), NOW));
	assert_null(sessions_by_key(&s, slice_of(key, KEY_LEN - 1), NOW));
	assert_null(sessions_by_key(&s, SLICE_NONE, NOW));
	snprintf(other, sizeof(other), "%s", key);
	other[0] = other[0] == 'A' ? 'B' : 'A';
	assert_null(sessions_by_key(&s, slice_str(other), NOW));
	assert_string_not_equal(x->digest, x->csrf);
}

/* Who has an account of its own here can have an authority that names people as it likes. */
static void another_authoritys_name_is_another_person(void **state)
{
	char key[KEY_LEN + 1];
	struct sign_in *gone, *ana = begin("ana", CALLER_MICROSOFT, NOW, key, &gone);
	(void)state;

	for (int i = 0; i < SESSIONS_OF_ONE_MAX; i++) {
		struct sign_in *x = calloc(1, sizeof(*x));

		assert_non_null(x);
		x->kind = CALLER_MICROSOFT;
		snprintf(x->name, sizeof(x->name), "ana");
		snprintf(x->login, sizeof(x->login), "https://login.elsewhere.example");
		x->created_wall_ms = x->seen_wall_ms = NOW + 1;
		assert_int_equal(sessions_begin(&s, x, key, &gone), ERR_OK);
		assert_null(gone);
		assert_false(session_is_of_same(x, ana));
	}
	assert_ptr_equal(sessions_by_id(&s, slice_str(ana->id)), ana);
	begin("ana", CALLER_MICROSOFT, NOW + 2, key, &gone);
	assert_null(gone);
}

static void it_ends_unused_after_eight_hours(void **state)
{
	char key[KEY_LEN + 1];
	struct sign_in *gone, *x = begin("admin", CALLER_PASSWORD, NOW, key, &gone);
	(void)state;

	assert_non_null(sessions_by_key(&s, slice_str(key), NOW + 8 * HOUR - 1));
	assert_null(sessions_by_key(&s, slice_str(key), NOW + 8 * HOUR));
	x->seen_wall_ms = NOW + 8 * HOUR - 1;
	assert_non_null(sessions_by_key(&s, slice_str(key), NOW + 9 * HOUR));
	assert_null(sessions_take_over(&s, NOW + 9 * HOUR));
	assert_ptr_equal(sessions_take_over(&s, NOW + 17 * HOUR), x);
	assert_null(sessions_take_over(&s, NOW + 17 * HOUR));
	assert_int_equal(s.n, 0);
	free(x);
}

static void it_ends_however_much_it_is_used(void **state)
{
	char key[KEY_LEN + 1];
	struct sign_in *gone, *own = begin("admin", CALLER_PASSWORD, NOW, key, &gone),
			      *microsoft = begin("ana", CALLER_MICROSOFT, NOW, key, &gone);
	(void)state;

	own->seen_wall_ms = microsoft->seen_wall_ms = NOW + 24 * HOUR - 1;
	assert_false(session_is_over(own, NOW + 24 * HOUR - 1));
	assert_false(session_is_over(microsoft, NOW + 24 * HOUR - 1));
	assert_true(session_is_over(microsoft, NOW + 24 * HOUR));
	own->seen_wall_ms = NOW + 168 * HOUR - 1;
	assert_false(session_is_over(own, NOW + 168 * HOUR - 1));
	assert_true(session_is_over(own, NOW + 168 * HOUR));
}

static void the_one_unused_for_longest_makes_room(void **state)
{
	char key[KEY_LEN + 1], name[16];
	struct sign_in *gone, *first = begin("admin", CALLER_PASSWORD, NOW, key, &gone), *x;
	(void)state;

	for (int i = 1; i < SESSIONS_OF_ONE_MAX; i++) {
		begin("admin", CALLER_PASSWORD, NOW + i, key, &gone);
		assert_null(gone);
	}
	/* the same name of another kind is another person */
	begin("admin", CALLER_MICROSOFT, NOW - 5, key, &gone);
	assert_null(gone);
	begin("admin", CALLER_PASSWORD, NOW + 100, key, &gone);
	assert_ptr_equal(gone, first);
	free(gone);
	for (int i = 0; s.n < SESSIONS_MAX; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		begin(name, CALLER_PASSWORD, NOW + 1000, key, &gone);
		assert_null(gone);
	}
	x = begin("one more", CALLER_PASSWORD, NOW + 1000, key, &gone);
	assert_int_equal(s.n, SESSIONS_MAX);
	assert_int_equal(gone->kind, CALLER_MICROSOFT);
	assert_ptr_equal(sessions_by_key(&s, slice_str(key), NOW + 1000), x);
	free(gone);
}

static void all_of_one_person(void **state)
{
	char key[KEY_LEN + 1];
	struct sign_in *gone, *x;
	(void)state;

	begin("ana", CALLER_PASSWORD, NOW, key, &gone);
	begin("ben", CALLER_PASSWORD, NOW, key, &gone);
	begin("ana", CALLER_PASSWORD, NOW, key, &gone);
	begin("ana", CALLER_MICROSOFT, NOW, key, &gone);
	for (int i = 0; i < 2; i++) {
		x = sessions_take_of(&s, CALLER_PASSWORD, slice_str("ana"));
		assert_non_null(x);
		free(x);
	}
	assert_null(sessions_take_of(&s, CALLER_PASSWORD, slice_str("ana")));
	assert_int_equal(s.n, 2);
}

static void the_store_gives_it_back(void **state)
{
	char key[KEY_LEN + 1], id[ID_LEN + 1];
	struct sign_in *gone, *x = begin("ana@acme.example", CALLER_MICROSOFT, NOW, key, &gone);
	char *text;
	(void)state;

	assert_int_equal(grants_add(&x->grants, slice_str("acme"), ROLE_OPERATOR), ERR_OK);
	snprintf(x->self_account, sizeof(x->self_account), "acme");
	snprintf(x->self_email, sizeof(x->self_email), "ana@acme.example");
	snprintf(x->address, sizeof(x->address), "192.0.2.7");
	snprintf(x->agent, sizeof(x->agent), "Browser \"1\"");
	x->seen_wall_ms = NOW + HOUR;
	text = session_document(x);
	assert_null(strstr(text, key));
	snprintf(id, sizeof(id), "%s", x->id);
	sessions_fini(&s);
	assert_true(sessions_load(&s, slice_str(id), slice_str(text)));
	free(text);
	x = sessions_by_key(&s, slice_str(key), NOW + 2 * HOUR);
	assert_non_null(x);
	assert_string_equal(x->id, id);
	assert_int_equal(x->kind, CALLER_MICROSOFT);
	assert_string_equal(x->agent, "Browser \"1\"");
	assert_string_equal(x->self_email, "ana@acme.example");
	assert_int_equal(grants_role(&x->grants, slice_str("acme")), ROLE_OPERATOR);
	assert_int_equal(x->created_wall_ms, NOW);
	assert_int_equal(x->seen_wall_ms, NOW + HOUR);
	assert_int_equal(x->kept_wall_ms, NOW + HOUR);
}

/* A record that is not as we write it is passed over; the others count. */
static void damaged_records_are_passed_over(void **state)
{
	char key[KEY_LEN + 1];
	struct sign_in *gone, *x = begin("admin", CALLER_PASSWORD, NOW, key, &gone);
	char *good = session_document(x), damaged[2048], longer[ID_LEN + 3];
	static const char *const keys[] = { "digest", "csrf",	 "kind",  "name",  "account",
					    "email",  "address", "tenant", "client", "agent", "grants" };
	(void)state;

	sessions_fini(&s);
	assert_false(sessions_load(&s, slice_str("0123456789abcdef"), slice_str("")));
	assert_false(sessions_load(&s, slice_str("0123456789abcdef"), slice_str("[]")));
	assert_false(sessions_load(&s, slice_str("0123456789abcdef"), slice_str("{}")));
	for (size_t cut = 1; cut < strlen(good); cut++)
		assert_false(sessions_load(&s, slice_str("0123456789abcdef"), slice_of(good, cut)));
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		char *at;

		snprintf(damaged, sizeof(damaged), "%s", good);
		at = strstr(damaged, keys[i]);
		assert_non_null(at);
		*at = '_'; /* the key is missing, another is there */
		if (sessions_load(&s, slice_str("0123456789abcdef"), slice_str(damaged)))
			fail_msg("without %s", keys[i]);
	}
	/* a digest of another length fits no cookie, but must not stay either */
	snprintf(damaged, sizeof(damaged), "%s", good);
	memmove(strstr(damaged, "\"digest\":\"") + 10, strstr(damaged, "\"digest\":\"") + 11,
		strlen(strstr(damaged, "\"digest\":\"") + 10));
	assert_false(sessions_load(&s, slice_str("0123456789abcdef"), slice_str(damaged)));
	memset(longer, 'a', sizeof(longer));
	assert_false(sessions_load(&s, slice_of(longer, sizeof(longer)), slice_str(good)));
	assert_int_equal(s.n, 0);
	assert_true(sessions_load(&s, slice_str("0123456789abcdef"), slice_str(good)));
	assert_non_null(sessions_by_key(&s, slice_str(key), NOW));
	free(good);
}

static void a_kind_that_signs_nobody_in_is_passed_over(void **state)
{
	char key[KEY_LEN + 1], damaged[2048];
	struct sign_in *gone, *x = begin("admin", CALLER_PASSWORD, NOW, key, &gone);
	static const char *const kinds[] = { "socket", "token", "open", "root", "" };
	char *good;
	(void)state;

	good = session_document(x);
	sessions_fini(&s);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const char *at = strstr(good, "\"kind\":\"password\"");

		assert_non_null(at);
		snprintf(damaged, sizeof(damaged), "%.*s\"kind\":\"%s\"%s", (int)(at - good), good,
			 kinds[i], at + strlen("\"kind\":\"password\""));
		if (sessions_load(&s, slice_str("0123456789abcdef"), slice_str(damaged)))
			fail_msg("kind %s", kinds[i]);
	}
	free(good);
}

#define CASE(f) cmocka_unit_test_teardown(f, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_cookie_opens_it_and_nothing_kept_does),
		CASE(another_authoritys_name_is_another_person), CASE(it_ends_unused_after_eight_hours),
		CASE(it_ends_however_much_it_is_used),
		CASE(the_one_unused_for_longest_makes_room),
		CASE(all_of_one_person),
		CASE(the_store_gives_it_back),
		CASE(damaged_records_are_passed_over),
		CASE(a_kind_that_signs_nobody_in_is_passed_over),
	};
	return cmocka_run_group_tests_name("admin/auth/sessions", tests, NULL, NULL);
}
