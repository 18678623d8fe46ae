/* token.h - OAuth 2.0 client credentials as Entra speaks it (RFC 6749 section 4.4).
 *
 * Request, answer and refusal of POST {login}/{tenant}/oauth2/v2.0/token; whoever signs in with a
 * certificate gives a signed statement (assertion.h) in the secret's place. */
#ifndef PROTO_GRAPH_TOKEN_H
#define PROTO_GRAPH_TOKEN_H

#include "base/buf.h"
#include "base/secret.h"

enum {
	TOKEN_BODY_MAX = 65536,
	TOKEN_LIFE_DEFAULT_S = 600, /* an answer without expires_in; RFC 6749 leaves it open */
	TOKEN_LIFE_MAX_S = 172800,
};

struct token_form {
	const char *client_id;
	const char *scope_root; /* Graph's own URL, whatever proxy stands before it; "/.default" is added */
	const struct secret *client_secret;
	const struct secret *assertion; /* NULL: client_secret */
	struct slice claims; /* JSON of a claims challenge, or empty */
};

void token_url(struct buf *b, const char *login_url, const char *tenant);
/* The form into dst, which the caller wipes. ERR_LIMIT when it does not fit. */
MUST_CHECK enum err token_form_write(const struct token_form *f, char *dst, size_t cap,
				     size_t *ret_n);

/* access: the bearer token, only bytes that may stand in a header; the caller frees it.
 * ERR_MALFORMED for anything else than a usable bearer token. */
MUST_CHECK enum err token_answer_parse(struct slice body, struct secret *access,
				       int32_t *ret_life_s);

/* The step of setting up at which Entra refuses; those before it are done. */
enum token_step { TOKEN_STEP_NONE, TOKEN_STEP_APP, TOKEN_STEP_CREDENTIAL, TOKEN_STEP_CONSENT };

/* Why Entra gave no token. */
struct token_refusal {
	char error[48];     /* "invalid_client" */
	uint32_t aadsts;    /* 7000215, 0: none given */
	char text[160];     /* first line of the description */
	bool configuration; /* only a person can mend it; otherwise it passes */
	const char *fix;    /* what that person does (aadsts.def); "" when it passes */
	uint8_t step;	    /* enum token_step; NONE when it passes, or is not known */
};

/* status: the HTTP status of the answer. Any body will do; *ret is always filled. */
void token_refusal_parse(uint16_t status, struct slice body, struct token_refusal *ret);

#endif
