/* open.c - opening, checking and closing the database, and the life of the writer. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/check.h"
#include "store/private.h"
#include "store/schema.h"

enum { COMMIT_MS = 80, RECORDS_MAX = 1000000, AUDITS_MAX = 32768 };

static enum err explain_errno(const char *path, const char *what, char *why)
{
	snprintf(why, STORE_WHY_MAX, "%s: %s (%s)", path, what, strerror(errno));
	return errno == EACCES || errno == EPERM || errno == EROFS ? ERR_DENIED : ERR_IO;
}

/* The folder, the lock that keeps a second offhookd out, and the file with its mode: SQLite gives
 * the -wal and -shm files the mode of the database. */
static enum err prepare_files(struct store *s, const char *dir, char *why)
{
	char lock[PATH_MAX];

	if (snprintf(s->path, sizeof(s->path), "%s/offhook.db", dir) >= (int)sizeof(s->path) ||
	    snprintf(lock, sizeof(lock), "%s/offhook.lock", dir) >= (int)sizeof(lock)) {
		snprintf(why, STORE_WHY_MAX, "the path of the data folder is too long");
		return ERR_IO;
	}
	if (mkdir(dir, 0700) && errno != EEXIST)
		return explain_errno(dir, "cannot be made", why);
	s->lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		return explain_errno(lock, "cannot be opened", why);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB)) {
		snprintf(why, STORE_WHY_MAX, "another offhookd runs on %s; two cannot share it",
			 dir);
		return ERR_EXISTS;
	}
	enum err err = store_swap(s, why);
	if (err != ERR_OK)
		return err;
	int fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return explain_errno(s->path, "cannot be opened", why);
	close(fd);
	return ERR_OK;
}

static int take_first_text(void *arg, int n, char **values, char **names)
{
	(void)names;
	if (n > 0 && values[0])
		snprintf(arg, 33, "%s", values[0]);
	return 0;
}

/* Damage is found now, not in the middle of a day. */
static enum err check_integrity(struct store *s, char *why)
{
	char verdict[33] = "";
	int rc = sqlite3_exec(s->db, "PRAGMA quick_check(1)", take_first_text, verdict, NULL);

	if (rc != SQLITE_OK)
		return schema_explain(s->db, rc, s->path, why);
	if (!slice_is(slice_str(verdict), "ok"))
		return schema_explain(NULL, SQLITE_CORRUPT, s->path, why);
	return ERR_OK;
}

static enum err open_database(struct store *s, char *why)
{
	static const char pragmas[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
				      "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
				      "PRAGMA journal_size_limit=67108864";
	int rc =
	    sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, NULL);

	if (rc != SQLITE_OK)
		return schema_explain(s->db, rc, s->path, why);
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_timeout(s->db, STORE_BUSY_MS);
	rc = sqlite3_exec(s->db, pragmas, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return schema_explain(s->db, rc, s->path, why);
	enum err err = check_integrity(s, why);
	if (err == ERR_OK)
		err = schema_migrate(s->db, s->path, why);
	if (err != ERR_OK)
		return err;
	store_carry_over(s);
	rc = sqlite3_exec(s->db, "SELECT value FROM meta WHERE key='install_id'", take_first_text,
			  s->install_id, NULL);
	return rc == SQLITE_OK ? ERR_OK : schema_explain(s->db, rc, s->path, why);
}

static enum err start_writer(struct store *s, char *why)
{
	sigset_t all, before;

	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->wake_fd < 0 || s->done_fd < 0)
		return explain_errno(s->path, "no event descriptor", why);
	/* signals are for the thread that runs the loop */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&s->writer, NULL, writer_main, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = failed;
	if (failed)
		return explain_errno(s->path, "no thread for the writer", why);
	s->running = true;
	return ERR_OK;
}

enum err store_open(struct store **ret, const struct store_options *o, char *why)
{
	struct store *s = calloc(1, sizeof(*s));

