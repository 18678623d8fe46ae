/* load.c - reading: everything at start, a user's audit at run time. */
#include <stdio.h>

#include "base/check.h"
#include "store/private.h"
#include "store/schema.h"

static struct slice text_of(sqlite3_stmt *st, int column)
{
	const unsigned char *p = sqlite3_column_text(st, column);

	return slice_of((const char *)p, p ? (size_t)sqlite3_column_bytes(st, column) : 0);
}

/* A number from the file that must be one of our enums; what is not reads as 0, "nothing". */
static uint8_t enum_of(sqlite3_stmt *st, int column, int count)
{
	int v = sqlite3_column_int(st, column);

	return v >= 0 && v < count ? (uint8_t)v : 0;
}

typedef void row_h(sqlite3_stmt *st, const struct store_load_ops *ops, void *arg);

static void on_account(sqlite3_stmt *st, const struct store_load_ops *ops, void *arg)
{
	if (ops->account)
		ops->account(arg, text_of(st, 0), text_of(st, 1));
}

static void on_person(sqlite3_stmt *st, const struct store_load_ops *ops, void *arg)
{
	const struct store_person p = {
	    .account = text_of(st, 0),
	    .email = text_of(st, 1),
	    .name = text_of(st, 2),
	    .lines = text_of(st, 3),
	    .source = text_of(st, 4),
	    .teams_id = text_of(st, 5),
	    .enabled = sqlite3_column_int(st, 6) != 0,
	};

	if (ops->person)
		ops->person(arg, &p);
}

static void on_user(sqlite3_stmt *st, const struct store_load_ops *ops, void *arg)
{
	const struct user_record r = {
	    .user = ID_NONE,
	    .profile = enum_of(st, 2, PROFILE_COUNT),
	    .profile_until_wall_ms = sqlite3_column_int64(st, 3),
	    .profile_order = sqlite3_column_int64(st, 4),
	    .session = enum_of(st, 5, SESSION_COUNT),
	    .preferred = enum_of(st, 6, PREFERRED_MARK_COUNT),
	    .lease_end_wall_ms = sqlite3_column_int64(st, 7),
	    .sure = sqlite3_column_int(st, 8) != 0,
	};

	if (ops->user)
		ops->user(arg, text_of(st, 0), text_of(st, 1), &r);
}

static void on_line(sqlite3_stmt *st, const struct store_load_ops *ops, void *arg)
{
	int held = sqlite3_column_int(st, 8);
	const struct line_record r = {
	    .line = ID_NONE,
	    .call = enum_of(st, 3, CALL_COUNT),
	    .dnd = sqlite3_column_int(st, 4) != 0,
	    .registered = sqlite3_column_int(st, 5) != 0,
	    .known = sqlite3_column_int(st, 6) != 0,
	    .seen_wall_ms = sqlite3_column_int64(st, 7),
	    .pbx_profile = held > 0 && held <= PROFILE_COUNT ? (uint8_t)(held - 1) : PROFILE_NONE,
	    .lent = enum_of(st, 9, PROFILE_NONE + 1),
	};

	if (ops->line)
		ops->line(arg, text_of(st, 0), text_of(st, 1), text_of(st, 2), &r);
}

static void on_id(sqlite3_stmt *st, const struct store_load_ops *ops, void *arg)
{
	if (ops->id)
		ops->id(arg, text_of(st, 0), text_of(st, 1), text_of(st, 2));
}

static void on_text(sqlite3_stmt *st, const struct store_load_ops *ops, void *arg)
{
	const struct store_text x = {text_of(st, 0), text_of(st, 1), text_of(st, 2), text_of(st, 3),
				     sqlite3_column_int64(st, 4)};

	if (ops->text)
		ops->text(arg, &x);
}

static void on_match(sqlite3_stmt *st, const struct store_load_ops *ops, void *arg)
{
	const struct store_match m = {
	    .realm = text_of(st, 0),
	    .email = text_of(st, 1),
	    .id = text_of(st, 2),
	    .state = enum_of(st, 3, UINT8_MAX),
	    .class = enum_of(st, 4, UINT8_MAX),
	    .via = enum_of(st, 5, UINT8_MAX),
	    .flags = (uint32_t)sqlite3_column_int64(st, 6),
	};

	if (ops->match)
		ops->match(arg, &m);
}

static void on_link(sqlite3_stmt *st, const struct store_load_ops *ops, void *arg)
{
	if (ops->link)
		ops->link(arg, text_of(st, 0), text_of(st, 1), text_of(st, 2));
}

static void on_meta(sqlite3_stmt *st, const struct store_load_ops *ops, void *arg)
{
	if (ops->meta)
		ops->meta(arg, text_of(st, 0), text_of(st, 1));
}

static void on_record(sqlite3_stmt *st, const struct store_load_ops *ops, void *arg)
{
	if (ops->record)
		ops->record(arg, text_of(st, 0), text_of(st, 1), text_of(st, 2));
}

static void on_watcher(sqlite3_stmt *st, const struct store_load_ops *ops, void *arg)
{
	const struct store_watcher w = {
	    .tag = text_of(st, 0),
	    .fields = text_of(st, 1),
	    .expires_wall_ms = sqlite3_column_int64(st, 2),
	    .cseq = (uint32_t)sqlite3_column_int64(st, 3),
	    .remote_cseq = (uint32_t)sqlite3_column_int64(st, 4),
	    .port = (uint16_t)sqlite3_column_int(st, 5),
	    .kind = (uint32_t)sqlite3_column_int64(st, 6),
	};

	if (ops->watcher)
		ops->watcher(arg, &w);
}

