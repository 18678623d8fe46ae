/* What the configuration of connectors other than SIP must hold together. */
#include "test.h"

#include <stdio.h>

#include "proto/conf/conf.h"
#include "proto/webhook/hook.h"

static struct conf_errors errs;

/* One connector in an account; "" when it is good, else the first error. */
static const char *fault_of(const char *server, const char *connector)
{
	static char text[800];
	char yaml[2000];
	struct conf *c = NULL;

	snprintf(
		yaml, sizeof(yaml),
		"server: { %s }\naccounts:\n  - name: acme\n    teams:\n"
		"      tenant: 11111111-2222-3333-4444-555555555555\n"
		"      client_id: 99999999-8888-7777-6666-555555555555\n"
		"      client_secret_file: acme.secret\n    connectors:\n      - { name: c, %s }\n",
		server, connector);
	enum err e = conf_parse(slice_str(yaml), "f", &c, &errs);
	text[0] = '\0';
	if (errs.n)
		conf_error_text(&errs.list[0], text, sizeof(text));
	assert_true(e == ERR_OK ? c != NULL : text[0] != '\0');
	conf_free(c);
	return text;
}

static void rows(void **state)
{
	static const struct {
		const char *connector, *fault; /* "": good */
	} cases[] = {
		{ "type: webhook, token_file: t", "" },
		{ "type: webhook, token_file: t, format: yeastar, profile: read, silence: 5m", "" },
		{ "type: webhook, token_file: t, format: mapped, state_at: /s, states: "
		  "[InUse=busy]",
		  "" },
		{ "type: webhook", "token_file: is missing" },
		{ "type: webhook, token_file: t, format: smoke", "format: must be" },
		{ "type: webhook, token_file: t, profile: both", "nothing can be written back" },
		{ "type: webhook, token_file: t, state_at: /s", "is for format: mapped only" },
		{ "type: webhook, token_file: t, format: mapped",
		  "needs state_at, dnd_at or profile_at" },
		{ "type: webhook, token_file: t, format: mapped, state_at: s",
		  "must be a json pointer" },
		{ "type: webhook, token_file: t, format: mapped, state_at: /s, states: [InUse]",
		  "theirs=ours" },
		{ "type: webhook, token_file: t, format: mapped, state_at: /s, only: x",
		  "only: must be" },
		{ "type: webhook, token_file: t, server: x:1", "not for a connector of this type" },
		{ "type: freeswitch, server: 'pbx:8021', password_file: p", "" },
		{ "type: freeswitch, server: 'pbx:8021', password_file: p, username: a@b, profile: "
		  "read, tls: yes",
		  "" },
		{ "type: freeswitch, server: 'pbx:8021'", "password_file: is missing" },
		{ "type: freeswitch, password_file: p", "server: is missing" },
		{ "type: freeswitch, server: 'pbx:8021', password_file: p, username: a",
		  "must be user@domain" },
		{ "type: freeswitch, server: 'pbx:8021', password_file: p, profile: write",
		  "freeswitch keeps no" },
		{ "type: freeswitch, server: 'pbx:8021', password_file: p, token_file: t",
		  "not for a connector" },
		{ "type: sip, server: 'sip:pbx', packages: [201=presence, 7*=dialog]", "" },
		{ "type: sip, server: 'sip:pbx', packages: [201=blf]",
		  "packages: must be a list of lines' numbers" },
		{ "type: sip, server: 'sip:pbx', packages: ['*=presence']",
		  "packages: must be a list of lines' numbers" },
		{ "type: ami, server: 'pbx:5038', username: a, password_file: p, "
		  "packages: [201=presence]",
		  "not for a connector" },
		{ "type: csta, server: 'pbx:7001'", "" },
		{ "type: csta, server: 'pbx:7001', username: a, password_file: p, outstanding: 256", "" },
		{ "type: csta, server: 'pbx:7001', outstanding: 257",
		  "outstanding: must be at most 256 for csta" },
		{ "type: csta, server: 'pbx:7001', username: a",
		  "password_file: is missing: username is given" },
		{ "type: csta, server: 'pbx:7001', username: a, password_file: p, session: none",
		  "session: none sends no log-in: leave username and password_file out" },
		{ "type: csta, server: 'pbx:7001', username: a, password_file: p, session: register",
		  "session: register sends no log-in" },
		{ "type: csta, server: 'pbx:7001', session: none", "" },
		{ "type: ami, server: 'pbx:5038', username: a, password_file: p", "" },
		{ "type: ami, server: 'pbx:5038'", "username: is missing" },
		{ "type: ami, server: 'pbx:5038', username: a", "password_file: is missing" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *got = fault_of("", cases[i].connector);

		if (cases[i].fault[0] ? !strstr(got, cases[i].fault) : got[0] != '\0')
			fail_msg("%s: %s", cases[i].connector, got);
	}
}

/* What is written for one profile must not be read back as another. */
static void tables_that_contradict_themselves(void **state)
{
	static const struct {
		const char *keys, *fault; /* "": good */
	} cases[] = {
		{ "dnd_while: [not-available]", "" },
		{ "dnd_while: [not-available], profile_set: '', profiles: "
		  "['DoNotDisturbEvent/doNotDisturbOn@true=not-available']",
		  "" },
		{ "dnd_while: [not-available], profile_set: '', profiles: "
		  "['DoNotDisturbEvent/doNotDisturbOn@true=not-available', "
		  "'DoNotDisturbEvent/doNotDisturbOn@false=available']",
		  "all but not-available switch Do Not Disturb off" },
		{ "dnd_while: [away], profiles: "
		  "['DoNotDisturbEvent/doNotDisturbOn@true=not-available', away=away]",
		  "dnd_while: switches Do Not Disturb on for away, which profiles reads back as "
		  "not-available" },
		{ "dnd_while: [not-available, busy], profiles: "
		  "['DoNotDisturbEvent/doNotDisturbOn@1=busy', busy=busy, off=not-available]",
		  "on for not-available, which profiles reads back as busy" },
		{ "dnd_while: [away], profiles: ['DoNotDisturbEvent/doNotDisturbOn@true=ignore', away=away]",
		  "" },
		{ "dnd_while: [away], profiles: "
		  "['DoNotDisturbEvent/doNotDisturbOn@false=available', away=away, busy=busy]",
		  "Do Not Disturb off, which profiles reads back as available" },
		{ "dnd_while: [meeting], profiles: [away=away]",
		  "dnd_while: profiles has no word for meeting, so it is never written" },
		{ "dnd_while: [meeting], profiles: [away=away], profile_set: ''", "" },
		{ "profiles: [away=away, Away=busy]", "profiles: the word stands in two rows: Away=busy" },
		{ "profiles: [away=away, Event/x@away=busy]", "" },
		{ "lamps: yes, lamp_at: ['7', '201=100/1']", "" },
		{ "lamps: yes", "lamps: lamp_at is missing: which lamps show whom, such as [201=100/7]" },
		{ "lamps: yes, lamp_at: ['201=7']", "lamp_at must be a lamp of each phone" },
		{ "lamps: yes, lamp_at: ['7'], lamp_set: Set", "lamp_set must be a service" },
		{ "lamps: yes, lamp_at: ['7'], lamp_states: [call=off]",
		  "lamp_states: the word for dark is that of a lit lamp too: off" },
		{ "lamp_at: ['7']", "lamp_at: does nothing without lamps: yes" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[600];

		snprintf(text, sizeof(text), "type: csta, server: pbx, %s", cases[i].keys);
		const char *got = fault_of("", text);

		if (cases[i].fault[0] ? !strstr(got, cases[i].fault) : got[0] != '\0')
			fail_msg("%s: %s", text, got);
	}
}

static void the_listener(void **state)
{
	static const char hook[] = "type: webhook, token_file: t";
	(void)state;

	assert_string_equal(fault_of("webhooks: ''", hook), "");
	assert_string_equal(fault_of("webhooks: '127.0.0.1:8471'", hook), "");
	assert_string_equal(fault_of("webhooks: '0.0.0.0:8471', webhooks_tls: { certificate_file: "
				     "c, key_file: k }",
				     hook),
			    "");
	assert_non_null(strstr(fault_of("webhooks: '0.0.0.0:8471'", hook), "in the clear"));
	assert_int_equal(errs.errors, 0); /* a warning: there may be a proxy before it */
	assert_non_null(strstr(fault_of("webhooks: here", hook), "webhooks: must be"));
	assert_non_null(
		strstr(fault_of("webhooks: '127.0.0.1:1', webhooks_tls: { key_file: k }", hook),
		       "certificate_file"));
}

static void forms_have_one_order(void **state)
{
	(void)state;
	assert_int_equal((int)CONF_FORMAT_OFFHOOK, (int)HOOK_OWN);
	assert_int_equal((int)CONF_FORMAT_YEASTAR, (int)HOOK_YEASTAR);
	assert_int_equal((int)CONF_FORMAT_MAPPED, (int)HOOK_MAPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
		cmocka_unit_test(tables_that_contradict_themselves),
		cmocka_unit_test(the_listener),
		cmocka_unit_test(forms_have_one_order),
	};
	return cmocka_run_group_tests_name("proto/conf/connectors", tests, NULL, NULL);
}
