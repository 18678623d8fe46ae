/* tokens.h - keys of programs: "oh_" and 43 letters in `Authorization: Bearer`. Kept are digests
 * only. */
#ifndef ADMIN_AUTH_TOKENS_H
#define ADMIN_AUTH_TOKENS_H

#include "admin/auth/caller.h"
#include "admin/auth/keys.h"

enum { TOKENS_MAX = 1024, TOKEN_NAME_MAX = 64, TOKEN_LEN = 3 + KEY_LEN };

struct token {
	char id[ID_LEN + 1];
	char digest[DIGEST_LEN + 1];
	char name[TOKEN_NAME_MAX + 1];
	char account[CALLER_ACCOUNT_MAX + 1]; /* "*": all */
	uint8_t role;			      /* enum role */
	char made_by[CALLER_NAME_MAX + 1];
	int64_t created_wall_ms, expires_wall_ms; /* INT64_MAX: never */
	int64_t used_wall_ms, kept_wall_ms;	  /* 0: never; kept: used, as the store has it */
};

struct tokens {
	uint32_t n;
	struct token *list[TOKENS_MAX];
};

void tokens_fini(struct tokens *t);
/* Takes x over and gives it id and digest. ret: the token, shown this once. ERR_LIMIT, ERR_IO. */
MUST_CHECK enum err tokens_add(struct tokens *t, struct token *x, char ret[static TOKEN_LEN + 1]);
struct token *tokens_by_text(struct tokens *t, struct slice text, int64_t wall_ms);
struct token *tokens_by_id(struct tokens *t, struct slice id);
/* Takes one out; the caller's to free. */
void tokens_take(struct tokens *t, struct token *x);

char *token_document(const struct token *x);
bool tokens_load(struct tokens *t, struct slice id, struct slice document);

#endif
