/* Objects made in the console, read after those of the file. */
#include "test.h"

#include "proto/conf/conf.h"

static const char file_text[] =
	"accounts:\n"
	"  - name: acme\n"
	"    teams: &t { tenant: acme.example, client_id: 99999999-8888-7777-6666-555555555555, "
	"client_secret_file: s }\n"
	"    connectors: [ { name: hq, type: sip, server: \"sip:pbx.acme.example\" } ]\n"
	"    groups: &none []\n"
	"  - { name: beta, teams: *t, groups: *none }\n";

static const char teams[] =
	"{\"teams\":{\"tenant\":\"beta.example\",\"client_id\":"
	"\"99999999-8888-7777-6666-555555555555\",\"client_secret_file\":\"/s\"}}";

static struct conf_errors errs;

static struct conf_document document(enum conf_document_kind kind, const char *account,
				     const char *name, const char *json)
{
	return (struct conf_document){ (uint8_t)kind, slice_str(account), slice_str(name),
				       slice_str(json), "console: it" };
}

static struct conf *read(const struct conf_document *d, uint32_t n)
{
	struct conf *c = NULL;

	assert_int_equal(conf_parse_with(slice_str(file_text), "offhook.yaml", d, n, &c, &errs),
			 ERR_OK);
	return c;
}

static void an_account_and_what_hangs_on_it(void **state)
{
	/* the connector first: the order of the documents does not matter */
	const struct conf_document d[] = {
		document(CONF_DOCUMENT_CONNECTOR, "gamma", "pbx",
			 "{\"type\":\"sip\",\"server\":\"sip:pbx.gamma.example\"}"),
		document(CONF_DOCUMENT_ACCOUNT, "gamma", "", teams),
	};
	struct conf *c = read(d, 2);
	(void)state;

	assert_int_equal(c->accounts_n, 3);
	assert_string_equal(c->accounts[2].name, "gamma");
	assert_string_equal(c->accounts[2].at.file, "console: it");
	assert_string_equal(c->accounts[0].at.file, "offhook.yaml");
	assert_int_equal(c->accounts[2].connectors_n, 1);
	assert_string_equal(c->accounts[2].connectors[0].name, "pbx");
	assert_string_equal(c->accounts[2].connectors[0].at.file, "console: it");
	conf_free(c);
}

static void a_connector_for_an_account_of_the_file(void **state)
{
	const struct conf_document d[] = {
		document(CONF_DOCUMENT_CONNECTOR, "acme", "branch",
			 "{\"type\":\"ami\",\"server\":\"h\",\"username\":\"u\",\"password_file\":\"s\"}"),
		document(CONF_DOCUMENT_CONNECTOR, "beta", "pbx",
			 "{\"type\":\"sip\",\"server\":\"sip:h\"}"),
		document(CONF_DOCUMENT_GROUP, "acme", "sales", "{\"policy\":{\"busy\":\"dnd\"}}"),
	};
	struct conf *c = read(d, 3);
	(void)state;

	assert_int_equal(c->accounts[0].connectors_n, 2);
	assert_string_equal(c->accounts[0].connectors[0].name, "hq");
	assert_string_equal(c->accounts[0].connectors[1].name, "branch");
	assert_int_equal(c->accounts[1].connectors_n, 1);
	/* the file's list of groups is shared by an alias: only one account gets the new one */
	assert_int_equal(c->accounts[0].groups_n, 1);
	assert_int_equal(c->accounts[1].groups_n, 0);
	conf_free(c);
}

static struct conf *alarms_of(const char *yaml, const char *json)
{
	const struct conf_document d = document(CONF_DOCUMENT_ALARMS, "", "", json);
	struct conf *c = NULL;

	assert_int_equal(conf_parse_with(slice_str(yaml), "offhook.yaml", &d, 1, &c, &errs), ERR_OK);
	return c;
}

/* One there is of: where the file has no server, has one, and says it itself. */
static void whom_alarms_are_sent_to(void **state)
{
	static const char hook[] = "{\"webhook\":\"https://hooks.acme.example/a\"}";
	struct conf *c = alarms_of("accounts: []\n", hook);
	(void)state;

	assert_string_equal(c->server.alarms.webhook, "https://hooks.acme.example/a");
	assert_string_equal(c->server.alarms.at.file, "console: it");
	conf_free(c);
	c = alarms_of("server: { capacity: 7 }\naccounts: []\n", hook);
	assert_string_equal(c->server.alarms.webhook, "https://hooks.acme.example/a");
	assert_int_equal(c->server.capacity, 7);
	conf_free(c);
	c = alarms_of("server: { alarms: { least: info } }\naccounts: []\n", hook);
	assert_string_equal(c->server.alarms.webhook, "");
	assert_string_equal(c->server.alarms.at.file, "offhook.yaml");
	assert_int_equal(errs.warnings, 2); /* left out; no accounts */
	conf_free(c);
	assert_int_equal(conf_parse(slice_str("accounts: []\n"), "offhook.yaml", &c, &errs), ERR_OK);
	assert_null(c->server.alarms.at.file);
	conf_free(c);
}

