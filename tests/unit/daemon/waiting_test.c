#include "test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/waiting.h"

static char folder[64], secrets[80];

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/offhook-waiting.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(secrets, sizeof(secrets), "%s/secrets", folder);
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
	(void)state;
	assert_int_equal(files(), 0);
	rmdir(secrets);
	assert_int_equal(rmdir(folder), 0);
	return 0;
}

static void one_an_account_the_last_one(void **state)
{
	struct secret both = { 0 };
	char path[120];
	struct stat st;
	(void)state;

	assert_int_equal(waiting_read(folder, "acme", &both), ERR_NOT_FOUND);
	assert_false(waiting_forget(folder, "acme"));
	assert_int_equal(waiting_keep(folder, "acme", SLICE_LIT("first "), SLICE_LIT("key")), ERR_OK);
	assert_int_equal(waiting_keep(folder, "acme", SLICE_LIT("second "), SLICE_LIT("key")), ERR_OK);
	assert_int_equal(waiting_keep(folder, "acme.b", SLICE_LIT("another "), SLICE_LIT("key")), ERR_OK);
	assert_int_equal(files(), 2);
	assert_int_equal(waiting_read(folder, "acme", &both), ERR_OK);
	assert_slice(secret_expose(&both), "second key");
	secret_fini(&both);
	snprintf(path, sizeof(path), "%s/acme.waiting", secrets);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(secrets, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_true(waiting_forget(folder, "acme"));
	assert_int_equal(waiting_read(folder, "acme", &both), ERR_NOT_FOUND);
	assert_true(waiting_forget(folder, "acme.b"));
}

static void a_name_leads_nowhere_else(void **state)
{
	static const char *const wrong[] = { "", "../acme", "a/b" };
	struct secret both = { 0 };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		assert_int_equal(waiting_keep(folder, wrong[i], SLICE_LIT("x"), SLICE_LIT("y")), ERR_LIMIT);
		assert_int_equal(waiting_read(folder, wrong[i], &both), ERR_LIMIT);
		assert_false(waiting_forget(folder, wrong[i]));
	}
}

static void a_folder_that_cannot_be_written(void **state)
{
	FILE *f = fopen(secrets, "w"); /* a file stands where the folder should */
	(void)state;

	assert_non_null(f);
	fclose(f);
	assert_int_equal(waiting_keep(folder, "acme", SLICE_LIT("x"), SLICE_LIT("y")), ERR_IO);
	unlink(secrets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_an_account_the_last_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_name_leads_nowhere_else, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_written, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("daemon/waiting", tests, NULL, NULL);
}
