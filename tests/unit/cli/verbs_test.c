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

static void answer(const struct admin_command *cmd)
{
	switch (cmd->kind) {
	case ADMIN_IMPORT_USERS:
		snprintf(last_csv, sizeof(last_csv), "%s", cmd->text);
		admin_answer(h.admin, cmd->id, 200,
			     strstr(cmd->text, "wrong")
				 ? "{\"added\":1,\"changed\":0,\"removed\":0,\"unchanged\":0,"
				   "\"errors\":[{\"row\":2,\"text\":\"no @\"}]}"
				 : "{\"added\":2,\"changed\":1,\"removed\":0,\"unchanged\":3,"
				   "\"errors\":[]}");
		break;
	case ADMIN_RELOAD:
		admin_refuse(h.admin, cmd->id, 422, "the configuration is bad", "offhook.yaml:3");
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
	HAS("session held  call");
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
	(void)state;

	assert_int_equal(run("set u1@acme.example not-available"), 0);
	HAS("u1@acme.example is set to not-available\n");
	assert_int_equal(last.kind, ADMIN_SET_PROFILE);
	assert_int_equal(last.user, 1);
	assert_int_equal(last.profile, PROFILE_NOT_AVAILABLE);
	assert_int_equal(last.until_wall_ms, TIME_NEVER);
	assert_int_equal(run("set u1@acme.example busy --until 90m"), 0);
	HAS("is set to busy until 2");
	date_format(last.until_wall_ms, text);
	assert_true(last.until_wall_ms - harness_wall_ms() > 5390000 &&
		    last.until_wall_ms - harness_wall_ms() <= 5400000);
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
	assert_int_equal(last.user, 1);
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
	HAS("nothing done; it would be: 2 added, 1 changed, 0 removed, 3 unchanged, 0 wrong");
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
	assert_int_equal(run("clear --account acme"), 0);
	HAS("5 users are being given back");
	assert_int_equal(last.account, 0);
	assert_int_equal(run("clear --yes"), 0);
	assert_int_equal(last.account, UINT16_MAX);
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
	    cmocka_unit_test(check_clear_reload_version),
	    cmocka_unit_test(without_a_daemon),
	    cmocka_unit_test(the_socket_is_found_through_the_configuration),
	};
	return cmocka_run_group_tests_name("cli/verbs", tests, start, end);
}
