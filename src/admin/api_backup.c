/* api_backup.c - the store goes out as a file, and comes in as one: never through memory. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/impl.h"
#include "base/jsonw.h"

static struct store *store_of(struct request *r)
{
	struct store *s = atomic_load(&r->admin->store);

	if (!s)
		respond_problem(r, 503, "not ready", "the daemon is starting; try again");
	return s;
}

void api_backup(struct request *r)
{
	struct store *s = store_of(r);
	char why[STORE_WHY_MAX] = "";
	struct stat st;

	if (!s)
		return;
	if (store_backup(s, &r->file_fd, why)) {
		respond_problem(r, 500, "no backup", why);
		return;
	}
	if (fstat(r->file_fd, &st)) {
		close(r->file_fd);
		respond_problem(r, 500, "no backup", "the file cannot be read");
		return;
	}
	r->has_file = true;
	r->file_n = (uint64_t)st.st_size;
	r->status = 200;
	r->content_type = "application/vnd.sqlite3";
	request_changed(r, NULL, "backup", "", NULL);
}

/* ---- restore ---- */

bool upload_is_for(const struct request *r)
{
	return r->match.route == ROUTE_RESTORE;
}

void upload_begin(struct request *r)
{
	struct store *s = store_of(r);
	char why[STORE_WHY_MAX] = "";
	enum err e;

	if (!s)
		return;
	e = store_upload_begin(s, &r->upload_fd, why);
	r->has_upload = !e;
	if (e == ERR_EXISTS)
		respond_problem(r, 409, "conflict", why);
	else if (e)
		respond_problem(r, 500, "cannot be written", why);
}

static bool write_all(int fd, struct slice s)
{
	while (s.n) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s = slice_sub(s, (size_t)n, s.n);
	}
	return true;
}

/* A large file takes longer than a request may; one that goes on coming is let come. */
void upload_add(struct request *r, struct slice piece)
{
	r->upload_n += piece.n;
	if (r->upload_failed || r->upload_n > routes[r->match.route].body_max)
		return;
	r->upload_failed = !write_all(r->upload_fd, piece);
	if (r->conn)
		r->conn->deadline_ms = r->admin->c.mono_ms() + r->admin->c.request_ms;
}

void upload_end(struct request *r)
{
	if (r->has_upload)
		store_upload_drop(atomic_load(&r->admin->store), r->upload_fd);
	r->has_upload = false;
}

static bool came_in_whole(struct request *r)
{
	if (r->upload_failed)
		respond_problem(r, 507, "insufficient storage",
				"the file cannot be written: is the disk full?");
	else if (r->upload_n > routes[r->match.route].body_max)
		respond_problem(r, 413, "content too large", "the body is over this route's maximum");
	return !r->status;
}

void api_restore(struct request *r)
{
	struct store *s = store_of(r);
	char why[STORE_WHY_MAX] = "";
	struct jsonw j = jsonw_on(&r->out);
	enum err e;

	if (!s || !came_in_whole(r))
		return;
	r->has_upload = false;
	e = store_upload_take(s, r->upload_fd, why);
	if (e) {
		bool theirs = e == ERR_MALFORMED || e == ERR_LIMIT;

		respond_problem(r, theirs ? 422 : 500,
				theirs ? "no backup of ours" : "cannot be written", why);
		return;
	}
	request_changed(r, NULL, "restore", "", NULL);
	jsonw_begin_object(&j, NULL);
	jsonw_bool(&j, "taken", true);
	jsonw_string(&j, "former", "offhook.db.before-restore");
	jsonw_string(&j, "text", "restart offhookd: its next start takes the backup");
	jsonw_end_object(&j);
	respond_json(r, 202);
}
