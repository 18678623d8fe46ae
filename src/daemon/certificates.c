#include "daemon/certificates.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include <jansson.h>

#include "admin/certificate.h"
#include "base/date.h"
#include "daemon/objects.h"
#include "daemon/sign_in.h"
#include "daemon/waiting.h"
#include "proto/graph/assertion.h"
#include "proto/graph/token.h"

enum { FORM_MAX = 16384 };

static void refuse(struct app *a, const struct admin_command *c, int status, const char *title,
		   const char *detail)
{
	admin_refuse(app_parts(a).admin, c->id, status, title, detail);
}

/* What is answered of a certificate; NULL: no memory. */
static char *told(const struct certificate *x, bool in_use)
{
	char ends[DATE_LEN + 1], *text = NULL;

	date_format(x->ends_wall_ms, ends);
	json_t *j = json_pack("{s:s,s:s,s:s,s:s,s:b}", "certificate_pem", x->pem, "sha1", x->sha1, "sha256",
			      x->sha256, "expires", ends, "in_use", in_use);
	if (j)
		text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	return text;
}

static void answer(struct app *a, const struct admin_command *c, const struct certificate *x)
{
	char *text = told(x, false);

	if (text)
		admin_answer(app_parts(a).admin, c->id, 200, text);
	else
		refuse(a, c, 500, "out of memory", "try again");
	free(text);
}

/* ---- made ---- */

static bool keep(struct app *a, const struct admin_command *c, const char *pem, struct slice key)
{
	enum err e = waiting_keep(app_parts(a).conf->server.data, c->account_name, slice_str(pem), key);

	if (e)
		refuse(a, c, 500, "the certificate cannot be kept",
		       "the folder secrets in the data folder cannot be written");
	return !e;
}

static void make(struct app *a, const struct admin_command *c)
{
	json_t *doc = json_loadb(c->text, c->text_n, 0, NULL), *settings = json_object_get(doc, "settings"),
	       *hidden = json_object_get(doc, "key");
	const char *pem = json_string_value(json_object_get(doc, "certificate"));
	struct slice key = slice_of(json_string_value(hidden), json_string_length(hidden));
	struct certificate x;

	if (!pem || certificate_read(&x, slice_str(pem)) || !key.p)
		refuse(a, c, 500, "no certificate could be made", "out of memory: try again");
	else if (!object_may_sign(a, c, settings))
		; /* answered */
	else if (json_is_object(settings)) {
		char *text = told(&x, true);

		if (!text)
			refuse(a, c, 500, "out of memory", "try again");
		else
			(void)object_put_certificate(a, c, settings, pem, key, text);
		free(text);
	} else if (keep(a, c, pem, key)) {
		answer(a, c, &x);
	}
	json_decref(doc);
}

/* ---- waiting ---- */

/* The one that waits and its text with the key; false: none does, and answered. */
static bool waiting(struct app *a, const struct admin_command *c, struct certificate *ret,
		    struct secret *both)
{
	enum err e = waiting_read(app_parts(a).conf->server.data, c->account_name, both);

	if (!e)
		e = certificate_read(ret, secret_expose(both));
	if (e)
		refuse(a, c, 404, "not found", "no certificate waits for this account: POST makes one");
	return !e;
}

json_t *certificate_waiting(const char *data, const char *account)
{
	char ends[DATE_LEN + 1];
	struct certificate x;
	struct secret both = { 0 };
	enum err e = waiting_read(data, account, &both);

	if (!e)
		e = certificate_read(&x, secret_expose(&both));
	secret_fini(&both);
	if (e)
		return json_null();
	date_format(x.ends_wall_ms, ends);
	return json_pack("{s:s,s:s}", "sha1", x.sha1, "expires", ends);
}

static void show(struct app *a, const struct admin_command *c)
{
	struct certificate x;
	struct secret both = { 0 };

	if (waiting(a, c, &x, &both))
		answer(a, c, &x);
	secret_fini(&both);
}

static void drop(struct app *a, const struct admin_command *c)
{
	if (waiting_forget(app_parts(a).conf->server.data, c->account_name))
		admin_answer(app_parts(a).admin, c->id, 200, NULL);
	else
		refuse(a, c, 404, "not found", "no certificate waits for this account");
}

/* ---- taken into use ---- */

static void take(struct app *a, const struct admin_command *c, const struct certificate *x,
		 const struct secret *both)
{
	struct slice text = secret_expose(both);
	struct slice key = slice_sub(text, slice_find_str(text, SLICE_LIT("-----BEGIN PRIVATE KEY")), text.n);
	char *answer = told(x, true);

	if (!answer)
		refuse(a, c, 500, "out of memory", "try again");
	else if (object_may_sign(a, c, NULL) && object_put_certificate(a, c, NULL, x->pem, key, answer))
		waiting_forget(app_parts(a).conf->server.data, c->account_name);
	free(answer);
}

