#include "test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "admin/events.h"

enum { USERS = 5000 };

static struct snapshot *s;
static struct names *names;
static struct events *e;
static char text[8 << 20];

static int set_up(void **state)
{
	struct snapshot_limits l = {2, 2, USERS, 7};
	struct admin_account a = {.account = 0, .name = SLICE_LIT("acme")};
	(void)state;

	if (snapshot_new(&s, &l) || names_new(&names, s, &l) || events_new(&e, s, names) ||
	    snapshot_put_account(s, &a))
		return -1;
	a.account = 1;
	a.name = SLICE_LIT("other");
	return snapshot_put_account(s, &a) ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	events_free(e);
	names_free(names);
	snapshot_free(s);
	return 0;
}

static void put(uint32_t user, uint16_t account)
{
	char email[32];
	struct admin_user u = {.user = user, .account = account};

	snprintf(email, sizeof(email), "u%u@x", user);
	u.email = slice_str(email);
	assert_int_equal(snapshot_put_user(s, &u), ERR_OK);
	events_poked(e);
}

static void ready(void *arg, bool ended)
{
	unsigned *n = arg;

	*n += ended ? 1000 : 1;
}

static const struct events_hooks hooks = {.ready = ready};

static size_t read_all(struct watcher *w, size_t piece)
{
	size_t n = 0, got;

	while (n + piece < sizeof(text) && (got = events_read(e, w, text + n, piece)) > 0)
		n += got;
	text[n] = '\0';
	return n;
}

static unsigned times(const char *needle)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, needle)); p++)
		n++;
	return n;
}

