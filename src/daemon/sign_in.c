#include "daemon/sign_in.h"

#include <stdlib.h>

#include "base/buf.h"
#include "daemon/secrets.h"

enum { FORM_MAX = 65536, ANSWER_MAX = 262144 };

/* A client of its own for each: they are rare, and each account has its own CA and proxy. */
struct fetch {
	struct sign_in *owner;
	struct http_client *client;
	struct admin_command command; /* without its text */
	struct app *app;	      /* of on_token */
	sign_in_token_h *on_token;    /* NULL: the command is answered with the answer */
	bool done;
};

struct sign_in {
	struct loop *loop;
	struct admin *admin;
	struct fetch list[SIGN_IN_FETCHES_MAX];
};

enum err sign_in_new(struct sign_in **ret, struct loop *l, struct admin *a)
{
	struct sign_in *s = calloc(1, sizeof(*s));

	if (!s)
		return ERR_NO_MEMORY;
	s->loop = l;
	s->admin = a;
	*ret = s;
	return ERR_OK;
}

void sign_in_free(struct sign_in *s)
{
	if (!s)
		return;
	for (int i = 0; i < SIGN_IN_FETCHES_MAX; i++)
		http_client_free(s->list[i].client);
	free(s);
}

static void on_answer(void *arg, const struct http_answer *a)
{
	struct fetch *f = arg;
	static char text[ANSWER_MAX + 1]; /* of the one loop thread */
	uint64_t id = f->command.id;

	f->done = true;
	if (f->on_token)
		f->on_token(f->app, &f->command, a);
	else if (a->result != HTTP_RESULT_ANSWERED)
		admin_refuse(f->owner->admin, id, 502, "microsoft cannot be reached",
			     a->error ? a->error : "no answer");
	else if (a->error || slice_copy(a->body, text, sizeof(text)))
		admin_refuse(f->owner->admin, id, 502, "microsoft cannot be understood",
			     "the answer is not complete, or too long");
	else
		admin_answer(f->owner->admin, id, a->status, text);
}

static struct fetch *free_place(struct sign_in *s)
{
	for (int i = 0; i < SIGN_IN_FETCHES_MAX; i++) {
		struct fetch *f = &s->list[i];

		if (f->client && !f->done)
			continue;
		http_client_free(f->client);
		*f = (struct fetch){ .owner = s };
		return f;
	}
	return NULL;
}

static void add_encoded(struct buf *b, struct slice s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    strchr("-._~", c)) {
			buf_char(b, (char)c);
		} else {
			buf_char(b, '%');
			buf_char(b, hex[c >> 4]);
			buf_char(b, hex[c & 15]);
		}
	}
}

/* The file is read each time: it may have been replaced meanwhile. */
static enum err add_client(const struct conf_account *account, struct buf *form)
{
	const struct conf_sign_in *in = &account->sign_in;
	const char *file = in->client_secret_file.file;
	struct secret secret = { 0 };
	bool open_to_all;
	enum err e = secrets_read(file[0] ? file : account->teams.client_secret_file.file, &secret,
				  &open_to_all);

	if (!e) {
		buf_fmt(form, "&client_id=%s&client_secret=",
			in->client_id[0] ? in->client_id : account->teams.client_id);
		add_encoded(form, secret_expose(&secret));
		e = buf_err(form);
	}
	secret_fini(&secret);
	return e;
}

/* form: of a token request; empty: the keys. */
static enum err send(struct fetch *f, const struct conf_account *account, struct slice form)
{
	const struct conf_teams *t = &account->teams;
	const struct http_config config = { .ca_file = t->ca_file,
					    .proxy = t->proxy,
					    .connections_max = 1,
					    .user_agent = "offhook/" OFFHOOK_VERSION,
					    .requests_max = 1 };
	struct buf url;

	buf_init(&url, 1024);
	buf_fmt(&url, "%s/%s/%s", t->login_url, t->tenant,
		form.n ? "oauth2/v2.0/token" : "discovery/v2.0/keys");
	const struct http_request r = {
		.method = form.n ? "POST" : "GET",
		.url = buf_view(&url),
		.headers = form.n ? SLICE_LIT("Content-Type: application/x-www-form-urlencoded\r\n")
				  : SLICE_NONE,
		.body = form,
		.timeout_ms = 8000,
	};
	enum err e = buf_err(&url);
	if (!e)
		e = http_client_new(&f->client, f->owner->loop, &config, on_answer, f);
	if (!e)
		e = http_client_send(f->client, &r);
	buf_fini(&url);
	f->done = e != ERR_OK;
	return e;
}

void sign_in_fetch(struct sign_in *s, const struct conf_account *account,
		   const struct admin_command *c)
{
	struct fetch *f = account && account->sign_in.microsoft ? free_place(s) : NULL;
	struct buf form;
	enum err e = ERR_OK;

	if (!f) {
		admin_refuse(s->admin, c->id, 503, "busy",
			     "signing in is switched off, or too many do; try again");
		return;
	}
	buf_init(&form, FORM_MAX);
	f->command.id = c->id;
	if (c->text) {
		buf_slice(&form, slice_of(c->text, c->text_n));
		e = add_client(account, &form);
	}
	if (!e)
		e = send(f, account, buf_view(&form));
	if (e)
		admin_refuse(s->admin, c->id, 502, "microsoft cannot be asked", err_name(e));
	if (form.p)
		explicit_bzero(form.p, form.n);
	buf_fini(&form);
}

enum err sign_in_ask_token(struct sign_in *s, struct app *a, const struct conf_account *account,
			   const struct admin_command *c, struct slice form, sign_in_token_h *h)
{
	struct fetch *f = free_place(s);

	if (!f)
		return ERR_LIMIT;
	f->command = *c;
	f->command.text = NULL;
	f->command.text_n = 0;
	f->app = a;
	f->on_token = h;
	return send(f, account, form);
}