static void say_refusal(struct app *a, const struct admin_command *c, const struct http_answer *h)
{
	struct token_refusal why;
	char detail[500];

	token_refusal_parse(h->status, h->body, &why);
	snprintf(detail, sizeof(detail),
		 "%s%s%s; what the account signs in with stays, and the certificate waits", why.text,
		 why.fix[0] ? "; " : "", why.fix);
	refuse(a, c, why.configuration ? 409 : 502,
	       why.configuration ? "entra refuses the certificate" : "entra gives no token now", detail);
}

/* .object_name: the thumbprint of the one that was tried. */
static void on_token(struct app *a, const struct admin_command *c, const struct http_answer *h)
{
	struct certificate x;
	struct secret both = { 0 }, access = { 0 };
	int32_t life_s;

	if (h->result != HTTP_RESULT_ANSWERED)
		refuse(a, c, 502, "microsoft cannot be reached", h->error ? h->error : "no answer");
	else if (h->status != 200)
		say_refusal(a, c, h);
	else if (token_answer_parse(h->body, &access, &life_s))
		refuse(a, c, 502, "microsoft cannot be understood",
		       "no bearer token in the token endpoint's answer");
	else if (!waiting(a, c, &x, &both))
		; /* answered: dropped meanwhile */
	else if (strcmp(x.sha1, c->object_name) != 0)
		refuse(a, c, 409, "another certificate was made meanwhile", "upload that one and try again");
	else
		take(a, c, &x, &both);
	secret_fini(&both);
	secret_fini(&access);
}

static bool fresh_id(char ret[static 37])
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		return false;
	snprintf(ret, 37, "%02x%02x%02x%02x-%02x%02x-4%01x%02x-8%01x%02x-%02x%02x%02x%02x%02x%02x", b[0],
		 b[1], b[2], b[3], b[4], b[5], b[6] & 15u, b[7], b[8] & 15u, b[9], b[10], b[11], b[12],
		 b[13], b[14], b[15]);
	return true;
}

/* As sink/graph_token.c writes it, with the certificate that waits. */
static enum err write_form(const struct conf_teams *t, const struct secret *both, int64_t wall_ms, char *dst,
			   size_t *ret_n)
{
	char id[37], why[200];
	struct assertion_key *key = NULL;
	struct secret signed_text = { 0 };
	struct buf url;
	enum err e = fresh_id(id) ? assertion_key_new(&key, secret_expose(both), secret_expose(both), why,
						      sizeof(why))
				  : ERR_IO;

	buf_init(&url, 2048);
	token_url(&url, t->login_url, t->tenant);
	const struct assertion x = { .client_id = t->client_id, .audience = buf_cstr(&url), .id = id,
				     .wall_ms = wall_ms, .form = t->assertion };
	if (!e)
		e = assertion_write(key, &x, &signed_text);
	const struct token_form form = { .client_id = t->client_id,
					 .scope_root = conf_cloud_graph_url((enum conf_cloud)t->cloud),
					 .assertion = &signed_text };
	if (!e)
		e = token_form_write(&form, dst, FORM_MAX, ret_n);
	secret_fini(&signed_text);
	assertion_key_free(key);
	buf_fini(&url);
	return e;
}

static void ask(struct app *a, const struct admin_command *c, const struct conf_account *account,
		const struct certificate *x, const struct secret *both)
{
	const struct app_parts p = app_parts(a);
	struct admin_command about = *c;
	char form[FORM_MAX];
	size_t n = 0;
	enum err e = write_form(&account->teams, both, app_now(a).wall_ms, form, &n);

	snprintf(about.object_name, sizeof(about.object_name), "%s", x->sha1);
	if (!e)
		e = sign_in_ask_token(p.sign_in, a, account, &about, slice_of(form, n), on_token);
	explicit_bzero(form, sizeof(form));
	if (e == ERR_LIMIT)
		refuse(a, c, 503, "busy", "too many ask microsoft already; try again");
	else if (e)
		refuse(a, c, 502, "microsoft cannot be asked", err_name(e));
}

static void use(struct app *a, const struct admin_command *c)
{
	const struct conf *conf = app_parts(a).conf;
	const struct conf_account *account = NULL;
	struct certificate x;
	struct secret both = { 0 };

	for (uint32_t i = 0; i < conf->accounts_n; i++)
		if (strcmp(conf->accounts[i].name, c->account_name) == 0)
			account = &conf->accounts[i];
	if (!object_may_sign(a, c, NULL))
		return;
	if (!account)
		refuse(a, c, 409, "the account is not in force", "mend its settings first");
	else if (waiting(a, c, &x, &both))
		ask(a, c, account, &x, &both);
	secret_fini(&both);
}

void certificate_command(struct app *a, const struct admin_command *c)
{
	switch ((enum admin_certificate_verb)c->verb) {
	case ADMIN_CERTIFICATE_MAKE:
		make(a, c);
		break;
	case ADMIN_CERTIFICATE_SHOW:
		show(a, c);
		break;
	case ADMIN_CERTIFICATE_USE:
		use(a, c);
		break;
	case ADMIN_CERTIFICATE_DROP:
		drop(a, c);
		break;
	}
}
