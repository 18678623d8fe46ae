/* agent.c - the vtable of source.h: opening, closing, time and lines. */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "proto/conf/conf.h"
#include "proto/xml/multipart.h"
#include "proto/xml/pidf.h"
#include "source/sip/publish.h"
#include "source/sip/sip.h"
#include "source/sip/view.h"

enum {
	MESSAGE_OUT_MAX = 16384,
	SPARE_SUBS = 64,
	OUTSTANDING_DEFAULT = 50,
	OUTSTANDING_MAX = 10000
};

static struct sip_agent *agent_of(struct source *s)
{
	return (struct sip_agent *)(void *)s;
}

static const struct sip_agent *const_agent_of(const struct source *s)
{
	return (const struct sip_agent *)(const void *)s;
}

uint64_t agent_token(struct sip_agent *a)
{
	return sip_token(a->seed, ++a->tokens);
}

bool agent_hex(struct slice text, uint64_t *ret)
{
	return text.n == 16 && slice_hex(text, ret) == ERR_OK;
}

int64_t agent_jitter(struct sip_agent *a, int64_t ms)
{
	return ms / 2 + prng_range(&a->prng, 0, ms - ms / 2);
}

static bool has_room(const struct sip_agent *a)
{
	return link_ready(a) && !a->stuck && a->now_ms >= a->hold_ms &&
	       a->outstanding < (a->probing ? 1 : a->outstanding_max);
}

/* Nothing is free: subscriptions that are leaving hold their places for a while. */
static void rest(struct sip_agent *a)
{
	a->stuck = true;
	wheel_set(a->wheel, wheel_timer(a, TIMER_STUCK), a->now_ms + STUCK_MS);
}

void agent_pump(struct sip_agent *a)
{
	while (has_room(a) && a->sub_queue.head != NONE) {
		uint32_t i = a->sub_queue.head;

		if (sub_send(a, i))
			QUEUE_CUT(&a->sub_queue, a->subs, i);
		else
			rest(a);
	}
	/* in turns: neither thousands of lines nor thousands of profiles hold up the others */
	while (has_room(a) && (a->watch_queue.head != NONE || a->pub_queue.head != NONE)) {
		bool pub =
			a->pub_queue.head != NONE && (a->pub_turn || a->watch_queue.head == NONE);

		a->pub_turn = !pub;
		if (pub ? !pub_send(a, a->pub_queue.head) : !watch_start(a, a->watch_queue.head))
			rest(a);
	}
}

/* ---- open and close ---- */

static void agent_close(struct source *source)
{
	struct sip_agent *a = agent_of(source);

	if (!a)
		return;
	for (uint32_t i = 0; a->subs && i < a->subs_n; i++)
		dialog_fini(&a->subs[i].dialog);
	for (uint32_t i = 0; a->watches && i < a->watches_n; i++)
		free(a->watches[i].name);
	for (uint32_t i = 0; a->txns && i < a->txns_n; i++)
		buf_fini(&a->txns[i].bytes);
	pub_fini(a);
	link_fini(a);
	outbox_fini(&a->out);
	buf_fini(&a->scratch);
	secret_fini(&a->password);
	xml_reader_free(a->xml);
	wheel_free(a->wheel);
	map_fini(&a->by_call);
	map_fini(&a->by_id);
	map_fini(&a->by_user);
	package_fini(a);
	free(a->rlmi);
	free(a->txns);
	free(a->subs);
	free(a->watches);
	free(a);
}

static enum err transport_of(const struct sip_uri *u, uint8_t *ret)
{
	struct slice word;

	*ret = slice_is_nocase(u->scheme, "sips") ? TRANSPORT_TLS : TRANSPORT_UDP;
	if (!sip_param(u->params, "transport", &word))
		return ERR_OK;
	if (slice_is_nocase(word, "tls") || (*ret == TRANSPORT_TLS && slice_is_nocase(word, "tcp")))
		*ret = TRANSPORT_TLS;
	else if (slice_is_nocase(word, "tcp"))
		*ret = TRANSPORT_TCP;
	else if (slice_is_nocase(word, "udp") && *ret == TRANSPORT_UDP)
		*ret = TRANSPORT_UDP;
	else
		return ERR_MALFORMED;
	return ERR_OK;
}

static enum err read_server(struct sip_agent *a, const char *server)
{
	struct sip_uri u;
	enum err e = sip_uri_parse(slice_str(server), &u);

