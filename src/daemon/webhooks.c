#include "daemon/webhooks.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/config.h"
#include "daemon/pem_pair.h"

enum {
	CALLS_A_TURN = 256,
	LOCAL_MAX = 64,
	LOCAL_ID = 0x40000000, /* from here on: requests of the UNIX socket */
};

/* A request of the UNIX socket that its connector has not answered yet. */
struct local {
	uint32_t id; /* 0: free */
	uint64_t command;
};

struct webhooks {
	struct webhooks_config c;
	struct hook_server *server; /* NULL: no listener */
	char listen[80];
	bool tls;
	struct local locals[LOCAL_MAX];
	uint32_t local_id;
};

enum err webhooks_new(struct webhooks **ret, const struct webhooks_config *c)
{
	struct webhooks *w = calloc(1, sizeof(*w));

	if (!w)
		return ERR_NO_MEMORY;
	w->c = *c;
	*ret = w;
	return ERR_OK;
}

void webhooks_free(struct webhooks *w)
{
	if (!w)
		return;
	hook_server_stop(w->server);
	free(w);
}

/* ---- the listener ---- */

static enum err start(struct webhooks *w, const char *listen, const struct pem_pair *p, char *why,
		      size_t why_cap)
{
	const struct hook_server_config c = { .listen = listen,
					      .certificate = p->certificate,
					      .key = p->key,
					      .mono_ms = w->c.mono_ms,
					      .wake = w->c.wake,
					      .arg = w->c.arg };
	struct hook_server *fresh = NULL;
	bool same = strcmp(listen, w->listen) == 0;
	enum err e;

	if (same) { /* with TLS now, or without: the address must be free first */
		hook_server_stop(w->server);
		w->server = NULL;
	}
	e = hook_server_start(&fresh, &c, why, why_cap);
	if (e)
		return e;
	hook_server_stop(w->server);
	w->server = fresh;
	w->tls = p->certificate != NULL;
	snprintf(w->listen, sizeof(w->listen), "%s", listen);
	return ERR_OK;
}

enum err webhooks_apply(struct webhooks *w, const struct conf_server *s, char *why, size_t why_cap)
{
	char listen[80] = "";
	struct pem_pair p;
	enum err e;

	if (s->webhooks.port)
		snprintf(listen, sizeof(listen),
			 strchr(s->webhooks.host, ':') ? "[%s]:%u" : "%s:%u", s->webhooks.host,
			 s->webhooks.port);
	if (!listen[0]) {
		hook_server_stop(w->server);
		w->server = NULL;
		w->listen[0] = '\0';
		return ERR_OK;
	}
	e = pem_pair_read("webhooks_tls", &s->webhooks_tls, &p, why, why_cap);
	if (!e && w->server && strcmp(listen, w->listen) == 0 && w->tls == (p.certificate != NULL))
		e = p.certificate ? hook_server_renew(w->server, p.certificate, p.key) : ERR_OK;
	else if (!e)
		e = start(w, listen, &p, why, why_cap);
	pem_pair_fini(&p);
	return e;
}

/* ---- requests ---- */

/* ID_NONE: no such connector, or one that is no webhook. */
static uint32_t connector_of(const struct webhooks *w, struct slice account, struct slice name)
{
	const struct directory *d = bridge_directory(w->c.bridge);
	uint16_t a = directory_account(d, account);
	uint32_t c = a == UINT16_MAX ? ID_NONE : directory_connector(d, a, name);

	if (c == ID_NONE || strcmp(bridge_connector_type(w->c.bridge, c), "webhook") != 0)
		return ID_NONE;
	return c;
}

/* Bodies only: what stands in the headers is a token or a signature. */
static void hand_over(struct webhooks *w, struct bridge_time t, uint32_t connector,
		      const struct source_feed *in)
{
	const struct tap *tap = w->c.tap;
	const struct tap_event ev = { TAP_RECEIVED, true, connector, 0, in->bytes };

	if (tap && tap->see)
		tap->see(tap->arg, &ev);
	bridge_feed_source(w->c.bridge, t, connector, in);
}

static void feed(struct webhooks *w, struct bridge_time t, const struct hook_call *call)
{
	const struct source_feed in = { .kind = FEED_REQUEST,
					.channel = call->id,
					.text = call->line,
					.token = slice_str(call->token),
					.signature = slice_str(call->signature),
					.no_json = call->no_json,
					.bytes = buf_view(&call->body) };
	uint32_t c = connector_of(w, slice_str(call->account), slice_str(call->connector));

	if (c == ID_NONE)
		hook_server_answer(w->server, call->id, 404,
				   "no such webhook connector in this account");
	else
		hand_over(w, t, c, &in);
}

bool webhooks_turn(struct webhooks *w, struct bridge_time t)
{
	struct hook_call *call = NULL;

	for (int n = 0; w->server && n < CALLS_A_TURN; n++) {
		call = hook_server_take(w->server);
		if (!call)
			return false;
		feed(w, t, call);
		hook_call_free(call);
	}
	return w->server != NULL;
}

static void answer_local(struct webhooks *w, uint64_t command, int status, const char *text)
{
	struct buf b;

	if (status >= 400) {
		admin_refuse(w->c.admin, command, status, "report refused", text);
		return;
	}
	buf_init(&b, 1024);
	hook_answer_body(&b, status, text);
	admin_answer(w->c.admin, command, status, buf_cstr(&b));
	buf_fini(&b);
}

void webhooks_answer(struct webhooks *w, const struct source_out *out)
{
	if (out->channel < LOCAL_ID) {
		if (w->server)
			hook_server_answer(w->server, out->channel, out->status, out->text);
		return;
	}
	for (size_t i = 0; i < LOCAL_MAX; i++) {
		if (w->locals[i].id != out->channel)
			continue;
		w->locals[i].id = 0;
		answer_local(w, w->locals[i].command, out->status, out->text);
		return;
	}
}

static struct local *local_new(struct webhooks *w, uint64_t command)
{
	for (size_t i = 0; i < LOCAL_MAX; i++) {
		if (w->locals[i].id)
			continue;
		w->local_id = (w->local_id + 1) % LOCAL_ID;
		w->locals[i] = (struct local){ LOCAL_ID + w->local_id, command };
		return &w->locals[i];
	}
	return NULL;
}

void webhooks_report(struct webhooks *w, struct bridge_time t, const struct admin_command *c)
{
	const struct directory *d = bridge_directory(w->c.bridge);
	uint32_t id =
		connector_of(w, directory_account_name(d, c->account), slice_str(c->connector));
	const struct conf_connector *conf = id == ID_NONE ? NULL : apply_connector(w->c.apply, id);
	struct local *local;

	if (!conf) {
		admin_refuse(w->c.admin, c->id, 404, "not found",
			     "no such webhook connector in this account");
		return;
	}
	local = local_new(w, c->id);
	if (!local) {
		admin_refuse(w->c.admin, c->id, 503, "busy",
			     "too many reports wait already; send it again");
		return;
	}
	const struct source_feed in = { .kind = FEED_REQUEST,
					.channel = local->id,
					.text = c->line,
					.token = secret_expose(&conf->token_file.value),
					.bytes = slice_of(c->text, c->text_n) };
	hand_over(w, t, id, &in);
}

void webhooks_stats(struct webhooks *w, struct hook_server_stats *ret)
{
	*ret = (struct hook_server_stats){ 0 };
	if (w->server)
		hook_server_stats(w->server, ret);
}

uint16_t webhooks_port(const struct webhooks *w)
{
	return w->server ? hook_server_port(w->server) : 0;
}
