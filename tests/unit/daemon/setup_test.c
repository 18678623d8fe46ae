/* How far a tenant is set up: what each step says of what Entra, Graph and the directory have answered. */
#include "test.h"

#include <stdio.h>

#include "daemon/setup.h"
#include "proto/graph/roles.h"
#include "proto/graph/token.h"

#define DAY_MS INT64_C(86400000)

static struct conf_account account;
static struct setup_facts f;
static struct setup_said said[SETUP_COUNT];

static void begin(void)
{
	account = (struct conf_account){
	    .name = "acme",
	    .teams = {.tenant = "acme.example", .client_id = "99999999-8888-7777-6666-555555555555",
		      .client_secret_file = {.file = "s"}, .certificate_file = {.file = ""}},
	    .matching = {.refresh = 900000},
	};
	f = (struct setup_facts){.account = &account, .wall_ms = 1000 * DAY_MS, .graph = {.token_fix = ""}};
}

/* One letter a step, in order: ? unknown, t to do, f failed, d done. */
static const char *states(void)
{
	static char text[SETUP_COUNT + 1];

	setup_judge(&f, said);
	for (int i = 0; i < SETUP_COUNT; i++)
		text[i] = "?tfd"[said[i].state];
	return text;
}

static void refuse(enum token_step step, const char *error, const char *fix)
{
	f.graph.token = 3;
	f.graph.probe = GRAPH_PROBE_NO_TOKEN;
	snprintf(f.graph.token_error, sizeof(f.graph.token_error), "%s", error);
	f.graph.token_fix = fix;
	f.graph.token_step = (uint8_t)step;
}

static void grant(uint32_t permits)
{
	f.graph.token = 2;
	f.graph.probe = GRAPH_PROBE_ANSWERED;
	f.graph.probe_status = 200;
	f.graph.permits_known = true;
	f.graph.permits = permits;
}

static void from_nothing_to_everything(void **state)
{
	(void)state;
	f = (struct setup_facts){0};
	assert_string_equal(states(), "tttttt");
	begin();
	assert_string_equal(states(), "??????");
	refuse(TOKEN_STEP_APP, "AADSTS700016: not there", "check client_id");
	assert_string_equal(states(), "fttttt");
	assert_string_equal(said[SETUP_APP].text, "AADSTS700016: not there; check client_id");
	refuse(TOKEN_STEP_CREDENTIAL, "AADSTS7000215: bad secret", "put the Value there");
	assert_string_equal(states(), "dftttt");
	refuse(TOKEN_STEP_CONSENT, "AADSTS65001: no consent", "grant it");
	assert_string_equal(states(), "ddtftt");
	refuse(TOKEN_STEP_NONE, "no connection", "");
	assert_string_equal(states(), "??????");
	assert_non_null(strstr(said[SETUP_APP].text, "no connection"));
	begin();
	grant(0);
	f.graph.probe_status = 403;
	assert_string_equal(states(), "ddttft");
	assert_string_equal(said[SETUP_PERMISSIONS].text, "missing: Presence.ReadWrite.All, User.Read.All");
	grant(PERMITS_SET | PERMITS_READ | PERMITS_LOOK_UP);
	assert_string_equal(states(), "dddddt");
	f.matches[MATCH_MATCHED] = 2;
	assert_string_equal(states(), "dddddd");
}

static void permissions_by_what_the_settings_need(void **state)
{
	static const char *const groups[] = {"99999999-8888-7777-6666-555555555555"};
	static const struct conf_texts chosen = {(const char **)(uintptr_t)groups, 1};
	(void)state;

	begin();
	grant(PERMITS_SET);
	states();
	assert_string_equal(said[SETUP_PERMISSIONS].text, "missing: User.Read.All");
	assert_int_equal(said[SETUP_CONSENT].state, SETUP_TODO);
	account.matching.refresh = 0;
	states();
	assert_int_equal(said[SETUP_PERMISSIONS].state, SETUP_DONE);
	account.matching.groups = chosen;
	states();
	assert_string_equal(said[SETUP_PERMISSIONS].text, "missing: GroupMember.Read.All");
	f.graph.permits_known = false;
	states();
	assert_int_equal(said[SETUP_PERMISSIONS].state, SETUP_UNKNOWN);
}

static void a_secret_counts_its_days_where_they_are_known(void **state)
{
	(void)state;
	begin();
	grant(PERMITS_SET | PERMITS_LOOK_UP);
	states();
	assert_non_null(strstr(said[SETUP_CREDENTIAL].text, "put the day into client_secret_ends"));
	f.graph.secret_ends_wall_ms = f.wall_ms + 100 * DAY_MS;
	states();
	assert_string_equal(said[SETUP_CREDENTIAL].text, "the client secret signs in, for another 100 days");
	f.wall_ms += 100 * DAY_MS;
	states();
	assert_non_null(strstr(said[SETUP_CREDENTIAL].text, "though client_secret_ends is over"));
}