	if (e == ERR_OK && !sip_uri_is_sip(&u))
		e = ERR_MALFORMED;
	if (e == ERR_OK)
		e = transport_of(&u, &a->transport);
	if (e == ERR_OK)
		e = slice_copy(u.host, a->host, sizeof(a->host));
	if (e == ERR_OK) {
		a->sips = slice_is_nocase(u.scheme, "sips");
		a->port = u.port;
		a->open_transport = !u.port && !sip_param(u.params, "transport", NULL);
	}
	return e;
}

/* "0.0.0.0:5061", with the server's transport, or a SIP URI. */
static enum err read_listen(struct sip_agent *a, const char *listen)
{
	struct link *l = &a->link;
	struct sip_uri u;
	struct buf b;
	enum err e;

	if (!listen || !listen[0])
		return ERR_OK;
	buf_init(&b, SIP_URI_MAX);
	if (!slice_starts_nocase(slice_str(listen), "sip:") &&
	    !slice_starts_nocase(slice_str(listen), "sips:"))
		buf_str(&b, "sip:");
	buf_str(&b, listen);
	e = sip_uri_parse(buf_view(&b), &u);
	if (e == ERR_OK && sip_param(u.params, "transport", NULL))
		e = transport_of(&u, &l->listen_transport);
	else if (e == ERR_OK)
		l->listen_transport =
			slice_is_nocase(u.scheme, "sips") ? TRANSPORT_TLS : a->transport;
	if (e == ERR_OK)
		e = slice_copy(u.host, l->listen_host, sizeof(l->listen_host));
	if (e == ERR_OK) {
		static const uint16_t ports[] = { 5060, 5060, 5061 };

		l->listens = true;
		l->listen_port = u.port ? u.port : ports[l->listen_transport];
	}
	buf_fini(&b);
	return e;
}

static void read_profile(struct sip_agent *a, const struct source_config *c)
{
	a->reads_profile = c->reads_profile;
	a->writes_profile = c->writes_profile;
	a->features = c->settings && c->settings->feature_events;
	a->lamps = c->settings && c->settings->lamps;
	if (c->settings)
		a->dnd_while =
			source_profile_bits(c->settings->dnd_while.list, c->settings->dnd_while.n);
}

static enum err read_config(struct sip_agent *a, const struct source_config *c)
{
	const struct source_tuning *t = c->tuning;
	enum err e = read_server(a, c->server ? c->server : "");

	a->connector = c->connector;
	a->account = c->account;
	read_profile(a, c);
	a->seed = c->seed;
	a->prng.state = c->seed;
	a->expires_s = t && t->expires_s > 0 ? (uint32_t)t->expires_s : 3600;
	a->first_notify_ms = t && t->first_notify_ms > 0 ? t->first_notify_ms : TIMER_F_MS;
	a->outstanding_max =
		t && t->outstanding_max > 0 ? (uint32_t)t->outstanding_max : OUTSTANDING_DEFAULT;
	if (a->outstanding_max > OUTSTANDING_MAX)
		a->outstanding_max = OUTSTANDING_MAX;
	if (e == ERR_OK && c->package && strcmp(c->package, "presence") == 0)
		a->event = PACKAGE_PRESENCE;
	else if (e == ERR_OK && c->package && c->package[0] && strcmp(c->package, "dialog") != 0)
		e = ERR_MALFORMED;
	if (e == ERR_OK && c->settings)
		e = package_init(a, &c->settings->packages);
	if (e == ERR_OK)
		e = slice_copy(slice_str(c->username), a->username, sizeof(a->username));
	/* it is written between quotes */
	if (e == ERR_OK && strpbrk(a->username, "\"\\\r\n"))
		e = ERR_MALFORMED;
	if (e == ERR_OK && c->password && secret_is_set(c->password))
		e = secret_set(&a->password, secret_expose(c->password));
	if (e == ERR_OK)
		e = read_listen(a, c->listen);
	if (e == ERR_OK && c->lists_n > SOURCE_LISTS_MAX)
		e = ERR_LIMIT;
	return e;
}

static enum err make_tables(struct sip_agent *a, const struct source_config *c, int64_t now_ms)
{
	uint32_t watches = c->lines_max * package_watches(a) + c->lists_n, n;

