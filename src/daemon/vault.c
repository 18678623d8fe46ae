#include "daemon/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONTENT_MAX = 65536, NAME_ROOM = 256 };

enum err vault_init(struct vault *v, const char *data, const char *label)
{
	*v = (struct vault){ .label = label };
	int n = snprintf(v->folder, sizeof(v->folder), "%s/secrets", data);

	return n > 0 && (size_t)n + 300 < sizeof(v->folder) ? ERR_OK : ERR_LIMIT;
}

/* Other files are of the configuration's folder: a list of people, of holidays. */
static bool is_file(const struct setting *s)
{
	return schema_is_secret(s) || s->kind == KIND_USERS || s->kind == KIND_HOLIDAYS;
}

static enum err refuse(struct vault *v, const char *key, enum err e, const char *text)
{
	snprintf(v->key, sizeof(v->key), "%s", key);
	snprintf(v->why, sizeof(v->why), "%s", text);
	return e;
}

static bool write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

/* A name of its own each time: the file that is in use stays until the change was taken. */
static enum err new_file(struct vault *v, const char *key, const char *content, size_t n)
{
	char *path = v->made[v->made_n];
	uint64_t salt;
	struct buf b;

	buf_init(&b, PATH_MAX - 1);
	if (v->made_n == VAULT_FILES_MAX)
		return refuse(v, key, ERR_LIMIT, "too many secrets in one object");
	if (getrandom(&salt, sizeof(salt), 0) != sizeof(salt))
		return refuse(v, key, ERR_IO, "no random bytes");
	if (mkdir(v->folder, 0700) && errno != EEXIST)
		return refuse(v, key, ERR_IO,
			      "the folder secrets in the data folder cannot be made");
	char name[NAME_ROOM];
	snprintf(name, sizeof(name), "%.140s.%.60s.%016llx", v->label, key,
		 (unsigned long long)salt);
	buf_fmt(&b, "%s/%s", v->folder, name);
	snprintf(path, PATH_MAX, "%s", buf_cstr(&b));
	buf_fini(&b);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return refuse(v, key, ERR_IO, "the secret cannot be written into the data folder");
	bool good = write_all(fd, content, n) && fsync(fd) == 0;
	if (close(fd) != 0 || !good) {
		unlink(path);
		return refuse(v, key, ERR_IO, "the secret cannot be written into the data folder");
	}
	v->made_n++;
	return ERR_OK;
}

static enum err take_text(struct vault *v, const struct setting *s, const char *name,
			  json_t *settings, const char *text, size_t n)
{
	if (n == 0 || n > CONTENT_MAX || memchr(text, '\0', n))
		return refuse(v, name, ERR_MALFORMED, "must be a text of 1 to 65536 bytes");
	if (s->kind == KIND_SECRET && memchr(text, '\n', n))
		return refuse(v, name, ERR_MALFORMED, "must be one line");
	enum err e = new_file(v, name, text, n);
	if (!e)
		json_object_set_new(settings, s->key, json_string(v->made[v->made_n - 1]));
	return e;
}

static bool is_ours(const struct vault *v, const char *path)
{
	size_t n = strlen(v->folder);

	/* whatever a record says */
	return strncmp(path, v->folder, n) == 0 && path[n] == '/' && !strstr(path, "/../");
}

static void replaces(struct vault *v, const char *path)
{
	if (path && v->old_n < VAULT_FILES_MAX && is_ours(v, path))
		snprintf(v->old[v->old_n++], PATH_MAX, "%s", path);
}

/* Whether the file has this very text: given again, it is no change. */
static bool holds(const struct vault *v, const char *path, const json_t *given)
{
	const size_t n = json_string_length(given);
	char *held = n <= CONTENT_MAX && is_ours(v, path) ? malloc(CONTENT_MAX + 1) : NULL;
	int fd = held ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
	ssize_t got = fd < 0 ? -1 : read(fd, held, CONTENT_MAX + 1);
	bool same = got >= 0 && (size_t)got == n && memcmp(held, json_string_value(given), n) == 0;

	if (fd >= 0)
		close(fd);
	if (held)
		explicit_bzero(held, CONTENT_MAX + 1);
	free(held);
	return same;
}

