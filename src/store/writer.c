/* writer.c - the one thread that writes: takes the queue every commit_ms, commits it as one
 * transaction, tries again when that fails. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/check.h"
#include "store/private.h"

enum { RETRY_FIRST_MS = 100, RETRY_MAX_MS = 5000 };

const struct table_shape table_shapes[TABLE_COUNT] = {
    [TABLE_ACCOUNTS] = {"INSERT OR REPLACE INTO accounts (name, realm) VALUES (?,?)",
			"DELETE FROM accounts WHERE name=?", 1, 2, 0, 0, 0},
    [TABLE_USERS] = {"INSERT OR REPLACE INTO users (account, email, profile, profile_until,"
		     " profile_order, session, preferred, lease_end, sure) VALUES (?,?,?,?,?,?,?,?,?)",
		     "DELETE FROM users WHERE account=? AND email=?", 2, 2, 7, 2, 0},
    [TABLE_LINES] = {"INSERT OR REPLACE INTO lines (account, connector, number, call, dnd,"
		     " registered, known, seen, pbx_profile, lent) VALUES (?,?,?,?,?,?,?,?,?,?)",
		     "DELETE FROM lines WHERE account=? AND connector=? AND number=?", 3, 3, 7, 0, 0},
    [TABLE_IDS] = {"INSERT OR REPLACE INTO ids (realm, email, id) VALUES (?,?,?)",
		   "DELETE FROM ids WHERE realm=? AND email=?", 2, 3, 0, 2, 0},
    [TABLE_TEXTS] = {"INSERT OR REPLACE INTO texts (account, email, ours, former, until)"
		     " VALUES (?,?,?,?,?)",
		     "DELETE FROM texts WHERE account=? AND email=?", 2, 4, 1, 2, 0},
    [TABLE_PEOPLE] = {"INSERT OR REPLACE INTO people (account, email, name, lines, source, teams_id, enabled)"
		      " VALUES (?,?,?,?,?,?,?)",
		      "DELETE FROM people WHERE account=? AND email=?", 2, 6, 1, 2, 0},
    [TABLE_META] = {"INSERT OR REPLACE INTO meta (key, value) VALUES (?,?)",
		    "DELETE FROM meta WHERE key=?", 1, 2, 0, 0, 0},
    [TABLE_MATCHES] = {"INSERT OR REPLACE INTO matches (realm, email, id, state, class, via, flags)"
		       " VALUES (?,?,?,?,?,?,?)",
		       "DELETE FROM matches WHERE realm=? AND email=?", 2, 3, 4, 2, 0},
    [TABLE_LINKS] = {"INSERT OR REPLACE INTO links (realm, rules, link) VALUES (?,?,?)",
		     "DELETE FROM links WHERE realm=?", 1, 3, 0, 0, 0},
    [TABLE_RECORDS] = {"INSERT OR REPLACE INTO records (kind, key, value) VALUES (?,?,?)",
		       "DELETE FROM records WHERE kind=? AND key=?", 2, 3, 0, 0, 0},
    [TABLE_CHANGES] = {"INSERT INTO changes (account, who, verb, object, detail, wall_ms)"
		       " VALUES (?,?,?,?,?,?)",
		       "DELETE FROM changes WHERE (account=?1 OR ?1='*') AND wall_ms<?2", 1, 5, 1, 0, 1},
    [TABLE_WATCHERS] = {"INSERT OR REPLACE INTO watchers (tag, fields, expires, cseq, remote_cseq, port,"
			" kind) VALUES (?,?,?,?,?,?,?)",
			"DELETE FROM watchers WHERE tag=?", 1, 2, 5, 0, 0},
    [TABLE_HELD] = {"INSERT OR REPLACE INTO held (account, email, id) VALUES (?,?,?)",
		    "DELETE FROM held WHERE account=? AND email=?", 2, 3, 0, 2, 0},
    /* del, after each put, trims: of what is older than a day the newest 100 of the user stay, of what is not
     * 1,000. A few at a time are more than come, and keep it short. */
    [TABLE_AUDIT] =
	{"INSERT INTO audit (account, email, n, wall_ms, kind, a, b) SELECT ?1, ?2,"
	 " coalesce(max(n), 0) + 1, ?3, ?4, ?5, ?6 FROM audit WHERE account=?1 AND email=?2",
	 "DELETE FROM audit WHERE account=?1 AND email=?2"
	 " AND n < (SELECT min(n) FROM audit WHERE account=?1 AND email=?2) + 4"
	 " AND n <= (SELECT max(n) FROM audit WHERE account=?1 AND email=?2) - 100"
	 " AND (wall_ms < ?3 - 86400000 OR"
	 " n <= (SELECT max(n) FROM audit WHERE account=?1 AND email=?2) - 1000)",
	 2, 2, 4, 2, 1},
};
_Static_assert(STORE_AUDIT_LEAST == 100 && STORE_AUDIT_MOST == 1000, "the numbers in the statement above");

static int prepared(struct store *s, sqlite3_stmt **st, const char *sql)
{
	if (*st)
		return SQLITE_OK;
	return sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
}

static int run(sqlite3_stmt *st, const struct entry *e, unsigned texts, unsigned numbers)
{
	int rc = SQLITE_OK, at = 1;

	for (unsigned i = 0; i < texts && rc == SQLITE_OK; i++, at++) {
		struct slice text = entry_text(e, i);

		rc = sqlite3_bind_text(st, at, text.p ? text.p : "", (int)text.n, SQLITE_STATIC);
	}
	for (unsigned i = 0; i < numbers && rc == SQLITE_OK; i++, at++)
		rc = sqlite3_bind_int64(st, at, e->numbers[i]);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	int reset = sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return rc == SQLITE_DONE ? reset : rc;
}

