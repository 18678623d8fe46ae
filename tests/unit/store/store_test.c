/* The store from the outside, on real files: round trip, coalescing, what a bad disk does. */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/prng.h"
#include "store/store.h"

#define S(text) slice_str(text)

static char dir[64], path[80], why[STORE_WHY_MAX];

static void remove_dir(void)
{
	static const char *const names[] = {"offhook.db", "offhook.db-wal", "offhook.db-shm",
					    "offhook.lock"};
	char file[128];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(file, sizeof(file), "%s/%s", dir, names[i]);
		unlink(file);
	}
	rmdir(dir);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/offhook-store-XXXXXX");
	if (!mkdtemp(dir) || rmdir(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/offhook.db", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_dir();
	return 0;
}

static struct store *opened(uint32_t records_max, uint32_t audits_max)
{
	const struct store_options o = {
	    .dir = dir, .commit_ms = 5, .records_max = records_max, .audits_max = audits_max};
	struct store *s = NULL;
	enum err err = store_open(&s, &o, why);

	if (err != ERR_OK)
		print_message("%s\n", why);
	assert_int_equal(err, ERR_OK);
	return s;
}

static enum err refused(void)
{
	const struct store_options o = {.dir = dir};
	struct store *s = NULL;
	enum err err = store_open(&s, &o, why);

	assert_null(s);
	assert_non_null(strstr(why, dir));
	return err;
}

static void sql(const char *text)
{
	sqlite3 *db;
	char *message = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s", message);
	sqlite3_close(db);
}

/* Everything that was loaded, one line a row, in the order of the load. */
struct dump {
	char text[8192];
	size_t n;
	uint32_t users, lines, people;
	struct user_record last;
};

#define ADD(d, ...)                                                                                \
	((d)->n += (size_t)snprintf((d)->text + (d)->n, sizeof((d)->text) - (d)->n, __VA_ARGS__))

static void on_account(void *arg, struct slice name, struct slice realm)
{
	struct dump *d = arg;

	ADD(d, "account %.*s %.*s\n", SLICE_ARG(name), SLICE_ARG(realm));
}

static void on_person(void *arg, const struct store_person *p)
{
	struct dump *d = arg;

	d->people++;
	ADD(d, "person %.*s %.*s [%.*s] [%.*s] %.*s %d\n", SLICE_ARG(p->account),
	    SLICE_ARG(p->email), SLICE_ARG(p->name), SLICE_ARG(p->lines), SLICE_ARG(p->source),
	    p->enabled);
}

static void on_user(void *arg, struct slice account, struct slice email,
		    const struct user_record *r)
{
	struct dump *d = arg;

	d->last = *r;
	if (++d->users < 20)
		ADD(d, "user %.*s %.*s %d %d %d %lld %lld %lld %d\n", SLICE_ARG(account),
		    SLICE_ARG(email), r->profile, r->session, r->preferred,
		    (long long)r->profile_until_wall_ms, (long long)r->profile_order,
		    (long long)r->lease_end_wall_ms, r->sure);
	assert_int_equal(r->user, ID_NONE);
}

static void on_line(void *arg, struct slice account, struct slice connector, struct slice number,
		    const struct line_record *r)
{
	struct dump *d = arg;

	if (++d->lines < 20)
		ADD(d, "line %.*s %.*s %.*s %d %d %d %d %lld %d\n", SLICE_ARG(account),
		    SLICE_ARG(connector), SLICE_ARG(number), r->call, r->dnd, r->registered,
		    r->known, (long long)r->seen_wall_ms,
		    r->pbx_profile == PROFILE_NONE ? -1 : r->pbx_profile);
}

static void on_id(void *arg, struct slice realm, struct slice email, struct slice id)
{
	struct dump *d = arg;

	ADD(d, "id %.*s %.*s %.*s\n", SLICE_ARG(realm), SLICE_ARG(email), SLICE_ARG(id));
}

static void on_text(void *arg, const struct store_text *x)
{
	struct dump *d = arg;

	ADD(d, "text %.*s %.*s [%.*s] [%.*s] %lld\n", SLICE_ARG(x->account), SLICE_ARG(x->email),
	    SLICE_ARG(x->ours), SLICE_ARG(x->former), (long long)x->until_wall_ms);
}

static void on_meta(void *arg, struct slice key, struct slice value)
{
	struct dump *d = arg;

	if (!slice_is(key, "install_id"))
		ADD(d, "meta %.*s %.*s\n", SLICE_ARG(key), SLICE_ARG(value));
}

static void on_match(void *arg, const struct store_match *m)
{
	struct dump *d = arg;

	ADD(d, "match %.*s %.*s %.*s %u %u %u %u\n", SLICE_ARG(m->realm), SLICE_ARG(m->email),
	    SLICE_ARG(m->id), m->state, m->class, m->via, m->flags);
}

static void on_link(void *arg, struct slice realm, struct slice rules, struct slice link)
{
	struct dump *d = arg;

	ADD(d, "link %.*s %.*s %.*s\n", SLICE_ARG(realm), SLICE_ARG(rules), SLICE_ARG(link));
}

static void on_watcher(void *arg, const struct store_watcher *w)
{
	struct dump *d = arg;

	ADD(d, "watcher %.*s %.*s %lld %u %u %u %u\n", SLICE_ARG(w->tag), SLICE_ARG(w->fields),
	    (long long)w->expires_wall_ms, w->cseq, w->remote_cseq, w->port, w->kind);
}

static void on_held(void *arg, struct slice account, struct slice email, struct slice id)
{
	struct dump *d = arg;

	ADD(d, "held %.*s %.*s %.*s\n", SLICE_ARG(account), SLICE_ARG(email), SLICE_ARG(id));
}

static void load(struct store *s, struct dump *d)
{
	static const struct store_load_ops ops = {on_account, on_person, on_user,
						  on_line,    on_id,	 on_text,
						  on_meta,    on_match,	 on_link,
						  NULL,	 on_watcher, on_held};

	*d = (struct dump){0};
	assert_int_equal(store_load(s, &ops, d, why), ERR_OK);
}

static struct dump dump;

static void put_one_of_each(struct store *s)
{
	const struct user_record u = {.user = 7,
				      .profile = PROFILE_AWAY,
				      .session = SESSION_CALL,
				      .preferred = true,
				      .sure = true,
				      .profile_until_wall_ms = TIME_NEVER,
				      .profile_order = 1700000000000,
				      .lease_end_wall_ms = 1700000600000};
	const struct line_record l = {.line = 9,
				      .call = CALL_HELD,
				      .dnd = true,
				      .registered = true,
				      .known = true,
				      .pbx_profile = PROFILE_BUSY,
				      .seen_wall_ms = 5};
	const struct store_person p = {S("acme"),      S("bob@acme.example"), S("Bob \xc3\x9f"),
				       S("hq/1 hq/2"), S("import"), S("guid"), true};

	const struct store_text t = { S("acme"), S("ana@acme.example"), S("On the phone"),
				      S("Fridays off"), 9 };

	assert_int_equal(store_put_account(s, S("acme"), S("login tenant client")), ERR_OK);
	assert_int_equal(store_put_person(s, &p), ERR_OK);
	assert_int_equal(store_put_user(s, S("acme"), S("Ana@acme.example"), &u), ERR_OK);
	assert_int_equal(store_put_line(s, S("acme"), S("hq"), S("201"), &l), ERR_OK);
	assert_int_equal(store_put_id(s, S("realm"), S("ana@acme.example"), S("id-1")), ERR_OK);
	assert_int_equal(store_put_text(s, &t), ERR_OK);
	assert_int_equal(store_put_meta(s, S("k"), S("v")), ERR_OK);
	const struct store_match m = {S("realm"), S("Ana@acme.example"), S("id-1"), 1, 2, 3, 9};
	assert_int_equal(store_put_match(s, &m), ERR_OK);
	assert_int_equal(store_put_link(s, S("realm"), S("rules"), S("https://g/delta")), ERR_OK);
	const struct store_watcher w = {
	    S("0f"), S("c1\x1f<sip:a@b>;tag=1"), 9, 2, 0xffffffff, 0x20100, 65535};
	assert_int_equal(store_put_watcher(s, &w), ERR_OK);
	assert_int_equal(store_put_held(s, S("acme"), S("Ana@acme.example"), S("id-1")), ERR_OK);
}

static const char one_of_each[] =
    "account acme login tenant client\n"
    "person acme bob@acme.example [Bob \xc3\x9f] [hq/1 hq/2] import 1\n"
    "user acme Ana@acme.example 1 1 1 9223372036854775807 1700000000000 1700000600000 1\n"
    "line acme hq 201 4 1 1 1 5 2\n"
    "id realm ana@acme.example id-1\n"
    "text acme ana@acme.example [On the phone] [Fridays off] 9\n"
    "meta k v\n"
    "match realm Ana@acme.example id-1 1 2 3 9\n"
    "link realm rules https://g/delta\n"
    "watcher 0f c1\x1f<sip:a@b>;tag=1 9 2 4294967295 65535 131328\n"
    "held acme Ana@acme.example id-1\n";

static void gives_back_what_was_put(void **state)
{
	struct store *s = opened(0, 0);
	char install[33];
	(void)state;

	put_one_of_each(s);
	assert_int_equal(store_flush(s, 5000), ERR_OK);
	load(s, &dump);
	assert_string_equal(dump.text, one_of_each);
	snprintf(install, sizeof(install), "%s", store_install_id(s));
	assert_int_equal(strlen(install), 32);
	store_close(s);
	s = opened(0, 0);
	load(s, &dump);
	assert_string_equal(dump.text, one_of_each);
	assert_string_equal(store_install_id(s), install);
	store_close(s);
}

static void close_commits_what_waits(void **state)
{
	struct store *s = opened(0, 0);
	(void)state;

	put_one_of_each(s);
	store_close(s);
	s = opened(0, 0);
	load(s, &dump);
	assert_string_equal(dump.text, one_of_each);
	store_close(s);
}

static void deletes_in_the_order_of_the_calls(void **state)
{
	const struct user_record r = {.profile = 2};
	struct store *s = opened(0, 0);
	(void)state;

	put_one_of_each(s);
	assert_int_equal(store_delete_account(s, S("acme")), ERR_OK);
	assert_int_equal(store_delete_person(s, S("acme"), S("BOB@acme.example")), ERR_OK);
	assert_int_equal(store_delete_line(s, S("acme"), S("hq"), S("201")), ERR_OK);
	assert_int_equal(store_put_id(s, S("realm"), S("ana@acme.example"), SLICE_NONE), ERR_OK);
	assert_int_equal(store_put_text(s, &(struct store_text){ .account = S("acme"),
								 .email = S("ANA@acme.example") }),
			 ERR_OK);
	assert_int_equal(store_delete_match(s, S("realm"), S("ana@ACME.example")), ERR_OK);
	assert_int_equal(store_put_link(s, S("realm"), SLICE_NONE, SLICE_NONE), ERR_OK);
	assert_int_equal(store_delete_watcher(s, S("0f")), ERR_OK);
	assert_int_equal(store_put_held(s, S("acme"), S("ANA@acme.example"), SLICE_NONE), ERR_OK);
	assert_int_equal(store_delete_user(s, S("acme"), S("ana@acme.example")), ERR_OK);
	assert_int_equal(store_put_user(s, S("acme"), S("ana@acme.example"), &r), ERR_OK);
	assert_int_equal(store_flush(s, 5000), ERR_OK);
	load(s, &dump);
	assert_string_equal(dump.text, "user acme ana@acme.example 2 0 0 0 0 0 0\nmeta k v\n");
	assert_int_equal(store_delete_user(s, S("acme"), S("Ana@acme.example")), ERR_OK);
	assert_int_equal(store_flush(s, 5000), ERR_OK);
	load(s, &dump);
	assert_string_equal(dump.text, "meta k v\n");
	store_close(s);
}

/* Somebody else holds the write lock: nothing is lost, nothing waits for it, values coalesce. */
static void a_locked_database_is_counted_and_tried_again(void **state)
{
	struct store *s = opened(0, 0);
	struct store_stats st;
	sqlite3 *other;
	(void)state;

	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	put_one_of_each(s);
	assert_int_equal(store_flush(s, 400), ERR_AGAIN);
	for (int i = 0; i < 1000; i++) {
		const struct user_record r = {.profile_order = i};

		assert_int_equal(store_put_user(s, S("acme"), S("x@y.z"), &r), ERR_OK);
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
	load(s, &dump);
	assert_int_equal(dump.users, 2);
	assert_int_equal(dump.last.profile_order, 999);
	store_close(s);
}

/* A limit on the size of files stands in for a full disk. */
static void a_full_disk_is_counted_and_tried_again(void **state)
{
	struct store *s = opened(0, 0);
	struct rlimit before, full = {4096, 0};
	struct store_stats st;
	(void)state;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	full.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	put_one_of_each(s);
	enum err err = store_flush(s, 300);
	do
		store_stats(s, &st);
	while (st.errors == 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(err, ERR_AGAIN);
	assert_true(st.failing);
	assert_int_equal(store_flush(s, 10000), ERR_OK);
	load(s, &dump);
	assert_string_equal(dump.text, one_of_each);
	store_close(s);
}

static void the_queue_has_its_bounds(void **state)
{
	struct store *s = opened(3, 2);
	const struct user_record r = {.profile = 1};
	struct store_stats st;
	sqlite3 *other;
	char email[32], number[8];
	char *big = calloc(1, STORE_TEXT_MAX + 2);
	(void)state;

	/* the first batch goes into the writer's hands and stays there */
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store_put_meta(s, S("a"), S("b")), ERR_OK);
	do
		store_stats(s, &st);
	while (st.errors == 0);
	for (int i = 0; i < 10; i++) {
		snprintf(email, sizeof(email), "u%d@b.c", i);
		assert_int_equal(store_put_user(s, S("acme"), S(email), &r),
				 i < 3 ? ERR_OK : ERR_LIMIT);
	}
	assert_int_equal(store_put_user(s, S("acme"), S("U1@B.C"), &r), ERR_OK);
	for (int i = 0; i < 5; i++) {
		const struct store_audit a = {.a = (uint16_t)i};

		assert_int_equal(store_audit(s, S("acme"), S("u1@b.c"), &a), ERR_OK);
	}
	store_stats(s, &st);
	assert_int_equal(st.dropped, 7 + 3);
	assert_int_equal(st.waiting, 1 + 3 + 2);
	memset(big, 'x', STORE_TEXT_MAX + 1);
	snprintf(number, sizeof(number), "1");
	assert_int_equal(store_delete_line(s, S("a"), S(big), S(number)), ERR_LIMIT);
	assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	assert_int_equal(store_flush(s, 10000), ERR_OK);
	load(s, &dump);
	assert_int_equal(dump.users, 3);
	free(big);
	store_close(s);
}

struct seen {
	uint32_t n;
	int32_t next; /* descending, without a gap */
};

static void on_audit(void *arg, const struct store_audit *e)
{
	struct seen *x = arg;

	if (x->n++)
		assert_int_equal(e->a, x->next);
	assert_int_equal(e->wall_ms, 1000 + e->a);
	assert_int_equal(e->kind, AUDIT_PROFILE);
	x->next = e->a - 1;
}

static void the_audit_keeps_the_last_hundred(void **state)
{
	struct store *s = opened(0, 0);
	struct seen x = {0};
	(void)state;

	for (uint16_t i = 0; i < 350; i++) {
		const struct store_audit a = {
		    .wall_ms = 1000 + i, .kind = AUDIT_PROFILE, .a = i, .b = 1};

		assert_int_equal(store_audit(s, S("acme"), S(i % 2 ? "ana@b.c" : "ANA@b.c"), &a),
				 ERR_OK);
		assert_int_equal(store_audit(s, S("acme"), S("other@b.c"), &a), ERR_OK);
		if (i % 50 == 0)
			assert_int_equal(store_flush(s, 5000), ERR_OK);
	}
	assert_int_equal(store_flush(s, 5000), ERR_OK);
	assert_int_equal(store_audit_read(s, S("acme"), S("ana@b.c"), 1000, on_audit, &x), ERR_OK);
	assert_int_equal(x.n, STORE_AUDIT_RING);
	assert_int_equal(x.next, 249);
	x = (struct seen){0};
	assert_int_equal(store_audit_read(s, S("acme"), S("ana@b.c"), 3, on_audit, &x), ERR_OK);
	assert_int_equal(x.n, 3);
	x = (struct seen){0};
	assert_int_equal(store_audit_read(s, S("b"), S("ana@b.c"), 3, on_audit, &x), ERR_OK);
	assert_int_equal(x.n, 0);
	store_close(s);
}

static void only_its_owner_may_read_it(void **state)
{
	struct store *s = opened(0, 0);
	struct stat st;
	char file[96];
	(void)state;

	put_one_of_each(s);
	assert_int_equal(store_flush(s, 5000), ERR_OK);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(file, sizeof(file), "%s-wal", path);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	store_close(s);
}

static void a_second_daemon_is_kept_out(void **state)
{
	struct store *s = opened(0, 0);
	(void)state;

	assert_int_equal(refused(), ERR_EXISTS);
	assert_non_null(strstr(why, "another offhookd"));
	store_close(s);
	store_close(opened(0, 0));
}

static void damage_is_told_and_nothing_replaced(void **state)
{
	static const char garbage[] =
	    "this is no database, and it is longer than a hundred bytes so that SQLite looks at it "
	    "as a page: ....................................................";
	char page[4096];
	struct store *s = opened(0, 0);
	(void)state;

	/* a page in the middle is overwritten */
	for (int i = 0; i < 3000; i++) {
		const struct user_record r = {.profile_order = i};
		char email[32];

		snprintf(email, sizeof(email), "u%d@b.c", i);
		assert_int_equal(store_put_user(s, S("acme"), S(email), &r), ERR_OK);
	}
	store_close(s);
	int fd = open(path, O_RDWR);
	memset(page, 0xa5, sizeof(page));
	assert_int_equal(pwrite(fd, page, sizeof(page), 10 * 4096), sizeof(page));
	close(fd);
	assert_int_equal(refused(), ERR_MALFORMED);
	assert_non_null(strstr(why, "backup"));
	/* the file is none of SQLite's */
	fd = open(path, O_RDWR | O_TRUNC);
	assert_int_equal(write(fd, garbage, sizeof(garbage)), sizeof(garbage));
	close(fd);
	assert_int_equal(refused(), ERR_MALFORMED);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, page, sizeof(page)), sizeof(garbage));
	assert_memory_equal(page, garbage, sizeof(garbage));
	close(fd);
}

