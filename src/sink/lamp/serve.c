#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "sink/lamp/own.h"

#define ALLOW "Allow: SUBSCRIBE, OPTIONS\r\n"
#define EVENTS "Allow-Events: dialog, presence\r\n"

enum { OWN_MAX = 300, USER_MAX = 256, LONG_NUMBER = 7 /* digits: no extension has so many */ };

/* One request on its way to an answer. */
struct visit {
	struct lamps *l;
	const struct conn *from;
	const struct lamp_place *peer;
	const struct sip_msg *m;
	struct watcher *w; /* NULL: a new one */
	struct slice account;
	uint8_t package;
	uint64_t tag;
	struct slice event_id;
	uint32_t expires_s;
	bool has_expires;
};

/* ---- answers ---- */

static void answer(const struct visit *v, uint16_t status, uint64_t tag, const char *extra)
{
	struct buf *b = &v->l->scratch;
	char text[17] = "";

	if (v->m->to_tag.n == 0)
		snprintf(text, sizeof(text), "%016" PRIx64, tag);
	buf_reset(b);
	sip_put_answer(b, v->m, status, NULL, text,
		       (struct sip_origin){ slice_str(v->peer->host), v->peer->port });
	if (extra)
		buf_str(b, extra);
	buf_str(b, "Server: Offhook/" OFFHOOK_VERSION "\r\n");
	sip_put_end(b, NULL, SLICE_NONE);
	out_send(v->l, v->from->channel, v->from->transport == LAMP_UDP ? v->peer : NULL,
		 buf_view(b));
}

/* A refusal makes no dialog, but its To needs a tag all the same. */
static void refuse(const struct visit *v, uint16_t status, const char *extra)
{
	answer(v, status, slice_hash(v->m->via.branch, v->l->c.seed), extra);
}

static void challenge(const struct visit *v, bool stale)
{
	struct buf *b = &v->l->body;

	buf_reset(b);
	login_put_challenge(v->l, b, stale);
	refuse(v, 401, buf_cstr(b));
}

/* Under what the other side reaches us: where it sent this to, unless our socket knows better. */
static void put_own(const struct visit *v, char *dst, size_t cap)
{
	const struct lamp_place *local = &v->from->local;
	struct sip_uri uri;
	struct buf b;

	buf_init(&b, cap - 1);
	if (!slice_is(slice_str(local->host), "0.0.0.0") && !slice_is(slice_str(local->host), "::"))
		sip_put_host(&b, slice_str(local->host), local->port);
	else if (sip_uri_parse(v->m->uri, &uri) == ERR_OK)
		sip_put_host(&b, uri.host, uri.port ? uri.port : local->port);
	snprintf(dst, cap, "%s", buf_cstr(&b));
	buf_fini(&b);
}

static void accept(const struct visit *v, const struct watcher *w, uint32_t expires_s)
{
	char extra[OWN_MAX + 100];
	struct slice own = watcher_text(w, FIELD_OWN);

	snprintf(extra, sizeof(extra), "Expires: %u\r\nContact: <sip:%.*s%s>\r\n", expires_s,
		 SLICE_ARG(own),
		 w->transport == LAMP_UDP   ? ""
		 : w->transport == LAMP_TCP ? ";transport=tcp"
					    : ";transport=tls");
	answer(v, 200, w->tag, extra);
}

/* ---- the checks of a SUBSCRIBE, each with its own answer ---- */

static bool check_event(struct visit *v)
{
	struct sip_event e = { 0 };

	if (sip_event_parse(sip_msg_header(v->m, SIP_EVENT), &e) == ERR_OK) {
		v->event_id = e.id;
		v->package = LAMP_DIALOG;
		if (slice_is_nocase(e.package, "dialog"))
			return true;
		v->package = LAMP_PRESENCE;
		if (slice_is_nocase(e.package, "presence"))
			return true;
	}
	out_count(v->l, LAMP_NOTE_BAD_EVENT);
	refuse(v, 489, EVENTS);
	return false;
}

