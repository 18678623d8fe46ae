/* graph_token.c - one access token for the realm: asked for before it is needed, renewed before it
 * ends, one request at a time. */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "proto/graph/challenge.h"
#include "proto/graph/token.h"
#include "sink/graph_priv.h"

enum {
	EARLY_MS = 300000,       /* renewed this long before its end, or at half of a short life */
	SKEW_MS = 5000,          /* not used in its last seconds: a request takes time to arrive */
	REFUSED_RETRY_MS = 300000,
	PASSING_RETRY_MAX_MS = 60000,
	RENEW_GAP_MS = 5000,     /* a 401 drops a token at most this often */
	FORBIDDEN_GAP_MS = 600000, /* a 403 likewise */
};

static const char request_id_name[] = "client-request-id: ";
static const char no_request_id[] = "00000000-0000-0000-0000-000000000000";
static const char post_type[] = "Content-Type: application/json\r\n";

bool token_is_usable(const struct graph *g)
{
	return secret_is_set(&g->token.headers) && g->now_ms < g->token.good_until_ms;
}

bool token_is_due(const struct graph *g)
{
	return !g->token.asking && g->now_ms >= g->token.ask_ms;
}

void token_wipe(struct graph *g)
{
	secret_fini(&g->token.headers);
	if (g->token.form)
		explicit_bzero(g->token.form, FORM_MAX);
	g->token.form_n = 0;
}

static void ask_again(struct graph *g, int64_t wait_ms)
{
	g->token.ask_ms = g->now_ms + wait_ms;
}

static void refuse(struct graph *g, enum graph_note n, const char *text)
{
	struct token *t = &g->token;

	snprintf(t->error, sizeof(t->error), "%s", text);
	if (t->attempts < UINT8_MAX)
		t->attempts++;
	if (n == GRAPH_NOTE_TOKEN_REFUSED) {
		t->state = TOKEN_REFUSED;
		ask_again(g, backoff_ms(0, REFUSED_RETRY_MS, REFUSED_RETRY_MS, &g->prng));
		note(g, n, ID_NONE, text);
		return;
	}
	if (t->state == TOKEN_ASKED)
		t->state = TOKEN_NONE;
	ask_again(g, backoff_ms(t->attempts, RETRY_BASE_MS, PASSING_RETRY_MAX_MS, &g->prng));
	note_seldom(g, n, ID_NONE, text, PASSING_RETRY_MAX_MS);
}

bool token_request(struct graph *g, struct graph_out *ret)
{
	struct token *t = &g->token;
	struct token_form form = { g->client_id, g->resource, &g->client_secret,
				   slice_str(t->claims) };
	struct flight *f = flight_take(g, REQ_TOKEN, ID_NONE);

	CHECK(f); /* one flight is kept for the token */
	t->asking = true;
	if (t->state == TOKEN_NONE)
		t->state = TOKEN_ASKED;
	CHECK(token_form_write(&form, t->form, FORM_MAX, &t->form_n) == ERR_OK);
	t->claims[0] = '\0';
	request_begin(g, f, ret);
	token_url(&g->url, g->login_url, g->tenant);
	ret->request.secret = true;
	ret->request.post = true;
	ret->request.url = buf_view(&g->url);
	ret->request.headers = SLICE_LIT("Content-Type: application/x-www-form-urlencoded\r\n"
					 "Accept: application/json\r\n");
	ret->request.body = slice_of(t->form, t->form_n);
	return true;
}

/* The header block once per token: request id, bearer, and at its end what only a POST needs. */
static enum err install(struct graph *g, const struct secret *access)
{
	struct slice bearer = secret_expose(access);
	size_t cap = bearer.n + 256;
	char *block = malloc(cap);

	if (!block)
		return ERR_NO_MEMORY;
	int n = snprintf(block, cap,
			 "%s%s\r\nAccept: application/json\r\nAuthorization: Bearer %.*s\r\n%s",
			 request_id_name, no_request_id, SLICE_ARG(bearer), post_type);
	enum err e = secret_set(&g->token.headers, slice_of(block, (size_t)n));
	explicit_bzero(block, cap);
	free(block);
	return e;
}

static void accept(struct graph *g, const struct flight *f, const struct secret *access,
		   int32_t life_s)
{
	struct token *t = &g->token;
	int64_t life_ms = (int64_t)life_s * 1000;
	int64_t early = life_ms / 2 < EARLY_MS ? life_ms / 2 : EARLY_MS;

	if (install(g, access) != ERR_OK || life_ms <= SKEW_MS) {
		refuse(g, GRAPH_NOTE_TOKEN_RETRY, "the token is too long or ends at once");
		return;
	}
	if (t->state != TOKEN_GOOD)
		note(g, GRAPH_NOTE_TOKEN_OK, ID_NONE, "");
	t->state = TOKEN_GOOD;
	t->serial++;
	t->attempts = 0;
	t->accepted = false;
	t->error[0] = '\0';
	t->good_until_ms = f->sent_ms + life_ms - SKEW_MS;
	t->ask_ms = f->sent_ms + life_ms - early -
		    (int64_t)prng_below(&g->prng, 1 + (uint64_t)early / 8);
}

