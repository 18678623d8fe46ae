/* The keys of working hours, status texts and groups, and a policy that stands alone. */
#include "test.h"

#include <stdio.h>

#include "base/buf.h"
#include "proto/conf/conf.h"

#define HEAD                                                                                       \
	"accounts:\n  - name: acme\n    teams: { tenant: acme.example, client_id: "                \
	"99999999-8888-7777-6666-555555555555, client_secret_file: s }\n"
#define USERS "    users:\n"

static struct conf_errors errs;

static struct conf *good(const char *yaml)
{
	struct conf *c = NULL;
	enum err e = conf_parse(slice_str(yaml), "offhook.yaml", &c, &errs);

	if (e)
		fail_msg("%s: %s", errs.list[0].key, errs.list[0].text);
	return c;
}

static void bad(const char *yaml, const char *key, const char *words)
{
	struct conf *c = NULL;

	assert_int_equal(conf_parse(slice_str(yaml), "offhook.yaml", &c, &errs), ERR_MALFORMED);
	if (!strstr(errs.list[0].key, key) || !strstr(errs.list[0].text, words))
		fail_msg("%s: %s", errs.list[0].key, errs.list[0].text);
}

static void rules_are_inherited_by_groups_and_people(void **state)
{
	struct conf *c = good(
		HEAD
		"    tell_absence: yes\n"
		"    policy:\n"
		"      busy: dnd\n"
		"      hours: { zone: Europe/Berlin, open: [mon-fri 08:00-17:30, \"sat,sun "
		"09:00-12:00\"], "
		"holidays: [2026-12-25, 01-01] }\n"
		"      status_text: { call: On the phone, away: \"Away[ until {until}]\" }\n"
		"    groups:\n"
		"      - { name: desk, policy: { dnd: preferred, hours: { outside: nothing } } }\n"
		"      - { name: lab }\n" USERS "      - { email: ana@acme.example, group: desk }\n"
		"      - { email: ben@acme.example, group: desk, policy: { busy: in-a-call, hours: "
		"{ open: [] } } }\n"
		"      - { email: cyd@acme.example, group: lab }\n");
	const struct conf_account *a = &c->accounts[0];
	const struct conf_policy *ana = a->users[0].policy, *ben = a->users[1].policy;
	(void)state;

	assert_int_equal(a->policy.hours.open.n, 2);
	assert_int_equal(a->policy.hours.holidays.n, 2);
	assert_string_equal(a->policy.hours.zone, "Europe/Berlin");
	assert_ptr_equal(ana, a->groups[0].policy);
	assert_int_equal(ana->busy, 1);
	assert_int_equal(ana->dnd, 1);
	assert_int_equal(ana->hours.outside, 1);
	assert_ptr_equal(ana->hours.open.list, a->policy.hours.open.list);
	assert_string_equal(ana->status_text.away, "Away[ until {until}]");
	assert_int_equal(ben->busy, 0);
	assert_int_equal(ben->dnd, 1);
	assert_int_equal(ben->hours.open.n, 0);
	assert_null(a->users[2].policy);
	conf_free(c);
}

static void what_is_refused(void **state)
{
	(void)state;
	bad(HEAD "    policy: { hours: { open: [mon-fri 08:00-17:00] } }\n", "hours.zone",
	    "is missing");
	bad(HEAD "    policy: { hours: { zone: UTC, open: [8-17] } }\n", "hours.open",
	    "mon-fri 08:00-17:30");
	bad(HEAD "    policy: { hours: { zone: ../etc/passwd } }\n", "hours.zone", "Europe/Berlin");
	bad(HEAD "    policy: { hours: { zone: UTC, open: [mon 08:00-09:00], holidays: "
		 "[25.12.2026] } }\n",
	    "hours.holidays", "2026-12-25");
	bad(HEAD "    policy: { status_text: { away: Gone } }\n", "status_text.away",
	    "tell_absence");
	bad(HEAD "    policy: { status_text: { call: \"Talks to {number}\" } }\n",
	    "status_text.call", "no number");
	bad(HEAD "    policy: { status_text: { call: \"On [the phone\" } }\n", "status_text.call",
	    "closed");
	bad(HEAD "    policy: { status_text: { call: \"[On] [the] phone\" } }\n",
	    "status_text.call", "one part");
	bad(HEAD "    groups: [{ name: a }, { name: a }]\n", "name", "a group already");
	bad(HEAD USERS "      - { email: ana@acme.example, group: nobody }\n", "group",
	    "no such group");
}

