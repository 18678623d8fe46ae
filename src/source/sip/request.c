#include <stdio.h>

#include "proto/xml/feature_event.h"
#include "proto/xml/pidf.h"
#include "source/sip/publish.h"

enum { BODY_MAX = 8192 };

static const char *const via_names[] = {
	[TRANSPORT_UDP] = "UDP", [TRANSPORT_TCP] = "TCP", [TRANSPORT_TLS] = "TLS"
};

/* "sip:" or "sips:", the words of server: the scheme of everything we name. */
static const char *scheme(const struct sip_agent *a)
{
	return a->sips ? "sips:" : "sip:";
}

static bool has_scheme(const char *name)
{
	struct sip_uri u;

	return sip_uri_parse(slice_str(name), &u) == ERR_OK && sip_uri_is_sip(&u);
}

void request_put_aor(const struct sip_agent *a, const struct watch *w, struct buf *b)
{
	struct slice name = slice_str(w->name);
	size_t at = slice_find(name, '@');

	if (w->is_list && has_scheme(w->name)) {
		buf_slice(b, name);
		return;
	}
	buf_str(b, scheme(a));
	sip_put_user(b, slice_sub(name, 0, at));
	buf_char(b, '@');
	if (at < name.n)
		buf_slice(b, slice_sub(name, at + 1, name.n));
	else
		sip_put_host(b, slice_str(a->host), a->port);
}

static void put_via(const struct sip_agent *a, const struct txn *t, struct buf *b)
{
	buf_fmt(b, "Via: SIP/2.0/%s ", via_names[a->transport]);
	sip_put_host(b, slice_str(a->link.local.host), a->link.local.port);
	buf_fmt(b, ";branch=z9hG4bK%016llx;rport\r\n", (unsigned long long)t->branch);
}

static void put_from(const struct sip_agent *a, uint64_t tag, struct buf *b)
{
	struct slice user = slice_str(a->username[0] ? a->username : "offhook");
	size_t at = slice_find(user, '@');

	buf_fmt(b, "From: <%s", scheme(a));
	sip_put_user(b, slice_sub(user, 0, at));
	buf_char(b, '@');
	sip_put_host(b, slice_str(a->host), a->port);
	buf_fmt(b, ">;tag=%016llx\r\n", (unsigned long long)tag);
}

