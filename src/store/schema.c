#include "store/schema.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "store/store.h"

/* Step n brings user_version n to n + 1. A step that was released is never changed: a change is a
 * new step. E-mail addresses compare without regard to case, everything else exactly. */
static const char *const steps[] = {
	/* 1 */
	"CREATE TABLE accounts (name TEXT PRIMARY KEY, realm TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE users ("
	" account TEXT NOT NULL, email TEXT NOT NULL COLLATE NOCASE,"
	" profile INTEGER NOT NULL, profile_until INTEGER NOT NULL, profile_order INTEGER NOT NULL,"
	" session INTEGER NOT NULL, preferred INTEGER NOT NULL, lease_end INTEGER NOT NULL,"
	" PRIMARY KEY (account, email)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE lines ("
	" account TEXT NOT NULL, connector TEXT NOT NULL, number TEXT NOT NULL,"
	" call INTEGER NOT NULL, dnd INTEGER NOT NULL, registered INTEGER NOT NULL,"
	" known INTEGER NOT NULL, seen INTEGER NOT NULL,"
	" PRIMARY KEY (account, connector, number)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE ids ("
	" realm TEXT NOT NULL, email TEXT NOT NULL COLLATE NOCASE, id TEXT NOT NULL,"
	" PRIMARY KEY (realm, email)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE audit ("
	" account TEXT NOT NULL, email TEXT NOT NULL COLLATE NOCASE, n INTEGER NOT NULL,"
	" wall_ms INTEGER NOT NULL, kind INTEGER NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL,"
	" PRIMARY KEY (account, email, n)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"INSERT INTO meta VALUES ('install_id', lower(hex(randomblob(16))));",
	/* 2: users that are not in the configuration */
	"CREATE TABLE people ("
	" account TEXT NOT NULL, email TEXT NOT NULL COLLATE NOCASE, name TEXT NOT NULL,"
	" lines TEXT NOT NULL, source TEXT NOT NULL, enabled INTEGER NOT NULL,"
	" PRIMARY KEY (account, email)) STRICT, WITHOUT ROWID;",
	/* 3: the profile that a line's PBX holds, one more than enum profile; 0: not known */
	"ALTER TABLE lines ADD COLUMN pbx_profile INTEGER NOT NULL DEFAULT 0;",
	/* 4: who is whom in Microsoft's directory, and where reading its changes goes on */
	"CREATE TABLE matches ("
	" realm TEXT NOT NULL, email TEXT NOT NULL COLLATE NOCASE, id TEXT NOT NULL,"
	" state INTEGER NOT NULL, class INTEGER NOT NULL, via INTEGER NOT NULL, flags INTEGER NOT "
	"NULL,"
	" PRIMARY KEY (realm, email)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE links (realm TEXT PRIMARY KEY, rules TEXT NOT NULL, link TEXT NOT NULL) "
	"STRICT, WITHOUT ROWID;"
	"ALTER TABLE people ADD COLUMN teams_id TEXT NOT NULL DEFAULT '';",
	/* 5: status messages of ours that Teams may show, and what stood there before */
	"CREATE TABLE texts ("
	" account TEXT NOT NULL, email TEXT NOT NULL COLLATE NOCASE, ours TEXT NOT NULL,"
	" former TEXT NOT NULL, until INTEGER NOT NULL,"
	" PRIMARY KEY (account, email)) STRICT, WITHOUT ROWID;",
	/* 6: whether Graph has confirmed the session; of older rows nobody knows */
	"ALTER TABLE users ADD COLUMN sure INTEGER NOT NULL DEFAULT 0;",
	/* 7: documents of the admin plane, and who changed what */
	"CREATE TABLE records (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
	" PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE changes ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, wall_ms INTEGER NOT NULL, who TEXT NOT NULL,"
	" account TEXT NOT NULL, verb TEXT NOT NULL, object TEXT NOT NULL, detail TEXT NOT NULL) STRICT;"
	"CREATE INDEX changes_by_account ON changes (account, id);",
	/* 8: who watches the lamps of people; fields: sink/lamp's own form */
	"CREATE TABLE watchers ("
	" tag TEXT PRIMARY KEY, fields TEXT NOT NULL, expires INTEGER NOT NULL, cseq INTEGER NOT NULL,"
	" remote_cseq INTEGER NOT NULL, port INTEGER NOT NULL, kind INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
	/* 9: the profile that a line's PBX was lent because of what Teams shows, enum profile */
	"ALTER TABLE lines ADD COLUMN lent INTEGER NOT NULL DEFAULT 0;",
	/* 10: the Microsoft id under which something was last held for a user */
	"CREATE TABLE held ("
	" account TEXT NOT NULL, email TEXT NOT NULL COLLATE NOCASE, id TEXT NOT NULL,"
	" PRIMARY KEY (account, email)) STRICT, WITHOUT ROWID;",
};