static void a_users_file_names_groups(void **state)
{
	static const char yaml[] = HEAD "    groups: [{ name: desk, policy: { busy: dnd } }]\n";
	struct conf *c = good(yaml);
	(void)state;

	assert_int_equal(
		conf_add_users(c, 0,
			       SLICE_LIT("email,group\nana@acme.example,desk\nben@acme.example,\n"),
			       "users.csv", &errs),
		ERR_OK);
	assert_ptr_equal(c->accounts[0].users[0].policy, c->accounts[0].groups[0].policy);
	assert_null(c->accounts[0].users[1].policy);
	assert_int_equal(conf_add_users(c, 0, SLICE_LIT("email,group\ncyd@acme.example,lab\n"),
					"users.csv", &errs),
			 ERR_MALFORMED);
	conf_free(c);
}

static void holidays_of_a_file(void **state)
{
	struct conf *c =
		good(HEAD "    policy: { hours: { zone: UTC, holidays_file: days.txt } }\n");
	struct conf_holidays *h = c->accounts[0].policy.hours.holidays_file;
	(void)state;

	assert_int_equal(c->files[1].kind, CONF_FILE_HOLIDAYS);
	assert_ptr_equal(c->files[1].holidays, h);
	assert_int_equal(
		conf_add_holidays(
			c, h,
			SLICE_LIT("# ours\r\n2026-12-25 Christmas\r\n\r\n 01-01 # New Year\n"),
			"days.txt", &errs),
		ERR_OK);
	assert_int_equal(h->dates.n, 2);
	assert_string_equal(h->dates.list[1], "01-01");
	assert_int_equal(
		conf_add_holidays(c, h, SLICE_LIT("12-25\nChristmas\n"), "days.txt", &errs),
		ERR_MALFORMED);
	assert_int_equal(errs.list[errs.n - 1].line, 2);
	conf_free(c);
}

static void a_policy_alone(void **state)
{
	struct conf *base = good(
			    HEAD
			    "    policy: { busy: dnd, status_text: { call: On the phone } }\n"),
		    *c;
	struct conf_policy p;
	(void)state;

	for (int wrapped = 0; wrapped < 2; wrapped++) {
		const char *yaml = wrapped ? "policy: { dnd: preferred }\n" : "dnd: preferred\n";

		assert_int_equal(conf_parse_policy(slice_str(yaml), "policy",
						   &base->accounts[0].policy, false, &c, &p, &errs),
				 ERR_OK);
		assert_int_equal(p.busy, 1);
		assert_int_equal(p.dnd, 1);
		assert_string_equal(p.status_text.call, "On the phone");
		conf_free(c);
	}
	static const char *const refused[] = { "busy: often\n",
					       "listen: 1\n",
					       "- a\n",
					       "status_text: { away: x }\n",
					       "hours: { holidays_file: x }\n",
					       "{" };
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		assert_int_equal(conf_parse_policy(slice_str(refused[i]), "policy",
						   &base->accounts[0].policy, false, &c, &p, &errs),
				 ERR_MALFORMED);
	conf_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_inherited_by_groups_and_people),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(a_users_file_names_groups),
		cmocka_unit_test(holidays_of_a_file),
		cmocka_unit_test(a_policy_alone),
	};
	return cmocka_run_group_tests_name("proto/conf/rules", tests, NULL, NULL);
}
