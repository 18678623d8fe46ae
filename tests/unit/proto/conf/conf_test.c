/* The YAML reader from the outside: text in, model or errors out. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "proto/conf/conf.h"

#define TEAMS                                                                                      \
	"    teams:\n"                                                                             \
	"      tenant: 11111111-2222-3333-4444-555555555555\n"                                     \
	"      client_id: 99999999-8888-7777-6666-555555555555\n"                                  \
	"      client_secret_file: acme.secret\n"
#define ACCOUNT "accounts:\n  - name: acme\n" TEAMS
#define HQ "    connectors:\n      - { name: hq, type: sip, server: 'sip:pbx.acme.example' }\n"

static struct conf_errors errs;

static struct conf *good(const char *yaml)
{
	struct conf *c = NULL;
	enum err err = conf_parse(slice_str(yaml), "offhook.yaml", &c, &errs);

	for (uint32_t i = 0; i < errs.n && err != ERR_OK; i++) {
		char text[800];

		conf_error_text(&errs.list[i], text, sizeof(text));
		print_message("%s\n", text);
	}
	assert_int_equal(err, ERR_OK);
	return c;
}

/* The text is refused, and one of the errors begins as given. */
static void bad(const char *yaml, const char *error)
{
	struct conf *c = NULL;
	char text[800];

	assert_int_equal(conf_parse(slice_str(yaml), "offhook.yaml", &c, &errs), ERR_MALFORMED);
	assert_null(c);
	assert_true(errs.errors > 0);
	for (uint32_t i = 0; i < errs.n; i++) {
		conf_error_text(&errs.list[i], text, sizeof(text));
		if (slice_starts(slice_str(text), error))
			return;
	}
	for (uint32_t i = 0; i < errs.n; i++) {
		conf_error_text(&errs.list[i], text, sizeof(text));
		print_message("got: %s\n", text);
	}
	fail_msg("no error begins with: %s", error);
}