	a->lists_n = c->lists_n;
	a->watches = calloc(watches ? watches : 1, sizeof(*a->watches));
	a->watches_n = a->watches ? watches : 0;
	/* beside the live ones: those being renewed, and those leaving */
	n = watches + watches / 8 + a->outstanding_max + SPARE_SUBS;
	a->subs = calloc(n, sizeof(*a->subs));
	a->subs_n = a->subs ? n : 0;
	a->txns = calloc(a->outstanding_max + 1, sizeof(*a->txns));
	a->txns_n = a->txns ? a->outstanding_max + 1 : 0;
	a->rlmi = c->lists_n ? calloc(MULTIPART_DEPTH_MAX, sizeof(*a->rlmi)) : NULL;
	if (!a->watches || !a->subs || !a->txns || (c->lists_n && !a->rlmi))
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < a->subs_n; i++)
		a->subs[i].next_fork = i + 1 < a->subs_n ? i + 1 : NONE;
	for (uint32_t i = 0; i < a->watches_n; i++)
		a->watches[i].same_user = i + 1 < a->watches_n ? i + 1 : NONE;
	a->watches_spare = a->watches_n ? 0 : NONE;
	for (uint32_t i = 0; i < a->txns_n; i++)
		buf_init(&a->txns[i].bytes, MESSAGE_OUT_MAX);
	enum err e = pub_init(a, c->lines_max);
	if (e == ERR_OK)
		e = wheel_new(&a->wheel, wheel_timer(a, TIMERS), now_ms);
	if (e == ERR_OK)
		e = map_init(&a->by_call, a->subs_n);
	if (e == ERR_OK)
		e = map_init(&a->by_id, watches);
	if (e == ERR_OK)
		e = map_init(&a->by_user, watches);
	if (e == ERR_OK)
		e = xml_reader_new(&a->xml, c->seed);
	return e;
}

static enum err agent_open(struct source **ret, const struct source_config *c, int64_t now_ms)
{
	struct sip_agent *a = calloc(1, sizeof(*a));
	enum err e;

	if (!a)
		return ERR_NO_MEMORY;
	a->now_ms = now_ms;
	a->link.options_txn = NONE;
	a->sub_queue = a->watch_queue = (struct queue){ NONE, NONE, 0 };
	buf_init(&a->scratch, SIP_MSG_MAX + MESSAGE_OUT_MAX);
	e = read_config(a, c);
	if (e == ERR_OK)
		e = make_tables(a, c, now_ms);
	for (uint32_t i = 0; e == ERR_OK && i < c->lists_n; i++) {
		uint32_t w;

		e = watch_add(a, ID_NONE, slice_str(c->lists[i]), &w);
	}
	if (e) {
		agent_close((struct source *)(void *)a);
		return e;
	}
	snprintf(a->own_id, sizeof(a->own_id), PIDF_OWN_ID "-%016llx", (unsigned long long)agent_token(a));
	link_listen(a);
	link_start(a);
	*ret = (struct source *)(void *)a;
	return ERR_OK;
}

/* ---- lines ---- */

static void set_now(struct sip_agent *a, int64_t now_ms)
{
	if (now_ms > a->now_ms)
		a->now_ms = now_ms;
}

static enum err agent_add_line(struct source *source, uint32_t line, struct slice number)
{
	struct sip_agent *a = agent_of(source);
	uint32_t w;
	enum err e = line == ID_NONE ? ERR_BUG : watch_add(a, line, number, &w);

	if (e)
		return e;
	for (int event = 0; e == ERR_OK && event < PACKAGE_COUNT; event++)
		if (side_wanted(a, (enum package)a->watches[w].event, (enum package)event))
			e = watch_add_side(a, w, (enum package)event);
	if (e) {
		watch_remove(a, w);
		return e;
	}
	/* what a list does not report when it has told all, nobody else will */
	if (link_ready(a) && a->lists_pending == 0)
		watch_queue(a, w);
	else if (link_ready(a))
		watch_move(a, w, WATCH_IDLE, WHY_LISTS);
	for (int event = 0; link_ready(a) && event < PACKAGE_COUNT; event++)
		if (a->watches[w].side[event] != NONE)
			watch_queue(a, a->watches[w].side[event]);
	return ERR_OK;
}

static void agent_remove_line(struct source *source, uint32_t line)
{
	struct sip_agent *a = agent_of(source);
	uint32_t w = watch_find(a, line);

	if (w != NONE)
		watch_remove(a, w);
}

static void agent_resync_line(struct source *source, uint32_t line)
{
	struct sip_agent *a = agent_of(source);
	uint32_t w = watch_find(a, line);

	for (int event = 0; w != NONE && event < PACKAGE_COUNT; event++)
		if (a->watches[w].side[event] != NONE)
			watch_renew(a, a->watches[w].side[event]);
	if (w != NONE && a->watches[w].state == WATCH_LISTED)
		w = a->watches[w].list;
	if (w != NONE)
		watch_renew(a, w);
}