/* Every event's data is JSON. */
static void check_framing(void)
{
	struct slice rest = slice_str(text), line;

	while (slice_split(&rest, '\n', &line)) {
		json_t *doc;

		if (!slice_starts(line, "data: "))
			continue;
		doc = json_loadb(line.p + 6, line.n - 6, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(doc);
		json_decref(doc);
	}
}

static void a_storm_is_told_once_a_tick(void **state)
{
	struct watcher *w;
	unsigned told = 0;
	(void)state;

	assert_int_equal(events_watch(e, &w, UINT16_MAX, &hooks, &told, 1000), ERR_OK);
	events_tick(e, 0, 0);
	read_all(w, 1000);
	assert_int_equal(times("event: hello"), 1);
	assert_int_equal(times("event: health"), 1);
	for (int k = 0; k < 50; k++)
		put(7, 0);
	events_tick(e, 50, 0);
	assert_int_equal(read_all(w, 1000), 0);
	events_tick(e, 100, 0);
	assert_int_equal(told, 1);
	read_all(w, 13);
	assert_int_equal(times("u7@x"), 1);
	snapshot_remove_user(s, 7);
	events_poked(e);
	events_tick(e, 200, 0);
	read_all(w, 1000);
	assert_int_equal(times("{\"id\":7,\"gone\":true}"), 1);
	check_framing();
}

static void a_watcher_sees_its_account_only(void **state)
{
	struct watcher *mine, *all;
	unsigned told = 0;
	(void)state;

	assert_int_equal(events_watch(e, &mine, 1, &hooks, &told, 0), ERR_OK);
	assert_int_equal(events_watch(e, &all, UINT16_MAX, &hooks, &told, 0), ERR_OK);
	for (uint32_t i = 0; i < 20; i++)
		put(i, i % 2);
	events_tick(e, 0, 0);
	read_all(mine, 500);
	assert_int_equal(times("\"account\":\"other\""), 10);
	assert_int_equal(times("\"account\":\"acme\""), 0);
	check_framing();
	read_all(all, 500);
	assert_int_equal(times("@x\""), 20);
	check_framing();
}

/* The page reads the lists at `hello`: the changes of hours without one would be told to it once more. */
static void what_changed_before_anybody_came_is_not_told(void **state)
{
	struct watcher *w;
	unsigned told = 0;
	(void)state;

	for (int visit = 0; visit < 2; visit++) {
		for (uint32_t i = 0; i < USERS; i++)
			put(i, 0);
		events_tick(e, visit * 1000, 0);
		assert_int_equal(events_watch(e, &w, UINT16_MAX, &hooks, &told, 0), ERR_OK);
		put(7, 0);
		for (int64_t ms = 0; ms <= 900; ms += 100) {
			events_tick(e, visit * 1000 + ms, 0);
			read_all(w, 65536);
			assert_int_equal(times("@x\""), ms == 0);
			assert_int_equal(times("u7@x\""), ms == 0);
		}
		events_unwatch(e, w);
	}
}

static bool sees_no_other(void *arg, uint16_t account)
{
	(void)arg;
	return account == 1;
}

/* Not even that somebody of another account is gone, by whatever number. */
static void who_is_gone_is_told_to_its_account_only(void **state)
{
	static const struct events_hooks own = {.ready = ready, .sees = sees_no_other};
	struct watcher *mine, *all, *one;
	unsigned told = 0;
	(void)state;

	assert_int_equal(events_watch(e, &mine, UINT16_MAX, &own, &told, 0), ERR_OK);
	assert_int_equal(events_watch(e, &one, 1, &hooks, &told, 0), ERR_OK);
	assert_int_equal(events_watch(e, &all, UINT16_MAX, &hooks, &told, 0), ERR_OK);
	put(1, 1);
	put(2, 0);
	put(3, 0);
	events_tick(e, 0, 0);
	read_all(mine, 500);
	read_all(one, 500);
	read_all(all, 500);
	snapshot_remove_user(s, 1);
	snapshot_remove_user(s, 2);
	snapshot_remove_user(s, 3);
	put(3, 1); /* its number is another's now */
	events_poked(e);
	events_tick(e, 100, 0);
	read_all(mine, 500);
	assert_int_equal(times("\"gone\""), 1);
	assert_int_equal(times("{\"id\":1,\"gone\":true}"), 1);
	assert_int_equal(times("u3@x"), 1);
	read_all(one, 500);
	assert_int_equal(times("\"gone\""), 1);
	read_all(all, 500);
	assert_int_equal(times("\"gone\""), 3);
	assert_int_equal(times("u3@x"), 1);
	assert_true(strstr(text, "{\"id\":3,\"gone\":true}") < strstr(text, "u3@x"));
	/* whoever stays is not gone */
	put(3, 1);
	events_tick(e, 200, 0);
	read_all(all, 500);
	assert_int_equal(times("\"gone\""), 0);
	check_framing();
}

static void nothing_is_lost_when_a_tick_is_full(void **state)
{
	struct watcher *w;
	unsigned told = 0, seen = 0;
	int64_t now_ms = 0;
	(void)state;

	assert_int_equal(events_watch(e, &w, UINT16_MAX, &hooks, &told, 0), ERR_OK);
	for (uint32_t i = 0; i < USERS; i++)
		put(i, 0);
	for (; now_ms < 3000; now_ms += 100) {
		size_t n;

		events_tick(e, now_ms, 0);
		n = read_all(w, 4096);
		assert_true(n < 600000);
		seen += times("\"email\"");
	}
	assert_int_equal(seen, USERS);
}

/* The stream as a browser reads it: what was read before is carried in z. */
static void unpack(z_stream *z, char *packed, size_t n)
{
	z->next_in = (Bytef *)packed;
	z->avail_in = (uInt)n;
	z->next_out = (Bytef *)text;
	z->avail_out = sizeof(text) - 1;
	assert_true(inflate(z, Z_SYNC_FLUSH) >= Z_OK);
	assert_int_equal(z->avail_in, 0);
	text[sizeof(text) - 1 - z->avail_out] = '\0';
}

/* Whoever reads gzip gets the same, in a fraction of the bytes, whenever it came and however it reads. */
static void packed_streams_say_the_same(void **state)
{
	static const struct events_hooks packed = {.ready = ready, .packed = true};
	static char plain[1 << 20], bytes[1 << 20];
	struct watcher *w[2], *reads_plain;
	z_stream z[2] = {{0}, {0}};
	char tail[GZIP_TAIL];
	unsigned told = 0;
	(void)state;

	assert_int_equal(events_watch(e, &reads_plain, UINT16_MAX, &hooks, &told, 0), ERR_OK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(inflateInit2(&z[i], MAX_WBITS + 16), Z_OK);
	for (int64_t round = 0; round < 4; round++) {
		size_t n, got;

		if (round < 2) /* one comes later */
			assert_int_equal(events_watch(e, &w[round], UINT16_MAX, &packed, &told, 0), ERR_OK);
		for (uint32_t i = 0; i < 100; i++)
			put(i, i / 50);
		events_tick(e, round * 1000, 0);
		n = read_all(reads_plain, 65536);
		memcpy(plain, text, n + 1);
		for (int i = 0; i < 2 && i <= round; i++) {
			const size_t piece = i ? 7 : sizeof(bytes) / 2; /* the head comes in pieces, too */

			n = 0;
			while (n + piece <= sizeof(bytes) &&
			       (got = events_read(e, w[i], bytes + n, piece)) > 0)
				n += got;
			unpack(&z[i], bytes, n);
			assert_true(n * 4 < strlen(text));
			check_framing();
			assert_string_equal(strstr(text, "event: users"), strstr(plain, "event: users"));
		}
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(events_tail(w[i], tail), GZIP_TAIL);
		z[i].next_in = (Bytef *)tail;
		z[i].avail_in = GZIP_TAIL;
		assert_int_equal(inflate(&z[i], Z_SYNC_FLUSH), Z_STREAM_END);
		inflateEnd(&z[i]);
	}
	assert_int_equal(events_tail(reads_plain, tail), 0);
	/* in the middle of an event there is no end to give */
	put(1, 0);
	events_tick(e, 9000, 0);
	assert_int_equal(events_read(e, w[0], tail, 5), 5);
	assert_int_equal(events_tail(w[0], tail), 0);
}

/* Ticks until the user that just changed is told. */
static int64_t told_after_ms(struct watcher *w, int64_t *now_ms)
{
	const int64_t begin = *now_ms;

	put(0, 0);
	do {
		events_tick(e, ++*now_ms, 0);
		read_all(w, 65536);
	} while (!times("u0@x") && *now_ms < begin + 5000);
	return *now_ms - begin;
}

/* A page alone is told at once, two hundred that get much get it once a second, each user's last state. */
static void the_more_is_sent_the_rarer(void **state)
{
	enum { PAGES = 200, STORM = 300 };
	struct watcher *w[PAGES];
	unsigned told = 0, ticks = 0;
	int64_t now_ms = 0;
	(void)state;

	assert_int_equal(events_watch(e, &w[0], UINT16_MAX, &hooks, &told, 0), ERR_OK);
	told_after_ms(w[0], &now_ms);
	assert_in_range(told_after_ms(w[0], &now_ms), 1, 100);
	for (int i = 1; i < PAGES; i++)
		assert_int_equal(events_watch(e, &w[i], UINT16_MAX, &hooks, &told, 0), ERR_OK);
	for (const int64_t end = now_ms + 10000; now_ms < end; now_ms++) {
		put((uint32_t)now_ms % STORM, 0);
		events_tick(e, now_ms, 0);
		read_all(w[0], 65536);
		ticks += times("event: users") > 0;
		assert_true(times("\"email\"") <= STORM);
	}
	assert_in_range(ticks, 9, 15);
	/* and it ends with the storm, once its last rows are told */
	told_after_ms(w[0], &now_ms);
	told_after_ms(w[0], &now_ms);
	assert_in_range(told_after_ms(w[0], &now_ms), 1, 400);
}

static void who_is_too_slow_is_told_to_read_again(void **state)
{
	struct watcher *slow, *quick;
	unsigned told = 0;
	int64_t now_ms = 0;
	char head[100];
	(void)state;

	assert_int_equal(events_watch(e, &slow, UINT16_MAX, &hooks, &told, 0), ERR_OK);
	assert_int_equal(events_watch(e, &quick, UINT16_MAX, &hooks, &told, 0), ERR_OK);
	events_tick(e, now_ms, 0);
	assert_int_equal(events_read(e, slow, head, 20), 20); /* in the middle of an event */
	for (int round = 0; round < 12; round++)
		for (uint32_t i = 0; i < USERS; i += 500) {
			for (uint32_t k = 0; k < 500; k++)
				put(i + k, 0);
			events_tick(e, now_ms += 100, 0);
			read_all(quick, 65536);
			assert_int_equal(times("event: resync"), 0);
		}
	memcpy(text, head, 20);
	read_all(slow, 65536);
	assert_int_equal(times("event: resync"), 1);
	assert_true(strstr(text, "event: resync") >
		    text); /* the open event came to its end first */
	assert_null(strstr(strstr(text, "event: resync"), "event: users"));
	for (int i = 0; i < 200; i++) {
		events_tick(e, now_ms += 100, 0);
		read_all(slow, 65536);
	}
	put(3, 0);
	events_tick(e, now_ms += 100, 0);
	read_all(slow, 65536);
	assert_int_equal(times("u3@x"), 1);
	check_framing();
}

static void watchers_come_and_go(void **state)
{
	static struct watcher *w[EVENTS_WATCHERS_MAX];
	struct watcher *more;
	unsigned told = 0;
	(void)state;

	assert_int_equal(events_next(e), TIME_NEVER);
	assert_false(events_wants_poke(e));
	for (int i = 0; i < EVENTS_WATCHERS_MAX; i++)
		assert_int_equal(events_watch(e, &w[i], UINT16_MAX, &hooks, &told, 0), ERR_OK);
	assert_int_equal(events_watch(e, &more, UINT16_MAX, &hooks, &told, 0), ERR_LIMIT);
	events_end(e);
	assert_int_equal(told, 1000 * EVENTS_WATCHERS_MAX);
	for (int i = 0; i < EVENTS_WATCHERS_MAX; i += 2)
		events_unwatch(e, w[i]);
	assert_int_equal(events_watchers(e), EVENTS_WATCHERS_MAX / 2);
	for (int i = 1; i < EVENTS_WATCHERS_MAX; i += 2)
		events_unwatch(e, w[i]);
	assert_int_equal(events_next(e), TIME_NEVER);
	put(1, 0);
	events_tick(e, 0, 0);
}

static void an_idle_stream_keeps_time(void **state)
{
	struct watcher *w;
	unsigned told = 0;
	(void)state;

	assert_int_equal(events_watch(e, &w, UINT16_MAX, &hooks, &told, 0), ERR_OK);
	events_tick(e, 0, 0);
	read_all(w, 1000);
	assert_true(events_wants_poke(e));
	for (int64_t now_ms = 1; now_ms < 60000; now_ms = events_next(e)) {
		assert_true(events_next(e) - now_ms <= 1000);
		events_tick(e, now_ms, 1795528800000 + now_ms);
	}
	read_all(w, 1000);
	assert_int_equal(times("event: time"), 3);
	assert_int_equal(times("event: "), 3);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_storm_is_told_once_a_tick),
	    CASE(what_changed_before_anybody_came_is_not_told),
	    CASE(a_watcher_sees_its_account_only),
	    CASE(who_is_gone_is_told_to_its_account_only),
	    CASE(nothing_is_lost_when_a_tick_is_full),
	    CASE(packed_streams_say_the_same),
	    CASE(the_more_is_sent_the_rarer),
	    CASE(who_is_too_slow_is_told_to_read_again),
	    CASE(watchers_come_and_go),
	    CASE(an_idle_stream_keeps_time),
	};
	return cmocka_run_group_tests_name("admin/events", tests, NULL, NULL);
}
