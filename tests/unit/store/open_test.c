/* Opening: who may read it, what is refused and said of it, and databases of older versions. */
#include "rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct rig_dump dump;

static void only_its_owner_may_read_it(void **state)
{
	struct store *s = rig_opened(0, 0);
	struct stat st;
	char file[96];
	(void)state;

	rig_put_one_of_each(s);
	assert_int_equal(store_flush(s, 5000), ERR_OK);
	assert_int_equal(stat(rig_dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(rig_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(file, sizeof(file), "%s-wal", rig_path);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	store_close(s);
}

static void a_second_daemon_is_kept_out(void **state)
{
	struct store *s = rig_opened(0, 0);
	(void)state;

	assert_int_equal(rig_refused(), ERR_EXISTS);
	assert_non_null(strstr(rig_why, "another offhookd"));
	store_close(s);
	store_close(rig_opened(0, 0));
}

static void damage_is_told_and_nothing_replaced(void **state)
{
	static const char garbage[] =
	    "this is no database, and it is longer than a hundred bytes so that SQLite looks at it "
	    "as a page: ....................................................";
	char page[4096];
	struct store *s = rig_opened(0, 0);
	(void)state;

	/* a page in the middle is overwritten */
	for (int i = 0; i < 3000; i++) {
		const struct user_record r = {.profile_order = i};
		char email[32];

		snprintf(email, sizeof(email), "u%d@b.c", i);
		assert_int_equal(store_put_user(s, RIG_S("acme"), RIG_S(email), &r), ERR_OK);
	}
	store_close(s);
	int fd = open(rig_path, O_RDWR);
	memset(page, 0xa5, sizeof(page));
	assert_int_equal(pwrite(fd, page, sizeof(page), 10 * 4096), sizeof(page));
	close(fd);
	assert_int_equal(rig_refused(), ERR_MALFORMED);
	assert_non_null(strstr(rig_why, "backup"));
	/* the file is none of SQLite's */
	fd = open(rig_path, O_RDWR | O_TRUNC);
	assert_int_equal(write(fd, garbage, sizeof(garbage)), sizeof(garbage));
	close(fd);
	assert_int_equal(rig_refused(), ERR_MALFORMED);
	fd = open(rig_path, O_RDONLY);
	assert_int_equal(read(fd, page, sizeof(page)), sizeof(garbage));
	assert_memory_equal(page, garbage, sizeof(garbage));
	close(fd);
}

static void a_newer_database_is_refused(void **state)
{
	(void)state;
	store_close(rig_opened(0, 0));
	rig_sql("PRAGMA user_version=999");
	assert_int_equal(rig_refused(), ERR_LIMIT);
	assert_non_null(strstr(rig_why, "newer"));
	assert_non_null(strstr(rig_why, "999"));
}

static void another_programs_database_is_refused(void **state)
{
	(void)state;
	assert_int_equal(mkdir(rig_dir, 0700), 0);
	rig_sql("CREATE TABLE cookies (a)");
	assert_int_equal(rig_refused(), ERR_MALFORMED);
	assert_non_null(strstr(rig_why, "another program"));
}

static void no_permission_is_told(void **state)
{
	const struct store_options o = {.dir = "/proc/offhook"};
	struct store *s = NULL;
	(void)state;

	assert_int_not_equal(store_open(&s, &o, rig_why), ERR_OK);
	assert_non_null(strstr(rig_why, "/proc/offhook"));
}

/* tests/unit/store/v1.sql is a database as the first schema wrote it. */
static void older_databases_migrate_forward(void **state)
{
	const char *root = getenv("OFFHOOK_SOURCE");
	char file[512], text[8192];
	(void)state;

	assert_non_null(root);
	snprintf(file, sizeof(file), "%s/tests/unit/store/v1.sql", root);
	int fd = open(file, O_RDONLY);
	assert_true(fd >= 0);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	assert_in_range(n, 1, sizeof(text) - 2);
	text[n] = '\0';
	assert_int_equal(mkdir(rig_dir, 0700), 0);
	rig_sql(text);
	struct store *s = rig_opened(0, 0);
	rig_load(s, &dump);
	assert_string_equal(
	    dump.text,
	    "account acme login tenant client\n"
	    "user acme ana@acme.example 1 1 0 9223372036854775807 1700000000000 1700000600000 0\n"
	    "line acme hq 201 3 0 1 1 1700000000001 -1\n"
	    "id login tenant client ana@acme.example 00000000-0000-0000-0000-00000000000a\n");
	assert_string_equal(store_install_id(s), "0123456789abcdef0123456789abcdef");
	rig_put_one_of_each(s);
	assert_int_equal(store_flush(s, 5000), ERR_OK);
	rig_load(s, &dump);
	assert_int_equal(dump.people, 1);
	store_close(s);
	store_close(rig_opened(0, 0));
}

/* Values of a damaged or foreign row must not leave the range of our enums. */
static void odd_numbers_read_as_nothing(void **state)
{
	(void)state;
	store_close(rig_opened(0, 0));
	rig_sql("INSERT INTO users VALUES ('a', 'b@c.d', 99, 0, 0, -7, 5, 0, 5);"
		"INSERT INTO lines VALUES ('a', 'b', 'c', 1000, 2, 0, 1, 0, 99, 99)");
	struct store *s = rig_opened(0, 0);
	rig_load(s, &dump);
	assert_string_equal(dump.text, "user a b@c.d 0 0 0 0 0 0 1\nline a b c 0 1 0 1 0 -1\n");
	store_close(s);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		T(only_its_owner_may_read_it),
		T(a_second_daemon_is_kept_out),
		T(damage_is_told_and_nothing_replaced),
		T(a_newer_database_is_refused),
		T(another_programs_database_is_refused),
		T(no_permission_is_told),
		T(older_databases_migrate_forward),
		T(odd_numbers_read_as_nothing),
	};

	return cmocka_run_group_tests_name("store/open", tests, NULL, NULL);
}
