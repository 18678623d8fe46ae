#include "admin/auth/auth.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/store.h"

/* A use is written down at most this often, so that reading a page does not write to the disk. */
enum { KEEP_USE_MS = 300000 };

static const struct slice kind_administrator = { "administrator", 13 },
			  kind_session = { "session", 7 }, kind_token = { "token", 5 };

static void on_record(void *arg, struct slice kind, struct slice key, struct slice value)
{
	struct auth *a = arg;

	if (slice_eq(kind, kind_administrator))
		administrators_load(&a->administrators, key, value);
	else if (slice_eq(kind, kind_session))
		sessions_load(&a->sessions, key, value);
	else if (slice_eq(kind, kind_token))
		tokens_load(&a->tokens, key, value);
}

static enum err first_administrator(struct auth *a, int64_t wall_ms,
				    char ret[static ONE_TIME_LEN + 1])
{
	struct administrator x = { .name = "admin", .created_wall_ms = wall_ms };
	enum err e = grants_add(&x.grants, SLICE_LIT("*"), ROLE_OWNER);

	if (!e)
		e = administrators_add(&a->administrators, &x);
	if (!e)
		e = auth_reset_password(a, &a->administrators.list[0], ret);
	return e;
}

enum err auth_new(struct auth **ret, struct store *s, int64_t wall_ms, unsigned password_cost,
		  char ret_first[static ONE_TIME_LEN + 1], char *why)
{
	static const struct store_load_ops ops = { .record = on_record };
	struct auth *a = calloc(1, sizeof(*a));
	enum err e;

	ret_first[0] = '\0';
	if (!a)
		return ERR_NO_MEMORY;
	a->store = s;
	a->password_cost = password_cost;
	e = store_load(s, &ops, a, why);
	if (!e && !a->administrators.n)
		e = first_administrator(a, wall_ms, ret_first);
	if (e) {
		auth_free(a);
		return e;
	}
	auth_sweep(a, wall_ms);
	*ret = a;
	return ERR_OK;
}

void auth_free(struct auth *a)
{
	if (!a)
		return;
	sessions_fini(&a->sessions);
	tokens_fini(&a->tokens);
	explicit_bzero(a, sizeof(*a));
	free(a);
}

/* ---- keeping ---- */

/* What the store cannot take it counts itself; who is signed in stays so until the next start. */
static void keep(struct auth *a, struct slice kind, const char *key, char *document)
{
	if (document)
		store_put_record(a->store, kind, slice_str(key), slice_str(document));
	free(document);
}

void auth_keep_administrator(struct auth *a, const struct administrator *x)
{
	keep(a, kind_administrator, x->name, administrator_document(x));
	a->changes++;
}

void auth_keep_session(struct auth *a, struct sign_in *x)
{
	x->kept_wall_ms = x->seen_wall_ms;
	keep(a, kind_session, x->id, session_document(x));
}

void auth_keep_token(struct auth *a, struct token *x)
{
	x->kept_wall_ms = x->used_wall_ms;
	keep(a, kind_token, x->id, token_document(x));
}

static void free_session(struct auth *a, struct sign_in *x)
{
	store_delete_record(a->store, kind_session, slice_str(x->id));
	explicit_bzero(x, sizeof(*x));
	free(x);
	a->changes++;
}

void auth_drop_session(struct auth *a, struct sign_in *x)
{
	sessions_take(&a->sessions, x);
	free_session(a, x);
}

void auth_drop_token(struct auth *a, struct token *x)
{
	store_delete_record(a->store, kind_token, slice_str(x->id));
	tokens_take(&a->tokens, x);
	explicit_bzero(x, sizeof(*x));
	free(x);
	a->changes++;
}

void auth_drop_sessions_of(struct auth *a, enum caller_kind kind, const char *name)
{
	struct sign_in *x;

	while ((x = sessions_take_of(&a->sessions, kind, slice_str(name))))
		free_session(a, x);
}

void auth_drop_administrator(struct auth *a, struct administrator *x)
{
	auth_drop_sessions_of(a, CALLER_PASSWORD, x->name);
	store_delete_record(a->store, kind_administrator, slice_str(x->name));
	administrators_remove(&a->administrators, x);
	a->changes++;
}

void auth_sweep(struct auth *a, int64_t wall_ms)
{
	struct sign_in *x;

	while ((x = sessions_take_over(&a->sessions, wall_ms)))
		free_session(a, x);
}

/* ---- beginning ---- */

enum err auth_begin_session(struct auth *a, struct sign_in *x, int64_t wall_ms,
			    char ret_key[static KEY_LEN + 1])
{
	struct sign_in *gone;

	auth_sweep(a, wall_ms);
	x->created_wall_ms = x->seen_wall_ms = wall_ms;
	if (sessions_begin(&a->sessions, x, ret_key, &gone)) {
		free(x);
		return ERR_IO;
	}
	if (gone)
		free_session(a, gone);
	auth_keep_session(a, x);
	a->signed_in++;
	return ERR_OK;
}

enum err auth_reset_password(struct auth *a, struct administrator *x,
			     char ret[static ONE_TIME_LEN + 1])
{
	enum err e = key_one_time(ret);

	if (!e)
		e = password_hash(slice_str(ret), a->password_cost, x->password,
				  sizeof(x->password));
	if (e)
		return e;
	x->must_change = true;
	limiter_forget(&a->limiter, LIMIT_NAME, slice_str(x->name));
	auth_drop_sessions_of(a, CALLER_PASSWORD, x->name);
	auth_keep_administrator(a, x);
	return ERR_OK;
}

/* ---- who it is ---- */

bool auth_caller_of_session(struct auth *a, struct sign_in *x, int64_t wall_ms, struct caller *ret)
{
	const struct administrator *who = NULL;

	if (x->kind == CALLER_PASSWORD &&
	    !(who = administrators_find(&a->administrators, slice_str(x->name))))
		return false;
	ret->kind = x->kind;
	snprintf(ret->name, sizeof(ret->name), "%s", x->name);
	snprintf(ret->self_account, sizeof(ret->self_account), "%s", x->self_account);
	snprintf(ret->self_email, sizeof(ret->self_email), "%s", x->self_email);
	ret->must_change_password = who && who->must_change;
	if (ret->must_change_password)
		ret->grants.n = 0;
	else
		ret->grants = who ? who->grants : x->grants;
	x->seen_wall_ms = wall_ms;
	if (wall_ms - x->kept_wall_ms >= KEEP_USE_MS)
		auth_keep_session(a, x);
	return true;
}

bool auth_caller_of_token(struct auth *a, struct token *x, int64_t wall_ms, struct caller *ret)
{
	ret->kind = CALLER_TOKEN;
	snprintf(ret->name, sizeof(ret->name), "token %s", x->name);
	ret->grants.n = 0;
	if (grants_add(&ret->grants, slice_str(x->account), (enum role)x->role))
		return false;
	x->used_wall_ms = wall_ms;
	if (wall_ms - x->kept_wall_ms >= KEEP_USE_MS)
		auth_keep_token(a, x);
	return true;
}