static void on_held(sqlite3_stmt *st, const struct store_load_ops *ops, void *arg)
{
	if (ops->held)
		ops->held(arg, text_of(st, 0), text_of(st, 1), text_of(st, 2));
}

static const struct {
	const char *sql;
	row_h *row;
} loads[] = {
    {"SELECT name, realm FROM accounts", on_account},
    {"SELECT account, email, name, lines, source, teams_id, enabled FROM people", on_person},
    {"SELECT account, email, profile, profile_until, profile_order, session, preferred, lease_end, sure"
     " FROM users",
     on_user},
    {"SELECT account, connector, number, call, dnd, registered, known, seen, pbx_profile, lent"
     " FROM lines",
     on_line},
    {"SELECT realm, email, id FROM ids", on_id},
    {"SELECT account, email, ours, former, until FROM texts", on_text},
    {"SELECT key, value FROM meta", on_meta},
    {"SELECT realm, email, id, state, class, via, flags FROM matches", on_match},
    {"SELECT realm, rules, link FROM links", on_link},
    {"SELECT kind, key, value FROM records", on_record},
    {"SELECT tag, fields, expires, cseq, remote_cseq, port, kind FROM watchers", on_watcher},
    {"SELECT account, email, id FROM held", on_held},
};

static int load_table(sqlite3 *db, const char *sql, row_h *row, const struct store_load_ops *ops,
		      void *arg)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(st);
		if (rc == SQLITE_ROW)
			row(st, ops, arg);
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

enum err store_load(struct store *s, const struct store_load_ops *ops, void *arg, char *why)
{
	int rc = SQLITE_OK;

	pthread_mutex_lock(&s->reader_mutex);
	sqlite3 *db = store_reader(s);
	if (!db)
		rc = SQLITE_CANTOPEN;
	for (size_t i = 0; i < ARRAY_LEN(loads) && rc == SQLITE_OK; i++)
		rc = load_table(db, loads[i].sql, loads[i].row, ops, arg);
	enum err err = rc == SQLITE_OK ? ERR_OK : schema_explain(db, rc, s->path, why);
	pthread_mutex_unlock(&s->reader_mutex);
	return err;
}

static int read_audit(sqlite3_stmt *st, void (*entry)(void *arg, const struct store_audit *e),
		      void *arg)
{
	int rc;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		const struct store_audit e = {
		    .wall_ms = sqlite3_column_int64(st, 0),
		    .kind = (uint8_t)sqlite3_column_int(st, 1),
		    .a = (uint16_t)sqlite3_column_int(st, 2),
		    .b = (uint16_t)sqlite3_column_int(st, 3),
		};

		entry(arg, &e);
	}
	return rc;
}

enum err store_audit_read(struct store *s, struct slice account, struct slice email, uint32_t max,
			  void (*entry)(void *arg, const struct store_audit *e), void *arg)
{
	static const char sql[] =
	    "SELECT wall_ms, kind, a, b FROM audit WHERE account=? AND email=?"
	    " ORDER BY n DESC LIMIT ?";
	sqlite3_stmt *st = NULL;
	int rc = SQLITE_CANTOPEN;

	pthread_mutex_lock(&s->reader_mutex);
	sqlite3 *db = store_reader(s);
	if (db && sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_text(st, 1, account.p ? account.p : "", (int)account.n, SQLITE_STATIC);
		sqlite3_bind_text(st, 2, email.p ? email.p : "", (int)email.n, SQLITE_STATIC);
		sqlite3_bind_int64(st, 3, max);
		rc = read_audit(st, entry, arg);
	}
	sqlite3_finalize(st);
	pthread_mutex_unlock(&s->reader_mutex);
	return rc == SQLITE_DONE ? ERR_OK : ERR_IO;
}

static int read_changes(sqlite3_stmt *st, bool (*entry)(void *arg, const struct store_change *c), void *arg)
{
	int rc;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		const struct store_change c = {
		    .id = sqlite3_column_int64(st, 0),
		    .wall_ms = sqlite3_column_int64(st, 1),
		    .who = text_of(st, 2),
		    .account = text_of(st, 3),
		    .verb = text_of(st, 4),
		    .object = text_of(st, 5),
		    .detail = text_of(st, 6),
		};

		if (!entry(arg, &c))
			return SQLITE_DONE;
	}
	return rc;
}

enum err store_changes_read(struct store *s, struct slice account, int64_t before,
			    bool (*entry)(void *arg, const struct store_change *c), void *arg)
{
	static const char all[] = "SELECT id, wall_ms, who, account, verb, object, detail FROM changes"
				  " WHERE id<?1 ORDER BY id DESC";
	static const char of_one[] = "SELECT id, wall_ms, who, account, verb, object, detail FROM changes"
				     " WHERE id<?1 AND account=?2 ORDER BY id DESC";
	sqlite3_stmt *st = NULL;
	int rc = SQLITE_CANTOPEN;

	pthread_mutex_lock(&s->reader_mutex);
	sqlite3 *db = store_reader(s);
	if (db && sqlite3_prepare_v2(db, account.p ? of_one : all, -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, before ? before : INT64_MAX);
		if (account.p)
			sqlite3_bind_text(st, 2, account.p, (int)account.n, SQLITE_STATIC);
		rc = read_changes(st, entry, arg);
	}
	sqlite3_finalize(st);
	pthread_mutex_unlock(&s->reader_mutex);
	return rc == SQLITE_DONE ? ERR_OK : ERR_IO;
}
