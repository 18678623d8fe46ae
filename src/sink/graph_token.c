/* graph_token.c - one access token for the realm: asked for before it is needed, renewed before it
 * ends, one request at a time. */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "proto/graph/challenge.h"
#include "proto/graph/roles.h"
#include "proto/graph/token.h"
#include "sink/graph_priv.h"

enum {
	EARLY_MS = 300000,       /* renewed this long before its end, or at half of a short life */
	SKEW_MS = 5000,          /* not used in its last seconds: a request takes time to arrive */
	REFUSED_RETRY_MS = 300000, /* first; a new secret needs minutes until all of Entra knows it */
	REFUSED_RETRY_MAX_MS = 3600000,
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

/* Only a person can help: said with what that person does, and tried ever more seldom until the
 * credential changes. */
static void give_up(struct graph *g, const struct token_refusal *why)
{
	struct token *t = &g->token;
	char text[GRAPH_TEXT_MAX];

	if (t->state != TOKEN_REFUSED)
		t->attempts = 0;
	t->state = TOKEN_REFUSED;
	t->fix = why->fix;
	t->step = why->step;
	snprintf(t->error, sizeof(t->error), "%s", why->text);
	snprintf(text, sizeof(text), "%s (%s)", why->fix, why->text);
	ask_again(g, backoff_ms(t->attempts, REFUSED_RETRY_MS, REFUSED_RETRY_MAX_MS, &g->prng));
	if (t->attempts < UINT8_MAX)
		t->attempts++;
	note(g, GRAPH_NOTE_TOKEN_REFUSED, ID_NONE, text);
}

static void refuse(struct graph *g, enum graph_note n, const char *text)
{
	struct token *t = &g->token;

	snprintf(t->error, sizeof(t->error), "%s", text);
	t->fix = "";
	t->step = TOKEN_STEP_NONE;
	if (t->attempts < UINT8_MAX)
		t->attempts++;
	if (t->state == TOKEN_ASKED)
		t->state = TOKEN_NONE;
	ask_again(g, backoff_ms(t->attempts, RETRY_BASE_MS, PASSING_RETRY_MAX_MS, &g->prng));
	note_seldom(g, n, ID_NONE, text, PASSING_RETRY_MAX_MS);
}

static char *put_hex(char *to, uint64_t v, int digits)
{
	for (int i = digits; i-- > 0; v >>= 4)
		to[i] = "0123456789abcdef"[v & 15];
	return to + digits;
}

/* A version 4 UUID over `id`, where the dashes stand already. */
static void put_uuid(struct graph *g, char *id)
{
	uint64_t a = prng_u64(&g->prng), b = prng_u64(&g->prng);

	id = put_hex(id, a >> 32, 8) + 1;
	id = put_hex(id, a >> 16, 4) + 1;
	id = put_hex(id, 0x4000 | (a & 0xfff), 4) + 1;
	id = put_hex(id, 0x8000 | (b >> 48 & 0x3fff), 4) + 1;
	put_hex(id, b, 12);
}

/* Once a day, and whenever another certificate comes. */
static void watch_certificate(struct graph *g, int64_t wall_ms)
{
	const struct assertion_key *k = g->certificate;
	int64_t left_ms = assertion_key_ends_ms(k) - wall_ms;
	char text[120];

	snprintf(text, sizeof(text), "thumbprint %s, %lld days left", assertion_key_thumbprint(k),
		 (long long)(left_ms / DAY_MS));
	if (left_ms <= 0 || wall_ms < assertion_key_begins_ms(k))
		note_seldom(g, GRAPH_NOTE_CERTIFICATE_ENDED, ID_NONE, text, DAY_MS);
	else if (wall_ms >= assertion_key_warns_ms(k))
		note_seldom(g, GRAPH_NOTE_CERTIFICATE_ENDS, ID_NONE, text, DAY_MS);
}

/* The same of a secret whose end the configuration tells. */
static void watch_secret(struct graph *g)
{
	int64_t left_ms = g->secret_ends_wall_ms - (g->now_ms + g->wall_ahead_ms);
	char text[40];

	if (!g->secret_ends_wall_ms)
		return;
	snprintf(text, sizeof(text), "%lld days left", (long long)(left_ms / DAY_MS));
	if (left_ms <= 0)
		note_seldom(g, GRAPH_NOTE_SECRET_ENDED, ID_NONE, text, DAY_MS);
	else if (left_ms <= (int64_t)SECRET_WARN_DAYS * DAY_MS)
		note_seldom(g, GRAPH_NOTE_SECRET_ENDS, ID_NONE, text, DAY_MS);
}

/* A fresh statement for every request: Entra may remember the ids it has seen. The audience is the
 * place that is asked, as with Microsoft's own libraries. */
static enum err sign(struct graph *g, struct secret *ret)
{
	char id[] = "00000000-0000-0000-0000-000000000000";
	const struct assertion a = { .client_id = g->client_id, .audience = buf_cstr(&g->url), .id = id,
				     .wall_ms = g->now_ms + g->wall_ahead_ms, .form = g->form };

