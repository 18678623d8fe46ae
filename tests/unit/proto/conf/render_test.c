/* The model back as settings: what is read, rendered and read again is the same, for every key
 * there is. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/conf/render.h"

/* Every key of settings.def, none at its default. */
static const char rich[] =
	"server:\n"
	"  listen: 127.0.0.1:443\n"
	"  socket: /run/x.sock\n"
	"  tls: { certificate_file: a.pem, key_file: b.pem }\n"
	"  webhooks: '[::1]:8471'\n"
	"  webhooks_tls: { certificate_file: c.pem, key_file: d.pem }\n"
	"  data: /srv/offhook\n"
	"  capacity: 20000\n"
	"  log: debug\n"
	"  url: https://offhook.example\n"
	"  open_read: yes\n"
	"  audit_days: 90\n"
	"  alarms: { least: info, webhook: 'https://h.example/x', webhook_secret_file: w, smtp: "
	"'smtps://m.example', "
	"smtp_username: u, smtp_password_file: p, mail_from: a@b.example, mail_to: [c@d.example] "
	"}\n"
	"lamps: { listen: '127.0.0.1:5060', tls_listen: '127.0.0.1:5061', tls: { certificate_file: "
	"l.pem, "
	"key_file: m.pem },\n"
	"  logins_file: lo, realm: r, digest: md5, domain: d.example, expires_min: 2m, "
	"expires_max: 2h, "
	"stream_expires: 6m, watchers: 77 }\n"
	"accounts:\n"
	"  - name: acme\n"
	"    mode: dry-run\n"
	"    tell_absence: yes\n"
	"    audit_days: 30\n"
	"    sign_in: { microsoft: yes, client_id: 11111111-2222-3333-4444-555555555555, "
	"client_secret_file: x }\n"
	"    teams: { tenant: 11111111-2222-3333-4444-555555555555, "
	"client_id: 99999999-8888-7777-6666-555555555555, client_secret_ends: 2027-05-01, "
	"certificate_file: t.pem,\n"
	"      key_file: k.pem, assertion: rs256, cloud: dod, login_url: 'https://login.example', "
	"graph_url: "
	"'https://graph.example',\n"
	"      ca_file: ca.pem, quota: 1000/10s, quota_max: 2000/10s, rise_weight: 7, lease: 20m, "
	"read_back: off, "
	"read_back_share: 20,\n"
	"      proxy: 'http://proxy.example:3128' }\n"
	"    policy: { precedence: call-first, ringing: busy, settle: 2s, grace: 90s, busy: dnd, "
	"dnd: preferred, "
	"not_available: away, "
	"direction: both, phone_profile: busy, phone_profile_while: [call],\n"
	"      hours: { zone: Europe/Berlin, open: ['mon-fri 08:00-17:30'], holidays: ['12-25'], "
	"holidays_file: days, "
	"outside: nothing },\n"
	"      status_text: { call: 'On the phone: \"now\"', conference: b, dnd: c, forwarded: d, "
	"voicemail: e, busy: f, "
	"away: g,\n"
	"        meeting: h, not_available: i } }\n"
	"    matching: { by: [mail, attribute], attribute: employeeId, refresh: 1h, onboarding: "
	"selected,\n"
	"      groups: [11111111-2222-3333-4444-555555555555], exclude: [x@acme.example], take: "
	"[guest] }\n"
	"    groups: [ { name: sales, policy: { busy: in-a-call, hours: { open: [] } } }, { name: "
	"plain } ]\n"
	"    users_file: u.csv\n"
	"    connectors:\n"
	"      - { name: hq, type: sip, server: 'sip:pbx.example', username: u, password_file: p, "
	"ca_file: ca, package: "
	"presence,\n"
	"          packages: [7*=presence],\n"
	"          lists: ['sip:l@h'], listen: '0.0.0.0:5061', tls: { certificate_file: e.pem, "
	"key_file: f.pem }, profile: "
	"both,\n"
	"          feature_events: yes, dnd_while: [meeting], expires: 2h, outstanding: 7, "
	"first_notify: 9s }\n"
	"      - { name: plain, type: ami, server: h, tls: yes, username: u, password_file: p }\n"
	"      - { name: ast, type: ami, server: 'h:1', username: u, password_file: p, context: "
	"from-x }\n"
	"      - { name: mivo, type: csta, server: 'h:2', profile_at: E/e, profiles: ['1=away', "
	"'2=busy'], edition: 4, "
	"session: register,\n"
	"          login_element: l, login_namespace: n, lamps: yes, lamp_at: ['7', '201=100/1'], "
	"lamp_set: S/s,\n"
	"          lamp_get: G, lamp_element: key, lamp_states: [dark=0, call=1] }\n"
	"      - { name: crm, type: webhook, token_file: t, format: mapped, line_at: /l, state_at: "
	"/s, states: [A=busy], "
	"call_at: /c,\n"
	"          dnd_at: /d, sequence_at: /q, time_at: /t, only: '/x=y', silence: 1h }\n"
	"    users:\n"
	"      - { email: ana@acme.example, name: 'Ana, née \"No\"', teams_id: "
	"11111111-2222-3333-4444-555555555555, "
	"enabled: no,\n"
	"          lines: [hq/201, mivo/2], group: sales, policy: { settle: 5s } }\n"
	"      - { email: bo@acme.example }\n";