static bool check_require(const struct visit *v)
{
	struct slice require = sip_msg_header(v->m, SIP_REQUIRE);
	char extra[120];

	if (require.n == 0)
		return true;
	out_count(v->l, LAMP_NOTE_UNSUPPORTED);
	snprintf(extra, sizeof(extra), "Unsupported: %.*s\r\n",
		 SLICE_ARG(slice_sub(require, 0, 90)));
	for (char *p = extra; *p && p < extra + strlen(extra) - 2; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	refuse(v, 420, extra);
	return false;
}

static uint64_t tag_of(const struct visit *v)
{
	uint64_t h = slice_hash(v->m->call_id, v->l->c.seed);

	h = slice_hash(v->m->from_tag, h);
	return sip_token(v->l->c.seed, slice_hash(v->event_id, h + v->package));
}

/* As sip_token writes them. */
static bool hex_tag(struct slice s, uint64_t *ret)
{
	return s.n == 16 && slice_hex(s, ret) == ERR_OK;
}

static bool is_theirs(const struct visit *v, const struct watcher *w)
{
	struct sip_addr remote;
	struct slice tag;

	return slice_eq(watcher_text(w, FIELD_CALL_ID), v->m->call_id) &&
	       sip_addr_parse(watcher_text(w, FIELD_REMOTE), &remote) == ERR_OK &&
	       sip_param(remote.params, "tag", &tag) && slice_eq(tag, v->m->from_tag);
}

/* The dialog, if there is one. An initial SUBSCRIBE finds its own when it comes again. */
static bool find_dialog(struct visit *v)
{
	uint64_t tag = 0;

	if (v->m->to_tag.n == 0) {
		v->tag = tag_of(v);
		v->w = watcher_find(v->l, v->tag);
		return true;
	}
	v->w = hex_tag(v->m->to_tag, &tag) ? watcher_find(v->l, tag) : NULL;
	if (v->w && is_theirs(v, v->w) && v->w->package == v->package &&
	    !(v->w->flags & WATCHER_ENDING))
		return true;
	out_count(v->l, LAMP_NOTE_NO_DIALOG);
	refuse(v, 481, NULL);
	return false;
}

static uint32_t branch_hash(const struct visit *v)
{
	return (uint32_t)slice_hash(v->m->via.branch, v->l->c.seed);
}

/* A copy is answered as the original was; what is older than that is refused. */
static bool check_order(const struct visit *v)
{
	const struct watcher *w = v->w;
	int64_t left_ms = w ? w->expires_ms - v->l->now_ms : 0;

	if (!w || v->m->cseq > w->remote_cseq)
		return true;
	if (v->m->cseq == w->remote_cseq && w->remote_branch == branch_hash(v)) {
		out_count(v->l, LAMP_NOTE_REPEATED);
		accept(v, w,
		       w->flags & WATCHER_ENDING || left_ms < 0
			       ? 0
			       : (uint32_t)((left_ms + 999) / 1000));
		return false;
	}
	out_count(v->l, LAMP_NOTE_OUT_OF_ORDER);
	refuse(v, 500, NULL);
	return false;
}

static bool check_login(struct visit *v)
{
	switch (login_check(v->l, v->m, &v->account)) {
	case LOGIN_OK:
		return true;
	case LOGIN_NONE:
		out_count(v->l, LAMP_NOTE_CHALLENGED);
		challenge(v, false);
		return false;
	case LOGIN_STALE:
		out_count(v->l, LAMP_NOTE_STALE);
		challenge(v, true);
		return false;
	case LOGIN_WRONG:
		out_note(v->l, LAMP_NOTE_DENIED, "from %s", v->peer->host);
		challenge(v, false);
		return false;
	}
	return false;
}

static bool check_expires(struct visit *v)
{
	const struct lamps_config *c = &v->l->c;
	uint64_t asked = 3600;
	uint32_t most =
		(uint32_t)(v->from->transport == LAMP_UDP ? c->expires_s : c->stream_expires_s);
	char extra[40];

	v->has_expires = sip_msg_number(v->m, SIP_EXPIRES, SIP_SECONDS_MAX, &asked);
	if (asked > 0 && asked < (uint64_t)c->expires_min_s) {
		out_count(v->l, LAMP_NOTE_TOO_BRIEF);
		snprintf(extra, sizeof(extra), "Min-Expires: %d\r\n", c->expires_min_s);
		refuse(v, 423, extra);
		return false;
	}
	v->expires_s = asked < most ? (uint32_t)asked : most;
	return true;
}

static bool accepts(const struct sip_msg *m, enum lamp_package p)
{
	const struct sip_header *h = NULL;
	bool any = false;
	struct slice part, list;

	while ((h = sip_msg_next(m, SIP_ACCEPT, h))) {
		list = h->value;
		while (sip_list_next(&list, ',', &part)) {
			any = true;
			if (sip_type_is(part, body_type(p)) || sip_type_is(part, "application/*") ||
			    sip_type_is(part, "*/*"))
				return true;
		}
	}
	return !any;
}

static bool check_accept(const struct visit *v)
{
	if (accepts(v->m, (enum lamp_package)v->package))
		return true;
	out_count(v->l, LAMP_NOTE_UNSUPPORTED);
	refuse(v, 406,
	       v->package == LAMP_DIALOG ? "Accept: application/dialog-info+xml\r\n"
					 : "Accept: application/pidf+xml\r\n");
	return false;
}

/* ---- whom, and where to ---- */

static struct slice unescaped(struct slice s, char *dst, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n < cap; i++) {
		int escaped = slice_percent(s, i);

		dst[n++] = escaped < 0 ? s.p[i] : (char)escaped;
		i += escaped < 0 ? 0 : 2;
	}
	return slice_of(dst, n);
}

