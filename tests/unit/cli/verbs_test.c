/* Every verb against an admin plane with invented people and a loop thread that answers. */
#include "test.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../admin/harness.h"
#include "base/date.h"
#include "cli/cli.h"

static struct harness h;
static struct cli c;
static char *out_text, *err_text;
static size_t out_n, err_n;
static pthread_t loop;
static atomic_bool stop;
static struct admin_command last;
static char last_csv[200];

/* Names are the loop thread's to know. */
static bool is_known(const struct admin_command *cmd)
{
	return !cmd->account_name[0] || strcmp(cmd->account_name, "acme") == 0 ||
	       strcmp(cmd->account_name, "umbrella & sons") == 0;
}

static void answer(const struct admin_command *cmd)
{
	if (!is_known(cmd)) {
		admin_refuse(h.admin, cmd->id, 404, "not found", "no such account");
		return;
	}
	switch (cmd->kind) {
	case ADMIN_IMPORT_USERS:
		snprintf(last_csv, sizeof(last_csv), "%s", cmd->text);
		admin_answer(h.admin, cmd->id, 200,
			     strstr(cmd->text, "wrong")
				 ? "{\"added\":1,\"changed\":0,\"unchanged\":0,"
				   "\"errors\":[{\"row\":2,\"text\":\"no @\"}]}"
				 : "{\"added\":2,\"changed\":1,\"unchanged\":3,"
				   "\"errors\":[]}");
		break;
	case ADMIN_RELOAD:
		admin_refuse(h.admin, cmd->id, 422, "the configuration is bad", "offhook.yaml:3");
		break;
	case ADMIN_CAPTURE:
		if (cmd->capture == 8)
			admin_refuse(h.admin, cmd->id, 404, "not found", "no such capture; it has ended");
		else
			admin_answer(h.admin, cmd->id, 200,
				     cmd->capture ? "{\"text\":\"# captured\",\"messages\":2,\"bytes\":9,"
						    "\"left_out\":1,\"ended\":\"its time is over\"}"
				     : strcmp(cmd->connector, "lost") == 0 ? "{\"capture\":8}"
									   : "{\"capture\":7}");
		break;
	case ADMIN_SETUP:
		admin_answer(h.admin, cmd->id, 200,
			     "{\"steps\":[{\"title\":\"An app\",\"state\":\"done\",\"text\":\"there\","
			     "\"by_hand\":\"no\",\"commands\":[\"az no\"]},"
			     "{\"title\":\"Consent\",\"state\":\"todo\",\"text\":\"missing\","
			     "\"by_hand\":\"portal\",\"commands\":[\"az one\",\"az two\"]}]}");
		break;
	case ADMIN_CLEAR:
		admin_answer(h.admin, cmd->id, 200, "{\"users\":5}");
		break;
	default:
		admin_answer(h.admin, cmd->id, 200, NULL);
	}
}

static void *turn(void *arg)
{
	struct admin_command cmd;

	(void)arg;
	while (!atomic_load(&stop)) {
		while (admin_take(h.admin, &cmd)) {
			last = cmd;
			answer(&cmd);
			admin_command_fini(&cmd);
			last.text = NULL;
		}
		usleep(1000);
	}
	return NULL;
}

static int start(void **state)
{
	struct harness_options o = {.users = 30};
	(void)state;

	harness_start(&h, &o);
	atomic_store(&stop, false);
	return pthread_create(&loop, NULL, turn, NULL);
}

static int end(void **state)
{
	(void)state;
	atomic_store(&stop, true);
	pthread_join(loop, NULL);
	harness_stop(&h);
	free(out_text);
	free(err_text);
	return 0;
}

static int run(const char *line)
{
	static char text[500];
	static char *argv[30];
	const struct verb *v;
	int argc = 1, status;

	free(out_text);
	free(err_text);
	out_text = err_text = NULL;
	snprintf(text, sizeof(text), "%s", line);
	argv[0] = (char[]){"offhook"};
	for (char *p = text, *save; (argv[argc] = strtok_r(p, " ", &save)); p = NULL)
		argc++;
	memset(&c, 0, sizeof(c));
	memset(&last, 0, sizeof(last));
	c.out = open_memstream(&out_text, &out_n);
	c.err = open_memstream(&err_text, &err_n);
	status = cli_parse(&c, argc, argv, &v);
	assert_int_equal(status, 0);
	c.socket = c.socket ? c.socket : h.socket_path;
	assert_int_equal(cli_locate(&c, text, sizeof(text)), ERR_OK);
	status = v->run(&c);
	fclose(c.out);
	fclose(c.err);
	return status;
}

