#include "daemon/config.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "daemon/secrets.h"
#include "daemon/zones.h"
#include "io/clock.h"

struct loading {
	struct conf *c;
	struct conf_errors *errs;
	char dir[PATH_MAX];
};

static enum err err_of_errno(void)
{
	if (errno == ENOENT || errno == ENOTDIR)
		return ERR_NOT_FOUND;
	return errno == EACCES || errno == EPERM ? ERR_DENIED : ERR_IO;
}

/* The size may change while we read: what counts is what arrives. */
static enum err read_fd(int fd, size_t max, char **ret, size_t *ret_n)
{
	size_t n = 0, cap = 65536;
	char *p = malloc(cap);

	while (p) {
		ssize_t got = read(fd, p + n, cap - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || n + (size_t)got > max) {
			free(p);
			return got < 0 ? ERR_IO : ERR_LIMIT;
		}
		if (got == 0) {
			*ret = p;
			*ret_n = n;
			return ERR_OK;
		}
		n += (size_t)got;
		if (n == cap) {
			char *more = realloc(p, cap *= 2);

			if (!more)
				free(p);
			p = more;
		}
	}
	return ERR_NO_MEMORY;
}

enum err conf_read_file(const char *path, size_t max, char **ret, size_t *ret_n)
{
	struct stat st;
	enum err err = ERR_IO;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return err_of_errno();
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		err = read_fd(fd, max, ret, ret_n);
	close(fd);
	return err;
}

static const char *words_of(enum err e)
{
	return e == ERR_LIMIT ? "is too large" : secrets_error_text(e);
}

/* No error quotes the name: a password written where its file's name belongs must not be printed.
 */
static void refuse_file(struct loading *l, const struct conf_file *f, const char *words)
{
	conf_errors_add(
	    l->errs, f->at, f->key,
	    "the file %s (the key takes a file name, relative to the folder of offhook.yaml)",
	    words);
}

static enum err make_absolute(struct loading *l, const char **name)
{
	char path[PATH_MAX];
	enum err err = secrets_path(l->dir, *name, path);

	if (err != ERR_OK)
		return err;
	const char *kept = arena_text(&l->c->arena, slice_str(path));
	if (!kept)
		return ERR_NO_MEMORY;
	*name = kept;
	return ERR_OK;
}

static enum err load_secret(struct loading *l, const struct conf_file *f)
{
	bool open_to_all = false;
	enum err err = secrets_read(*f->name, f->secret, &open_to_all);

	if (err == ERR_NO_MEMORY)
		return err;
	if (err != ERR_OK)
		refuse_file(l, f, secrets_error_text(err));
	else if (open_to_all)
		conf_errors_warn(l->errs, f->at, f->key,
				 "everybody on this machine may read the file: chmod 640");
	return ERR_OK;
}

static bool is_key(const struct conf_file *f)
{
	size_t n = strlen(f->key);

	return n >= 8 && slice_is(slice_str(f->key + n - 8), "key_file");
}

/* Certificate or key of a TLS listener is read again by those who use it; the app's own is kept. */
static enum err check_pem(struct loading *l, const struct conf_file *f)
{
	struct stat st;
	size_t n = 0;
	char *text = NULL;
	enum err err = conf_read_file(*f->name, 1 << 20, &text, &n);

	if (err == ERR_NO_MEMORY)
		return err;
	if (err != ERR_OK)
		refuse_file(l, f, words_of(err));
	else if (slice_find_str(slice_of(text, n), SLICE_LIT("-----BEGIN ")) == n)
		refuse_file(l, f, "is not PEM: it has no -----BEGIN line");
	else if (is_key(f) && stat(*f->name, &st) == 0 && (st.st_mode & S_IROTH))
		conf_errors_warn(l->errs, f->at, f->key,
				 "everybody on this machine may read the key: chmod 640");
	if (err == ERR_OK && f->secret)
		err = secret_set(f->secret, slice_of(text, n));
	if (err == ERR_LIMIT && text)
		refuse_file(l, f, words_of(err));
	if (text)
		explicit_bzero(text, n);
	free(text);
	return err == ERR_NO_MEMORY ? err : ERR_OK;
}

