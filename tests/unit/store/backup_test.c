/* backup_test.c - the store as a file, what is no such file, and what the start after it has. */
#include "store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/schema.h"
#include "test.h"

#define S(s) SLICE_LIT(s)

static char dir[64], why[STORE_WHY_MAX];
static const char *const names[] = { "offhook.db",	  "offhook.db.before-restore",
				     "offhook.db.upload", "offhook.db.backup",
				     "offhook.db.restore", "offhook.lock",
				     "copy.db" };

static const char *path_of(const char *name, const char *more)
{
	static char path[192];

	snprintf(path, sizeof(path), "%s/%s%s", dir, name, more);
	return path;
}

static int set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/offhook-backup-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	static const char *const more[] = { "", "-wal", "-shm", "-journal" };
	(void)state;

	for (size_t i = 0; i < 4 * sizeof(names) / sizeof(names[0]); i++)
		unlink(path_of(names[i / 4], more[i % 4]));
	return rmdir(dir);
}

static bool is_there(const char *name)
{
	return access(path_of(name, ""), F_OK) == 0;
}

static struct store *opened(void)
{
	const struct store_options o = { .dir = dir, .commit_ms = 5 };
	struct store *s = NULL;

	if (store_open(&s, &o, why) != ERR_OK)
		fail_msg("%s", why);
	return s;
}

static void hold(struct store *s, uint8_t session, const char *token)
{
	const struct user_record r = { .session = session, .lease_end_wall_ms = 5000, .sure = true };

	assert_int_equal(store_put_user(s, S("acme"), S("ana@acme.example"), &r), ERR_OK);
	assert_int_equal(store_put_record(s, S("token"), S("a"), slice_str(token)), ERR_OK);
	assert_int_equal(store_flush(s, 10000), ERR_OK);
}

struct found {
	struct user_record user;
	char token[64];
};

static void on_user(void *arg, struct slice account, struct slice email, const struct user_record *r)
{
	struct found *f = arg;

	(void)account;
	(void)email;
	f->user = *r;
}

static void on_record(void *arg, struct slice kind, struct slice key, struct slice value)
{
	struct found *f = arg;

	(void)kind;
	(void)key;
	snprintf(f->token, sizeof(f->token), "%.*s", SLICE_ARG(value));
}

static struct found found_in(struct store *s)
{
	static const struct store_load_ops ops = { .user = on_user, .record = on_record };
	struct found f = { 0 };

	assert_int_equal(store_load(s, &ops, &f, why), ERR_OK);
	return f;
}

static void copy_into(int from, int to)
{
	char piece[4096];
	ssize_t n;

	while ((n = read(from, piece, sizeof(piece))) > 0)
		assert_int_equal(write(to, piece, (size_t)n), n);
	assert_int_equal(n, 0);
	close(from);
}