static void a_newer_database_is_refused(void **state)
{
	(void)state;
	store_close(opened(0, 0));
	sql("PRAGMA user_version=999");
	assert_int_equal(refused(), ERR_LIMIT);
	assert_non_null(strstr(why, "newer"));
	assert_non_null(strstr(why, "999"));
}

static void another_programs_database_is_refused(void **state)
{
	(void)state;
	assert_int_equal(mkdir(dir, 0700), 0);
	sql("CREATE TABLE cookies (a)");
	assert_int_equal(refused(), ERR_MALFORMED);
	assert_non_null(strstr(why, "another program"));
}

static void no_permission_is_told(void **state)
{
	const struct store_options o = {.dir = "/proc/offhook"};
	struct store *s = NULL;
	(void)state;

	assert_int_not_equal(store_open(&s, &o, why), ERR_OK);
	assert_non_null(strstr(why, "/proc/offhook"));
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
	assert_int_equal(mkdir(dir, 0700), 0);
	sql(text);
	struct store *s = opened(0, 0);
	load(s, &dump);
	assert_string_equal(
	    dump.text,
	    "account acme login tenant client\n"
	    "user acme ana@acme.example 1 1 0 9223372036854775807 1700000000000 1700000600000 0\n"
	    "line acme hq 201 3 0 1 1 1700000000001 -1\n"
	    "id login tenant client ana@acme.example 00000000-0000-0000-0000-00000000000a\n");
	assert_string_equal(store_install_id(s), "0123456789abcdef0123456789abcdef");
	put_one_of_each(s);
	assert_int_equal(store_flush(s, 5000), ERR_OK);
	load(s, &dump);
	assert_int_equal(dump.people, 1);
	store_close(s);
	store_close(opened(0, 0));
}