enum err conf_credential(const struct conf_teams *t, struct assertion_key **ret, char *why, size_t cap)
{
	struct slice certificate = secret_expose(&t->certificate_file.value);

	*ret = NULL;
	if (!t->certificate_file.file[0])
		return ERR_OK;
	return assertion_key_new(ret, certificate, secret_expose(&t->key_file.value), why, cap);
}

static void check_days(struct loading *l, const struct conf_file *f, const struct assertion_key *k)
{
	struct clock_reading now;

	clock_take(&now);
	int64_t left_ms = assertion_key_ends_ms(k) - now.wall_ms;
	if (left_ms <= 0)
		conf_errors_warn(l->errs, f->at, f->key, "the certificate has ended: Entra will refuse it");
	else if (now.wall_ms < assertion_key_begins_ms(k))
		conf_errors_warn(l->errs, f->at, f->key, "the certificate is not valid yet");
	else if (now.wall_ms >= assertion_key_warns_ms(k))
		conf_errors_warn(l->errs, f->at, f->key, "the certificate ends in %lld days",
				 (long long)(left_ms / 86400000));
}

/* Both files have been read: do they belong together? */
static enum err check_credential(struct loading *l, const struct conf_file *f)
{
	struct conf_teams *t = f->account < l->c->accounts_n ? &l->c->accounts[f->account].teams : NULL;
	struct assertion_key *k = NULL;
	char why[200] = "";

	if (!t || f->secret != &t->certificate_file.value || !secret_is_set(f->secret) ||
	    !secret_is_set(&t->key_file.value))
		return ERR_OK;
	enum err err = conf_credential(t, &k, why, sizeof(why));
	if (err == ERR_MALFORMED)
		conf_errors_add(l->errs, f->at, f->key, "%s", why);
	if (k)
		check_days(l, f, k);
	assertion_key_free(k);
	return err == ERR_NO_MEMORY ? err : ERR_OK;
}

static enum err load_users(struct loading *l, const struct conf_file *f)
{
	size_t n = 0;
	char *text = NULL;
	enum err err = conf_read_file(*f->name, CONF_CSV_MAX, &text, &n);

	if (err == ERR_OK)
		err = conf_add_users(l->c, f->account, slice_of(text, n), *f->name, l->errs);
	else if (err != ERR_NO_MEMORY)
		refuse_file(l, f, words_of(err));
	free(text);
	return err == ERR_NO_MEMORY ? err : ERR_OK;
}

static enum err load_holidays(struct loading *l, const struct conf_file *f)
{
	size_t n = 0;
	char *text = NULL;
	enum err err = conf_read_file(*f->name, CONF_HOLIDAYS_FILE_MAX, &text, &n);

	if (err == ERR_OK)
		err = conf_add_holidays(l->c, f->holidays, slice_of(text, n), *f->name, l->errs);
	else if (err != ERR_NO_MEMORY)
		refuse_file(l, f, words_of(err));
	free(text);
	return err == ERR_NO_MEMORY ? err : ERR_OK;
}

/* Who may watch; what its lines say is for daemon/lamps.c to read. */
static enum err load_logins(struct loading *l, const struct conf_file *f)
{
	size_t n = 0;
	char *text = NULL;
	enum err err = conf_read_file(*f->name, SECRET_MAX, &text, &n);

	if (err == ERR_OK)
		err = secret_set(f->secret, slice_of(text, n));
	if (err != ERR_OK && err != ERR_NO_MEMORY)
		refuse_file(l, f, words_of(err));
	if (text)
		explicit_bzero(text, n);
	free(text);
	return err == ERR_NO_MEMORY ? err : ERR_OK;
}

