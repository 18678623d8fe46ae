/* The keys of `matching`, and people's ids in the CSV. */
#include "test.h"

#include <stdio.h>

#include "proto/conf/conf.h"
#include "proto/conf/users_csv.h"

#define GUID "11111111-2222-3333-4444-555555555555"
#define ACCOUNT                                                                                    \
	"accounts:\n  - name: acme\n"                                                              \
	"    teams: { tenant: " GUID ", client_id: " GUID ", client_secret_file: s }\n"

static struct conf_errors errs;

static struct conf *parsed(const char *matching)
{
	struct conf *c = NULL;
	char yaml[2000];

	errs = (struct conf_errors){ 0 };
	snprintf(yaml, sizeof(yaml), "%s    matching: %s\n", ACCOUNT, matching);
	return conf_parse(slice_str(yaml), "offhook.yaml", &c, &errs) == ERR_OK ? c : NULL;
}

static void what_is_given_and_what_is_not(void **state)
{
	struct conf *c = parsed("{ by: [alias, attribute], attribute: extensionAttribute15, refresh: 5m,"
				" onboarding: selected, groups: [" GUID "], exclude: [ana@acme.example],"
				" take: [guest, unlicensed] }");
	(void)state;

	assert_non_null(c);
	const struct conf_matching *m = &c->accounts[0].matching;
	assert_int_equal(m->by.n, 2);
	assert_string_equal(m->attribute, "extensionAttribute15");
	assert_int_equal(m->refresh, 300000);
	assert_int_equal(m->onboarding, CONF_ONBOARDING_SELECTED);
	assert_string_equal(m->groups.list[0], GUID);
	assert_string_equal(m->exclude.list[0], "ana@acme.example");
	assert_int_equal(m->take.n, 2);
	conf_free(c);
	c = parsed("{ refresh: off }");
	assert_non_null(c);
	assert_int_equal(c->accounts[0].matching.refresh, 0);
	assert_int_equal(c->accounts[0].matching.by.n, 0);
	assert_int_equal(c->accounts[0].matching.onboarding, CONF_ONBOARDING_AUTO);
	assert_string_equal(c->accounts[0].matching.attribute, "");
	conf_free(c);
}

static void what_does_not_go_together(void **state)
{
	static const struct {
		const char *matching, *key;
	} rows[] = {
		{ "{ by: [e-mail] }", "by" },
		{ "{ by: [attribute] }", "by" },
		{ "{ by: [attribute], attribute: employeeId, refresh: off }", "by" },
		{ "{ attribute: employeeId }", "attribute" },
		{ "{ by: [attribute], attribute: phone }", "attribute" },
		{ "{ by: [attribute], attribute: extensionAttribute0 }", "attribute" },
		{ "{ by: [attribute], attribute: extensionAttribute16 }", "attribute" },
		{ "{ by: [attribute], attribute: extensionAttribute01 }", "attribute" },
		{ "{ groups: [" GUID "] }", "groups" },
		{ "{ onboarding: selected, groups: [sales] }", "groups" },
		{ "{ onboarding: selected, groups: [" GUID "], refresh: off }", "groups" },
		{ "{ onboarding: everybody }", "onboarding" },
		{ "{ exclude: [ana] }", "exclude" },
		{ "{ take: [disabled] }", "take" },
		{ "{ refresh: 10ms }", "refresh" },
	};
	char key[100];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_null(parsed(rows[i].matching));
		snprintf(key, sizeof(key), "accounts[0].matching.%s", rows[i].key);
		assert_int_equal(errs.errors, 1);
		if (strncmp(errs.list[0].key, key, strlen(key)) != 0)
			fail_msg("%s: %s: %s", rows[i].matching, errs.list[0].key, errs.list[0].text);
	}
}

static bool take_row(const struct users_csv_row *row, void *arg)
{
	snprintf(arg, 200, "%.*s %.*s", SLICE_ARG(row->email), SLICE_ARG(row->teams_id));
	return true;
}

static void ids_from_the_csv(void **state)
{
	static const char head[] = "teams_id,email\n";
	char text[200], csv[300];
	(void)state;

	snprintf(csv, sizeof(csv), "%s%s,a@b.c\n", head, GUID);
	errs = (struct conf_errors){ 0 };
	assert_int_equal(users_csv_parse(slice_str(csv), "u", take_row, text, &errs), ERR_OK);
	assert_string_equal(text, "a@b.c " GUID);
	snprintf(csv, sizeof(csv), "%s,a@b.c\n", head);
	assert_int_equal(users_csv_parse(slice_str(csv), "u", take_row, text, &errs), ERR_OK);
	assert_string_equal(text, "a@b.c ");
	snprintf(csv, sizeof(csv), "%s123,a@b.c\n", head);
	assert_int_equal(users_csv_parse(slice_str(csv), "u", take_row, text, &errs), ERR_MALFORMED);
	assert_string_equal(errs.list[0].key, "teams_id");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_given_and_what_is_not),
		cmocka_unit_test(what_does_not_go_together),
		cmocka_unit_test(ids_from_the_csv),
	};
	return cmocka_run_group_tests_name("proto/conf/matching", tests, NULL, NULL);
}