/* Values of a damaged or foreign row must not leave the range of our enums. */
static void odd_numbers_read_as_nothing(void **state)
{
	(void)state;
	store_close(opened(0, 0));
	sql("INSERT INTO users VALUES ('a', 'b@c.d', 99, 0, 0, -7, 5, 0, 5);"
	    "INSERT INTO lines VALUES ('a', 'b', 'c', 1000, 2, 0, 1, 0, 99, 99)");
	struct store *s = opened(0, 0);
	load(s, &dump);
	assert_string_equal(dump.text, "user a b@c.d 0 0 0 0 0 0 1\nline a b c 0 1 0 1 0 -1\n");
	store_close(s);
}

static void a_burst_of_ten_thousand_stays_bounded(void **state)
{
	struct store *s = opened(10000, 1000);
	struct store_stats st;
	char email[32];
	(void)state;

	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 10000; i++) {
			const struct user_record r = {.profile_order = round};

			snprintf(email, sizeof(email), "user%d@acme.example", i);
			assert_int_equal(store_put_user(s, S("acme"), S(email), &r), ERR_OK);
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
	load(s, &dump);
	assert_int_equal(dump.users, 10000);
	assert_int_equal(dump.last.profile_order, 19);
	store_close(s);
}

/* The child puts user and line with the same number, rising, then is killed wherever it is. What is
 * there after: a whole commit, in which both are the same, never older than what was flushed. */