static void check_zone(struct loading *l, const struct conf_at *at, const struct conf_policy *p)
{
	const char *fault = p && p->hours.zone[0] ? zones_fault(p->hours.zone) : "";

	if (fault[0])
		conf_errors_add(l->errs, *at, "hours.zone", "%s: %s", p->hours.zone, fault);
}

/* People of one group share its rules: those who follow somebody with the same are not asked again. */
static void check_zones(struct loading *l)
{
	for (uint32_t i = 0; i < l->c->accounts_n; i++) {
		const struct conf_account *a = &l->c->accounts[i];
		const char *last = a->policy.hours.zone;

		check_zone(l, &a->at, &a->policy);
		for (uint32_t g = 0; g < a->groups_n; g++)
			check_zone(l, &a->at, a->groups[g].policy);
		for (uint32_t u = 0; u < a->users_n; u++) {
			const struct conf_policy *p = a->users[u].policy;

			if (!p || strcmp(p->hours.zone, last) == 0)
				continue;
			check_zone(l, &a->users[u].at, p);
			last = p->hours.zone;
		}
	}
}

static enum err load_file(struct loading *l, const struct conf_file *f)
{
	enum err err = make_absolute(l, f->name);

	if (err == ERR_NO_MEMORY)
		return err;
	if (err != ERR_OK) {
		refuse_file(l, f,
			    err == ERR_NOT_FOUND
				? "cannot be found: CREDENTIALS_DIRECTORY is not set"
				: "has too long a name");
		return ERR_OK;
	}
	switch ((enum conf_file_kind)f->kind) {
	case CONF_FILE_SECRET:
		return load_secret(l, f);
	case CONF_FILE_PEM:
		return check_pem(l, f);
	case CONF_FILE_USERS:
		return load_users(l, f);
	case CONF_FILE_HOLIDAYS:
		return load_holidays(l, f);
	case CONF_FILE_LOGINS:
		return load_logins(l, f);
	}
	return ERR_BUG;
}

/* The rest of the paths: data, and the socket, which has its place by who we are. */
static enum err place_paths(struct loading *l)
{
	struct conf_server *s = &l->c->server;
	enum err err = make_absolute(l, &s->data);

	if (err != ERR_OK || s->socket[0])
		return err != ERR_OK ? err : make_absolute(l, &s->socket);
	char path[PATH_MAX];
	int n =
	    snprintf(path, sizeof(path), "%s/api.sock", geteuid() == 0 ? "/run/offhook" : s->data);
	if (n >= (int)sizeof(path))
		return ERR_LIMIT;
	s->socket = arena_text(&l->c->arena, slice_str(path));
	return s->socket ? ERR_OK : ERR_NO_MEMORY;
}

static enum err load_named_files(struct loading *l)
{
	for (uint32_t i = 0; i < l->c->files_n; i++) {
		enum err err = load_file(l, &l->c->files[i]);

		if (err != ERR_OK)
			return err;
	}
	for (uint32_t i = 0; i < l->c->files_n; i++) {
		enum err err = check_credential(l, &l->c->files[i]);

		if (err != ERR_OK)
			return err;
	}
	check_zones(l);
	enum err err = place_paths(l);
	if (err == ERR_NOT_FOUND || err == ERR_LIMIT)
		conf_errors_add(l->errs, (struct conf_at){0}, "server",
				"data or socket is no usable path");
	else if (err != ERR_OK)
		return err;
	err = conf_finish(l->c, l->errs);
	return err == ERR_OK && l->errs->errors ? ERR_MALFORMED : err;
}

/* The folder of the configuration file, absolute. */
static enum err find_folder(const char *path, char ret[PATH_MAX])
{
	char copy[PATH_MAX];

	if (slice_copy(slice_str(path), copy, sizeof(copy)) != ERR_OK)
		return ERR_LIMIT;
	return realpath(dirname(copy), ret) ? ERR_OK : err_of_errno();
}

enum err conf_load_with(const char *path, const struct conf_document *documents, uint32_t documents_n,
			struct conf **ret, struct conf_errors *errs)
{
	struct loading l = {.errs = errs};
	struct conf_at at = {path, 0, 0};
	char *text = NULL;
	size_t n = 0;