static int write_entry(struct store *s, const struct entry *e)
{
	const struct table_shape *t = &table_shapes[e->table];
	int rc = SQLITE_OK;

	if (!e->del) {
		rc = prepared(s, &s->put[e->table], t->put);
		if (rc == SQLITE_OK)
			rc = run(s->put[e->table], e, t->texts, t->numbers);
	}
	if (rc == SQLITE_OK && (e->del || e->table == TABLE_AUDIT)) {
		rc = prepared(s, &s->del[e->table], t->del);
		if (rc == SQLITE_OK)
			rc = run(s->del[e->table], e, t->keys, t->del_numbers);
	}
	return rc;
}

/* What no later attempt can mend: the row is left out, so that it does not hold up the others. */
static bool is_refusal(int rc)
{
	int primary = rc & 0xff;

	return primary == SQLITE_CONSTRAINT || primary == SQLITE_MISMATCH ||
	       primary == SQLITE_TOOBIG;
}

static int write_all(struct store *s, const struct queue *q, uint64_t *ret_rejected)
{
	const struct entry *audit = q->audit_first;
	int rc = SQLITE_OK;

	for (uint32_t i = 0; i < q->n + q->audits && rc == SQLITE_OK; i++) {
		const struct entry *e = i < q->n ? q->list[i] : audit;

		if (i >= q->n)
			audit = audit->next;
		rc = write_entry(s, e);
		if (is_refusal(rc)) {
			++*ret_rejected;
			rc = SQLITE_OK;
		}
	}
	return rc;
}

static bool commit(struct store *s, struct queue *q)
{
	uint64_t rejected = 0;
	int rc = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = write_all(s, q, &rejected);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
	pthread_mutex_lock(&s->mutex);
	s->stats.failing = rc != SQLITE_OK;
	if (rc == SQLITE_OK) {
		s->stats.commits++;
		s->stats.rows += q->n + q->audits - rejected;
		s->stats.rejected += rejected;
	} else {
		s->stats.errors++;
		snprintf(s->stats.error, sizeof(s->stats.error), "%s (%d)", sqlite3_errmsg(s->db),
			 sqlite3_extended_errcode(s->db));
	}
	pthread_mutex_unlock(&s->mutex);
	/* some failures have rolled back already */
	if (rc != SQLITE_OK && !sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return rc == SQLITE_OK;
}

static bool is_stopping(struct store *s)
{
	pthread_mutex_lock(&s->mutex);
	bool stop = s->stop;
	pthread_mutex_unlock(&s->mutex);
	return stop;
}

/* Until there is work or the end is asked for; -1: no time-out. */
static void wait_for_work(struct store *s, int timeout_ms)
{
	struct pollfd p = {.fd = s->wake_fd, .events = POLLIN};
	uint64_t n;

	if (poll(&p, 1, timeout_ms) > 0 && read(s->wake_fd, &n, sizeof(n)) < 0)
		CHECK(errno == EAGAIN || errno == EINTR);
}

/* Sleeps, but not past a stop. Work that arrives meanwhile does not cut the sleep short. */
static void pause_ms(struct store *s, int ms)
{
	struct pollfd none = {.fd = -1};

	while (ms > 0 && !is_stopping(s)) {
		int slice = ms < 50 ? ms : 50;

		poll(&none, 1, slice);
		ms -= slice;
	}
}

/* Moves what waits into the writer's hands. */
static bool take(struct store *s, struct queue *ret)
{
	pthread_mutex_lock(&s->mutex);
	*ret = s->waiting;
	store_queue_init(&s->waiting, ret->max, ret->audits_max);
	s->writing = ret;
	s->taken++;
	pthread_mutex_unlock(&s->mutex);
	return !store_queue_is_empty(ret);
}

static void finish(struct store *s, struct queue *q)
{
	uint64_t one = 1;

	pthread_mutex_lock(&s->mutex);
	s->writing = NULL;
	s->committed = s->taken;
	pthread_mutex_unlock(&s->mutex);
	store_queue_fini(q);
	if (write(s->done_fd, &one, sizeof(one)) < 0)
		CHECK(errno == EAGAIN || errno == EINTR);
}

/* Newer values coalesce in the queue while this batch waits for the disk: memory stays bounded by
 * twice the population. One last attempt when the store closes. */
static void write_until_done(struct store *s, struct queue *q)
{
	int retry_ms = RETRY_FIRST_MS;

	while (!commit(s, q)) {
		if (is_stopping(s))
			break;
		pause_ms(s, retry_ms);
		retry_ms = retry_ms * 2 < RETRY_MAX_MS ? retry_ms * 2 : RETRY_MAX_MS;
	}
}

void *writer_main(void *arg)
{
	struct store *s = arg;
	struct queue q;
	bool stopping;

	do {
		wait_for_work(s, -1);
		pause_ms(s, s->commit_ms);
		stopping = is_stopping(s);
		if (take(s, &q))
			write_until_done(s, &q);
		finish(s, &q);
	} while (!stopping);
	return NULL;
}

void writer_finalize(struct store *s)
{
	for (int t = 0; t < TABLE_COUNT; t++) {
		sqlite3_finalize(s->put[t]);
		sqlite3_finalize(s->del[t]);
	}
}
