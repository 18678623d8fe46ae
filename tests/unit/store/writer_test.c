/* The writer: coalescing, bounds, what a bad disk does, and a kill at any point. */
#include "rig.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/prng.h"

static struct rig_dump dump;

/* Somebody else holds the write lock: nothing is lost, nothing waits for it, values coalesce. */
static void a_locked_database_is_counted_and_tried_again(void **state)
{
	struct store *s = rig_opened(0, 0);
	struct store_stats st;
	sqlite3 *other;
	(void)state;

	assert_int_equal(sqlite3_open(rig_path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	rig_put_one_of_each(s);
	assert_int_equal(store_flush(s, 400), ERR_AGAIN);
	for (int i = 0; i < 1000; i++) {
		const struct user_record r = {.profile_order = i};

		assert_int_equal(store_put_user(s, RIG_S("acme"), RIG_S("x@y.z"), &r), ERR_OK);
	}
	do
		store_stats(s, &st);
	while (st.errors == 0);
	assert_true(st.failing);
	assert_int_equal(st.coalesced, 999);
	assert_int_equal(st.waiting, 12);
	assert_string_not_equal(st.error, "");
	assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	assert_int_equal(store_flush(s, 10000), ERR_OK);
	store_stats(s, &st);
	assert_false(st.failing);
	assert_int_equal(st.waiting, 0);
	assert_int_equal(st.waiting_bytes, 0);
	rig_load(s, &dump);
	assert_int_equal(dump.users, 2);
	assert_int_equal(dump.last.profile_order, 999);
	store_close(s);
}

/* A limit on the size of files stands in for a full disk. */
static void a_full_disk_is_counted_and_tried_again(void **state)
{
	struct store *s = rig_opened(0, 0);
	struct rlimit before, full = {4096, 0};
	struct store_stats st;
	(void)state;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	full.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	rig_put_one_of_each(s);
	enum err err = store_flush(s, 300);
	do
		store_stats(s, &st);
	while (st.errors == 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(err, ERR_AGAIN);
	assert_true(st.failing);
	assert_int_equal(store_flush(s, 10000), ERR_OK);
	rig_load(s, &dump);
	assert_string_equal(dump.text, rig_one_of_each);
	store_close(s);
}

static void the_queue_has_its_bounds(void **state)
{
	struct store *s = rig_opened(3, 2);
	const struct user_record r = {.profile = 1};
	struct store_stats st;
	sqlite3 *other;
	char email[32], number[8];
	char *big = calloc(1, STORE_TEXT_MAX + 2);
	(void)state;

	/* the first batch goes into the writer's hands and stays there */
	assert_int_equal(sqlite3_open(rig_path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store_put_meta(s, RIG_S("a"), RIG_S("b")), ERR_OK);
	do
		store_stats(s, &st);
	while (st.errors == 0);
	for (int i = 0; i < 10; i++) {
		snprintf(email, sizeof(email), "u%d@b.c", i);
		assert_int_equal(store_put_user(s, RIG_S("acme"), RIG_S(email), &r),
				 i < 3 ? ERR_OK : ERR_LIMIT);
	}
	assert_int_equal(store_put_user(s, RIG_S("acme"), RIG_S("U1@B.C"), &r), ERR_OK);
	for (int i = 0; i < 5; i++) {
		const struct store_audit a = {.a = (uint16_t)i};

		assert_int_equal(store_audit(s, RIG_S("acme"), RIG_S("u1@b.c"), &a), ERR_OK);
	}
	store_stats(s, &st);
	assert_int_equal(st.dropped, 7 + 3);
	assert_int_equal(st.waiting, 1 + 3 + 2);
	memset(big, 'x', STORE_TEXT_MAX + 1);
	snprintf(number, sizeof(number), "1");
	assert_int_equal(store_delete_line(s, RIG_S("a"), RIG_S(big), RIG_S(number)), ERR_LIMIT);
	assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	assert_int_equal(store_flush(s, 10000), ERR_OK);
	rig_load(s, &dump);
	assert_int_equal(dump.users, 3);
	free(big);
	store_close(s);
}

static void a_burst_of_ten_thousand_stays_bounded(void **state)
{
	struct store *s = rig_opened(10000, 1000);
	struct store_stats st;
	char email[32];
	(void)state;

	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 10000; i++) {
			const struct user_record r = {.profile_order = round};

			snprintf(email, sizeof(email), "user%d@acme.example", i);
			assert_int_equal(store_put_user(s, RIG_S("acme"), RIG_S(email), &r), ERR_OK);
		}
		store_stats(s, &st);
		assert_in_range(st.waiting, 0, 20000);
		assert_in_range(st.waiting_bytes, 0, 20000 * 160);
	}
	assert_int_equal(store_flush(s, 60000), ERR_OK);
	store_stats(s, &st);
	assert_int_equal(st.put, 200000);
	assert_int_equal(st.dropped, 0);
	assert_int_equal(st.waiting_bytes, 0);
	assert_int_equal(st.rows + st.coalesced, st.put);
	rig_load(s, &dump);
	assert_int_equal(dump.users, 10000);
	assert_int_equal(dump.last.profile_order, 19);
	store_close(s);
}

/* The child puts user and line with the same number, rising, then is killed wherever it is. What is
 * there after: a whole commit, in which both are the same, never older than what was flushed. */
static void child(int told)
{
	struct store *s = rig_opened(0, 0);
	int64_t i = 0;

	rig_load(s, &dump);
	i = dump.last.profile_order;
	for (;;) {
		const struct user_record u = {.profile_order = ++i};
		const struct line_record l = {.seen_wall_ms = i};

		(void)store_put_line(s, RIG_S("acme"), RIG_S("hq"), RIG_S("201"), &l);
		(void)store_put_user(s, RIG_S("acme"), RIG_S("ana@acme.example"), &u);
		if (i % 8 == 0 &&
		    (store_flush(s, 5000) != ERR_OK || write(told, &i, sizeof(i)) != sizeof(i)))
			_exit(1);
	}
}

static int64_t seen_of_line;

static void on_seen(void *arg, struct slice account, struct slice connector, struct slice number,
		    const struct line_record *r)
{
	(void)arg;
	(void)account;
	(void)connector;
	(void)number;
	seen_of_line = r->seen_wall_ms;
}

static int64_t kill_once(struct prng *r)
{
	int p[2];
	int64_t flushed = 0, got;

	assert_int_equal(pipe(p), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(p[0]);
		child(p[1]);
	}
	close(p[1]);
	/* at a random point of its work, counted in commits, and a little beyond */
	for (uint64_t commits = 1 + prng_below(r, 4); commits > 0; commits--)
		if (read(p[0], &got, sizeof(got)) == sizeof(got))
			flushed = got;
	usleep((useconds_t)prng_below(r, 9000));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	while (read(p[0], &got, sizeof(got)) == sizeof(got))
		flushed = got;
	close(p[0]);
	return flushed;
}

static void survives_kill_at_any_point(void **state)
{
	static const struct store_load_ops ops = {.user = rig_on_user, .line = on_seen};
	struct prng r = {2026};
	int64_t before = 0;
	(void)state;

	for (int i = 0; i < 12; i++) {
		int64_t flushed = kill_once(&r);
		struct store *s = rig_opened(0, 0);

		dump = (struct rig_dump){0};
		assert_int_equal(store_load(s, &ops, &dump, rig_why), ERR_OK);
		assert_true(flushed > 0);
		assert_true(dump.last.profile_order >= flushed);
		assert_true(flushed > before);
		/* the line is put first: a batch may hold it one step ahead of the user */
		assert_in_range(seen_of_line - dump.last.profile_order, 0, 1);
		before = dump.last.profile_order;
		store_close(s);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		T(a_locked_database_is_counted_and_tried_again),
		T(a_full_disk_is_counted_and_tried_again),
		T(the_queue_has_its_bounds),
		T(a_burst_of_ten_thousand_stays_bounded),
		T(survives_kill_at_any_point),
	};

	return cmocka_run_group_tests_name("store/writer", tests, NULL, NULL);
}