uint32_t serve_person(const struct lamps *l, struct slice uri, struct slice account)
{
	struct lamp_name name = { .account = account };
	char user[USER_MAX];
	struct sip_uri u;

	if (sip_uri_parse(uri, &u) || !sip_uri_is_sip(&u) || u.user.n == 0)
		return ID_NONE;
	name.user = unescaped(u.user, user, sizeof(user));
	name.host = u.host;
	uint32_t id = l->c.resolve(l->c.arg, &name);
	return id < l->c.users ? id : ID_NONE;
}

/* Record-Route values from all headers, as they stand: the first is the next hop of what we send.
 */
static void join_routes(const struct sip_msg *m, struct buf *b)
{
	const struct sip_header *h = NULL;

	while ((h = sip_msg_next(m, SIP_RECORD_ROUTE, h))) {
		if (b->n)
			buf_str(b, ", ");
		buf_slice(b, h->value);
	}
}

/* To of the request as our From: without a tag, and in brackets. */
static void put_local(const struct visit *v, struct buf *b)
{
	struct sip_addr to;

	if (sip_addr_parse(sip_msg_header(v->m, SIP_TO), &to))
		to.uri = v->m->uri;
	buf_char(b, '<');
	buf_slice(b, to.uri);
	buf_char(b, '>');
}

static struct slice contact_of(const struct sip_msg *m)
{
	struct sip_addr a;
	struct slice list = sip_msg_header(m, SIP_CONTACT), first;

	struct sip_uri uri;

	if (!sip_list_next(&list, ',', &first) || sip_addr_parse(first, &a) ||
	    sip_uri_parse(a.uri, &uri))
		return SLICE_NONE;
	return a.uri;
}

static void gather(const struct visit *v, struct slice *f, struct buf *routes, struct buf *local,
		   char *own)
{
	const struct watcher *w = v->w;
	struct slice contact = contact_of(v->m);

	put_own(v, own, OWN_MAX);
	join_routes(v->m, routes);
	put_local(v, local);
	for (int i = 0; w && i < FIELD_COUNT; i++)
		f[i] = watcher_text(w, (enum field)i);
	f[FIELD_OWN] = slice_str(own);
	f[FIELD_PEER] = slice_str(v->peer->host);
	f[FIELD_ACCOUNT] = v->account;
	if (contact.n)
		f[FIELD_CONTACT] = contact;
	if (w)
		return;
	f[FIELD_CALL_ID] = v->m->call_id;
	f[FIELD_REMOTE] = sip_msg_header(v->m, SIP_FROM);
	f[FIELD_LOCAL] = buf_view(local);
	f[FIELD_ROUTE] = buf_view(routes);
	f[FIELD_EVENT] = v->event_id;
}

static enum err note_dialog(struct visit *v)
{
	struct slice f[FIELD_COUNT] = { 0 };
	char own[OWN_MAX];
	struct buf routes, local;
	enum err e;

	buf_init(&routes, LAMP_TEXT_MAX);
	buf_init(&local, LAMP_TEXT_MAX);
	gather(v, f, &routes, &local, own);
	e = buf_err(&routes) || buf_err(&local) ? ERR_LIMIT
	    : v->w				? watcher_set_text(v->l, v->w, f)
						: watcher_new(v->l, v->tag, f, &v->w);
	buf_fini(&routes);
	buf_fini(&local);
	return e;
}

/* ---- the subscription ---- */