static void agent_probe(struct source *source, int64_t now_ms)
{
	struct sip_agent *a = agent_of(source);

	set_now(a, now_ms);
	probe_start(a);
	agent_pump(a);
}

static void agent_write_profile(struct source *source, uint32_t line, const struct profile_write *w)
{
	struct sip_agent *a = agent_of(source);
	uint32_t watch = watch_find(a, line);

	if (watch == NONE)
		return;
	side_dnd(a, watch, w);
	if (a->writes_profile)
		pub_write(a, watch, w);
	else /* given back; what was published when we still did ends by itself */
		outbox_written(&a->out, line, w->generation, WRITE_ACCEPTED, "%s", "");
}

static void agent_restore_lamp(struct source *source, uint32_t line, struct slice name)
{
	struct sip_agent *a = agent_of(source);
	uint32_t watch = watch_find(a, line);

	if (watch != NONE && a->lamps)
		pub_adopt_lamp(a, watch, name);
}

static void agent_show_lamp(struct source *source, uint32_t line, enum lamp lamp)
{
	struct sip_agent *a = agent_of(source);
	uint32_t watch = watch_find(a, line);

	if (watch != NONE && a->lamps)
		pub_lamp(a, watch, lamp > LAMP_DARK);
}

/* ---- the four verbs ---- */

static void timer_due(struct sip_agent *a, uint32_t timer)
{
	switch (timer) {
	case TIMER_LINK:
		link_timer(a);
		break;
	case TIMER_IDLE:
		link_idle(a);
		break;
	case TIMER_HOLD: /* the pump looks at the time */
		a->hold_login = false;
		break;
	case TIMER_LISTEN:
		link_listen(a);
		break;
	case TIMER_STUCK:
		a->stuck = false;
		break;
	default:
		CHECK(false);
	}
}

static void due(struct sip_agent *a, uint32_t id)
{
	if (id < wheel_watch(a, 0))
		sub_due(a, id);
	else if (id < wheel_txn(a, 0))
		watch_due(a, id - wheel_watch(a, 0));
	else if (id < wheel_pub(a, 0))
		txn_due(a, id - wheel_txn(a, 0));
	else if (id < wheel_timer(a, 0))
		pub_due(a, id - wheel_pub(a, 0));
	else
		timer_due(a, id - wheel_timer(a, 0));
}

static void agent_tick(struct source *source, int64_t now_ms)
{
	struct sip_agent *a = agent_of(source);
	uint32_t id;

	set_now(a, now_ms);
	while (wheel_pop(a->wheel, a->now_ms, &id))
		due(a, id);
	agent_pump(a);
}

static void agent_feed(struct source *source, int64_t now_ms, const struct source_feed *in)
{
	struct sip_agent *a = agent_of(source);

	set_now(a, now_ms);
	link_feed(a, in);
	agent_pump(a);
}

static int64_t agent_next(const struct source *source)
{
	const struct sip_agent *a = const_agent_of(source);

	/* lines added, removed or to be renewed since the last turn */
	if (has_room(a) && (a->sub_queue.n || a->watch_queue.n || a->pub_queue.n))
		return a->now_ms;
	return wheel_next(a->wheel);
}

static bool agent_drain(struct source *source, struct source_out *ret)
{
	return outbox_drain(&agent_of(source)->out, ret);
}

static void agent_view(const struct source *source, struct source_view *ret)
{
	sip_view_source(const_agent_of(source), ret);
}

static bool agent_line_view(const struct source *source, uint32_t line,
			    struct source_line_view *ret)
{
	return sip_view_line(const_agent_of(source), line, ret);
}

const struct source_ops sip_source_ops = {
	.type = "sip",
	.places = { { "_sip._udp", 5060, "SIP+D2U" },
		    { "_sip._tcp", 5060, "SIP+D2T" },
		    { "_sips._tcp", 5061, "SIPS+D2T" } },
	.open = agent_open,
	.close = agent_close,
	.add_line = agent_add_line,
	.remove_line = agent_remove_line,
	.resync_line = agent_resync_line,
	.probe = agent_probe,
	.write_profile = agent_write_profile,
	.show_lamp = agent_show_lamp,
	.restore_lamp = agent_restore_lamp,
	.feed = agent_feed,
	.tick = agent_tick,
	.next = agent_next,
	.drain = agent_drain,
	.view = agent_view,
	.line_view = agent_line_view,
};