	*errs = (struct conf_errors){0};
	enum err err = find_folder(path, l.dir);
	if (err == ERR_OK)
		err = conf_read_file(path, CONF_YAML_MAX, &text, &n);
	if (err == ERR_NO_MEMORY)
		return err;
	if (err != ERR_OK) {
		conf_errors_add(errs, at, "", "the file %s", words_of(err));
		return ERR_MALFORMED;
	}
	err = conf_parse_with(slice_of(text, n), path, documents, documents_n, &l.c, errs);
	free(text);
	if (err != ERR_OK)
		return err;
	err = load_named_files(&l);
	if (err != ERR_OK) {
		conf_free(l.c);
		return err;
	}
	*ret = l.c;
	return ERR_OK;
}

enum err conf_load(const char *path, struct conf **ret, struct conf_errors *errs)
{
	return conf_load_with(path, NULL, 0, ret, errs);
}

/* conf.h may not know core/types.h; settings.def's words stand in the order of these enums. */
_Static_assert(PRECEDENCE_CLOUDLINK == 0 && PRECEDENCE_CALL_FIRST == 1, "policy.precedence");
_Static_assert(DIRECTION_TO_TEAMS == 0 && DIRECTION_TO_PHONES == 1 && DIRECTION_BOTH == 2,
	       "policy.direction");
_Static_assert(PROFILE_AVAILABLE == 0 && PROFILE_AWAY == 1 && PROFILE_BUSY == 2 &&
		   PROFILE_NOT_AVAILABLE == 3 && PROFILE_MEETING == 4,
	       "policy.phone_profile");
_Static_assert(RINGING_IGNORE == 0 && RINGING_BUSY == 1, "policy.ringing");
_Static_assert(BUSY_IN_A_CALL == 0 && BUSY_DND == 1, "policy.busy");
_Static_assert(DND_PRESENTING == 0 && DND_PREFERRED == 1, "policy.dnd");
_Static_assert(NOT_AVAILABLE_OFFLINE == 0 && NOT_AVAILABLE_AWAY == 1 && NOT_AVAILABLE_DND == 2,
	       "policy.not_available");
_Static_assert((int)MODE_LIVE == CONF_MODE_LIVE && (int)MODE_DRY_RUN == CONF_MODE_DRY_RUN &&
		   (int)MODE_OFF == CONF_MODE_OFF,
	       "account.mode");
_Static_assert(ASSERTION_PS256 == 0 && ASSERTION_RS256 == 1, "teams.assertion");

/* None named: all. */
static uint8_t lend_while(const struct conf_texts *t)
{
	static const char *const words[LAMP_COUNT] = {
		[LAMP_CALL] = "call", [LAMP_MEETING] = "meeting", [LAMP_DND] = "dnd"
	};
	uint8_t bits = t->n ? 0 : 1 << LAMP_CALL | 1 << LAMP_MEETING | 1 << LAMP_DND;

	for (uint32_t i = 0; i < t->n; i++)
		for (int v = LAMP_CALL; v < LAMP_COUNT; v++)
			if (strcmp(t->list[i], words[v]) == 0)
				bits |= (uint8_t)(1 << v);
	return bits;
}

void conf_policy_of(const struct conf_account *a, const struct conf_user *user, struct policy *ret)
{
	const struct conf_policy *p = user && user->policy ? user->policy : &a->policy;

	*ret = (struct policy){
	    .precedence = p->precedence,
	    .direction = p->direction,
	    .lend = p->phone_profile,
	    .lend_while = lend_while(&p->phone_profile_while),
	    .ringing = p->ringing,
	    .busy = p->busy,
	    .dnd = p->dnd,
	    .not_available = p->not_available,
	    .mode = a->mode,
	    .settle_ms = p->settle,
	    .grace_ms = p->grace,
	    .lease_ms = a->teams.lease,
	};
}