	why[0] = '\0';
	if (!s) {
		snprintf(why, STORE_WHY_MAX, "out of memory");
		return ERR_NO_MEMORY;
	}
	s->lock_fd = s->wake_fd = s->done_fd = -1;
	s->commit_ms = o->commit_ms ? o->commit_ms : COMMIT_MS;
	pthread_mutex_init(&s->mutex, NULL);
	pthread_mutex_init(&s->reader_mutex, NULL);
	store_queue_init(&s->waiting, o->records_max ? o->records_max : RECORDS_MAX,
		   o->audits_max ? o->audits_max : AUDITS_MAX);
	enum err err = prepare_files(s, o->dir, why);
	if (err == ERR_OK)
		err = open_database(s, why);
	if (err == ERR_OK)
		err = start_writer(s, why);
	if (err != ERR_OK) {
		store_close(s);
		return err;
	}
	*ret = s;
	return ERR_OK;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void wake(struct store *s)
{
	uint64_t one = 1;

	if (write(s->wake_fd, &one, sizeof(one)) < 0)
		CHECK(errno == EAGAIN || errno == EINTR);
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (s->running) {
		pthread_mutex_lock(&s->mutex);
		s->stop = true;
		pthread_mutex_unlock(&s->mutex);
		wake(s);
		pthread_join(s->writer, NULL);
	}
	writer_finalize(s);
	sqlite3_close(s->reader);
	sqlite3_close(s->db);
	store_queue_fini(&s->waiting);
	close_fd(s->wake_fd);
	close_fd(s->done_fd);
	close_fd(s->lock_fd);
	pthread_mutex_destroy(&s->mutex);
	pthread_mutex_destroy(&s->reader_mutex);
	free(s);
}

/* The generation that holds what waits now; 0 when nothing is to be waited for. */
static uint64_t wanted_generation(struct store *s)
{
	pthread_mutex_lock(&s->mutex);
	uint64_t wanted = store_queue_is_empty(&s->waiting) ? s->taken : s->taken + 1;
	bool done = wanted <= s->committed;
	pthread_mutex_unlock(&s->mutex);
	return done ? 0 : wanted;
}

static bool is_committed(struct store *s, uint64_t wanted)
{
	uint64_t n;

	if (read(s->done_fd, &n, sizeof(n)) < 0)
		CHECK(errno == EAGAIN || errno == EINTR);
	pthread_mutex_lock(&s->mutex);
	bool done = s->committed >= wanted;
	pthread_mutex_unlock(&s->mutex);
	return done;
}

/* A timer of the system instead of a clock: only io/clock.c reads clocks. */
enum err store_flush(struct store *s, int32_t timeout_ms)
{
	uint64_t wanted = wanted_generation(s);
	struct itimerspec due = {.it_value = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L + 1}};
	enum err err = ERR_OK;

	if (wanted == 0)
		return ERR_OK;
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (timer < 0 || timerfd_settime(timer, 0, &due, NULL)) {
		close_fd(timer);
		return ERR_IO;
	}
	struct pollfd p[] = {{.fd = s->done_fd, .events = POLLIN}, {.fd = timer, .events = POLLIN}};
	while (!is_committed(s, wanted) && err == ERR_OK) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			err = ERR_IO;
		else if ((p[1].revents & POLLIN) && !is_committed(s, wanted))
			err = ERR_AGAIN;
	}
	close(timer);
	return err;
}

const char *store_install_id(const struct store *s)
{
	return s->install_id;
}

sqlite3 *store_reader(struct store *s)
{
	if (s->reader)
		return s->reader;
	if (sqlite3_open_v2(s->path, &s->reader, SQLITE_OPEN_READONLY | SQLITE_OPEN_FULLMUTEX,
			    NULL) != SQLITE_OK) {
		sqlite3_close(s->reader);
		s->reader = NULL;
	} else {
		sqlite3_busy_timeout(s->reader, STORE_BUSY_MS);
	}
	return s->reader;
}