static void reads_every_key(void **state)
{
	struct conf *c = good(
	    "server:\n"
	    "  listen: 0.0.0.0:443\n"
	    "  socket: api.sock\n"
	    "  tls: { certificate_file: c.pem, key_file: k.pem }\n"
	    "  webhooks: ''\n"
	    "  data: /srv/offhook\n"
	    "  capacity: 5\n"
	    "  log: warning\n"
	    "accounts:\n"
	    "  - name: acme\n"
	    "    mode: dry-run\n"
	    "    teams: { tenant: acme.example, client_id: 99999999-8888-7777-6666-555555555555,\n"
	    "      client_secret_file: s, certificate_file: '', key_file: '', cloud: dod, quota: "
	    "10000/1m,\n"
	    "      login_url: 'http://127.0.0.1:1', ca_file: ca.pem, lease: 4h, read_back: off,\n"
	    "      proxy: 'http://proxy:3128' }\n"
	    "    policy: { precedence: call-first, ringing: busy, settle: 500ms, grace: 1h, busy: "
	    "dnd,\n"
	    "      dnd: preferred, not_available: dnd }\n"
	    "    connectors:\n"
	    "      - { name: hq, type: sip, server: 'sips:[::1]:5061', username: u, password_file: "
	    "p,\n"
	    "          ca_file: x.pem, package: presence, lists: ['sip:all@pbx'], listen: "
	    "'0.0.0.0:5061',\n"
	    "          tls: { certificate_file: c.pem, key_file: k.pem }, profile: ignore, "
	    "expires: 2m,\n"
	    "          outstanding: 7, first_notify: 2s }\n"
	    "    users:\n"
	    "      - { email: Ana@acme.example, name: Ana Ort\xc3\xadz, enabled: no, lines: "
	    "[hq/201, hq/a@b],\n"
	    "          teams_id: aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee, policy: { settle: 3s } }\n"
	    "    users_file: users.csv\n");
	const struct conf_account *a = &c->accounts[0];
	const struct conf_connector *hq = &a->connectors[0];
	const struct conf_user *ana = &a->users[0];
	(void)state;

	assert_string_equal(c->server.listen.host, "0.0.0.0");
	assert_int_equal(c->server.listen.port, 443);
	assert_string_equal(c->server.socket, "api.sock");
	assert_string_equal(c->server.tls.key_file, "k.pem");
	assert_int_equal(c->server.capacity, 5);
	assert_int_equal(c->server.log, CONF_LOG_WARNING);
	assert_int_equal(a->mode, CONF_MODE_DRY_RUN);
	assert_string_equal(a->teams.tenant, "acme.example");
	assert_string_equal(a->teams.login_url, "http://127.0.0.1:1");
	assert_string_equal(a->teams.graph_url, "https://dod-graph.microsoft.us");
	assert_int_equal(a->teams.quota.n, 10000);
	assert_int_equal(a->teams.quota.window_ms, 60000);
	assert_int_equal(a->teams.lease, 14400000);
	assert_int_equal(a->teams.read_back, 0);
	assert_string_equal(a->teams.proxy, "http://proxy:3128");
	assert_int_equal(a->policy.precedence, 1);
	assert_int_equal(a->policy.ringing, 1);
	assert_int_equal(a->policy.settle, 500);
	assert_int_equal(a->policy.grace, 3600000);
	assert_int_equal(a->policy.busy, 1);
	assert_int_equal(a->policy.dnd, 1);
	assert_int_equal(a->policy.not_available, 2);
	assert_int_equal(hq->type, CONF_TYPE_SIP);
	assert_string_equal(hq->server, "sips:[::1]:5061");
	assert_string_equal(hq->password_file.file, "p");
	assert_int_equal(hq->package, CONF_PACKAGE_PRESENCE);
	assert_int_equal(hq->lists.n, 1);
	assert_string_equal(hq->lists.list[0], "sip:all@pbx");
	assert_string_equal(hq->tls.own.certificate_file, "c.pem");
	assert_int_equal(hq->expires, 120000);
	assert_int_equal(hq->outstanding, 7);
	assert_int_equal(hq->first_notify, 2000);
	assert_string_equal(ana->email, "Ana@acme.example");
	assert_false(ana->enabled);
	assert_int_equal(ana->lines_n, 2);
	assert_string_equal(ana->lines[1].number, "a@b");
	assert_int_equal(ana->policy->settle, 3000);
	assert_int_equal(ana->policy->busy, 1); /* the account's */
	assert_string_equal(a->users_file, "users.csv");
	assert_int_equal(c->files_n, 9);
	conf_free(c);
}

static void defaults_are_those_of_the_table(void **state)
{
	struct conf *c = good(ACCOUNT HQ "    users: [ { email: a@b.c } ]\n");
	const struct conf_account *a = &c->accounts[0];
	(void)state;

	assert_string_equal(c->server.listen.host, "127.0.0.1");
	assert_int_equal(c->server.listen.port, 8470);
	assert_string_equal(c->server.socket, "");
	assert_string_equal(c->server.data, "/var/lib/offhook");
	assert_int_equal(c->server.capacity, 10000);
	assert_int_equal(c->server.log, CONF_LOG_INFO);
	assert_int_equal(a->mode, CONF_MODE_LIVE);
	assert_string_equal(a->teams.login_url, "https://login.microsoftonline.com");
	assert_string_equal(a->teams.graph_url, "https://graph.microsoft.com");
	assert_int_equal(a->teams.quota.n, 1500);
	assert_int_equal(a->teams.quota.window_ms, 30000);
	assert_int_equal(a->teams.lease, 600000);
	assert_int_equal(a->teams.read_back, 30000);
	assert_int_equal(a->policy.grace, 120000);
	assert_int_equal(a->connectors[0].expires, 3600000);
	assert_int_equal(a->connectors[0].outstanding, 50);
	assert_false(a->connectors[0].tls.on);
	assert_true(a->users[0].enabled);
	assert_null(a->users[0].policy);
	assert_string_equal(a->users[0].name, "");
	conf_free(c);
}

