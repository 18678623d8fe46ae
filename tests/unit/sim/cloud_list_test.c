#include "cloud_help.h"

/* The mails (or UPNs) of the rows of GET /users with this filter, separated by blanks; NULL when
 * the answer is no 200. */
static const char *found(struct world *w, const char *filter, const char *more)
{
	static char text[4000];
	struct buf target;
	size_t i;
	json_t *row;

	buf_init(&target, 30000);
	buf_str(&target, "/v1.0/users?$filter=");
	for (const char *p = filter; *p; p++)
		if (*p == ' ' || *p == '#' || *p == '&' || *p == '%')
			buf_fmt(&target, "%%%02X", (unsigned)*p);
		else
			buf_char(&target, *p);
	buf_str(&target, more);
	int status = ask(w, "GET", buf_cstr(&target), "");
	buf_fini(&target);
	text[0] = '\0';
	json_array_foreach(json_object_get(w->body, "value"), i, row)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "",
			 json_string_value(json_object_get(row, "mail")));
	return status == 200 ? text : NULL;
}

static void filters_find(void **state)
{
	static const struct {
		const char *filter, *rows; /* "!": refused */
	} rows[] = {
		{ "mail eq 'ana@acme.example'", "ana@acme.example" },
		{ "mail eq 'ANA@ACME.example'", "ana@acme.example" },
		{ "mail eq 'ana@acme.exampl'", "" },
		{ "userPrincipalName eq 'b.o''neil@acme.example'", "bo@acme.example" },
		{ "proxyAddresses/any(p:p eq 'smtp:bo.smith@acme.example')", "bo@acme.example" },
		{ "proxyAddresses/any(x:x eq 'SMTP:bo@acme.example')", "bo@acme.example" },
		{ "proxyAddresses/any(p:p eq 'bo@acme.example')", "" },
		{ "proxyAddresses/any(p:p eq 'sip:bo@acme.example')", "" },
		{ "mail eq 'bo.smith@acme.example' or userPrincipalName eq 'bo.smith@acme.example' or "
		  "proxyAddresses/any(p:p eq 'smtp:bo.smith@acme.example')",
		  "bo@acme.example" },
		{ "mail eq 'bo@acme.example' or mail eq 'ana@acme.example'",
		  "ana@acme.example bo@acme.example" },
		{ "(mail eq 'bo@acme.example' or mail eq 'ana@acme.example') and displayName eq 'Ana'",
		  "ana@acme.example" },
		{ "mail eq 'bo@acme.example' or mail eq 'ana@acme.example' and displayName eq 'x'",
		  "bo@acme.example" },
		{ "startsWith(mail,'an')", "ana@acme.example" },
		{ "proxyAddresses/any(p:startsWith(p,'smtp:bo.s'))", "bo@acme.example" },
		{ "accountEnabled eq true", "ana@acme.example bo@acme.example" },
		{ "accountEnabled eq false", "" },
		{ "userType eq 'Guest'", "" },
		{ "mail eq null", "" },
		{ "id eq '" ANA "'", "ana@acme.example" },
		{ "", "!" },
		{ "mail", "!" },
		{ "mail eq", "!" },
		{ "mail eq ana", "!" },
		{ "mail eq 'ana", "!" },
		{ "mail ne 'x'", "!" },
		{ "not mail eq 'x'", "!" },
		{ "endsWith(mail,'x')", "!" },
		{ "mail eq 'x' or", "!" },
		{ "mail eq 'x' 'y'", "!" },
		{ "colour eq 'red'", "!" },
		{ "accountEnabled eq 'true'", "!" },
		{ "mail eq true", "!" },
		{ "proxyAddresses eq 'x'", "!" },
		{ "proxyAddresses/any(p:q eq 'x')", "!" },
		{ "proxyAddresses/all(p:p eq 'x')", "!" },
		{ "(mail eq 'x'", "!" },
		{ "mail eq 'x')", "!" },
	};
	struct world w;
	(void)state;

	world_init(&w);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *got = found(&w, rows[i].filter, "");

		if (strcmp(got ? got : "!", rows[i].rows) != 0)
			fail_msg("%s: %s", rows[i].filter, got ? got : answer(&w, "error.message"));
	}
	world_fini(&w);
}

static void hostile_filters_are_refused(void **state)
{
	struct world w;
	struct buf text;
	(void)state;

	world_init(&w);
	buf_init(&text, 30000);
	for (int i = 0; i < 1000; i++)
		buf_char(&text, '(');
	assert_null(found(&w, buf_cstr(&text), ""));
	buf_reset(&text);
	buf_str(&text, "mail eq 'x'");
	for (int i = 0; i < 200; i++)
		buf_str(&text, " or mail eq 'x'");
	assert_null(found(&w, buf_cstr(&text), ""));
	buf_fini(&text);
	world_fini(&w);
}

