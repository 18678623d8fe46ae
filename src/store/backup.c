/* backup.c - the whole store as one file, and such a file in the store's place at the next start.
 *
 * A file that came in is made a database of this program's schema before it is believed: what is
 * wrong with it is said while somebody listens, not at a start in the night. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "store/private.h"
#include "store/schema.h"

static bool beside(const struct store *s, const char *suffix, char dst[static PATH_MAX])
{
	return snprintf(dst, PATH_MAX, "%s%s", s->path, suffix) < PATH_MAX;
}

static void remove_beside(const struct store *s, const char *suffix)
{
	static const char *const with[] = { "", "-journal", "-wal", "-shm" };

	for (size_t i = 0; i < ARRAY_LEN(with); i++) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%s%s%s", s->path, suffix, with[i]) < PATH_MAX)
			unlink(path);
	}
}

static enum err say(const char *path, const char *what, char *why)
{
	snprintf(why, STORE_WHY_MAX, "%.400s: %s (%s)", path, what, strerrordesc_np(errno));
	return ERR_IO;
}

/* A new file of ours alone: SQLite would make it with the process's mask. */
static enum err new_file(const struct store *s, const char *suffix, char path[static PATH_MAX], int *ret_fd,
			 char *why)
{
	if (!beside(s, suffix, path)) {
		snprintf(why, STORE_WHY_MAX, "the path of the data folder is too long");
		return ERR_IO;
	}
	*ret_fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return *ret_fd < 0 ? say(path, "cannot be made", why) : ERR_OK;
}

/* ---- backup ---- */

static int copy_pages(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");

	if (!b)
		return sqlite3_errcode(to);
	/* in one step, so that no commit of the writer's can make it begin anew */
	sqlite3_backup_step(b, -1);
	return sqlite3_backup_finish(b);
}