static void empty_is_good_and_warned_of(void **state)
{
	static const char *const texts[] = {"",	  "# nothing\n", "server:\n",
					    "{}", "~",		 "accounts: []"};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct conf *c = good(texts[i]);

		assert_int_equal(c->accounts_n, 0);
		assert_int_equal(errs.warnings, 1);
		conf_free(c);
	}
}

static void names_line_key_and_what_would_be_right(void **state)
{
	(void)state;
	bad("servr: 1\n", "offhook.yaml:1:1: servr: no such key; did you mean server?");
	bad("server:\n  listn: x\n",
	    "offhook.yaml:2:3: server.listn: no such key; did you mean listen?");
	bad("server:\n  lease: 5m\n",
	    "offhook.yaml:2:3: server.lease: no such key here; it belongs to accounts[].teams");
	bad("server:\n  accounts: []\n", "offhook.yaml:2:3: server.accounts: no such key here; it "
					 "stands at the top of the file");
	bad("server:\n  qqqqqqq: 1\n", "offhook.yaml:2:3: server.qqqqqqq: no such key");
	bad("server:\n  log: info\n  log: info\n",
	    "offhook.yaml:3:3: server: log: given already in line 2");
	bad("server:\n  log: loud\n",
	    "offhook.yaml:2:8: server.log: must be debug, info, notice, warning or error");
	bad("server:\n  capacity: 0\n",
	    "offhook.yaml:2:13: server.capacity: must be a number from 1 to 2000000");
	bad("server: 5\n", "offhook.yaml:1:9: server: must be a mapping");
	bad("accounts: { a: b }\n", "offhook.yaml:1:11: accounts: must be a list");
	bad("accounts: [ 5 ]\n", "offhook.yaml:1:13: accounts[0]: must be a mapping");
	bad("- 1\n", "offhook.yaml:1:1: must be a mapping");
	bad("server: [\n", "offhook.yaml:");
	bad("a: b\n---\nc: d\n", "offhook.yaml:");
	bad("server: !!map {}\n", "offhook.yaml:1:");
}

/* Bytes that libfyaml 0.7 never comes back from. */
static void only_text_reaches_the_yaml_parser(void **state)
{
	(void)state;
	bad("%!YAML 1ist'n: !u\354lr x y\n", "offhook.yaml:1:1: directives (%) are not used");
	bad("a: 1\nb:\t\354\n", "offhook.yaml:2:4: no text: save the file as UTF-8");
	bad("a: \x01\n", "offhook.yaml:1:4: no text");
	bad("\xff\xfe"
	    "a",
	    "offhook.yaml:1:1: no text: save the file as UTF-8");
	conf_free(good("\xef\xbb\xbfserver: {}\r\n#\ttab\r\n"));
}

static void holds_the_listener_to_loopback(void **state)
{
	(void)state;
	bad("server: { listen: '0.0.0.0:80' }\n",
	    "offhook.yaml:1:19: server.listen: must be a loopback address");
	bad("server: { listen: '[::]:80' }\n",
	    "offhook.yaml:1:19: server.listen: must be a loopback address");
	bad("server: { tls: { certificate_file: c } }\n",
	    "offhook.yaml:1:16: server.tls.key_file: is missing");
	bad("server: { tls: { key_file: c } }\n",
	    "offhook.yaml:1:16: server.tls.certificate_file: is missing");
	conf_free(good("server: { listen: '[::1]:80' }\n"));
	conf_free(good("server: { listen: '127.9.9.9:80' }\n"));
	conf_free(
	    good("server: { listen: '10.0.0.1:80', tls: { certificate_file: c, key_file: k } }\n"));
}