/* Page after page by the link as it comes; everybody once, in order. */
static void pages(void **state)
{
	struct world w;
	char target[600] = "/v1.0/users?$top=7&$select=mail", email[60];
	unsigned rows = 0, count = 0;
	uint32_t user;
	(void)state;

	world_init(&w);
	for (int i = 0; i < 18; i++) {
		snprintf(email, sizeof email, "u%02d@acme.example", i);
		struct cloud_user_config u = { .email = email };
		assert_int_equal(cloud_user_add(w.c, &u, &user), ERR_OK);
	}
	while (target[0]) {
		assert_int_equal(ask(&w, "GET", target, ""), 200);
		rows += (unsigned)json_array_size(json_object_get(w.body, "value"));
		count++;
		const char *link =
			json_string_value(json_object_get(w.body, "@odata.nextLink"));
		assert_true(!link || strstr(link, "$select=mail"));
		snprintf(target, sizeof target, "%s", link ? strstr(link, "/v1.0/") : "");
	}
	assert_int_equal(rows, 20);
	assert_int_equal(count, 3);
	assert_int_equal(ask(&w, "GET", "/v1.0/users?$top=0", ""), 400);
	assert_int_equal(ask(&w, "GET", "/v1.0/users?$top=1000", ""), 400);
	assert_int_equal(ask(&w, "GET", "/v1.0/users?$skip=5", ""), 400);
	assert_int_equal(ask(&w, "GET", "/v1.0/users?$skiptoken=s-x", ""), 400);
	assert_int_equal(ask(&w, "GET", "/v1.0/users?$select=colour", ""), 400);
	w.extra_name = "ConsistencyLevel";
	w.extra_value = "eventual";
	assert_int_equal(ask(&w, "GET", "/v1.0/users?$count=true&$top=3", ""), 200);
	assert_int_equal(answer_n(&w, "@odata.count"), 20);
	world_fini(&w);
}

static void one_user_and_its_properties(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	assert_int_equal(ask(&w, "GET", "/v1.0/users/" BO, ""), 200);
	assert_string_equal(answer(&w, "userPrincipalName"), "b.o'neil@acme.example");
	assert_null(json_object_get(w.body, "proxyAddresses"));
	assert_int_equal(ask(&w, "GET",
			     "/v1.0/users/b.o%27neil%40acme.example?%24select=id,proxyAddresses", ""),
			 200);
	assert_string_equal(answer(&w, "id"), BO);
	assert_string_equal(answer(&w, "proxyAddresses.0"), "SMTP:bo@acme.example");
	assert_string_equal(answer(&w, "proxyAddresses.1"), "smtp:bo.smith@acme.example");
	assert_int_equal(json_object_size(w.body), 3);
	/* A mail address that is no UPN is no key. */
	assert_int_equal(ask(&w, "GET", "/v1.0/users/bo@acme.example", ""), 404);
	assert_string_equal(answer(&w, "error.code"), "Request_ResourceNotFound");
	cloud_user_delete(w.c, 1, true);
	assert_int_equal(ask(&w, "GET", "/v1.0/users/" BO, ""), 404);
	assert_string_equal(found(&w, "mail eq 'bo@acme.example'", ""), "");
	cloud_user_delete(w.c, 1, false);
	assert_int_equal(ask(&w, "GET", "/v1.0/users/" BO, ""), 200);
	world_fini(&w);
}

static void adding_people(void **state)
{
	struct world w;
	uint32_t user;
	char id[CLOUD_ID_LEN + 1];
	struct cloud_user_config twice = { .email = "Ana@acme.example" };
	struct cloud_user_config none = { .name = "x" }, bad = { .email = "x", .id = "y" };
	struct cloud_user_config shared = { .email = "ana@acme.example", .upn = "other@acme.example" };
	(void)state;

	world_init(&w);
	assert_int_equal(cloud_user_add(w.c, &twice, &user), ERR_EXISTS);
	assert_int_equal(cloud_user_add(w.c, &none, &user), ERR_MALFORMED);
	assert_int_equal(cloud_user_add(w.c, &bad, &user), ERR_MALFORMED);
	/* Two may share a mail address; both are found. */
	assert_int_equal(cloud_user_add(w.c, &shared, &user), ERR_OK);
	assert_string_equal(found(&w, "mail eq 'ana@acme.example'", ""),
			    "ana@acme.example ana@acme.example");
	/* The id comes from tenant and UPN: the same after a restart. */
	snprintf(id, sizeof id, "%s", cloud_user_id(w.c, user));
	world_fini(&w);
	world_init(&w);
	assert_int_equal(cloud_user_add(w.c, &shared, &user), ERR_OK);
	assert_string_equal(cloud_user_id(w.c, user), id);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_find),
		cmocka_unit_test(hostile_filters_are_refused),
		cmocka_unit_test(pages),
		cmocka_unit_test(one_user_and_its_properties),
		cmocka_unit_test(adding_people),
	};
	return cmocka_run_group_tests_name("sim/cloud_list", tests, NULL, NULL);
}
