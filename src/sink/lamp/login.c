#include <inttypes.h>
#include <stdlib.h>

#include "sink/lamp/own.h"

/* A nonce is its number, the time it was made and a seal over both: nothing is kept of those that
 * nobody signs in with. Of the others the highest count is kept in a table by number; where a newer
 * number has taken the place, an older one is stale. */

enum { NUMBER_N = 16, NONCE_N = 3 * NUMBER_N };

static uint64_t seal(const struct lamps *l, uint64_t number, uint64_t made_ms)
{
	return sip_token(sip_token(l->c.seed ^ 0x6e6f6e6365, number), made_ms);
}

void login_put_challenge(struct lamps *l, struct buf *b, bool stale)
{
	static const char *const algorithms[] = { "SHA-256", "MD5" };
	uint64_t number = ++l->nonces, made_ms = (uint64_t)l->now_ms;

	for (int i = 0; i < 2; i++) {
		if ((l->c.digest == LAMP_DIGEST_MD5 && i == 0) ||
		    (l->c.digest == LAMP_DIGEST_SHA256 && i == 1))
			continue;
		buf_fmt(b,
			"WWW-Authenticate: Digest realm=\"%s\", nonce=\"%016" PRIx64 "%016" PRIx64
			"%016" PRIx64 "\", algorithm=%s, qop=\"auth\"%s\r\n",
			l->realm, number, made_ms, seal(l, number, made_ms), algorithms[i],
			stale ? ", stale=true" : "");
	}
}

static bool number_of(struct slice s, uint64_t *ret)
{
	uint64_t v = 0;

	for (size_t i = 0; i < NUMBER_N; i++) {
		const char *digits = "0123456789abcdef";
		const char *at = s.p[i] ? strchr(digits, s.p[i]) : NULL;

		if (!at)
			return false;
		v = v << 4 | (uint64_t)(at - digits);
	}
	*ret = v;
	return true;
}

/* Ours, young, and this count of it not seen before. */
static bool is_fresh(struct lamps *l, struct slice nonce, uint32_t count)
{
	uint64_t number, made_ms, mark;

	if (nonce.n != NONCE_N || !number_of(nonce, &number) ||
	    !number_of(slice_sub(nonce, NUMBER_N, NONCE_N), &made_ms) ||
	    !number_of(slice_sub(nonce, 2 * NUMBER_N, NONCE_N), &mark) ||
	    mark != seal(l, number, made_ms) || l->now_ms - (int64_t)made_ms > LAMP_NONCE_MS)
		return false;
	struct nonce_use *u = &l->used[number % NONCES_USED];
	if (u->number > number || (u->number == number && u->count >= count))
		return false;
	*u = (struct nonce_use){ number, count };
	return true;
}

static bool has_name(uint32_t id, const void *key, void *arg)
{
	const struct lamps *l = arg;

	return slice_is(*(const struct slice *)key, l->logins[id].name);
}

static bool algorithm_allowed(const struct lamps *l, uint8_t algorithm)
{
	bool strong = algorithm >= SIP_SHA256;

	return l->c.digest == LAMP_DIGEST_BOTH || strong == (l->c.digest == LAMP_DIGEST_SHA256);
}

static enum login judge(struct lamps *l, const struct sip_msg *m, const struct sip_credentials *c,
			struct slice *ret_account)
{
	struct slice name = c->digest.username;
	uint32_t id = map_find(&l->by_login, slice_hash(name, l->c.seed), has_name, &name, l);

	if (id == MAP_NONE || !algorithm_allowed(l, c->digest.algorithm) ||
	    !sip_credentials_match(c, m->method, secret_expose(&l->logins[id].password)))
		return LOGIN_WRONG;
	if (!is_fresh(l, c->digest.nonce, c->digest.qop_auth ? c->digest.nc : 1))
		return LOGIN_STALE;
	*ret_account = slice_str(l->logins[id].account);
	return LOGIN_OK;
}

enum login login_check(struct lamps *l, const struct sip_msg *m, struct slice *ret_account)
{
	const struct sip_header *h = NULL;
	struct sip_credentials c;

	*ret_account = SLICE_NONE;
	if (!l->logins_n)
		return LOGIN_OK;
	while ((h = sip_msg_next(m, SIP_AUTHORIZATION, h)))
		if (sip_credentials_parse(h->value, &c) == ERR_OK &&
		    slice_is(c.digest.realm, l->realm))
			return judge(l, m, &c, ret_account);
	return LOGIN_NONE;
}

void login_free_list(struct lamps *l)
{
	for (uint32_t i = 0; i < l->logins_n; i++) {
		free(l->logins[i].name);
		free(l->logins[i].account);
		secret_fini(&l->logins[i].password);
	}
	free(l->logins);
	map_fini(&l->by_login);
	l->logins = NULL;
	l->logins_n = 0;
}

void lamps_set_logins(struct lamps *l, struct lamp_login *list, uint32_t n)
{
	login_free_list(l);
	l->logins = list;
	l->logins_n = n;
	if (map_init(&l->by_login, n ? n : 1))
		return; /* without memory nobody is let in */
	for (uint32_t i = 0; i < n; i++)
		if (map_add(&l->by_login, slice_hash(slice_str(list[i].name), l->c.seed), i))
			return;
}