/* Who may watch people's presence is said wherever others than this machine can ask. */
static void holds_lamps_to_their_logins(void **state)
{
	(void)state;
	bad("lamps: { listen: '0.0.0.0:5060' }\n",
	    "offhook.yaml:1:18: lamps.listen: must be a loopback address, or logins_file must say");
	bad("lamps: { tls_listen: '127.0.0.1:5061' }\n", "offhook.yaml:1:22: lamps.tls_listen: needs tls");
	bad("lamps: { expires_min: 10m }\n", "offhook.yaml:1:23: lamps.expires_min: must not be above");
	bad("lamps: { digest: sha1 }\n", "offhook.yaml:1:18: lamps.digest: must be both, sha-256 or md5");
	conf_free(good("lamps: { listen: '127.0.0.1:5060' }\n"));
	struct conf *c = good("lamps: { listen: '0.0.0.0:5060', logins_file: l }\n");
	assert_int_equal(c->lamps.listen.port, 5060);
	assert_int_equal(c->lamps.stream_expires, 300000);
	assert_int_equal(c->lamps.watchers, 10000);
	conf_free(c);
	bad(ACCOUNT "    policy: { direction: up }\n",
	    "offhook.yaml:7:26: accounts[0].policy.direction: must be to-teams, to-phones or both");
}

#define UNSIGNED                                                                                   \
	"accounts:\n  - name: acme\n    teams:\n      tenant: acme.example\n"                        \
	"      client_id: 99999999-8888-7777-6666-555555555555\n"

static void wants_one_credential(void **state)
{
	(void)state;
	bad(ACCOUNT "      client_secret_ends: 12-25\n",
	    "offhook.yaml:7:27: accounts[0].teams.client_secret_ends: must be a day such as 2027-05-01");
	bad(ACCOUNT "      certificate_file: c.pem\n",
	    "offhook.yaml:7:25: accounts[0].teams.certificate_file: stands beside client_secret_file");
	bad(ACCOUNT "      key_file: k.pem\n",
	    "offhook.yaml:4:7: accounts[0].teams.certificate_file: stands beside");
	bad(UNSIGNED "      proxy: ''\n",
	    "offhook.yaml:4:7: accounts[0].teams.client_secret_file: is missing, or certificate_file with "
	    "key_file");
	bad(UNSIGNED "      client_secret_file: ''\n",
	    "offhook.yaml:4:7: accounts[0].teams.client_secret_file: is missing");
	bad(UNSIGNED "      certificate_file: c.pem\n",
	    "offhook.yaml:4:7: accounts[0].teams.key_file: is missing: certificate_file needs its key");
	bad(UNSIGNED "      key_file: k.pem\n",
	    "offhook.yaml:4:7: accounts[0].teams.certificate_file: is missing: key_file needs its "
	    "certificate");
	bad(UNSIGNED "      certificate_file: c.pem\n      key_file: k.pem\n      assertion: es256\n",
	    "offhook.yaml:8:18: accounts[0].teams.assertion: must be ps256 or rs256");
	struct conf *c = good(UNSIGNED "      certificate_file: c.pem\n      key_file: k.pem\n"
				       "      assertion: rs256\n");
	assert_string_equal(c->accounts[0].teams.certificate_file.file, "c.pem");
	assert_string_equal(c->accounts[0].teams.key_file.file, "k.pem");
	assert_string_equal(c->accounts[0].teams.client_secret_file.file, "");
	assert_int_equal(c->accounts[0].teams.assertion, 1);
	assert_int_equal(c->files_n, 2);
	assert_ptr_equal(c->files[0].secret, &c->accounts[0].teams.certificate_file.value);
	conf_free(c);
}