static bool is_any(const char *host)
{
	return host[0] == '\0' || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

/* Where the PBX reaches us: the connection's own address, which PBXs then use, or the listener's
 * (some open a connection back whatever stands there). */
static void put_contact(const struct sip_agent *a, struct buf *b)
{
	static const char *const params[] = { [TRANSPORT_UDP] = "",
					      [TRANSPORT_TCP] = ";transport=tcp",
					      [TRANSPORT_TLS] = ";transport=tls" };
	const struct link *l = &a->link;
	bool back = l->listens && l->listen_port;
	const char *host = back && !is_any(l->listen_host) ? l->listen_host : l->local.host;
	struct slice user = slice_str(a->username[0] ? a->username : "offhook");

	buf_fmt(b, "Contact: <%s", scheme(a));
	sip_put_user(b, slice_sub(user, 0, slice_find(user, '@')));
	buf_char(b, '@');
	sip_put_host(b, slice_str(host), back ? l->listen_port : l->local.port);
	buf_str(b, a->sips ? "" : params[back ? l->listen_transport : a->transport]);
	buf_str(b, ">\r\n");
}

/* A strict router (no ;lr) is put into the request line and the target moves to the end of the
 * routes (RFC 3261 12.2.1.1). */
static void put_route(const struct dialog *d, struct slice *target, struct buf *b)
{
	struct slice route = slice_str(dialog_route(d)), rest = route, first;
	struct sip_addr addr;
	struct sip_uri uri;

	if (!sip_list_next(&rest, ',', &first) || sip_addr_parse(first, &addr))
		return;
	if (sip_uri_parse(addr.uri, &uri) || sip_param(uri.params, "lr", NULL)) {
		sip_put(b, "Route", route);
		return;
	}
	buf_str(b, "Route: ");
	if (rest.p) {
		buf_slice(b, slice_trim(rest));
		buf_str(b, ", ");
	}
	buf_char(b, '<');
	buf_slice(b, *target);
	buf_str(b, ">\r\n");
	*target = addr.uri;
}

static void put_wishes(const struct sip_agent *a, const struct sub *s, struct buf *b)
{
	bool list = s->watch != NONE && a->watches[s->watch].is_list;

	static const char *const types[PACKAGE_COUNT] = {
		[PACKAGE_DIALOG] = "application/dialog-info+xml",
		[PACKAGE_PRESENCE] = "application/pidf+xml",
		[PACKAGE_FEATURES] = FEATURE_EVENT_TYPE ", multipart/mixed",
	};

	sip_put(b, "Event", slice_str(event_name((enum package)s->event)));
	buf_fmt(b, "Accept: %s%s\r\n", types[s->event],
		list ? ", multipart/related, application/rlmi+xml" : "");
	if (list)
		sip_put(b, "Supported", SLICE_LIT("eventlist"));
	sip_put_fmt(b, "Expires", "%u", sub_asked(a, s));
}

/* The wish to switch DND goes along with whatever SUBSCRIBE of the line comes next. */
static void put_wish(struct sip_agent *a, struct txn *t, struct buf *body)
{
	const struct sub *s = &a->subs[t->of];
	const struct watch *x = s->watch != NONE ? &a->watches[s->watch] : NULL;
	struct slice name = slice_str(x ? x->name : "");

	t->dnd_wish = x && s->state != SUB_LEAVING ? x->dnd_wish : (uint8_t)DND_WISH_NONE;
	if (t->dnd_wish)
		feature_put_dnd(body, slice_sub(name, 0, slice_find(name, '@')),
				t->dnd_wish == DND_WISH_ON);
}

static void write_subscribe(struct sip_agent *a, struct txn *t, struct buf *b)
{
	struct sub *s = &a->subs[t->of];
	bool in_dialog = dialog_tag(&s->dialog)[0] != '\0';
	struct slice target = slice_str(dialog_target(&s->dialog));
	struct buf head; /* the routes decide the request line */

	buf_init(&head, 4 * DIALOG_TEXT_MAX);
	put_route(&s->dialog, &target, &head);
	sip_put_request(b, "SUBSCRIBE", target);
	put_via(a, t, b);
	buf_str(b, "Max-Forwards: 70\r\n");
	buf_slice(b, buf_view(&head));
	buf_fini(&head);
	put_from(a, s->tag, b);
	buf_fmt(b, "To: <%s>%s%s\r\n", dialog_aor(&s->dialog), in_dialog ? ";tag=" : "",
		dialog_tag(&s->dialog));
	sip_put_fmt(b, "Call-ID", "%016llx", (unsigned long long)s->call);
	sip_put_fmt(b, "CSeq", "%u SUBSCRIBE", t->cseq);
	put_contact(a, b);
	put_wishes(a, s, b);
	auth_put(a, t, "SUBSCRIBE", target, b);
}

static void write_options(struct sip_agent *a, struct txn *t, struct buf *b)
{
	struct buf uri;

	buf_init(&uri, SIP_URI_MAX);
	buf_str(&uri, scheme(a));
	sip_put_host(&uri, slice_str(a->host), a->port);
	sip_put_request(b, "OPTIONS", buf_view(&uri));
	put_via(a, t, b);
	buf_str(b, "Max-Forwards: 70\r\n");
	put_from(a, a->link.options_tag, b);
	buf_fmt(b, "To: <%s>\r\n", buf_cstr(&uri));
	sip_put_fmt(b, "Call-ID", "%016llx", (unsigned long long)a->link.options_call);
	sip_put_fmt(b, "CSeq", "%u OPTIONS", t->cseq);
	put_contact(a, b);
	auth_put(a, t, "OPTIONS", buf_view(&uri), b);
	buf_fini(&uri);
}

static void write_publish(struct sip_agent *a, struct txn *t, struct buf *b)
{
	const struct pub *p = &a->pubs[t->of];
	struct slice aor = slice_str(p->aor);

	sip_put_request(b, "PUBLISH", aor);
	put_via(a, t, b);
	buf_str(b, "Max-Forwards: 70\r\n");
	put_from(a, p->tag, b);
	buf_fmt(b, "To: <%s>\r\n", p->aor);
	sip_put_fmt(b, "Call-ID", "%016llx", (unsigned long long)p->call);
	sip_put_fmt(b, "CSeq", "%u PUBLISH", t->cseq);
	pub_put_headers(a, t->of, b);
	auth_put(a, t, "PUBLISH", aor, b);
}

void request_write(struct sip_agent *a, struct txn *t)
{
	struct buf *b = &a->scratch, body;
	const char *type = NULL;

	buf_init(&body, BODY_MAX);
	buf_reset(b);
	if (t->kind == TXN_OPTIONS) {
		write_options(a, t, b);
	} else if (t->kind == TXN_PUBLISH) {
		write_publish(a, t, b);
		pub_put_body(a, t->of, &body);
		type = a->pubs[t->of].event == PACKAGE_DIALOG ? "application/dialog-info+xml"
							      : "application/pidf+xml";
	} else {
		write_subscribe(a, t, b);
		put_wish(a, t, &body);
		type = FEATURE_EVENT_TYPE;
	}
	sip_put(b, "User-Agent", slice_str("Offhook/" OFFHOOK_VERSION));
	sip_put_end(b, body.n ? type : NULL, buf_view(&body));
	buf_fini(&body);
}