static void the_file_is_the_later_word(void **state)
{
	const struct conf_document d[] = {
		document(CONF_DOCUMENT_ACCOUNT, "acme", "", teams),
		document(CONF_DOCUMENT_CONNECTOR, "acme", "hq",
			 "{\"type\":\"sip\",\"server\":\"sip:other\"}"),
		document(CONF_DOCUMENT_CONNECTOR, "gone", "hq",
			 "{\"type\":\"sip\",\"server\":\"sip:other\"}"),
	};
	struct conf *c = read(d, 3);
	(void)state;

	assert_int_equal(c->accounts_n, 2);
	assert_int_equal(c->accounts[0].connectors_n, 1);
	assert_string_equal(c->accounts[0].connectors[0].server, "sip:pbx.acme.example");
	assert_int_equal(errs.warnings, 3);
	conf_free(c);
}

static void a_person_with_rules_of_its_own(void **state)
{
	const struct conf_document d[] = {
		document(CONF_DOCUMENT_USER, "acme", "Ana@acme.example",
			 "{\"lines\":[\"hq/777\"],\"group\":\"sales\",\"policy\":{\"ringing\":\"busy\"}}"),
		document(CONF_DOCUMENT_GROUP, "acme", "sales", "{\"policy\":{\"busy\":\"dnd\"}}"),
	};
	struct conf *c = read(d, 2);
	const struct conf_account *a = &c->accounts[0];
	const struct conf_user *u = &a->users[a->users_n - 1];
	(void)state;

	assert_string_equal(u->email, "Ana@acme.example");
	assert_string_equal(u->group, "sales");
	assert_int_equal(u->policy->busy, a->groups[0].policy->busy);
	assert_int_not_equal(u->policy->ringing, a->policy.ringing);
	assert_true(conf_at_is_console(u->at));
	assert_true(conf_at_is_console(a->groups[0].at));
	assert_int_equal(conf_finish(c, &errs), ERR_OK);
	conf_free(c);
}

/* Of two that cannot both be, the console's is the wrong one, wherever it comes in the lists. */
static void what_a_person_takes_from_the_file(void **state)
{
	static const char *const rows[] = { "email,lines\nana@acme.example,\n",
					    "email,lines\nother@acme.example,hq/777\n" };
	const struct conf_document d[] = {
		document(CONF_DOCUMENT_USER, "acme", "ana@acme.example", "{\"lines\":[\"hq/777\"]}"),
	};
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		struct conf *c = read(d, 1);

		assert_int_equal(conf_add_users(c, 0, slice_str(rows[i]), "users.csv", &errs), ERR_OK);
		assert_int_equal(conf_finish(c, &errs), ERR_MALFORMED);
		assert_string_equal(errs.list[errs.n - 1].file, "console: it");
		conf_free(c);
	}
}

static void an_error_names_the_document(void **state)
{
	static const struct {
		const char *json, *key;
	} rows[] = {
		{ "{\"type\":\"sip\",\"server\":\"sip:h\",\"serwer\":1}",
		  "accounts[0].connectors[1].serwer" },
		{ "{\"server\":\"sip:h\"}", "accounts[0].connectors[1].type" },
		{ "[]", "" },
		{ "{", "" },
		{ "&a {x: *a}", "" },
		{ "{\"type\":\"sip\",\"type\":\"ami\"}", "" },
	};
	struct conf *c = NULL;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct conf_document d =
			document(CONF_DOCUMENT_CONNECTOR, "acme", "new", rows[i].json);

		assert_int_equal(
			conf_parse_with(slice_str(file_text), "offhook.yaml", &d, 1, &c, &errs),
			ERR_MALFORMED);
		assert_string_equal(errs.list[0].file, "console: it");
		assert_string_equal(errs.list[0].key, rows[i].key);
	}
}

static void nothing_but_documents(void **state)
{
	const struct conf_document d[] = { document(CONF_DOCUMENT_ACCOUNT, "gamma", "", teams) };
	static const char *const files[] = { "", "accounts:\n", "accounts: []\n",
					     "server: { log: info }\n" };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct conf *c = NULL;

		assert_int_equal(conf_parse_with(slice_str(files[i]), "f", d, 1, &c, &errs),
				 ERR_OK);
		assert_int_equal(c->accounts_n, 1);
		conf_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_account_and_what_hangs_on_it),
		cmocka_unit_test(a_connector_for_an_account_of_the_file),
		cmocka_unit_test(whom_alarms_are_sent_to),
		cmocka_unit_test(the_file_is_the_later_word),
		cmocka_unit_test(a_person_with_rules_of_its_own),
		cmocka_unit_test(what_a_person_takes_from_the_file),
		cmocka_unit_test(an_error_names_the_document),
		cmocka_unit_test(nothing_but_documents),
	};
	return cmocka_run_group_tests_name("proto/conf/documents", tests, NULL, NULL);
}