/* graph.md 10 */
static void names_the_clouds(void **state)
{
	static const struct {
		const char *yaml, *login, *graph;
	} rows[] = {
		{ "", "https://login.microsoftonline.com", "https://graph.microsoft.com" },
		{ "      cloud: global\n", "https://login.microsoftonline.com",
		  "https://graph.microsoft.com" },
		{ "      cloud: gcc-high\n", "https://login.microsoftonline.us",
		  "https://graph.microsoft.us" },
		{ "      cloud: dod\n", "https://login.microsoftonline.us",
		  "https://dod-graph.microsoft.us" },
	};
	char yaml[600];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(yaml, sizeof(yaml), "%s%s", ACCOUNT, rows[i].yaml);
		struct conf *c = good(yaml);

		assert_string_equal(c->accounts[0].teams.login_url, rows[i].login);
		assert_string_equal(c->accounts[0].teams.graph_url, rows[i].graph);
		conf_free(c);
	}
	bad(ACCOUNT "      cloud: china\n",
	    "offhook.yaml:7:14: accounts[0].teams.cloud: china is of Microsoft's cloud in China (21Vianet), "
	    "which has no presence API");
	bad(ACCOUNT "      cloud: 21Vianet\n", "offhook.yaml:7:14: accounts[0].teams.cloud: 21Vianet is of");
	bad(ACCOUNT "      cloud: gcc\n",
	    "offhook.yaml:7:14: accounts[0].teams.cloud: gcc is part of the global cloud: write global");
	bad(ACCOUNT "      cloud: mars\n",
	    "offhook.yaml:7:14: accounts[0].teams.cloud: must be global, gcc-high or dod");
	bad(ACCOUNT "      login_url: https://login.chinacloudapi.cn\n",
	    "offhook.yaml:7:18: accounts[0].teams.login_url: this host is of Microsoft's cloud in China");
	bad(ACCOUNT "      login_url: https://login.partner.microsoftonline.cn\n",
	    "offhook.yaml:7:18: accounts[0].teams.login_url: this host is of");
	bad(ACCOUNT "      graph_url: https://microsoftgraph.chinacloudapi.cn\n",
	    "offhook.yaml:7:18: accounts[0].teams.graph_url: this host is of");
}

static void checks_accounts(void **state)
{
	(void)state;
	bad("accounts: [ { name: a } ]\n", "offhook.yaml:1:13: accounts[0].teams: is missing");
	bad("accounts: [ { name: a/b } ]\n",
	    "offhook.yaml:1:21: accounts[0].name: must be letters");
	bad("accounts:\n  - name: a\n    teams: {}\n",
	    "offhook.yaml:3:12: accounts[0].teams.tenant: is missing");
	bad(ACCOUNT "      client_secret: hunter2\n",
	    "offhook.yaml:7:7: accounts[0].teams.client_secret: no such key; did you mean "
	    "client_secret_file?");
	bad(ACCOUNT "      lease: 4m\n", "offhook.yaml:7:14: accounts[0].teams.lease: must be a "
					 "duration from 5m to 4h, such as 10m");
	bad(ACCOUNT "      lease: 5h\n", "offhook.yaml:7:14: accounts[0].teams.lease");
	bad(ACCOUNT "      lease: 10\n", "offhook.yaml:7:14: accounts[0].teams.lease");
	bad(ACCOUNT "      quota: 1500\n", "offhook.yaml:7:14: accounts[0].teams.quota: must be "
					   "requests per time, such as 1500/30s");
	bad(ACCOUNT "      graph_url: http://graph.example\n",
	    "offhook.yaml:7:18: accounts[0].teams.graph_url");
	bad(ACCOUNT "  - name: acme\n" TEAMS,
	    "offhook.yaml:7:11: accounts[1].name: acme is an account already, in line 2");
	bad(ACCOUNT "    mode: on\n",
	    "offhook.yaml:7:11: accounts[0].mode: must be live, dry-run or off");
}