/* A backup as the file copy.db, to be spoilt. */
static void backup_to_file(struct store *s)
{
	int from, to = open(path_of("copy.db", ""), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(to >= 0);
	assert_int_equal(store_backup(s, &from, why), ERR_OK);
	copy_into(from, to);
	close(to);
}

static void spoil(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path_of("copy.db", ""), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static enum err give_back(struct store *s)
{
	int to;

	assert_int_equal(store_upload_begin(s, &to, why), ERR_OK);
	copy_into(open(path_of("copy.db", ""), O_RDONLY), to);
	return store_upload_take(s, to, why);
}

static void a_backup_is_one_whole_file(void **state)
{
	struct store *s = opened();
	sqlite3_stmt *st;
	struct stat st_copy;
	sqlite3 *db;
	(void)state;

	hold(s, 2, "{\"n\":1}");
	backup_to_file(s);
	assert_false(is_there("offhook.db.backup"));
	static const char sql[] = "SELECT journal_mode, user_version, value FROM"
				  " pragma_journal_mode, pragma_user_version, records";
	assert_int_equal(sqlite3_open_v2(path_of("copy.db", ""), &db, SQLITE_OPEN_READONLY, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_string_equal(sqlite3_column_text(st, 0), "delete");
	assert_int_equal(sqlite3_column_int(st, 1), schema_version());
	assert_string_equal(sqlite3_column_text(st, 2), "{\"n\":1}");
	sqlite3_finalize(st);
	sqlite3_close(db);
	assert_int_equal(stat(path_of("offhook.db", ""), &st_copy), 0);
	assert_int_equal(st_copy.st_mode & 0777, 0600);
	store_close(s);
}

static void the_next_start_takes_it_and_keeps_the_former(void **state)
{
	struct store *s = opened();
	struct found f;
	(void)state;

	hold(s, 1, "then");
	backup_to_file(s);
	hold(s, 3, "now");
	assert_int_equal(give_back(s), ERR_OK);
	assert_string_equal(found_in(s).token, "now");
	store_close(s);
	s = opened();
	f = found_in(s);
	assert_true(store_was_restored(s));
	assert_string_equal(f.token, "then");
	/* what Teams shows is not undone by a file */
	assert_int_equal(f.user.session, 3);
	assert_true(f.user.sure);
	assert_true(is_there("offhook.db.before-restore"));
	assert_false(is_there("offhook.db.restore"));
	store_close(s);
	s = opened();
	assert_false(store_was_restored(s));
	assert_string_equal(found_in(s).token, "then");
	store_close(s);
}

/* On another machine nobody knows what became of the sessions. */
static void without_a_former_one_nothing_is_sure(void **state)
{
	struct store *s = opened();
	struct found f;
	(void)state;

	hold(s, 2, "then");
	backup_to_file(s);
	assert_int_equal(give_back(s), ERR_OK);
	store_close(s);
	unlink(path_of("offhook.db", ""));
	s = opened();
	f = found_in(s);
	assert_string_equal(f.token, "then");
	assert_int_equal(f.user.session, 2);
	assert_false(f.user.sure);
	store_close(s);
}

/* The power failed between the two renames. */
static void a_swap_that_was_cut_goes_on(void **state)
{
	struct store *s = opened();
	char former[192];
	(void)state;

	hold(s, 1, "then");
	backup_to_file(s);
	hold(s, 3, "now");
	assert_int_equal(give_back(s), ERR_OK);
	store_close(s);
	snprintf(former, sizeof(former), "%s", path_of("offhook.db.before-restore", ""));
	assert_int_equal(rename(path_of("offhook.db", ""), former), 0);
	s = opened();
	assert_string_equal(found_in(s).token, "then");
	assert_int_equal(found_in(s).user.session, 3);
	assert_true(is_there("offhook.db.before-restore"));
	store_close(s);
}

/* The old store is what was damaged. */
static void a_damaged_former_one_is_no_obstacle(void **state)
{
	struct store *s = opened();
	(void)state;

	hold(s, 1, "then");
	backup_to_file(s);
	assert_int_equal(give_back(s), ERR_OK);
	store_close(s);
	int fd = open(path_of("offhook.db", ""), O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, "rubbish", 7), 7);
	close(fd);
	s = opened();
	assert_string_equal(found_in(s).token, "then");
	assert_false(found_in(s).user.sure);
	store_close(s);
}

/* tests/unit/store/v1.sql is a database as the first schema wrote it. */
static void an_older_schema_is_brought_up(void **state)
{
	struct store *s = opened();
	char file[512], text[8192];
	(void)state;

	assert_non_null(getenv("OFFHOOK_SOURCE"));
	snprintf(file, sizeof(file), "%s/tests/unit/store/v1.sql", getenv("OFFHOOK_SOURCE"));
	int fd = open(file, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	assert_in_range(n, 1, sizeof(text) - 2);
	text[n] = '\0';
	spoil(text);
	assert_int_equal(give_back(s), ERR_OK);
	store_close(s);
	s = opened();
	assert_string_equal(store_install_id(s), "0123456789abcdef0123456789abcdef");
	assert_int_equal(found_in(s).user.profile, 1);
	store_close(s);
}

static void what_is_no_backup_is_refused(void **state)
{
	static const struct {
		const char *sql, *says;
		enum err err;
	} rows[] = {
		{ "PRAGMA user_version=99", "newer Offhook", ERR_LIMIT },
		{ "PRAGMA user_version=0", "another program", ERR_MALFORMED },
		{ "PRAGMA application_id=1", "another program", ERR_MALFORMED },
		{ "DROP TABLE lines", "tables are not those", ERR_MALFORMED },
		{ "CREATE TABLE extra (a)", "tables are not those", ERR_MALFORMED },
		{ "CREATE TRIGGER t AFTER INSERT ON meta BEGIN DELETE FROM users; END",
		  "tables are not those", ERR_MALFORMED },
	};
	struct store *s = opened();
	(void)state;

	hold(s, 1, "then");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		backup_to_file(s);
		spoil(rows[i].sql);
		assert_int_equal(give_back(s), rows[i].err);
		assert_non_null(strstr(why, rows[i].says));
		assert_false(is_there("offhook.db.restore"));
		assert_false(is_there("offhook.db.upload"));
	}
	store_close(s);
}

/* A page in the middle, a cut end, nothing at all, a text. */
static void damage_is_refused(void **state)
{
	struct store *s = opened();
	(void)state;

	hold(s, 1, "then");
	for (int how = 0; how < 4; how++) {
		backup_to_file(s);
		int fd = open(path_of("copy.db", ""), O_RDWR);
		if (how == 0)
			assert_int_equal(pwrite(fd, "rubbish rubbish rubbish", 23, 4096 * 2), 23);
		else
			assert_int_equal(ftruncate(fd, how == 1 ? 4096 * 3 : 0), 0);
		if (how == 3)
			assert_int_equal(pwrite(fd, "email,name,lines,enabled\n", 25, 0), 25);
		close(fd);
		assert_int_equal(give_back(s), ERR_MALFORMED);
		assert_non_null(strstr(why, "offhook backup"));
	}
	store_close(s);
	s = opened();
	assert_false(store_was_restored(s));
	store_close(s);
}

static void one_comes_in_at_a_time(void **state)
{
	struct store *s = opened();
	int fd, other;
	(void)state;

	assert_int_equal(store_upload_begin(s, &fd, why), ERR_OK);
	assert_int_equal(store_upload_begin(s, &other, why), ERR_EXISTS);
	store_upload_drop(s, fd);
	assert_int_equal(store_upload_begin(s, &fd, why), ERR_OK);
	/* a process that died meanwhile leaves nothing in the way */
	store_close(s);
	close(fd);
	s = opened();
	assert_int_equal(store_upload_begin(s, &fd, why), ERR_OK);
	store_upload_drop(s, fd);
	store_close(s);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_backup_is_one_whole_file),
		T(the_next_start_takes_it_and_keeps_the_former),
		T(without_a_former_one_nothing_is_sure),
		T(a_swap_that_was_cut_goes_on),
		T(a_damaged_former_one_is_no_obstacle),
		T(an_older_schema_is_brought_up),
		T(what_is_no_backup_is_refused),
		T(damage_is_refused),
		T(one_comes_in_at_a_time),
	};

	return cmocka_run_group_tests_name("store/backup", tests, NULL, NULL);
}