static struct conf_errors errs;

static struct conf *read(const char *yaml)
{
	struct conf *c = NULL;
	enum err err = conf_parse(slice_str(yaml), "f", &c, &errs);

	for (uint32_t i = 0; i < errs.n && err; i++)
		print_message("%u: %s %s\n", errs.list[i].line, errs.list[i].key,
			      errs.list[i].text);
	assert_int_equal(err, ERR_OK);
	return c;
}

static void what_is_written_reads_the_same(void **state)
{
	struct conf *c = read(rich);
	json_t *first = render_all(c), *second;
	struct buf yaml;
	(void)state;

	buf_init(&yaml, 1 << 20);
	render_yaml(first, &yaml);
	struct conf *again = read(buf_cstr(&yaml));
	second = render_all(again);
	if (!json_equal(first, second))
		print_message("%s\n---\n%s\n", buf_cstr(&yaml), json_dumps(second, JSON_INDENT(1)));
	assert_true(json_equal(first, second));
	assert_true(again->accounts[0].groups[0].policy->busy == 0);
	assert_int_equal(again->accounts[0].groups[0].policy->hours.open.n, 0);
	assert_int_equal(again->accounts[0].users[0].policy->settle, 5000);
	buf_fini(&yaml);
	json_decref(first);
	json_decref(second);
	conf_free(c);
	conf_free(again);
}

/* Keeps the text above complete: a new row of settings.def has to be added there. */
static void every_key_is_written(void **state)
{
	struct conf *c = read(rich);
	json_t *all = render_all(c);
	char *text = json_dumps(all, JSON_COMPACT), key[80];
	(void)state;

	for (int scope = 0; scope < SCOPE_N; scope++) {
		struct schema s = schema_of((enum conf_scope)scope);

		for (size_t i = 0; i < s.n; i++) {
			snprintf(key, sizeof(key), "\"%s\":", s.rows[i].key);
			/* either secret or certificate; people of a users file are written as
			 * people; profile_get and profile_set stand beside a profile's table of
			 * other PBXs */
			if ((s.rows[i].flags & LATER) ||
			    strstr("client_secret_file users_file", s.rows[i].key) ||
			    strncmp(s.rows[i].key, "profile_", 8) == 0)
				continue;
			if (!strstr(text, key))
				fail_msg("%s.%s is not written",
					 schema_scope_name((enum conf_scope)scope), s.rows[i].key);
		}
	}
	free(text);
	json_decref(all);
	conf_free(c);
}

