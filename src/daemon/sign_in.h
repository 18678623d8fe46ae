/* sign_in.h - what signing in with Microsoft needs from there: tokens for codes, and the keys that
 * tokens are signed with. The admin thread asks by ADMIN_FETCH; the client secret never leaves this
 * thread. */
#ifndef DAEMON_SIGN_IN_H
#define DAEMON_SIGN_IN_H

#include "admin/admin.h"
#include "daemon/app.h"
#include "io/http_client.h"
#include "io/loop.h"
#include "proto/conf/conf.h"

struct sign_in;

enum { SIGN_IN_FETCHES_MAX = 16 };

MUST_CHECK enum err sign_in_new(struct sign_in **ret, struct loop *l, struct admin *a);
void sign_in_free(struct sign_in *s);
/* Answers the command, now or later; account NULL: it is gone. */
void sign_in_fetch(struct sign_in *s, const struct conf_account *account,
		   const struct admin_command *c);

/* Gets the answer of the token endpoint, and a copy of the command that it is about, without its text. */
typedef void sign_in_token_h(struct app *a, const struct admin_command *c, const struct http_answer *answer);
/* Asks for a token of the account with a form of one's own. ERR_LIMIT: too many are under way; then, as for
 * every other error, no answer follows. */
MUST_CHECK enum err sign_in_ask_token(struct sign_in *s, struct app *a, const struct conf_account *account,
				      const struct admin_command *c, struct slice form, sign_in_token_h *h);

#endif