int schema_version(void)
{
	return (int)ARRAY_LEN(steps);
}

enum err schema_explain(sqlite3 *db, int rc, const char *path, char *why)
{
	switch (rc & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		snprintf(why, STORE_WHY_MAX,
			 "%s is damaged or no SQLite database (%s). It is left as it is: put a "
			 "backup in its "
			 "place, or move it away and start again; sessions held in Teams then end "
			 "with their "
			 "leases",
			 path, db ? sqlite3_errmsg(db) : "unreadable");
		return ERR_MALFORMED;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		snprintf(why, STORE_WHY_MAX,
			 "%s is locked by another program: end it and start again", path);
		return ERR_EXISTS;
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_AUTH:
		snprintf(why, STORE_WHY_MAX,
			 "%s cannot be opened for writing (%s): give it to the user that "
			 "runs offhookd",
			 path, db ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
		return ERR_DENIED;
	case SQLITE_FULL:
		snprintf(why, STORE_WHY_MAX, "the disk of %s is full", path);
		return ERR_IO;
	case SQLITE_NOMEM:
		snprintf(why, STORE_WHY_MAX, "out of memory");
		return ERR_NO_MEMORY;
	default:
		snprintf(why, STORE_WHY_MAX, "%s: %s", path,
			 db ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
		return ERR_IO;
	}
}

static int read_number(sqlite3 *db, const char *sql, int *ret)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		*ret = sqlite3_column_int(st, 0);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(st);
	return rc;
}

/* A failed step leaves the database as it was before the step. */
static int run_step(sqlite3 *db, int version)
{
	char last[128];
	int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	snprintf(last, sizeof(last), "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
		 SCHEMA_APPLICATION_ID, version + 1);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, steps[version], NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, last, NULL, NULL, NULL);
	return rc;
}

static enum err check_owner(sqlite3 *db, const char *path, int version, char *why)
{
	int owner = 0, tables = 0;
	int rc = read_number(db, "PRAGMA application_id", &owner);

	if (rc == SQLITE_OK)
		rc = read_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (rc != SQLITE_OK)
		return schema_explain(db, rc, path, why);
	if (owner == SCHEMA_APPLICATION_ID || (owner == 0 && version == 0 && tables == 0))
		return ERR_OK;
	snprintf(why, STORE_WHY_MAX,
		 "%s is a database of another program; name another folder in server.data", path);
	return ERR_MALFORMED;
}

enum err schema_migrate(sqlite3 *db, const char *path, char *why)
{
	int version = 0;
	int rc = read_number(db, "PRAGMA user_version", &version);

	if (rc != SQLITE_OK)
		return schema_explain(db, rc, path, why);
	enum err err = check_owner(db, path, version, why);
	if (err != ERR_OK)
		return err;
	if (version > schema_version()) {
		snprintf(why, STORE_WHY_MAX,
			 "%s was written by a newer Offhook (schema %d, this program knows %d): "
			 "install that "
			 "version, or put a backup of the older database in its place",
			 path, version, schema_version());
		return ERR_LIMIT;
	}
	for (; version < schema_version(); version++) {
		rc = run_step(db, version);
		if (rc == SQLITE_OK)
			continue;
		err = schema_explain(db, rc, path, why);
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
		return err;
	}
	return ERR_OK;
}