static void checks_connectors(void **state)
{
#define CONNECTOR(text) ACCOUNT "    connectors:\n      - { " text " }\n"
	(void)state;
	bad(CONNECTOR("name: hq"), "offhook.yaml:8:9: accounts[0].connectors[0].type: is missing");
	bad(CONNECTOR("name: hq, type: sip"),
	    "offhook.yaml:8:9: accounts[0].connectors[0].server: is missing");
	bad(CONNECTOR("name: hq, type: sipp"),
	    "offhook.yaml:8:27: accounts[0].connectors[0].type: must be sip");
	bad(CONNECTOR("name: hq, type: sip, token_file: t"),
	    "offhook.yaml:8:32: accounts[0].connectors[0].token_file: not for a connector of this "
	    "type");
	bad(CONNECTOR("name: hq, type: sip, server: pbx"),
	    "offhook.yaml:8:40: accounts[0].connectors[0].server: must be a SIP URI");
	bad(CONNECTOR("name: hq, type: sip, server: 'sip:pbx', profile: both, dnd_while: [meeting]"),
	    "offhook.yaml:8:77: accounts[0].connectors[0].dnd_while: needs feature_events: yes");
	bad(CONNECTOR("name: hq, type: sip, server: 'sip:pbx', feature_events: yes, dnd_while: [away]"),
	    "offhook.yaml:8:83: accounts[0].connectors[0].dnd_while: needs profile: write or both");
	bad(CONNECTOR("name: hq, type: sip, server: 'sip:pbx', profile: both, feature_events: yes, "
		      "dnd_while: [lunch]"),
	    "offhook.yaml:8:98: accounts[0].connectors[0].dnd_while: must list away, busy, meeting");
	bad(CONNECTOR("name: hq, type: sip, server: 'sip:pbx', password_file: p"),
	    "offhook.yaml:8:9: accounts[0].connectors[0].username: is missing");
	bad(CONNECTOR("name: hq, type: sip, server: 'sip:pbx', tls: yes"),
	    "offhook.yaml:8:56: accounts[0].connectors[0].tls: for sip, write ;transport=tls");
	bad(ACCOUNT HQ "      - { name: hq, type: sip, server: 'sip:b' }\n",
	    "offhook.yaml:9:17: accounts[0].connectors[1].name: hq is a connector already, in line "
	    "8");
	conf_free(
	    good(CONNECTOR("name: hq, type: sip, server: 'sip:pbx;transport=tls', tls: true")));
}

static void checks_users(void **state)
{
#define USERS(text) ACCOUNT HQ "    users:\n      - { " text " }\n"
	(void)state;
	bad(USERS("lines: [hq/1]"), "offhook.yaml:10:9: accounts[0].users[0].email: is missing");
	bad(USERS("email: ana"),
	    "offhook.yaml:10:18: accounts[0].users[0].email: must be an e-mail address");
	bad(USERS("email: a@b.c, lines: [hp/1]"), "offhook.yaml:10:33: accounts[0].users[0].lines: "
						  "no connector is named hp; there is hq");
	bad(USERS("email: a@b.c, lines: [201]"), "offhook.yaml:10:33: accounts[0].users[0].lines: "
						 "must be connector/number, such as hq/201");
	bad(USERS("email: a@b.c, enabled: maybe"),
	    "offhook.yaml:10:34: accounts[0].users[0].enabled: must be yes or no");
	bad(USERS("email: a@b.c, policy: { settle: 11m }"),
	    "offhook.yaml:10:43: accounts[0].users[0].policy.settle");
	bad(USERS("email: a@b.c, policy: { mode: live }"),
	    "offhook.yaml:10:35: accounts[0].users[0].policy.mode");
}

static void order_in_the_file_does_not_matter(void **state)
{
	struct conf *c = good(
	    "accounts:\n"
	    "  - users: [ { policy: { busy: dnd }, lines: hq/1, email: a@b.c } ]\n"
	    "    policy: { grace: 1m }\n"
	    "    connectors: [ { server: 'sip:x', outstanding: 1, type: sip, name: hq } ]\n" TEAMS
	    "    name: acme\n");
	(void)state;

	assert_int_equal(c->accounts[0].users[0].policy->grace, 60000);
	assert_int_equal(c->accounts[0].users[0].lines_n, 1);
	conf_free(c);
}

static enum err finish(const char *yaml)
{
	struct conf *c = good(yaml);
	enum err err = conf_finish(c, &errs);

	conf_free(c);
	return err;
}