static json_t *json(const char *line, int status)
{
	json_t *doc;

	if (run(line) != status)
		fail_msg("%s: %s", line, err_text);
	doc = json_loads(out_text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(doc);
	return doc;
}

#define HAS(text)                                                                                  \
	do {                                                                                       \
		if (!strstr(out_text, text))                                                       \
			fail_msg("no \"%s\" in: %s", text, out_text);                              \
	} while (0)

static void status_and_lists(void **state)
{
	json_t *doc;
	(void)state;

	assert_int_equal(run("status"), 0);
	HAS("ready\n");
	HAS("account acme (live): 24 users");
	HAS("connector branch (sip): down");
	HAS("token refused: AADSTS7000215");
	assert_int_equal(run("users --search u3@"), 0);
	HAS("u3@acme.example  acme");
	assert_null(strstr(out_text, "\033["));
	doc = json("users --json", 0);
	assert_int_equal(json_array_size(json_object_get(doc, "users")), 30);
	json_decref(doc);
	doc = json("users --json --state away", 0);
	assert_int_equal(json_array_size(json_object_get(doc, "users")), 3);
	json_decref(doc);
	doc = json("users --json --account acme", 0);
	assert_int_equal(json_array_size(json_object_get(doc, "users")), 24);
	json_decref(doc);
	assert_int_equal(run("users --state happy"), 1);
	assert_non_null(strstr(err_text, "state is"));
	assert_int_equal(run("connectors"), 0);
	HAS("no route to host; next try in 20 s");
	doc = json("connectors --json", 0);
	assert_int_equal(json_array_size(json_object_get(doc, "connectors")), 3);
	json_decref(doc);
	doc = json("status --json", 0);
	assert_true(json_is_true(json_object_get(json_object_get(doc, "ready"), "ready")));
	json_decref(doc);
	admin_set_ready(h.admin, false, "no store");
	assert_int_equal(run("status"), 1);
	HAS("not ready: no store");
	admin_set_ready(h.admin, true, "ready");
}

static void explain(void **state)
{
	json_t *doc;
	(void)state;

	assert_int_equal(run("explain U1@acme.example"), 0);
	HAS("line hq/202 is in a conference; rank busy over available");
	HAS("session held  busy");
	HAS("hq/202: busy, call conference");
	HAS("6e7b768e-07e2-4810-8459-485f84f8f204");
	HAS("settle 0 s, grace 120 s, lease 600 s");
	doc = json("explain u1@acme.example --json", 0);
	assert_string_equal(text_of(doc, "combined"), "busy");
	json_decref(doc);
	assert_int_equal(run("explain nobody@acme.example"), 1);
	assert_non_null(strstr(err_text, "nobody has the address"));
	assert_int_equal(run("explain u1@acme.example --account none"), 1);
	assert_non_null(strstr(err_text, "no such account"));
	assert_int_equal(run("explain u4@umbrella.example"), 0);
	HAS("account umbrella & sons, not live");
}

static void set(void **state)
{
	char text[DATE_LEN + 1];
	int64_t begun_ms;
	(void)state;

	assert_int_equal(run("set u1@acme.example not-available"), 0);
	HAS("u1@acme.example is set to not-available\n");
	assert_int_equal(last.kind, ADMIN_SET_PROFILE);
	assert_string_equal(last.email, "u1@acme.example");
	assert_string_equal(last.account_name, "acme");
	assert_int_equal(last.profile, PROFILE_NOT_AVAILABLE);
	assert_int_equal(last.until_wall_ms, TIME_NEVER);
	begun_ms = harness_wall_ms();
	assert_int_equal(run("set u1@acme.example busy --until 90m"), 0);
	HAS("is set to busy until 2");
	date_format(last.until_wall_ms, text);
	assert_true(last.until_wall_ms > begun_ms + 5390000 &&
		    last.until_wall_ms <= harness_wall_ms() + 5400000);
	assert_int_equal(run("set u1@acme.example lunch"), 2);
	assert_int_equal(run("set u1@acme.example busy --until noon"), 2);
	assert_int_equal(last.id, 0);
	assert_int_equal(run("disable u1@acme.example"), 0);
	assert_int_equal(last.kind, ADMIN_ENABLE_USER);
	assert_false(last.enabled);
	assert_int_equal(run("enable u1@acme.example"), 0);
	assert_true(last.enabled);
}

/* One address in two accounts: refused until the account is said. */
static void an_ambiguous_address(void **state)
{
	struct admin_user u = {.user = 100, .account = 1, .email = SLICE_LIT("u1@acme.example")};
	(void)state;

	assert_int_equal(admin_put_user(h.admin, &u), ERR_OK);
	assert_int_equal(run("explain u1@acme.example"), 1);
	assert_non_null(
	    strstr(err_text, "several accounts; say which with --account: acme umbrella & sons"));
	assert_int_equal(run("set u1@acme.example away"), 1);
	assert_int_equal(last.id, 0);
	assert_int_equal(run("set u1@acme.example away --account acme"), 0);
	assert_string_equal(last.email, "u1@acme.example");
	assert_string_equal(last.account_name, "acme");
	admin_remove_user(h.admin, 100);
}

static void import(void **state)
{
	char path[120], line[200];
	FILE *f;
	(void)state;

	snprintf(path, sizeof(path), "%s/people.csv", h.folder);
	f = fopen(path, "w");
	fputs("email,name,lines,enabled\n", f);
	fclose(f);
	snprintf(line, sizeof(line), "users import %s", path);
	assert_int_equal(run(line), 2); /* two accounts: which? */
	snprintf(line, sizeof(line), "users import %s --account acme --dry-run", path);
	assert_int_equal(run(line), 0);
	HAS("nothing done; it would be: 2 added, 1 changed, 3 unchanged, 0 wrong");
	assert_true(last.dry_run);
	assert_string_equal(last_csv, "email,name,lines,enabled\n");
	f = fopen(path, "a");
	fputs("wrong\n", f);
	fclose(f);
	snprintf(line, sizeof(line), "users import %s --account acme", path);
	assert_int_equal(run(line), 1);
	HAS("row 2: no @");
	f = fopen(path, "w");
	for (int i = 0; i < 90000; i++)
		fprintf(f, "%099d\n", i);
	fclose(f);
	assert_int_equal(run(line), 2);
	assert_non_null(strstr(err_text, "more than 8 MB"));
	unlink(path);
	assert_int_equal(run(line), 2);
}

static void one_account_of_several(void **state)
{
	json_t *doc;
	(void)state;

	assert_int_equal(run("status --account acme"), 0);
	HAS("account acme");
	assert_null(strstr(out_text, "umbrella"));
	doc = json("status --account acme --json", 0);
	assert_int_equal(json_array_size(json_object_get(doc, "accounts")), 1);
	json_decref(doc);
	doc = json("connectors --account acme --json", 0);
	assert_true(json_array_size(json_object_get(doc, "connectors")) > 0);
	json_decref(doc);
	for (int i = 0; i < 4; i++) {
		static const char *const verbs_of[] = { "status", "connectors", "users", "check" };
		char line[60];

		snprintf(line, sizeof(line), "%s --account nope", verbs_of[i]);
		assert_int_equal(run(line), 1);
		assert_string_equal(out_text, "");
		assert_non_null(strstr(err_text, "no "));
	}
	assert_int_equal(run("connectors --account nope"), 1);
	assert_non_null(strstr(err_text, "no account nope; there are: acme umbrella & sons"));
}

static void check_clear_reload_version(void **state)
{
	json_t *doc;
	(void)state;

	assert_int_equal(run("check"), 1);
	HAS("WRONG  acme             connector branch");
	HAS("ok     acme             graph token");
	doc = json("check --json", 1);
	assert_true(json_is_false(json_object_get(doc, "ok")));
	json_decref(doc);
	assert_int_equal(run("setup --account acme"), 1);
	HAS("done    An app: there\ntodo    Consent: missing\n        portal\n"
	    "            az one\n            az two\n");
	assert_true(last.ask);
	doc = json("setup --dry-run --json --account acme", 1);
	assert_false(last.ask);
	json_decref(doc);
	assert_int_equal(run("clear --account acme"), 0);
	HAS("5 users are being given back");
	assert_string_equal(last.account_name, "acme");
	assert_int_equal(run("clear --yes"), 2);
	assert_non_null(strstr(err_text, "give either --account NAME or --all"));
	assert_int_equal(run("clear --yes --all --account acme"), 2);
	assert_int_equal(last.id, 0);
	assert_int_equal(run("clear --yes --all"), 0);
	assert_string_equal(last.account_name, "");
	assert_int_equal(run("reload"), 1);
	assert_non_null(strstr(err_text, "the configuration is bad: offhook.yaml:3 (HTTP 422)"));
	doc = json("reload --json", 1);
	assert_int_equal(json_integer_value(json_object_get(doc, "status")), 422);
	json_decref(doc);
	assert_int_equal(run("log-level debug"), 0);
	assert_int_equal(last.log_level, 7);
	assert_int_equal(run("log-level loud"), 1);
	assert_int_equal(run("version"), 0);
	HAS("offhookd " OFFHOOK_VERSION);
}

static void capture(void **state)
{
	char path[120], line[200], text[40] = "";
	FILE *f;
	(void)state;

	assert_int_equal(run("capture hq"), 2); /* two accounts: which? */
	assert_int_equal(run("capture hq --account acme --for soon"), 2);
	assert_non_null(strstr(err_text, "--for soon: give a time from 1s to 10m"));
	assert_int_equal(run("capture hq --account acme --for 2m --keep-lines"), 0);
	HAS("# captured");
	assert_non_null(strstr(err_text, "recording hq for 120 s"));
	assert_non_null(strstr(err_text, "its time is over; 2 messages, 9 bytes, 1 more left out"));
	assert_int_equal(last.capture, 7);
	assert_false(last.stop);
	snprintf(path, sizeof(path), "%s/capture.txt", h.folder);
	snprintf(line, sizeof(line), "capture lost --account acme --out %s", path);
	assert_int_equal(run(line), 1);
	assert_int_not_equal(access(path, F_OK), 0); /* nothing came: no file */
	snprintf(line, sizeof(line), "capture hq --account acme --out %s", path);
	assert_int_equal(run(line), 0);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	assert_string_equal(text, "# captured");
	assert_int_equal(run(line), 2);
	assert_non_null(strstr(err_text, "exists already; name another file"));
	unlink(path);
}

static void without_a_daemon(void **state)
{
	(void)state;
	assert_int_equal(run("--socket /nowhere/api.sock status"), 2);
	assert_non_null(strstr(err_text, "no daemon answers on /nowhere/api.sock"));
	assert_int_equal(run("--socket /nowhere/api.sock version"), 0);
	HAS("offhookd not running");
}

static void the_socket_is_found_through_the_configuration(void **state)
{
	char path[120], why[400];
	struct cli d = {.config = path};
	FILE *f;
	(void)state;

	snprintf(path, sizeof(path), "%s/offhook.yaml", h.folder);
	f = fopen(path, "w");
	fprintf(f, "server:\n  socket: api.sock\n  data: /tmp\n");
	fclose(f);
	if (cli_locate(&d, why, sizeof(why)))
		fail_msg("%s", why);
	assert_string_equal(d.socket_path, h.socket_path);
	f = fopen(path, "w");
	fprintf(f, "server:\n  data: .\n");
	fclose(f);
	assert_int_equal(cli_locate(&d, why, sizeof(why)), ERR_OK);
	snprintf(why, sizeof(why), "%s/./api.sock", h.folder);
	assert_string_equal(d.socket_path, why);
	f = fopen(path, "w");
	fprintf(f, "server:\n  sokcet: x\n");
	fclose(f);
	assert_int_equal(cli_locate(&d, why, sizeof(why)), ERR_MALFORMED);
	assert_non_null(strstr(why, ":2:"));
	unlink(path);
	assert_int_not_equal(cli_locate(&d, why, sizeof(why)), ERR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(status_and_lists),
	    cmocka_unit_test(explain),
	    cmocka_unit_test(set),
	    cmocka_unit_test(an_ambiguous_address),
	    cmocka_unit_test(import),
	    cmocka_unit_test(one_account_of_several),
	    cmocka_unit_test(check_clear_reload_version),
	    cmocka_unit_test(capture),
	    cmocka_unit_test(without_a_daemon),
	    cmocka_unit_test(the_socket_is_found_through_the_configuration),
	};
	return cmocka_run_group_tests_name("cli/verbs", tests, start, end);
}