static void refuse_room(const struct visit *v)
{
	bool full = !v->w && v->l->n == v->l->c.watchers;

	out_note(v->l, full ? LAMP_NOTE_FULL : LAMP_NOTE_TOO_LARGE, "from %s", v->peer->host);
	refuse(v, full ? 503 : 413, full ? "Retry-After: 60\r\n" : NULL);
}

static void establish(struct visit *v)
{
	struct lamps *l = v->l;
	struct watcher *w = v->w;

	w->package = v->package;
	w->transport = v->from->transport;
	w->channel = v->from->channel;
	w->port = v->peer->port;
	w->flags &= (uint8_t) ~(WATCHER_DETACHED | WATCHER_ENDING);
	w->remote_cseq = v->m->cseq;
	w->remote_branch = branch_hash(v);
	w->expires_ms = l->now_ms + (int64_t)v->expires_s * 1000;
	accept(v, w, v->expires_s);
	if (v->expires_s == 0) {
		notify_end(l, w, END_TIMEOUT);
		return;
	}
	out_save(l, watcher_id(l, w));
	notify_ask(l, w);
}

/* A name helps to mend it; a number that is no extension is somebody's, and no log has it. */
static void note_unknown_name(struct visit *v)
{
	struct slice uri = slice_sub(v->m->uri, 0, 120);
	int digits = 0;

	for (size_t i = 0; i < uri.n && digits < LONG_NUMBER; i++)
		digits = uri.p[i] >= '0' && uri.p[i] <= '9' ? digits + 1 : 0;
	if (digits < LONG_NUMBER)
		out_note(v->l, LAMP_NOTE_UNKNOWN_NAME, "%.*s", SLICE_ARG(uri));
	else
		out_note(v->l, LAMP_NOTE_UNKNOWN_NAME, "a long number, from %s", v->peer->host);
}

static void subscribe(struct visit *v)
{
	v->l->stats.subscribes++;
	if (!check_event(v) || !check_require(v) || !find_dialog(v) || !check_order(v) ||
	    !check_login(v) || !check_expires(v))
		return;
	uint32_t user = v->w ? v->w->user : ID_NONE;
	if (!v->w) {
		if (!check_accept(v))
			return;
		user = serve_person(v->l, v->m->uri, v->account);
		if (user == ID_NONE) {
			note_unknown_name(v);
			refuse(v, 404, NULL);
			return;
		}
	}
	if (!v->w && contact_of(v->m).n == 0) {
		refuse(v, 400, NULL);
		return;
	}
	if (note_dialog(v)) {
		refuse_room(v);
		return;
	}
	if (user != ID_NONE)
		watcher_join(v->l, v->w, user);
	establish(v);
}

/* ---- everything else ---- */

static bool is_known_method(struct slice m)
{
	static const char *const names[] = { "INVITE",	"BYE",	 "CANCEL", "REGISTER",
					     "PUBLISH", "REFER", "NOTIFY", "MESSAGE",
					     "UPDATE",	"INFO",	 "PRACK" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (slice_is(m, names[i]))
			return true;
	return false;
}

static void take_request(struct visit *v)
{
	if (slice_is(v->m->method, "SUBSCRIBE")) {
		subscribe(v);
	} else if (slice_is(v->m->method, "OPTIONS")) {
		refuse(v, 200,
		       ALLOW EVENTS
		       "Accept: application/dialog-info+xml, application/pidf+xml\r\n");
	} else {
		out_count(v->l, LAMP_NOTE_UNSUPPORTED);
		refuse(v, is_known_method(v->m->method) ? 405 : 501, ALLOW);
	}
}

bool serve_message(struct lamps *l, const struct conn *from, const struct lamp_place *peer,
		   struct slice bytes)
{
	struct sip_msg *m = &l->msg;
	struct visit v = { .l = l, .from = from, .peer = peer, .m = m };

	if (slice_trim(bytes).n == 0)
		return true; /* keep-alive */
	enum err e = sip_msg_parse(bytes, m);
	if (e) {
		out_count(l, e == ERR_LIMIT ? LAMP_NOTE_TOO_LARGE : LAMP_NOTE_MALFORMED);
		return e != ERR_LIMIT;
	}
	bool ack = m->request && slice_is(m->method, "ACK");
	if (m->defect) {
		out_count(l, LAMP_NOTE_MALFORMED);
		if (m->request && !ack)
			refuse(&v, m->defect_status, NULL);
	} else if (!m->request) {
		notify_answer(l, m);
	} else if (!ack) {
		take_request(&v);
	}
	return true;
}