static void refuses_what_is_there_twice(void **state)
{
	(void)state;
	assert_int_equal(finish(ACCOUNT HQ "    users: [ { email: a@b.c, lines: [hq/1] }, { email: "
					   "b@b.c, lines: [hq/2] } ]\n"),
			 ERR_OK);
	assert_int_equal(
	    finish(ACCOUNT HQ "    users:\n    - { email: a@b.c }\n    - { email: A@B.c }\n"),
	    ERR_MALFORMED);
	assert_int_equal(errs.list[0].line, 11);
	assert_string_equal(errs.list[0].text, "A@B.c is there already: offhook.yaml line 10");
	assert_int_equal(finish(ACCOUNT HQ "    users:\n    - { email: a@b.c, lines: hq/1 }\n    - "
					   "{ email: b@b.c, lines: hq/1 }\n"),
			 ERR_MALFORMED);
	assert_string_equal(errs.list[0].text, "hq/1 is a@b.c's line already (line 10)");
	assert_int_equal(
	    finish(ACCOUNT HQ "    users: [ { email: a@b.c, lines: [hq/1, hq/1] } ]\n"),
	    ERR_MALFORMED);
}

static void one_person_has_one_session_per_realm(void **state)
{
	(void)state;
#define SECOND(more) "  - name: b\n" TEAMS more "    users: [ { email: A@b.c } ]\n"
	assert_int_equal(finish(ACCOUNT "    users: [ { email: a@b.c } ]\n" SECOND("")),
			 ERR_MALFORMED);
	assert_true(strstr(errs.list[0].text, "is in account acme too (line 7)") != NULL);
	/* another cloud is another realm */
	assert_int_equal(
	    finish(ACCOUNT "    users: [ { email: a@b.c } ]\n" SECOND("      cloud: dod\n")),
	    ERR_OK);
}

static void aliases_share_and_do_not_expand(void **state)
{
	char bomb[4096] = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
	size_t n = strlen(bomb);
	struct conf *c;
	(void)state;

	c = good("accounts:\n  - name: acme\n" TEAMS
		 "    connectors: [ &c { name: hq, type: sip, server: 'sip:x' } ]\n"
		 "    policy: &p { grace: 1m }\n    users: [ { email: a@b.c, policy: *p }, { "
		 "email: b@b.c, policy: *p } ]\n");
	assert_int_equal(c->accounts[0].users[1].policy->grace, 60000);
	conf_free(c);
	for (char l = 'b'; l < 'k'; l++)
		n += (size_t)snprintf(bomb + n, sizeof(bomb) - n,
				      "%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", l, l, l - 1,
				      l - 1, l - 1, l - 1, l - 1, l - 1, l - 1, l - 1);
	bad(bomb, "offhook.yaml:1:1: a: no such key");
	bad("a: *b\n", "offhook.yaml:1:5: this alias (*) has no anchor (&) before it");
	bad("a: &a [*a]\n", "offhook.yaml:1:");
}

static void aliased_lists_have_a_budget(void **state)
{
	struct buf b;
	struct conf *c = NULL;
	(void)state;

	buf_init(&b, 1 << 20);
	buf_str(&b, "accounts:\n  - &one\n    name: acme\n" TEAMS "    users:\n");
	for (int i = 0; i < 2000; i++)
		buf_fmt(&b, "      - { email: u%d@b.c }\n", i);
	for (int i = 0; i < 900; i++)
		buf_str(&b, "  - *one\n");
	assert_int_equal(conf_parse(buf_view(&b), "offhook.yaml", &c, &errs), ERR_MALFORMED);
	assert_in_range(errs.errors, 1, 999);
	buf_fini(&b);
}