static enum err take_secret(struct vault *v, const struct setting *s, json_t *settings,
			    const json_t *before)
{
	char name[SCHEMA_PLAIN_MAX];

	schema_plain_name(s, name);
	const char *path = json_string_value(json_object_get(before, s->key));
	json_t *given = json_object_get(settings, name);
	enum err e = ERR_OK;

	if (json_is_string(given) && path && holds(v, path, given)) {
		json_object_set_new(settings, s->key, json_string(path));
	} else if (json_is_string(given)) {
		e = take_text(v, s, name, settings, json_string_value(given),
			      json_string_length(given));
		if (!e)
			replaces(v, path);
	} else if (json_is_null(given)) {
		replaces(v, path);
	} else if (given && !json_is_true(json_object_get(given, "set"))) {
		return refuse(v, name, ERR_MALFORMED,
			      "must be a text, null, or {\"set\":true} to keep what is there");
	} else if (path) {
		json_object_set_new(settings, s->key, json_string(path));
	}
	json_object_del(settings, name);
	return e;
}

static enum err take_row(struct vault *v, const struct setting *s, json_t *settings,
			 const json_t *before)
{
	json_t *below = json_object_get(settings, s->key);
	const json_t *below_before = json_object_get(before, s->key);

	if (s->kind == KIND_GROUP)
		return json_is_object(below)
			       ? vault_take(v, (enum conf_scope)s->sub, below, below_before)
			       : ERR_OK;
	if (s->kind == KIND_OWN_POLICY)
		return json_is_object(below) ? vault_take(v, SCOPE_policy, below, below_before)
					     : ERR_OK;
	if (s->kind == KIND_TLS)
		return json_is_object(below) ? vault_take(v, SCOPE_tls, below, below_before)
					     : ERR_OK;
	if (is_file(s) && below)
		return refuse(v, s->key, ERR_MALFORMED,
			      "names of files are for offhook.yaml; give the content under the "
			      "name without _file");
	return schema_is_secret(s) ? take_secret(v, s, settings, before) : ERR_OK;
}

enum err vault_take(struct vault *v, enum conf_scope scope, json_t *settings, const json_t *before)
{
	struct schema schema = schema_of(scope);
	enum err e = ERR_OK;

	for (size_t i = 0; i < schema.n && !e; i++)
		e = take_row(v, &schema.rows[i], settings, before);
	return e;
}

void vault_hide(enum conf_scope scope, json_t *settings)
{
	struct schema schema = schema_of(scope);
	char name[SCHEMA_PLAIN_MAX];

	for (size_t i = 0; i < schema.n; i++) {
		const struct setting *s = &schema.rows[i];
		json_t *below = json_object_get(settings, s->key);

		if (!below)
			continue;
		if (s->kind == KIND_GROUP || s->kind == KIND_OWN_POLICY || s->kind == KIND_TLS)
			vault_hide(s->kind == KIND_TLS		? SCOPE_tls
				   : s->kind == KIND_OWN_POLICY ? SCOPE_policy
								: (enum conf_scope)s->sub,
				   below);
		else if (schema_is_secret(s)) {
			schema_plain_name(s, name);
			json_object_set_new(settings, name, json_pack("{s:b}", "set", 1));
			json_object_del(settings, s->key);
		}
	}
}

static void remove_all(char list[][PATH_MAX], unsigned *n)
{
	for (unsigned i = 0; i < *n; i++)
		unlink(list[i]);
	*n = 0;
}

void vault_keep(struct vault *v)
{
	remove_all(v->old, &v->old_n);
	v->made_n = 0;
}

void vault_drop(struct vault *v)
{
	remove_all(v->made, &v->made_n);
	v->old_n = 0;
}

void vault_forget(struct vault *v, enum conf_scope scope, const json_t *before)
{
	struct schema schema = schema_of(scope);

	for (size_t i = 0; i < schema.n; i++) {
		const struct setting *s = &schema.rows[i];
		const json_t *below = json_object_get(before, s->key);

		if (s->kind == KIND_GROUP)
			vault_forget(v, (enum conf_scope)s->sub, below);
		else if (s->kind == KIND_TLS)
			vault_forget(v, SCOPE_tls, below);
		else if (schema_is_secret(s))
			replaces(v, json_string_value(below));
	}
}
