#include "daemon/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/check.h"
#include "daemon/config.h"
#include "daemon/secrets.h"

enum { LOOK_MS = 5000, REALMS_A_LOOK = 64 };

struct stamp { /* all zero: no such file */
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec written, changed;
};

struct watched {
	const struct conf_account *account; /* whose files the stamps are of */
	struct stamp first, second;         /* secret, or certificate and key */
};

struct credentials {
	struct bridge *bridge;
	const struct apply *apply;
	struct log *log;
	uint32_t realms, cursor;
	int64_t next_ms;
	struct watched list[];
};

enum err credentials_new(struct credentials **ret, struct bridge *b, const struct apply *a, struct log *l,
			 uint32_t realms)
{
	struct credentials *c = calloc(1, sizeof(*c) + realms * sizeof(c->list[0]));

	if (!c)
		return ERR_NO_MEMORY;
	c->bridge = b;
	c->apply = a;
	c->log = l;
	c->realms = realms;
	*ret = c;
	return ERR_OK;
}

void credentials_free(struct credentials *c)
{
	free(c);
}

static struct stamp stamp_of(const char *path)
{
	struct stat st;

	if (!path[0] || stat(path, &st) != 0)
		return (struct stamp){ 0 };
	return (struct stamp){ st.st_dev, st.st_ino, st.st_size, st.st_mtim, st.st_ctim };
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       same_time(&a->written, &b->written) && same_time(&a->changed, &b->changed);
}

static enum err read_whole(const char *path, struct secret *ret)
{
	char *text = NULL;
	size_t n = 0;
	enum err e = conf_read_file(path, SECRET_MAX, &text, &n);

	if (!e)
		e = secret_set(ret, slice_of(text, n));
	if (text)
		explicit_bzero(text, n);
	free(text);
	return e;
}

/* The files as they are now, with words for what is wrong with them. */
static enum err read_now(const struct conf_teams *t, struct conf_teams *ret, struct assertion_key **ret_key,
			 char *why, size_t cap)
{
	bool open_to_all;
	enum err e;

	if (!t->certificate_file.file[0]) {
		e = secrets_read(t->client_secret_file.file, &ret->client_secret_file.value, &open_to_all);
	} else {
		e = read_whole(t->certificate_file.file, &ret->certificate_file.value);
		if (!e)
			e = read_whole(t->key_file.file, &ret->key_file.value);
	}
	if (e) {
		snprintf(why, cap, "a file %s", secrets_error_text(e));
		return e;
	}
	return conf_credential(ret, ret_key, why, cap);
}

static void tell(struct credentials *c, const struct conf_account *account, int64_t now_ms,
		 const char *fault)
{
	const char *what = account->teams.certificate_file.file[0] ? "certificate" : "client secret";

	if (fault)
		log_put(c->log, now_ms, 4, "credential", "%s: the %s changed, but %s; the one before stays",
			account->name, what, fault);
	else
		log_put(c->log, now_ms, 5, "credential",
			"%s: the %s's file changed; signing in with what it holds now", account->name, what);
}

static void take(struct credentials *c, uint32_t realm, const struct conf_account *account, int64_t now_ms,
		 bool quiet)
{
	struct conf_teams fresh = { .certificate_file.file = account->teams.certificate_file.file };
	struct assertion_key *key = NULL;
	char why[200] = "";
	enum err e = read_now(&account->teams, &fresh, &key, why, sizeof(why));

	if (!e) {
		const struct graph_credential g = { &fresh.client_secret_file.value, key,
						    account->teams.assertion,
						    conf_secret_ends(&account->teams) };

		e = bridge_set_credential(c->bridge, realm, &g);
	}
	if (e || !quiet)
		tell(c, account, now_ms, !e ? NULL : why[0] ? why : err_name(e));
	assertion_key_free(key);
	secret_fini(&fresh.client_secret_file.value);
	secret_fini(&fresh.certificate_file.value);
	secret_fini(&fresh.key_file.value);
}

static void look(struct credentials *c, uint32_t realm, int64_t now_ms)
{
	const struct conf_account *account = apply_realm(c->apply, realm);
	struct watched *w = &c->list[realm];

	if (!account)
		return;
	const struct conf_teams *t = &account->teams;
	bool certificate = t->certificate_file.file[0] != '\0';
	const struct watched now = {
		account, stamp_of(certificate ? t->certificate_file.file : t->client_secret_file.file),
		stamp_of(certificate ? t->key_file.file : "")
	};
	bool changed = !same_stamp(&now.first, &w->first) || !same_stamp(&now.second, &w->second);
	bool known = w->account == account;

	*w = now;
	if (!known || changed) /* at first too: it may have changed since the configuration was read */
		take(c, realm, account, now_ms, !known);
}

int64_t credentials_look(struct credentials *c, int64_t now_ms)
{
	if (now_ms < c->next_ms)
		return c->next_ms;
	for (uint32_t n = 0; n < c->realms && n < REALMS_A_LOOK; n++) {
		look(c, c->cursor, now_ms);
		c->cursor = (c->cursor + 1) % c->realms;
	}
	c->next_ms = now_ms + LOOK_MS;
	return c->next_ms;
}