static void child(int told)
{
	struct store *s = opened(0, 0);
	int64_t i = 0;

	load(s, &dump);
	i = dump.last.profile_order;
	for (;;) {
		const struct user_record u = {.profile_order = ++i};
		const struct line_record l = {.seen_wall_ms = i};

		(void)store_put_line(s, S("acme"), S("hq"), S("201"), &l);
		(void)store_put_user(s, S("acme"), S("ana@acme.example"), &u);
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
	static const struct store_load_ops ops = {.user = on_user, .line = on_seen};
	struct prng r = {2026};
	int64_t before = 0;
	(void)state;

	for (int i = 0; i < 12; i++) {
		int64_t flushed = kill_once(&r);
		struct store *s = opened(0, 0);

		dump = (struct dump){0};
		assert_int_equal(store_load(s, &ops, &dump, why), ERR_OK);
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
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(gives_back_what_was_put),
	    T(close_commits_what_waits),
	    T(deletes_in_the_order_of_the_calls),
	    T(a_locked_database_is_counted_and_tried_again),
	    T(a_full_disk_is_counted_and_tried_again),
	    T(the_queue_has_its_bounds),
	    T(the_audit_keeps_the_last_hundred),
	    T(only_its_owner_may_read_it),
	    T(a_second_daemon_is_kept_out),
	    T(damage_is_told_and_nothing_replaced),
	    T(a_newer_database_is_refused),
	    T(another_programs_database_is_refused),
	    T(no_permission_is_told),
	    T(older_databases_migrate_forward),
	    T(odd_numbers_read_as_nothing),
	    T(a_burst_of_ten_thousand_stays_bounded),
	    T(survives_kill_at_any_point),
	};
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
