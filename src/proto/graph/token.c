#include "proto/graph/token.h"

#include <stdio.h>

#include "proto/graph/json.h"
#include "proto/graph/percent.h"

void token_url(struct buf *b, const char *login_url, const char *tenant)
{
	buf_str(b, login_url);
	buf_char(b, '/');
	percent_add(b, slice_str(tenant));
	buf_str(b, "/oauth2/v2.0/token");
}

static bool put(char *dst, size_t cap, size_t *n, const char *s)
{
	size_t len = strlen(s);

	if (cap - *n < len)
		return false;
	memcpy(dst + *n, s, len);
	*n += len;
	return true;
}

static bool put_credential(const struct token_form *f, char *dst, size_t cap, size_t *n)
{
	if (!f->assertion)
		return put(dst, cap, n, "&client_secret=") &&
		       percent_put(dst, cap, n, secret_expose(f->client_secret));
	return put(dst, cap, n, "&client_assertion_type="
				"urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
				"&client_assertion=") &&
	       percent_put(dst, cap, n, secret_expose(f->assertion));
}

enum err token_form_write(const struct token_form *f, char *dst, size_t cap, size_t *ret_n)
{
	size_t n = 0;
	bool ok = put(dst, cap, &n, "client_id=") &&
		  percent_put(dst, cap, &n, slice_str(f->client_id)) &&
		  put(dst, cap, &n, "&scope=") &&
		  percent_put(dst, cap, &n, slice_str(f->scope_root)) &&
		  percent_put(dst, cap, &n, SLICE_LIT("/.default")) &&
		  put_credential(f, dst, cap, &n) &&
		  put(dst, cap, &n, "&grant_type=client_credentials");

	if (ok && f->claims.n)
		ok = put(dst, cap, &n, "&claims=") && percent_put(dst, cap, &n, f->claims);
	if (!ok)
		return ERR_LIMIT;
	*ret_n = n;
	return ERR_OK;
}

/* A number, or a text that holds one; other servers than Entra send the text. */
static int32_t life_of(const json_t *v)
{
	uint64_t n = TOKEN_LIFE_DEFAULT_S;

	if (json_is_number(v))
		n = json_number_value(v) < 1 ? 0 :
		    json_number_value(v) > TOKEN_LIFE_MAX_S ? TOKEN_LIFE_MAX_S :
							      (uint64_t)json_number_value(v);
	else if (json_is_string(v) &&
		 slice_u64(slice_str(json_string_value(v)), UINT64_MAX, &n) != ERR_OK)
		n = TOKEN_LIFE_DEFAULT_S;
	return (int32_t)(n > TOKEN_LIFE_MAX_S ? TOKEN_LIFE_MAX_S : n);
}

/* A byte outside b64token (RFC 6750 section 2.1) could end the header early. */
static bool may_stand_in_header(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.n > 0;
}

/* jansson frees without wiping; the document is ours and about to go. */
static void wipe_text(const json_t *v)
{
	const char *text = json_string_value(v);
	char *p;

	if (!text)
		return;
	memcpy(&p, &text, sizeof(p));
	explicit_bzero(p, json_string_length(v));
}

enum err token_answer_parse(struct slice body, struct secret *access, int32_t *ret_life_s)
{
	json_t *doc = graph_json(body, TOKEN_BODY_MAX);
	const json_t *token = json_object_get(doc, "access_token");
	const char *type = graph_json_text(doc, "token_type");
	struct slice s = slice_of(json_string_value(token), json_string_length(token));
	enum err e = ERR_MALFORMED;

	if (may_stand_in_header(s) && (!type || slice_is_nocase(slice_str(type), "bearer")))
		e = secret_set(access, s);
	if (e == ERR_OK)
		*ret_life_s = life_of(json_object_get(doc, "expires_in"));
	wipe_text(token);
	json_decref(doc);
	return e == ERR_LIMIT ? ERR_MALFORMED : e;
}

/* Numbers say more than RFC 6749's words where Entra hides its own trouble behind one of them. */
static const struct aadsts {
	uint32_t number;
	enum { CONFIGURATION, PASSING } class;
	enum token_step step;
	const char *fix;
} numbers[] = {
#define AADSTS(number, class, step, fix) { number, class, TOKEN_STEP_##step, fix },
#include "proto/graph/aadsts.def"
};

static const char *const configuration_words[] = {
	"invalid_client",  "unauthorized_client",    "invalid_request",	    "invalid_scope",
	"invalid_grant",   "unsupported_grant_type", "invalid_resource",    "interaction_required",
	"consent_required", "access_denied",
};

static const struct aadsts *number_find(uint32_t number)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (numbers[i].number == number)
			return &numbers[i];
	return NULL;
}

static bool is_configuration(uint16_t status, const struct token_refusal *r)
{
	const struct aadsts *row = number_find(r->aadsts);

	if (status == 429 || status >= 500)
		return false;
	if (row)
		return row->class == CONFIGURATION;
	for (size_t i = 0; i < sizeof(configuration_words) / sizeof(*configuration_words); i++)
		if (slice_is(slice_str(r->error), configuration_words[i]))
			return true;
	return false;
}

static uint32_t first_code(const json_t *doc)
{
	json_int_t n = json_integer_value(json_array_get(json_object_get(doc, "error_codes"), 0));

	return n > 0 && n <= UINT32_MAX ? (uint32_t)n : 0;
}

void token_refusal_parse(uint16_t status, struct slice body, struct token_refusal *ret)
{
	json_t *doc = graph_json(body, TOKEN_BODY_MAX);

	*ret = (struct token_refusal){ .aadsts = first_code(doc), .fix = "" };
	graph_text_copy(ret->error, sizeof(ret->error), graph_json_text(doc, "error"));
	graph_text_copy(ret->text, sizeof(ret->text), graph_json_text(doc, "error_description"));
	if (!ret->text[0] && ret->error[0])
		graph_text_copy(ret->text, sizeof(ret->text), ret->error);
	if (!ret->text[0])
		snprintf(ret->text, sizeof(ret->text), "answer %u without a reason", status);
	ret->configuration = is_configuration(status, ret);
	const struct aadsts *row = number_find(ret->aadsts);
	ret->step = (uint8_t)(ret->configuration && row ? row->step : TOKEN_STEP_NONE);
	if (ret->configuration)
		ret->fix = row ? row->fix : "check tenant, client_id and the credential";
	json_decref(doc);
}