static void a_certificate_counts_its_days(void **state)
{
	(void)state;
	begin();
	grant(PERMITS_SET | PERMITS_LOOK_UP);
	snprintf(f.graph.certificate_thumbprint, sizeof(f.graph.certificate_thumbprint), "ABCD");
	f.graph.certificate_ends_wall_ms = f.wall_ms + 100 * DAY_MS;
	f.graph.certificate_warns_wall_ms = f.wall_ms + 70 * DAY_MS;
	states();
	assert_string_equal(said[SETUP_CREDENTIAL].text,
			    "the certificate ABCD signs in, for another 100 days");
	f.wall_ms += 80 * DAY_MS;
	states();
	assert_int_equal(said[SETUP_CREDENTIAL].state, SETUP_DONE);
	assert_non_null(strstr(said[SETUP_CREDENTIAL].text, "ends in 20 days"));
	f.wall_ms += 20 * DAY_MS;
	states();
	assert_int_equal(said[SETUP_CREDENTIAL].state, SETUP_FAILED);
}

static void people_and_graph(void **state)
{
	(void)state;
	begin();
	grant(PERMITS_SET | PERMITS_LOOK_UP);
	f.matches[MATCH_MATCHED] = 3;
	f.matches[MATCH_WAITING] = 1;
	assert_string_equal(states(), "ddddd?");
	f.matches[MATCH_GUEST] = 1;
	assert_string_equal(states(), "dddddf");
	assert_non_null(strstr(said[SETUP_PEOPLE].text, "3 of 5"));
	f.people = (struct graph_people_view){.on = true, .failed = true};
	states();
	assert_string_equal(said[SETUP_PEOPLE].text, "the directory cannot be read");
	f.graph.probe = GRAPH_PROBE_NEVER;
	states();
	assert_int_equal(said[SETUP_GRAPH].state, SETUP_UNKNOWN);
	f.graph.accepted = 7;
	states();
	assert_int_equal(said[SETUP_GRAPH].state, SETUP_DONE);
	f.graph.probe = GRAPH_PROBE_READ;
	states();
	assert_int_equal(said[SETUP_GRAPH].state, SETUP_UNKNOWN);
	f.graph.probe = GRAPH_PROBE_ANSWERED;
	f.graph.probe_status = 404; /* of somebody who is not there: Graph itself is */
	states();
	assert_int_equal(said[SETUP_GRAPH].state, SETUP_DONE);
	f.graph.probe_status = 0;
	states();
	assert_int_equal(said[SETUP_GRAPH].state, SETUP_FAILED);
}

static bool has_command(enum setup_step step, const struct conf_account *a, const char *part)
{
	json_t *list = setup_commands(step, a), *v;
	bool found = false;
	size_t i;

	json_array_foreach(list, i, v) found = found || strstr(json_string_value(v), part);
	json_decref(list);
	return found;
}

static void commands_name_the_account(void **state)
{
	(void)state;
	begin();
	assert_true(has_command(SETUP_APP, &account, "az login --tenant acme.example"));
	assert_true(has_command(SETUP_APP, NULL, "YOUR-TENANT-ID"));
	assert_true(has_command(SETUP_APP, NULL, "az ad app create"));
	assert_false(has_command(SETUP_APP, &account, "az ad app create"));
	assert_false(has_command(SETUP_APP, &account, "AzureUSGovernment"));
	account.teams.cloud = CONF_CLOUD_GCC_HIGH;
	assert_true(has_command(SETUP_APP, &account, "AzureUSGovernment"));
	assert_true(has_command(SETUP_CREDENTIAL, &account, "--query password"));
	assert_false(has_command(SETUP_CREDENTIAL, &account, "--cert"));
	account.teams.certificate_file.file = "/c.pem";
	assert_true(has_command(SETUP_CREDENTIAL, &account, "--cert @acme.pem"));
	assert_true(has_command(SETUP_PERMISSIONS, &account, "'Presence.ReadWrite.All'"));
	assert_true(has_command(SETUP_PERMISSIONS, &account, "'User.Read.All'"));
	assert_false(has_command(SETUP_PERMISSIONS, &account, "GroupMember"));
	account.matching.refresh = 0;
	assert_false(has_command(SETUP_PERMISSIONS, &account, "'User.Read.All'"));
	assert_true(has_command(SETUP_CONSENT, &account, "admin-consent --id 99999999-8888"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(from_nothing_to_everything),
	    cmocka_unit_test(permissions_by_what_the_settings_need),
	    cmocka_unit_test(a_secret_counts_its_days_where_they_are_known),
	    cmocka_unit_test(a_certificate_counts_its_days),
	    cmocka_unit_test(people_and_graph),
	    cmocka_unit_test(commands_name_the_account),
	};
	return cmocka_run_group_tests_name("daemon/setup", tests, NULL, NULL);
}
