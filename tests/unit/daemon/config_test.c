/* conf_load on real files: names made absolute, secrets, users files, what is missing. */
#include "test.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/config.h"
#include "daemon/secrets.h"
#include "unit/proto/graph/keys.h"

static char dir[64];
static struct conf_errors errs;

static char *in_dir(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *text, mode_t mode)
{
	FILE *f = fopen(in_dir(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	fclose(f);
	assert_int_equal(chmod(in_dir(name), mode), 0);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/offhook-config-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	put("acme.secret", "cl1ent\n", 0600);
	put("hq.secret", "passw0rd\r\n", 0640);
	put("ca.pem", "-----BEGIN CERTIFICATE-----\n", 0644);
	put("users.csv", "email,name,lines,enabled\r\nbob@acme.example,Bob,hq/202 hq/203,no\r\n",
	    0644);
	return 0;
}

static int tear_down(void **state)
{
	DIR *d = opendir(dir);
	(void)state;

	for (struct dirent *e; d && (e = readdir(d));)
		unlink(in_dir(e->d_name));
	if (d)
		closedir(d);
	return rmdir(dir);
}

static const char yaml[] =
    "server: { data: state }\n"
    "accounts:\n"
    "  - name: acme\n"
    "    teams:\n"
    "      tenant: acme.example\n"
    "      client_id: 99999999-8888-7777-6666-555555555555\n"
    "      client_secret_file: acme.secret\n"
    "    policy: { busy: dnd, grace: 30s }\n"
    "    connectors:\n"
    "      - { name: hq, type: sip, server: 'sip:pbx', username: u, password_file: hq.secret, "
    "ca_file: ca.pem }\n"
    "    users:\n"
    "      - { email: ana@acme.example, lines: [hq/201], policy: { settle: 2s } }\n"
    "    users_file: users.csv\n";

static enum err load(struct conf **ret)
{
	put("offhook.yaml", yaml, 0644);
	return conf_load(in_dir("offhook.yaml"), ret, &errs);
}

static void expect_secret(const struct conf_secret *x, const char *value)
{
	assert_true(slice_is(secret_expose(&x->value), value));
}

static void loads_everything(void **state)
{
	struct conf *c = NULL;
	struct policy p;
	(void)state;

	assert_int_equal(load(&c), ERR_OK);
	assert_int_equal(errs.n, 0);
	const struct conf_account *a = &c->accounts[0];
	expect_secret(&a->teams.client_secret_file, "cl1ent");
	expect_secret(&a->connectors[0].password_file, "passw0rd");
	assert_string_equal(a->connectors[0].ca_file, in_dir("ca.pem"));
	assert_string_equal(c->server.data, in_dir("state"));
	assert_int_equal(c->server.socket[0], '/');
	assert_int_equal(a->users_n, 2);
	assert_string_equal(a->users[1].email, "bob@acme.example");
	assert_string_equal(a->users[1].lines[1].number, "203");
	assert_false(a->users[1].enabled);
	conf_policy_of(a, &a->users[1], &p);
	assert_int_equal(p.busy, BUSY_DND);
	assert_int_equal(p.grace_ms, 30000);
	assert_int_equal(p.settle_ms, 0);
	assert_int_equal(p.lease_ms, 600000);
	assert_int_equal(p.mode, MODE_LIVE);
	conf_policy_of(a, &a->users[0], &p);
	assert_int_equal(p.settle_ms, 2000);
	assert_int_equal(p.grace_ms, 30000);
	conf_free(c);
}

static void refused(const char *error, bool is_warning)
{
	struct conf *c = NULL;
	char text[800];

	assert_int_equal(load(&c), is_warning ? ERR_OK : ERR_MALFORMED);
	conf_free(c);
	for (uint32_t i = 0; i < errs.n; i++) {
		conf_error_text(&errs.list[i], text, sizeof(text));
		/* whatever is wrong: no content of a secret is told */
		assert_null(strstr(text, "cl1ent"));
		assert_null(strstr(text, "passw0rd"));
		if (strstr(text, error))
			return;
	}
	fail_msg("no error holds: %s", error);
}

static const char signing[] =
    "server: { data: state }\n"
    "accounts:\n"
    "  - name: acme\n"
    "    teams:\n"
    "      tenant: acme.example\n"
    "      client_id: 99999999-8888-7777-6666-555555555555\n"
    "      certificate_file: app.pem\n"
    "      key_file: app.key\n";

/* errs holds `words`; *ret_conf NULL when the file was refused. */
static void expect_signing(const char *words, struct conf **ret_conf)
{
	char text[800] = "";
	struct conf *c = NULL;
	bool found = words[0] == '\0';

	put("signing.yaml", signing, 0644);
	enum err e = conf_load(in_dir("signing.yaml"), &c, &errs);
	for (uint32_t i = 0; i < errs.n; i++) {
		conf_error_text(&errs.list[i], text, sizeof(text));
		assert_null(strstr(text, "BEGIN"));
		found |= strstr(text, words) != NULL;
	}
	if (!found || (words[0] == '\0' && errs.n))
		fail_msg("%s: %s", err_name(e), text);
	*ret_conf = c;
}

static void a_certificate_must_belong_to_its_key(void **state)
{
	struct test_key own, other;
	struct assertion_key *k = NULL;
	struct conf *c;
	char why[200];
	(void)state;

	test_key_of(&own, EVP_RSA_gen(2048));
	test_key_of(&other, EVP_RSA_gen(2048));
	put("app.key", own.key, 0600);
	test_certificate(&own, "20200101000000Z", "20200102000000Z");
	put("app.pem", own.certificate, 0644);
	expect_signing("signing.yaml:7:25: warning: accounts[0].teams.certificate_file: the certificate has "
		       "ended", &c);
	assert_non_null(c);
	conf_free(c);
	test_certificate(&own, "20200101000000Z", "99991231000000Z");
	put("app.pem", own.certificate, 0644);
	expect_signing("", &c);
	assert_non_null(c);
	assert_string_equal(c->accounts[0].teams.key_file.file, in_dir("app.key"));
	assert_int_equal(conf_credential(&c->accounts[0].teams, &k, why, sizeof(why)), ERR_OK);
	assert_non_null(k);
	assertion_key_free(k);
	conf_free(c);
	put("app.pem", other.certificate, 0644);
	expect_signing("signing.yaml:7:25: accounts[0].teams.certificate_file: the certificate does not "
		       "belong", &c);
	assert_null(c);
	put("app.pem", "-----BEGIN CERTIFICATE-----\n", 0644);
	expect_signing("signing.yaml:7:25: accounts[0].teams.certificate_file: holds no certificate", &c);
	assert_null(c);
	unlink(in_dir("app.key"));
	expect_signing("signing.yaml:8:17: accounts[0].teams.key_file: the file does not exist", &c);
	assert_null(c);
	put("app.pem", own.certificate, 0644);
	put("app.key", own.key, 0604);
	expect_signing("key_file: everybody on this machine may read the key", &c);
	conf_free(c);
	test_key_fini(&own);
	test_key_fini(&other);
}

static void names_the_key_of_a_bad_file(void **state)
{
	(void)state;
	put("acme.secret", "cl1ent\n", 0604);
	refused("offhook.yaml:7:27: warning: accounts[0].teams.client_secret_file: everybody",
		true);
	put("acme.secret", "cl1ent\nsecond\n", 0600);
	refused(
	    "offhook.yaml:7:27: accounts[0].teams.client_secret_file: the file must hold one line",
	    false);
	put("acme.secret", "", 0600);
	refused("accounts[0].teams.client_secret_file: the file must hold one line", false);
	unlink(in_dir("acme.secret"));
	refused("accounts[0].teams.client_secret_file: the file does not exist", false);
	assert_int_equal(mkdir(in_dir("acme.secret"), 0700), 0);
	refused("accounts[0].teams.client_secret_file: the file is no plain file", false);
	assert_int_equal(rmdir(in_dir("acme.secret")), 0);
	put("acme.secret", "cl1ent\n", 0600);
	put("ca.pem", "nothing", 0644);
	refused("offhook.yaml:10:", false);
	refused("accounts[0].connectors[0].ca_file: the file is not PEM", false);
}

static void names_the_line_of_a_users_file(void **state)
{
	(void)state;
	put("users.csv",
	    "email,lines\nbob@acme.example,hq/201\nx,\nANA@acme.example,hq/7\nc@d.e,hp/1\n", 0644);
	refused("users.csv:2: lines: hq/201 is ana@acme.example's line already", false);
	refused("users.csv:3: email: must be an e-mail address", false);
	refused("users.csv:4: email: ANA@acme.example is there already", false);
	refused("users.csv:5: lines: no connector is named hp", false);
	unlink(in_dir("users.csv"));
	refused("offhook.yaml:13:17: accounts[0].users_file: the file does not exist", false);
}

static void tells_of_a_missing_or_large_configuration(void **state)
{
	struct conf *c = NULL;
	(void)state;

	assert_int_equal(conf_load(in_dir("none.yaml"), &c, &errs), ERR_MALFORMED);
	assert_string_equal(errs.list[0].text, "the file does not exist");
	assert_int_equal(conf_load("/no/such/folder/x.yaml", &c, &errs), ERR_MALFORMED);
	put("big.yaml", "", 0644);
	assert_int_equal(truncate(in_dir("big.yaml"), CONF_YAML_MAX + 1), 0);
	assert_int_equal(conf_load(in_dir("big.yaml"), &c, &errs), ERR_MALFORMED);
	assert_string_equal(errs.list[0].text, "the file is too large");
}

static void secrets_come_as_credentials_too(void **state)
{
	struct secret x = {0};
	char path[PATH_MAX];
	bool open_to_all = true;
	(void)state;

	unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(secrets_path(dir, "${CREDENTIALS_DIRECTORY}/acme.secret", path),
			 ERR_NOT_FOUND);
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	assert_int_equal(secrets_path("/etc/offhook", "${CREDENTIALS_DIRECTORY}/acme.secret", path),
			 ERR_OK);
	assert_string_equal(path, in_dir("acme.secret"));
	assert_int_equal(secrets_read(path, &x, &open_to_all), ERR_OK);
	assert_false(open_to_all);
	assert_true(slice_is(secret_expose(&x), "cl1ent"));
	secret_fini(&x);
	assert_int_equal(secrets_path("/etc/offhook", "x/y", path), ERR_OK);
	assert_string_equal(path, "/etc/offhook/x/y");
	assert_int_equal(secrets_path("/etc/offhook", "/x/y", path), ERR_OK);
	assert_string_equal(path, "/x/y");
}

static void a_secret_is_one_line_of_bounded_length(void **state)
{
	struct secret x = {0};
	char text[SECRET_MAX + 3];
	bool open_to_all;
	(void)state;

	memset(text, 'x', sizeof(text));
	text[SECRET_MAX] = '\0';
	put("s", text, 0600);
	assert_int_equal(secrets_read(in_dir("s"), &x, &open_to_all), ERR_OK);
	assert_int_equal(secret_expose(&x).n, SECRET_MAX);
	text[SECRET_MAX] = 'x';
	text[SECRET_MAX + 1] = '\0';
	put("s", text, 0600);
	assert_int_equal(secrets_read(in_dir("s"), &x, &open_to_all), ERR_LIMIT);
	assert_int_equal(secret_expose(&x).n, SECRET_MAX); /* untouched on failure */
	secret_fini(&x);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(loads_everything),
	    T(a_certificate_must_belong_to_its_key),
	    T(names_the_key_of_a_bad_file),
	    T(names_the_line_of_a_users_file),
	    T(tells_of_a_missing_or_large_configuration),
	    T(secrets_come_as_credentials_too),
	    T(a_secret_is_one_line_of_bounded_length),
	};
	return cmocka_run_group_tests_name("daemon/config", tests, NULL, NULL);
}