static void defaults_are_left_out(void **state)
{
	struct conf *c =
		read("accounts:\n  - name: acme\n    teams: { tenant: acme.example, client_id: "
		     "99999999-8888-7777-6666-555555555555, client_secret_file: s }\n");
	json_t *j = render_object(SCOPE_account, &c->accounts[0], &c->accounts[0]);
	char *text = json_dumps(j, JSON_COMPACT);
	(void)state;

	assert_string_equal(
		text, "{\"name\":\"acme\",\"teams\":{\"tenant\":\"acme.example\",\"client_id\":"
		      "\"99999999-8888-7777-6666-555555555555\",\"client_secret_file\":\"s\"}}");
	free(text);
	json_decref(j);
	conf_free(c);
}

static void texts_are_quoted_where_yaml_needs_it(void **state)
{
	static const char *const texts[] = { "no", "1.5",  "a: b", "- x", "#",	"a\"b",
					     "~",  "0x10", "yes",  " a",  "a b" };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf yaml;
		json_t *j = json_pack("{s:[{s:s,s:{s:s,s:s,s:s},s:[{s:s,s:s}]}]}", "accounts",
				      "name", "a", "teams", "tenant", "t.example", "client_id",
				      "99999999-8888-7777-6666-555555555555", "client_secret_file",
				      "s", "users", "email", "a@b.example", "name", texts[i]);

		buf_init(&yaml, 65536);
		render_yaml(j, &yaml);
		struct conf *c = read(buf_cstr(&yaml));
		assert_string_equal(c->accounts[0].users[0].name, texts[i]);
		buf_fini(&yaml);
		json_decref(j);
		conf_free(c);
	}
}

static void what_an_editor_wrote_is_read(void **state)
{
	static const struct {
		const char *yaml, *json;
	} rows[] = {
		{ "# etag: \"1\"\nname: hq\ntls: yes\nfirst_notify: 20s\npassword:\n  set: yes\n"
		  "lists: [a, b]\n",
		  "{\"name\":\"hq\",\"tls\":true,\"first_notify\":\"20s\",\"password\":{\"set\":true},"
		  "\"lists\":[\"a\",\"b\"]}" },
		{ "{\"a\": {\"b\": [true, false, null, \"no\", 12]}}",
		  "{\"a\":{\"b\":[true,false,null,\"no\",\"12\"]}}" },
		{ "a:\nb: ~\nc: 'yes'\nd: off\n", "{\"a\":null,\"b\":null,\"c\":\"yes\",\"d\":\"off\"}" },
		{ "a: &x { b: no }\nc: *x\n", "{\"a\":{\"b\":false},\"c\":{\"b\":false}}" },
		{ "", "{}" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_t *j;

		errs = (struct conf_errors){ 0 };
		assert_int_equal(yaml_read(slice_str(rows[i].yaml), "x", &j, &errs), ERR_OK);
		char *text = json_dumps(j, JSON_COMPACT);
		assert_string_equal(text, rows[i].json);
		free(text);
		json_decref(j);
	}
}

static void what_is_no_yaml_is_refused(void **state)
{
	static const char *const wrong[] = { "a: [1", "a: 1\na: 2\n", "{\"a\": }x", "\tx: 1" };
	json_t *j = NULL;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		errs = (struct conf_errors){ 0 };
		assert_int_equal(yaml_read(slice_str(wrong[i]), "x.yaml", &j, &errs), ERR_MALFORMED);
		assert_true(errs.n > 0);
		assert_null(j);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_reads_the_same),
		cmocka_unit_test(every_key_is_written),
		cmocka_unit_test(defaults_are_left_out),
		cmocka_unit_test(texts_are_quoted_where_yaml_needs_it),
		cmocka_unit_test(what_an_editor_wrote_is_read),
		cmocka_unit_test(what_is_no_yaml_is_refused),
	};
	return cmocka_run_group_tests_name("proto/conf/render", tests, NULL, NULL);
}
