#include "test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/vault.h"

static char folder[64], secrets[80];
static struct vault v;

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/offhook-vault.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(secrets, sizeof(secrets), "%s/secrets", folder);
	assert_int_equal(vault_init(&v, folder, "acme.hq"), ERR_OK);
	return 0;
}

static int files(void)
{
	DIR *d = opendir(secrets);
	int n = 0;

	for (struct dirent *e; d && (e = readdir(d));)
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

static int tear_down(void **state)
{
	char path[400];
	DIR *d = opendir(secrets);
	(void)state;

	for (struct dirent *e; d && (e = readdir(d));) {
		snprintf(path, sizeof(path), "%s/%s", secrets, e->d_name);
		unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(secrets);
	snprintf(path, sizeof(path), "%s/offhook.db", folder);
	unlink(path);
	return rmdir(folder);
}

static json_t *json(const char *text)
{
	json_t *j = json_loads(text, 0, NULL);

	assert_non_null(j);
	return j;
}

static enum err take(json_t *settings, const json_t *before)
{
	return vault_take(&v, SCOPE_connector, settings, before);
}

static const char *path_in(const json_t *settings, const char *key)
{
	return json_string_value(json_object_get(settings, key));
}

static void holds(const char *path, const char *text)
{
	char got[100] = "";
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_int_equal(fread(got, 1, sizeof(got) - 1, f), strlen(text));
	assert_string_equal(got, text);
	fclose(f);
}

static void a_secret_goes_into_a_file_of_its_own(void **state)
{
	json_t *j = json("{\"type\":\"sip\",\"password\":\"hush\"}"), *shown;
	struct stat st;
	(void)state;

	assert_int_equal(take(j, NULL), ERR_OK);
	assert_null(json_object_get(j, "password"));
	const char *path = path_in(j, "password_file");
	assert_non_null(path);
	assert_int_equal(strncmp(path, secrets, strlen(secrets)), 0);
	holds(path, "hush");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(secrets, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	shown = json_deep_copy(j);
	vault_hide(SCOPE_connector, shown);
	assert_null(json_object_get(shown, "password_file"));
	assert_true(json_is_true(json_object_get(json_object_get(shown, "password"), "set")));
	vault_keep(&v);
	vault_drop(&v);
	assert_int_equal(files(), 1);
	json_decref(shown);
	json_decref(j);
}

/* Until the change was taken the file of before is in use; then it goes. When it was not taken, the new one
 * goes. */
static void replaced_when_taken_and_not_before(void **state)
{
	json_t *before = json("{\"password\":\"old\"}"), *j = json("{\"password\":\"new\"}"),
	       *again = json("{\"password\":\"newer\"}");
	(void)state;

	assert_int_equal(take(before, NULL), ERR_OK);
	vault_keep(&v);
	assert_int_equal(take(j, before), ERR_OK);
	assert_string_not_equal(path_in(j, "password_file"), path_in(before, "password_file"));
	holds(path_in(before, "password_file"), "old");
	vault_drop(&v);
	holds(path_in(before, "password_file"), "old");
	assert_int_equal(files(), 1);
	assert_int_equal(take(again, before), ERR_OK);
	vault_keep(&v);
	assert_int_equal(files(), 1);
	holds(path_in(again, "password_file"), "newer");
	json_decref(again);
	json_decref(j);
	json_decref(before);
}

static void kept_when_not_given_forgotten_by_null(void **state)
{
	static const char *const keep[] = { "{}", "{\"password\":{\"set\":true}}" };
	json_t *before = json("{\"password\":\"hush\"}"), *j;
	(void)state;

	assert_int_equal(take(before, NULL), ERR_OK);
	vault_keep(&v);
	for (size_t i = 0; i < ARRAY_LEN(keep); i++) {
		j = json(keep[i]);
		assert_int_equal(take(j, before), ERR_OK);
		assert_string_equal(path_in(j, "password_file"), path_in(before, "password_file"));
		vault_keep(&v);
		assert_int_equal(files(), 1);
		json_decref(j);
	}
	j = json("{\"password\":null}");
	assert_int_equal(take(j, before), ERR_OK);
	assert_null(json_object_get(j, "password_file"));
	assert_int_equal(files(), 1);
	vault_keep(&v);
	assert_int_equal(files(), 0);
	json_decref(j);
	json_decref(before);
}

static void what_is_no_secret_is_refused(void **state)
{
	static const struct {
		const char *json, *key;
	} rows[] = {
		{ "{\"password\":\"\"}", "password" },
		{ "{\"password\":\"two\\nlines\"}", "password" },
		{ "{\"password\":7}", "password" },
		{ "{\"password\":{\"set\":false}}", "password" },
		{ "{\"password_file\":\"/etc/passwd\"}", "password_file" },
		{ "{\"ca_file\":\"/etc/passwd\"}", "ca_file" },
		{ "{\"tls\":{\"key_file\":\"/etc/passwd\"}}", "key_file" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_t *j = json(rows[i].json);

		assert_int_equal(vault_init(&v, folder, "acme.hq"), ERR_OK);
		assert_int_equal(take(j, NULL), ERR_MALFORMED);
		assert_string_equal(v.key, rows[i].key);
		assert_true(v.why[0]);
		vault_drop(&v);
		assert_int_equal(files(), 0);
		json_decref(j);
	}
}

/* Several lines are a certificate's right. */
static void deep_inside_and_all_gone_with_the_object(void **state)
{
	json_t *j = json("{\"mode\":\"off\",\"teams\":{\"client_secret\":\"hush\",\"ca\":\"---\\n---\\n\"}}");
	const json_t *teams = json_object_get(j, "teams");
	(void)state;

	assert_int_equal(vault_take(&v, SCOPE_account, j, NULL), ERR_OK);
	holds(path_in(teams, "client_secret_file"), "hush");
	holds(path_in(teams, "ca_file"), "---\n---\n");
	vault_keep(&v);
	assert_int_equal(files(), 2);
	vault_forget(&v, SCOPE_account, j);
	assert_int_equal(files(), 2);
	vault_keep(&v);
	assert_int_equal(files(), 0);
	json_decref(j);
}

/* Whatever a record says: only what is ours is removed. */
static void nothing_else_is_removed(void **state)
{
	char mine[100], text[300];
	(void)state;

	snprintf(mine, sizeof(mine), "%s/offhook.db", folder);
	fclose(fopen(mine, "w"));
	snprintf(text, sizeof(text), "{\"password_file\":\"%s\",\"ca_file\":\"%s/../offhook.db\"}", mine,
		 secrets);
	json_t *j = json(text);
	vault_forget(&v, SCOPE_connector, j);
	vault_keep(&v);
	assert_int_equal(access(mine, F_OK), 0);
	json_decref(j);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_secret_goes_into_a_file_of_its_own),
		CASE(replaced_when_taken_and_not_before),
		CASE(kept_when_not_given_forgotten_by_null),
		CASE(what_is_no_secret_is_refused),
		CASE(deep_inside_and_all_gone_with_the_object),
		CASE(nothing_else_is_removed),
	};
	return cmocka_run_group_tests_name("daemon/vault", tests, NULL, NULL);
}