static void take_answer(struct graph *g, const struct flight *f, const struct graph_response *r)
{
	struct secret access = { 0 };
	struct token_refusal why;
	int32_t life_s;

	if (r->failure != HTTP_ANSWERED) {
		refuse(g, GRAPH_NOTE_TOKEN_RETRY, r->error ? r->error : "no answer");
	} else if (r->status != 200) {
		token_refusal_parse(r->status, r->body, &why);
		refuse(g, why.configuration ? GRAPH_NOTE_TOKEN_REFUSED : GRAPH_NOTE_TOKEN_RETRY,
		       why.text);
	} else if (token_answer_parse(r->body, &access, &life_s) == ERR_OK) {
		accept(g, f, &access, life_s);
	} else {
		refuse(g, GRAPH_NOTE_BAD_ANSWER, "no bearer token in the token endpoint's answer");
	}
	secret_fini(&access);
}

void token_feed(struct graph *g, const struct flight *f, const struct graph_response *r)
{
	struct token *t = &g->token;
	int64_t wait = wait_of(g, r);

	t->asking = false;
	explicit_bzero(t->form, FORM_MAX);
	take_answer(g, f, r);
	if (wait > GATE_WAIT_MAX_MS)
		wait = GATE_WAIT_MAX_MS;
	if (t->attempts && wait > t->ask_ms - g->now_ms)
		ask_again(g, wait);
	if (t->again)
		ask_again(g, 0);
	t->again = false;
}

static void drop(struct graph *g)
{
	secret_fini(&g->token.headers);
	if (g->token.state == TOKEN_GOOD)
		g->token.state = g->token.asking ? TOKEN_ASKED : TOKEN_NONE;
	if (g->token.attempts == 0)
		g->token.ask_ms = g->now_ms;
}

int64_t token_refused(struct graph *g, uint32_t serial, const struct graph_response *r)
{
	struct token *t = &g->token;

	if (serial != t->serial || !secret_is_set(&t->headers))
		return 0;
	if (t->renewed_ms && g->now_ms - t->renewed_ms < RENEW_GAP_MS)
		return t->renewed_ms + RENEW_GAP_MS - g->now_ms;
	if (challenge_claims(r->www_authenticate, t->claims, sizeof(t->claims)) != ERR_OK)
		t->claims[0] = '\0';
	t->renewed_ms = g->now_ms;
	drop(g);
	return 0;
}

bool token_forbidden(struct graph *g, uint32_t serial)
{
	struct token *t = &g->token;

	if (serial != t->serial || !secret_is_set(&t->headers))
		return true;
	if (t->forbidden_ms && g->now_ms - t->forbidden_ms < FORBIDDEN_GAP_MS)
		return false;
	t->forbidden_ms = g->now_ms;
	drop(g);
	return true;
}

static char *put_hex(char *to, uint64_t v, int digits)
{
	for (int i = digits; i-- > 0; v >>= 4)
		to[i] = "0123456789abcdef"[v & 15];
	return to + digits;
}

/* A fresh client-request-id (a version 4 UUID) is written over the last one: the block is otherwise
 * the same for every request of a token, and it must not be copied about. */
struct slice token_headers(struct graph *g, bool post)
{
	uint64_t a = prng_u64(&g->prng), b = prng_u64(&g->prng);
	struct slice block = secret_expose(&g->token.headers);
	char *id = g->token.headers.hidden + sizeof(request_id_name) - 1;

	id = put_hex(id, a >> 32, 8) + 1; /* the dashes stand there already */
	id = put_hex(id, a >> 16, 4) + 1;
	id = put_hex(id, 0x4000 | (a & 0xfff), 4) + 1;
	id = put_hex(id, 0x8000 | (b >> 48 & 0x3fff), 4) + 1;
	put_hex(id, b, 12);
	return slice_sub(block, 0, block.n - (post ? 0 : sizeof(post_type) - 1));
}

void graph_set_secret(struct graph *g, const struct secret *client_secret)
{
	struct slice s = secret_expose(client_secret);

	if (slice_eq(s, secret_expose(&g->client_secret)))
		return;
	if (s.n > GRAPH_SECRET_MAX || secret_set(&g->client_secret, s) != ERR_OK) {
		refuse(g, GRAPH_NOTE_TOKEN_REFUSED, "the new client secret is too long");
		return;
	}
	g->token.attempts = 0;
	g->token.again = g->token.asking;
	g->token.ask_ms = g->now_ms;
}