	watch_certificate(g, a.wall_ms);
	put_uuid(g, id);
	return assertion_write(g->certificate, &a, ret);
}

static enum err write_form(struct graph *g)
{
	struct token *t = &g->token;
	struct secret assertion = { 0 };
	struct token_form form = { .client_id = g->client_id, .scope_root = g->resource,
				   .client_secret = &g->client_secret, .claims = slice_str(t->claims) };
	enum err e = ERR_OK;

	buf_reset(&g->url);
	token_url(&g->url, g->login_url, g->tenant);
	if (g->certificate) {
		e = sign(g, &assertion);
		form.assertion = &assertion;
	} else {
		watch_secret(g);
	}
	if (!e)
		CHECK(token_form_write(&form, t->form, FORM_MAX, &t->form_n) == ERR_OK);
	secret_fini(&assertion);
	t->claims[0] = '\0';
	return e;
}

bool token_request(struct graph *g, struct graph_out *ret)
{
	struct token *t = &g->token;

	if (write_form(g) != ERR_OK) {
		refuse(g, GRAPH_NOTE_TOKEN_RETRY, "the certificate's key does not sign");
		return notes_pop(g, ret);
	}
	struct flight *f = flight_take(g, REQ_TOKEN, ID_NONE);
	CHECK(f); /* one flight is kept for the token */
	t->asking = true;
	if (t->state == TOKEN_NONE)
		t->state = TOKEN_ASKED;
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

/* A token without a role is given out happily; without this, the first word of it would be a 403. */
static void explain_roles(struct graph *g, const struct secret *access)
{
	struct token *t = &g->token;
	char text[120];

	t->permits = 0;
	t->permits_known = token_roles(secret_expose(access), &t->permits) == ERR_OK;
	if (!t->permits_known || (t->permits & PERMITS_SET))
		return;
	snprintf(text, sizeof(text), "the token has %s, not %s",
		 t->permits ? "other permissions" : "no permission of ours", token_role_for(PERMITS_SET));
	note_seldom(g, GRAPH_NOTE_PERMISSION, ID_NONE, text, 600000);
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
	t->fix = "";
	t->step = TOKEN_STEP_NONE;
	explain_roles(g, access);
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
		if (why.configuration)
			give_up(g, &why);
		else
			refuse(g, GRAPH_NOTE_TOKEN_RETRY, why.text);
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
	probe_token_answered(g);
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

/* A fresh client-request-id is written over the last one: the block is otherwise the same for every
 * request of a token, and it must not be copied about. */
struct slice token_headers(struct graph *g, bool post)
{
	struct slice block = secret_expose(&g->token.headers);

	put_uuid(g, g->token.headers.hidden + sizeof(request_id_name) - 1);
	return slice_sub(block, 0, block.n - (post ? 0 : sizeof(post_type) - 1));
}

static bool same_credential(const struct graph *g, const struct graph_credential *c)
{
	if (!c->certificate && !g->certificate)
		return slice_eq(secret_expose(c->secret), secret_expose(&g->client_secret));
	return assertion_key_same(c->certificate, g->certificate) && c->form == g->form;
}

static enum err take_credential(struct graph *g, const struct graph_credential *c)
{
	struct slice s = c->certificate ? SLICE_NONE : secret_expose(c->secret);
	struct assertion_key *k = assertion_key_dup(c->certificate);

	if (s.n > GRAPH_SECRET_MAX || (c->certificate && !k)) {
		assertion_key_free(k);
		return s.n > GRAPH_SECRET_MAX ? ERR_LIMIT : ERR_NO_MEMORY;
	}
	enum err e = secret_set(&g->client_secret, s);
	if (e) {
		assertion_key_free(k);
		return e;
	}
	assertion_key_free(g->certificate);
	g->certificate = k;
	g->form = (enum assertion_form)c->form;
	return ERR_OK;
}

void token_ask_anew(struct graph *g)
{
	struct token *t = &g->token;

	t->attempts = 0;
	t->again = t->asking;
	t->ask_ms = g->now_ms;
}

enum err graph_set_credential(struct graph *g, const struct graph_credential *c)
{
	struct token *t = &g->token;
	int64_t ends = c->certificate ? 0 : c->secret_ends_wall_ms;
	bool same = same_credential(g, c), moved = ends != g->secret_ends_wall_ms;
	enum err e = same ? ERR_OK : take_credential(g, c);

	if (e)
		return e;
	g->secret_ends_wall_ms = ends;
	for (int n = GRAPH_NOTE_CERTIFICATE_ENDS; (!same || moved) && n <= GRAPH_NOTE_SECRET_ENDED; n++)
		g->notes.last_ms[n] = INT64_MIN / 2;
	if (same && moved)
		watch_secret(g);
	if (!same || t->state == TOKEN_REFUSED)
		token_ask_anew(g);
	return ERR_OK;
}