/* The copy says WAL, as the store does, and would need a second file beside it. */
static int copy_database(struct store *s, const char *path)
{
	sqlite3 *from = NULL, *to = NULL;
	int rc = sqlite3_open_v2(s->path, &from, SQLITE_OPEN_READONLY, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_busy_timeout(from, STORE_BUSY_MS);
		rc = sqlite3_exec(to, "PRAGMA synchronous=OFF", NULL, NULL, NULL);
	}
	if (rc == SQLITE_OK)
		rc = copy_pages(from, to);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(to, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
	sqlite3_close(from);
	sqlite3_close(to);
	return rc;
}

enum err store_backup(struct store *s, int *ret_fd, char *why)
{
	char path[PATH_MAX];
	int fd = -1;

	remove_beside(s, BACKUP_SUFFIX);
	enum err err = new_file(s, BACKUP_SUFFIX, path, &fd, why);
	if (err != ERR_OK)
		return err;
	int rc = copy_database(s, path);
	if (rc != SQLITE_OK)
		err = schema_explain(NULL, rc, path, why);
	/* what was opened stays readable, and nothing is left behind by whoever does not fetch it */
	remove_beside(s, BACKUP_SUFFIX);
	if (err == ERR_OK)
		*ret_fd = fd;
	else
		close(fd);
	return err;
}

/* ---- restore: the file comes in ---- */

enum err store_upload_begin(struct store *s, int *ret_fd, char *why)
{
	char path[PATH_MAX];
	enum err err = new_file(s, UPLOAD_SUFFIX, path, ret_fd, why);

	if (err == ERR_OK || errno != EEXIST)
		return err;
	snprintf(why, STORE_WHY_MAX, "another backup is being taken in; try again when it is done");
	return ERR_EXISTS;
}

void store_upload_drop(struct store *s, int fd)
{
	close(fd);
	remove_beside(s, UPLOAD_SUFFIX);
}

static int take_text(void *arg, int n, char **values, char **names)
{
	char **text = arg;

	(void)names;
	if (n > 0 && values[0] && !*text)
		*text = strdup(values[0]);
	return 0;
}

static bool answers(sqlite3 *db, const char *sql, const char *wanted)
{
	char *text = NULL;
	bool same = sqlite3_exec(db, sql, take_text, &text, NULL) == SQLITE_OK && text &&
		    slice_is(slice_str(text), wanted);

	free(text);
	return same;
}

/* Without blanks: a table's text is kept as it was first written. */
static char *shape_of(sqlite3 *db)
{
	char *text = NULL;

	sqlite3_exec(db,
		     "SELECT group_concat(type || name || replace(replace(coalesce(sql, ''),"
		     " char(10), ''), ' ', ''), ';') FROM"
		     " (SELECT type, name, sql FROM sqlite_schema"
		     " WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name)",
		     take_text, &text, NULL);
	return text;
}

/* The very tables that the steps make, and no trigger or view besides them. */
static bool has_our_shape(sqlite3 *db)
{
	sqlite3 *model = NULL;
	char why[STORE_WHY_MAX], *wanted = NULL, *found = shape_of(db);

	if (sqlite3_open_v2(":memory:", &model, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
	    schema_migrate(model, "a model", why) == ERR_OK)
		wanted = shape_of(model);
	bool same = wanted && found && slice_eq(slice_str(wanted), slice_str(found));
	free(wanted);
	free(found);
	sqlite3_close(model);
	return same;
}

static enum err judge(sqlite3 *db, char *why)
{
	char own[16];

	snprintf(own, sizeof(own), "%d", SCHEMA_APPLICATION_ID);
	if (!answers(db, "PRAGMA integrity_check(1)", "ok")) {
		snprintf(why, STORE_WHY_MAX, "the file is damaged or no SQLite database: "
					     "give one that `offhook backup` wrote");
		return ERR_MALFORMED;
	}
	if (!answers(db, "PRAGMA application_id", own) || answers(db, "PRAGMA user_version", "0")) {
		snprintf(why, STORE_WHY_MAX, "the file is a database of another program: "
					     "give one that `offhook backup` wrote");
		return ERR_MALFORMED;
	}
	enum err err = schema_migrate(db, "the backup", why);
	if (err == ERR_OK && !has_our_shape(db)) {
		snprintf(why, STORE_WHY_MAX, "the file's tables are not those that Offhook makes: "
					     "give one that `offhook backup` wrote");
		return ERR_MALFORMED;
	}
	return err;
}

/* What Teams holds is not as old as the file: nothing of it is sure any more. */
static enum err make_ready(sqlite3 *db, const char *path, char *why)
{
	static const char pragmas[] = "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
				      "PRAGMA journal_mode=DELETE";
	int rc = sqlite3_exec(db, pragmas, NULL, NULL, NULL);
	enum err err;

	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_NOTADB && (rc & 0xff) != SQLITE_CORRUPT)
		return schema_explain(db, rc, path, why);
	err = judge(db, why);
	if (err != ERR_OK)
		return err;
	rc = sqlite3_exec(db, "UPDATE users SET sure=0", NULL, NULL, NULL);
	return rc == SQLITE_OK ? ERR_OK : schema_explain(db, rc, path, why);
}

static bool sync_folder(const struct store *s)
{
	char folder[PATH_MAX];
	size_t n = strlen(s->path);

	while (n > 1 && s->path[n - 1] != '/')
		n--;
	snprintf(folder, sizeof(folder), "%.*s", (int)n, s->path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return good;
}

static enum err put_in_waiting(struct store *s, const char *upload, int fd, char *why)
{
	char waiting[PATH_MAX];

	if (!beside(s, RESTORE_SUFFIX, waiting))
		return ERR_IO;
	if (fsync(fd) || rename(upload, waiting) || !sync_folder(s))
		return say(waiting, "cannot be written", why);
	return ERR_OK;
}

enum err store_upload_take(struct store *s, int fd, char *why)
{
	char path[PATH_MAX];
	sqlite3 *db = NULL;

	why[0] = '\0';
	int rc = beside(s, UPLOAD_SUFFIX, path) ? SQLITE_OK : SQLITE_CANTOPEN;
	if (rc == SQLITE_OK)
		rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
	enum err err = rc == SQLITE_OK ? make_ready(db, path, why) : schema_explain(db, rc, path, why);
	if (sqlite3_close(db) != SQLITE_OK && err == ERR_OK)
		err = ERR_BUG;
	if (err == ERR_OK)
		err = put_in_waiting(s, path, fd, why);
	store_upload_drop(s, fd);
	return err;
}

/* ---- restore: the next start ---- */

static bool move(const struct store *s, const char *from, const char *to)
{
	char a[PATH_MAX], b[PATH_MAX];

	return beside(s, from, a) && beside(s, to, b) && (rename(a, b) == 0 || errno == ENOENT);
}

static bool is_there(const struct store *s, const char *suffix)
{
	char path[PATH_MAX];

	return beside(s, suffix, path) && access(path, F_OK) == 0;
}

/* Each step leaves something from which the next start goes on: the old database goes first, what
 * was not yet copied into it (-wal) after it. */
enum err store_swap(struct store *s, char *why)
{
	remove_beside(s, BACKUP_SUFFIX);
	remove_beside(s, UPLOAD_SUFFIX);
	if (!is_there(s, RESTORE_SUFFIX))
		return ERR_OK;
	if (is_there(s, "")) {
		remove_beside(s, FORMER_SUFFIX);
		if (!move(s, "", FORMER_SUFFIX))
			return say(s->path, "cannot be moved aside for the backup", why);
	}
	if (!move(s, "-wal", FORMER_SUFFIX "-wal") || !move(s, "-shm", FORMER_SUFFIX "-shm") ||
	    !move(s, RESTORE_SUFFIX, "") || !sync_folder(s))
		return say(s->path, "the backup cannot be put there", why);
	remove_beside(s, RESTORE_SUFFIX);
	s->restored = true;
	return ERR_OK;
}

/* What we hold in Teams and at PBXs, and who watches us, is known to the former store alone. Without
 * one (a new machine) the file's word stands, unsure. A former store that is damaged may be why there
 * is a backup: what cannot be read of it is left as it is in the file. */
void store_carry_over(struct store *s)
{
	static const char *const facts[] = {
		"BEGIN; UPDATE users SET session=0, preferred=0, lease_end=0;"
		"UPDATE users SET session=o.session, preferred=o.preferred,"
		" lease_end=o.lease_end, sure=o.sure FROM former.users o"
		" WHERE o.account=users.account AND o.email=users.email; COMMIT",
		"UPDATE lines SET lent=o.lent FROM former.lines o WHERE o.account=lines.account"
		" AND o.connector=lines.connector AND o.number=lines.number",
		"BEGIN; DELETE FROM texts; INSERT INTO texts SELECT * FROM former.texts; COMMIT",
		"BEGIN; DELETE FROM watchers;"
		"INSERT INTO watchers SELECT * FROM former.watchers; COMMIT",
	};
	char path[PATH_MAX];
	sqlite3_stmt *st = NULL;

	if (!s->restored || !is_there(s, FORMER_SUFFIX) || !beside(s, FORMER_SUFFIX, path))
		return;
	if (sqlite3_prepare_v2(s->db, "ATTACH ? AS former", -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_text(st, 1, path, -1, SQLITE_STATIC);
		sqlite3_step(st);
	}
	sqlite3_finalize(st);
	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		if (sqlite3_exec(s->db, facts[i], NULL, NULL, NULL) != SQLITE_OK &&
		    !sqlite3_get_autocommit(s->db))
			sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_exec(s->db, "DETACH former", NULL, NULL, NULL);
}

bool store_was_restored(const struct store *s)
{
	return s->restored;
}
