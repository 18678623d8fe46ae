/* auth.h - administrators, sessions and tokens together, as the store keeps them. The admin
 * thread's, once admin_set_store has made it. */
#ifndef ADMIN_AUTH_AUTH_H
#define ADMIN_AUTH_AUTH_H

#include "admin/auth/administrators.h"
#include "admin/auth/failures.h"
#include "admin/auth/limiter.h"
#include "admin/auth/sessions.h"
#include "admin/auth/tokens.h"

struct store;

struct auth {
	struct store *store;
	unsigned password_cost; /* of those that are set now: password.h */
	struct administrators administrators;
	struct sessions sessions;
	struct tokens tokens;
	struct limiter limiter;
	struct failures failures;
	uint64_t signed_in, refused, limited; /* for metrics */
	uint64_t changes; /* rises when somebody may do more or less than before */
};

/* Reads the store. When there is no administrator, one is made, `admin`, an owner of everything;
 * ret_first is its one-time password, else "". why: STORE_WHY_MAX bytes. */
MUST_CHECK enum err auth_new(struct auth **ret, struct store *s, int64_t wall_ms,
			     unsigned password_cost, char ret_first[static ONE_TIME_LEN + 1], char *why);
void auth_free(struct auth *a);

/* After a change: into the store. */
void auth_keep_administrator(struct auth *a, const struct administrator *x);
void auth_keep_session(struct auth *a, struct sign_in *x);
void auth_keep_token(struct auth *a, struct token *x);
void auth_drop_administrator(struct auth *a, struct administrator *x);
void auth_drop_session(struct auth *a, struct sign_in *x);
void auth_drop_token(struct auth *a, struct token *x);
/* Signs a person out everywhere. */
void auth_drop_sessions_of(struct auth *a, enum caller_kind kind, const char *name);
/* Sessions that are over go out of memory and store. */
void auth_sweep(struct auth *a, int64_t wall_ms);

/* A session for x (malloc'ed, taken over; freed on failure). ret_key: into the cookie. */
MUST_CHECK enum err auth_begin_session(struct auth *a, struct sign_in *x, int64_t wall_ms,
				       char ret_key[static KEY_LEN + 1]);
/* A new one-time password; what it could do before it can again after changing it. ERR_IO,
 * ERR_NO_MEMORY. */
MUST_CHECK enum err auth_reset_password(struct auth *a, struct administrator *x,
					char ret[static ONE_TIME_LEN + 1]);
/* What a session or token may do now: *ret is filled but for self. False: nobody's any more. */
bool auth_caller_of_session(struct auth *a, struct sign_in *x, int64_t wall_ms, struct caller *ret);
bool auth_caller_of_token(struct auth *a, struct token *x, int64_t wall_ms, struct caller *ret);

#endif