static void depth_and_size_are_capped(void **state)
{
	struct buf b;
	struct conf *c = NULL;
	(void)state;

	buf_init(&b, 32 << 20);
	for (int i = 0; i < 100000; i++)
		buf_char(&b, '[');
	assert_int_equal(conf_parse(buf_view(&b), "f", &c, &errs), ERR_MALFORMED);
	buf_reset(&b);
	for (int i = 0; i < 40; i++)
		buf_fmt(&b, "%*s- \n", i, "");
	assert_int_equal(conf_parse(buf_view(&b), "f", &c, &errs), ERR_MALFORMED);
	buf_reset(&b);
	while (b.n <= CONF_YAML_MAX)
		buf_str(&b, "# comment\n");
	assert_int_equal(conf_parse(buf_view(&b), "f", &c, &errs), ERR_MALFORMED);
	assert_true(strstr(errs.list[0].text, "larger than 16 MB") != NULL);
	assert_int_equal(conf_parse(slice_of("a\0b", 3), "f", &c, &errs), ERR_MALFORMED);
	buf_fini(&b);
}

static void collects_twenty_and_counts_all(void **state)
{
	struct buf b;
	struct conf *c = NULL;
	(void)state;

	buf_init(&b, 1 << 20);
	buf_str(&b, ACCOUNT "    users:\n");
	for (int i = 0; i < 50; i++)
		buf_str(&b, "      - { email: x }\n");
	assert_int_equal(conf_parse(buf_view(&b), "f", &c, &errs), ERR_MALFORMED);
	assert_int_equal(errs.n, CONF_ERRORS_MAX);
	assert_int_equal(errs.errors, 50);
	assert_int_equal(errs.list[19].line, 27);
	buf_fini(&b);
}

/* doc/offhook.yaml as it is packaged, and with its example switched on as it says. */
static void the_example_is_good(void **state)
{
	char path[512], text[32768], on[32768];
	size_t n, k = 0;
	(void)state;

	snprintf(path, sizeof(path), "%s/doc/offhook.yaml", getenv("OFFHOOK_SOURCE"));
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	struct conf *c = good(text);
	assert_int_equal(c->accounts_n, 0);
	assert_int_equal(errs.warnings, 1);
	conf_free(c);
	const char *accounts = strstr(text, "\naccounts:");
	assert_non_null(accounts);
	for (size_t i = 0; i <= n; i++)
		if (text + i < accounts || text[i] != '#' || text[i - 1] != '\n')
			on[k++] = text[i];
	/* the line that says so is a comment still: it stands between two lines of YAML */
	char *hint = strstr(on, "\n To begin");
	assert_non_null(hint);
	hint[1] = '#';
	c = good(on);
	assert_int_equal(errs.warnings, 0);
	assert_int_equal(c->accounts_n, 1);
	assert_string_equal(c->accounts[0].connectors[0].name, "hq");
	assert_int_equal(c->accounts[0].users[0].lines_n, 1);
	conf_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_every_key),
	    cmocka_unit_test(defaults_are_those_of_the_table),
	    cmocka_unit_test(empty_is_good_and_warned_of),
	    cmocka_unit_test(names_line_key_and_what_would_be_right),
	    cmocka_unit_test(only_text_reaches_the_yaml_parser),
	    cmocka_unit_test(holds_the_listener_to_loopback),
	    cmocka_unit_test(holds_lamps_to_their_logins),
	    cmocka_unit_test(wants_one_credential),
	    cmocka_unit_test(names_the_clouds),
	    cmocka_unit_test(checks_accounts),
	    cmocka_unit_test(checks_connectors),
	    cmocka_unit_test(checks_users),
	    cmocka_unit_test(order_in_the_file_does_not_matter),
	    cmocka_unit_test(refuses_what_is_there_twice),
	    cmocka_unit_test(one_person_has_one_session_per_realm),
	    cmocka_unit_test(aliases_share_and_do_not_expand),
	    cmocka_unit_test(aliased_lists_have_a_budget),
	    cmocka_unit_test(depth_and_size_are_capped),
	    cmocka_unit_test(collects_twenty_and_counts_all),
	    cmocka_unit_test(the_example_is_good),
	};
	return cmocka_run_group_tests_name("proto/conf", tests, NULL, NULL);
}
