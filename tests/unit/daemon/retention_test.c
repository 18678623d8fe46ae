/* retention_test.c - each account's changes stay for its own days, those of nobody for the server's. */
#include "daemon/retention.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "test.h"

enum { DAY = 86400000, NOW_DAYS = 20000 };

static char dir[64], why[STORE_WHY_MAX];

static int set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/offhook-retention-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	static const char *const files[] = { "offhook.db", "offhook.db-wal", "offhook.db-shm",
					     "offhook.lock" };
	char path[128];
	(void)state;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	return rmdir(dir);
}

static void write_down(struct store *s, const char *account, int days_ago)
{
	char what[32];

	snprintf(what, sizeof(what), "%s-%d", *account ? account : "server", days_ago);
	const struct store_change c = { .wall_ms = (int64_t)(NOW_DAYS - days_ago) * DAY,
					.who = SLICE_LIT("admin"),
					.account = slice_str(account),
					.verb = SLICE_LIT("set"),
					.object = slice_str(what) };

	assert_int_equal(store_put_change(s, &c), ERR_OK);
}

static bool add(void *arg, const struct store_change *c)
{
	size_t n = strlen(arg);

	snprintf((char *)arg + n, 256 - n, "%.*s ", SLICE_ARG(c->object));
	return true;
}

static void assert_kept(struct store *s, const char *wanted)
{
	char found[256] = "";

	assert_int_equal(store_flush(s, 10000), ERR_OK);
	assert_int_equal(store_changes_read(s, SLICE_NONE, 0, add, found), ERR_OK);
	assert_string_equal(found, wanted);
}

static struct bridge_time at(int64_t mono_ms, int days_later)
{
	return (struct bridge_time){ mono_ms, (int64_t)(NOW_DAYS + days_later) * DAY };
}

/* "gone" is no account any more: its changes stay as long as the longest of all. */
static void each_for_its_own_days(void **state)
{
	static const char *const whose[] = { "", "acme", "beta", "gone" };
	static const int ages[] = { 99, 50, 20, 5 };
	struct conf_account accounts[] = { { .name = "acme", .audit_days = 10 },
					   { .name = "beta", .audit_days = 60 } };
	struct conf c = { .server = { .audit_days = 30 }, .accounts = accounts, .accounts_n = 2 };
	const struct store_options o = { .dir = dir, .commit_ms = 5 };
	struct retention r = { 0 };
	struct store *s;
	(void)state;

	assert_int_equal(store_open(&s, &o, why), ERR_OK);
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < 4; k++)
			write_down(s, whose[k], ages[i]);
	assert_int_equal(retention_look(&r, &c, s, at(1000, 0)), 1000 + DAY);
	assert_kept(s, "gone-5 beta-5 acme-5 server-5 gone-20 beta-20 server-20 gone-50 beta-50 ");
	/* not before a day has passed */
	assert_int_equal(retention_look(&r, &c, s, at(999 + DAY, 40)), 1000 + DAY);
	assert_kept(s, "gone-5 beta-5 acme-5 server-5 gone-20 beta-20 server-20 gone-50 beta-50 ");
	assert_int_equal(retention_look(&r, &c, s, at(1000 + DAY, 40)), 1000 + 2 * (int64_t)DAY);
	assert_kept(s, "gone-5 beta-5 gone-20 beta-20 ");
	/* the account says nothing of its own: as the server */
	accounts[1].audit_days = 0;
	r.next_ms = 0;
	retention_look(&r, &c, s, at(2000 + DAY, 20));
	assert_kept(s, "gone-5 beta-5 ");
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_for_its_own_days, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("daemon/retention", tests, NULL, NULL);
}
