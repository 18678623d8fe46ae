/* sessions.h - who is signed in with a browser.
 *
 * The browser's cookie holds a random key; kept are its digests only. A session ends 8 hours after
 * its last use, and 7 days after its beginning (24 hours for one through Microsoft, so that a role
 * taken away there is gone here by the next day). */
#ifndef ADMIN_AUTH_SESSIONS_H
#define ADMIN_AUTH_SESSIONS_H

#include "admin/auth/caller.h"
#include "admin/auth/keys.h"

enum { SESSIONS_MAX = 1024, SESSIONS_OF_ONE_MAX = 32, AGENT_MAX = 160 };

struct sign_in {
	char id[ID_LEN + 1];
	char digest[DIGEST_LEN + 1]; /* of the cookie */
	char csrf[DIGEST_LEN + 1];   /* what a change has to bring along beside the cookie */
	uint8_t kind;		     /* CALLER_PASSWORD or CALLER_MICROSOFT */
	char name[CALLER_NAME_MAX + 1];
	struct grants grants; /* CALLER_MICROSOFT; of others as their administrator has them now */
	char self_account[CALLER_ACCOUNT_MAX + 1], self_email[CALLER_NAME_MAX + 1];
	int64_t created_wall_ms, seen_wall_ms, kept_wall_ms; /* kept: seen, as the store has it */
	/* CALLER_MICROSOFT: the authority and the registration it came through */
	char login[260], tenant[40], client[40];
	char address[48], agent[AGENT_MAX + 1];
};

struct sessions {
	uint32_t n;
	struct sign_in *list[SESSIONS_MAX];
};

void sessions_fini(struct sessions *s);
/* Whether both are of one person. A name counts only where it was given: an account may have an authority
 * of its own, which names people as it likes. */
bool session_is_of_same(const struct sign_in *a, const struct sign_in *b);
bool session_is_over(const struct sign_in *x, int64_t wall_ms);
/* Takes x over and gives it id and digests; ret_key goes into the cookie. When the person, or
 * everybody, has too many, the one unused for longest is handed out in *ret_gone, and is the
 * caller's to free. ERR_IO. */
MUST_CHECK enum err sessions_begin(struct sessions *s, struct sign_in *x,
				   char ret_key[static KEY_LEN + 1], struct sign_in **ret_gone);
struct sign_in *sessions_by_key(struct sessions *s, struct slice key, int64_t wall_ms);
struct sign_in *sessions_by_id(struct sessions *s, struct slice id);
/* One that is over, or of `name` (name p NULL: none); taken out, the caller's to free. NULL: no
 * more. */
struct sign_in *sessions_take_over(struct sessions *s, int64_t wall_ms);
struct sign_in *sessions_take_of(struct sessions *s, enum caller_kind kind, struct slice name);
/* Takes one out; the caller's to free. */
void sessions_take(struct sessions *s, struct sign_in *x);

char *session_document(const struct sign_in *x);
bool sessions_load(struct sessions *s, struct slice id, struct slice document);

#endif
