#include "daemon/lamps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "core/engine.h"
#include "io/channel.h"

enum {
	UDP_CHANNEL = 0,
	FIRST_CHANNEL = 1,
	OUTS_A_TURN = 2048,
	REOPEN_MS = 10000,
	STREAMS_MAX = 1024,
};

/* What listens: UDP, TCP, TLS. */
struct ear {
	struct lamp_server *owner;
	struct channel *channel;
	struct conf_address at; /* port 0: not wanted */
	uint8_t transport;
	int64_t reopen_ms; /* when it could not be had, 0: it stands or is on its way */
	bool said;
};

struct stream {
	struct stream *next;
	struct lamp_server *owner;
	struct channel *channel;
	uint32_t id;
};

struct lamp_server {
	struct lamp_server_config c;
	struct lamps *lamps; /* NULL: none are configured */
	struct keeper *keeper;
	struct ear ears[3];
	struct stream *streams;
	uint32_t next_id;
	char domain[256];
	char certificate_file[1025], key_file[1025];
	uint64_t refused;
};

enum err lamp_server_new(struct lamp_server **ret, const struct lamp_server_config *c)
{
	struct lamp_server *s = calloc(1, sizeof(*s));

	if (!s)
		return ERR_NO_MEMORY;
	s->c = *c;
	s->next_id = FIRST_CHANNEL;
	for (int i = 0; i < 3; i++)
		s->ears[i] = (struct ear){ .owner = s, .transport = (uint8_t)i };
	*ret = s;
	return ERR_OK;
}

static void forget_stream(struct stream *x)
{
	for (struct stream **at = &x->owner->streams; *at; at = &(*at)->next) {
		if (*at != x)
			continue;
		*at = x->next;
		free(x);
		return;
	}
}

static void close_ear(struct ear *e)
{
	channel_close(e->channel);
	e->channel = NULL;
	e->reopen_ms = 0;
}

static void close_all(struct lamp_server *s)
{
	for (int i = 0; i < 3; i++)
		close_ear(&s->ears[i]);
	while (s->streams) {
		channel_close(s->streams->channel);
		forget_stream(s->streams);
	}
}

void lamp_server_free(struct lamp_server *s)
{
	if (!s)
		return;
	close_all(s);
	lamps_free(s->lamps);
	free(s);
}

static int64_t now_ms(const struct lamp_server *s)
{
	return loop_mono_ms(s->c.loop);
}

static struct lamp_place place_of(const struct endpoint *e)
{
	struct lamp_place p = { .port = e->port };

	snprintf(p.host, sizeof(p.host), "%s", e->host);
	return p;
}

static void feed(struct lamp_server *s, const struct lamps_feed *in)
{
	lamps_feed(s->lamps, now_ms(s), in);
	loop_wake_at(s->c.loop, now_ms(s));
}

/* ---- what io tells of listeners ---- */

static void on_udp_up(void *arg, struct channel *ch, const struct endpoint *local,
		      const struct endpoint *peer)
{
	struct ear *e = arg;
	const struct lamps_feed in = { .kind = LAMPS_OPENED,
				       .transport = LAMP_UDP,
				       .channel = UDP_CHANNEL,
				       .local = place_of(local),
				       .peer = place_of(peer) };

	(void)ch;
	feed(e->owner, &in);
}

static void on_datagram(void *arg, struct channel *ch, struct slice bytes,
			const struct endpoint *peer)
{
	struct ear *e = arg;
	const struct lamps_feed in = {
		.kind = LAMPS_BYTES, .channel = UDP_CHANNEL, .peer = place_of(peer), .bytes = bytes
	};

	(void)ch;
	feed(e->owner, &in);
}

static void on_ear_closed(void *arg, struct channel *ch, const char *why)
{
	struct ear *e = arg;
	const struct lamps_feed in = { .kind = LAMPS_CLOSED, .channel = UDP_CHANNEL };

	(void)ch;
	e->channel = NULL;
	e->reopen_ms = now_ms(e->owner) + REOPEN_MS;
	if (!e->said)
		log_put(e->owner->c.log, now_ms(e->owner), 3, "lamps", "%s; trying again", why);
	e->said = true;
	if (e->transport == LAMP_UDP)
		feed(e->owner, &in);
}

static void on_refused(void *arg, struct channel *listener, const struct endpoint *peer,
		       const char *why)
{
	struct ear *e = arg;

	(void)listener, (void)peer, (void)why;
	e->owner->refused++;
}

/* ---- and of connections ---- */

static void on_bytes(void *arg, struct channel *ch, struct slice bytes, const struct endpoint *peer)
{
	struct stream *x = arg;
	const struct lamps_feed in = {
		.kind = LAMPS_BYTES, .channel = x->id, .peer = place_of(peer), .bytes = bytes
	};

	(void)ch;
	feed(x->owner, &in);
}

static void on_closed(void *arg, struct channel *ch, const char *why)
{
	struct stream *x = arg;
	struct lamp_server *s = x->owner;
	const struct lamps_feed in = { .kind = LAMPS_CLOSED, .channel = x->id };

	(void)ch, (void)why;
	forget_stream(x);
	feed(s, &in);
}

static const struct channel_handlers stream_handlers = { .bytes = on_bytes, .closed = on_closed };

static void on_accepted(void *arg, struct channel *listener, struct channel *ch,
			const struct endpoint *local, const struct endpoint *peer)
{
	struct ear *e = arg;
	struct lamp_server *s = e->owner;
	struct stream *x = calloc(1, sizeof(*x));

	(void)listener;
	if (!x) {
		channel_close(ch);
		return;
	}
	*x = (struct stream){ .next = s->streams, .owner = s, .channel = ch, .id = s->next_id };
	s->next_id = s->next_id == UINT32_MAX ? FIRST_CHANNEL : s->next_id + 1;
	s->streams = x;
	channel_set_handlers(ch, &stream_handlers, x);
	const struct lamps_feed in = { .kind = LAMPS_OPENED,
				       .transport = e->transport,
				       .channel = x->id,
				       .local = place_of(local),
				       .peer = place_of(peer) };
	feed(s, &in);
}

static const struct channel_handlers udp_handlers = { .connected = on_udp_up,
						      .bytes = on_datagram,
						      .closed = on_ear_closed };
static const struct channel_handlers ear_handlers = { .accepted = on_accepted,
						      .refused = on_refused,
						      .closed = on_ear_closed };

static void open_ear(struct ear *e)
{
	struct lamp_server *s = e->owner;
	const struct channel_spec spec = {
		.transport = (enum channel_transport)e->transport,
		.host = e->at.host,
		.port = e->at.port,
		.accepted_max = STREAMS_MAX,
		.tls = { .certificate_file = s->certificate_file, .key_file = s->key_file },
	};
	enum err err = channel_listen(&e->channel, s->c.loop, &spec,
				      e->transport == LAMP_UDP ? &udp_handlers : &ear_handlers, e);

	e->reopen_ms = 0;
	if (!err)
		return;
	e->channel = NULL;
	e->reopen_ms = now_ms(s) + REOPEN_MS;
	log_put(s->c.log, now_ms(s), 3, "lamps", "cannot listen on %s:%u: %s", e->at.host,
		e->at.port, err_name(err));
}

/* ---- the configuration ---- */

static uint32_t resolve(void *arg, const struct lamp_name *name)
{
	const struct lamp_server *s = arg;

	return lamp_person(s->c.bridge, name, s->domain);
}

static struct lamps_config settings_of(struct lamp_server *s, const struct conf_lamps *c)
{
	_Static_assert((int)CONF_LAMP_DIGEST_SHA256 == (int)LAMP_DIGEST_SHA256 &&
			       (int)CONF_LAMP_DIGEST_MD5 == (int)LAMP_DIGEST_MD5,
		       "lamps.digest");

	return (struct lamps_config){ .seed = s->c.seed,
				      .realm = c->realm,
				      .watchers = c->watchers,
				      .users = s->c.users_max,
				      .expires_min_s = (c->expires_min + 999) / 1000,
				      .expires_s = c->expires_max / 1000,
				      .stream_expires_s = c->stream_expires / 1000,
				      .digest = c->digest,
				      .resolve = resolve,
				      .arg = s };
}

/* The machine made after the people: lamps that are lit already. */
static void show_all(struct lamp_server *s)
{
	const struct directory *d = bridge_directory(s->c.bridge);
	struct user_view v;

	for (uint32_t u = directory_next_user(d, 0); u != ID_NONE;
	     u = directory_next_user(d, u + 1))
		if (engine_user(bridge_engine(s->c.bridge), u, &v) && v.lamp != LAMP_OFF)
			lamps_show(s->lamps, now_ms(s), u, (enum lamp)v.lamp);
}

static enum err make_machine(struct lamp_server *s, const struct conf_lamps *c)
{
	const struct lamps_config lc = settings_of(s, c);

	if (s->lamps) {
		lamps_set_config(s->lamps, &lc);
		return ERR_OK;
	}
	enum err e = lamps_new(&s->lamps, &lc, now_ms(s));
	if (!e)
		show_all(s);
	return e;
}

static void free_logins(struct lamp_login *list, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		free(list[i].name);
		free(list[i].account);
		secret_fini(&list[i].password);
	}
	free(list);
}

static char *copy_of(struct slice s)
{
	return strndup(s.n ? s.p : "", s.n);
}

static struct slice word(struct slice *rest)
{
	struct slice w = slice_trim(*rest);
	size_t n = 0;

	while (n < w.n && w.p[n] != ' ' && w.p[n] != '\t')
		n++;
	*rest = slice_sub(w, n, w.n);
	return slice_sub(w, 0, n);
}

/* name password [account], a line each; # begins a comment where a name could stand. */
static bool read_login(const struct lamp_server *s, struct slice line, struct lamp_login *ret)
{
	const struct directory *d = bridge_directory(s->c.bridge);
	struct slice name = word(&line), password = word(&line), account = word(&line);

	if (!password.n || slice_trim(line).n ||
	    (account.n && directory_account(d, account) == UINT16_MAX))
		return false;
	*ret = (struct lamp_login){ .name = copy_of(name), .account = copy_of(account) };
	return ret->name && ret->account && secret_set(&ret->password, password) == ERR_OK;
}

static enum err read_logins(struct lamp_server *s, const struct conf_secret *file, char *why,
			    size_t cap)
{
	struct slice rest = secret_expose(&file->value), line;
	struct lamp_login *list = calloc(LAMP_LOGINS_MAX, sizeof(*list));
	uint32_t n = 0, at = 0;
	enum err e = list ? ERR_OK : ERR_NO_MEMORY;

	while (!e && slice_split(&rest, '\n', &line)) {
		at++;
		line = slice_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (n < LAMP_LOGINS_MAX && read_login(s, line, &list[n])) {
			n++;
			continue;
		}
		snprintf(why, cap, "%s:%u: must be: name password [account]", file->file, at);
		n += n < LAMP_LOGINS_MAX;
		e = ERR_MALFORMED;
	}
	if (!e && n == 0 && file->file[0]) {
		snprintf(why, cap, "%s names nobody: write a line name password", file->file);
		e = ERR_MALFORMED;
	}
	if (e)
		free_logins(list, n);
	else
		lamps_set_logins(s->lamps, list, n);
	return e;
}

static bool same_address(const struct conf_address *x, const struct conf_address *y)
{
	return x->port == y->port && strcmp(x->host, y->host) == 0;
}

static void set_ear(struct ear *e, const struct conf_address *at)
{
	if (!same_address(&e->at, at)) {
		close_ear(e);
		e->at = *at;
		e->said = false;
	}
	if (e->at.port && !e->channel)
		open_ear(e);
}

static void set_tls(struct lamp_server *s, const struct conf_tls *t)
{
	struct ear *e = &s->ears[LAMP_TLS];
	char why[300];

	snprintf(s->certificate_file, sizeof(s->certificate_file), "%s", t->certificate_file);
	snprintf(s->key_file, sizeof(s->key_file), "%s", t->key_file);
	const struct channel_tls tls = { .certificate_file = s->certificate_file,
					 .key_file = s->key_file };
	if (e->channel && channel_renew(e->channel, &tls, why, sizeof(why)))
		log_put(s->c.log, now_ms(s), 3, "lamps", "tls: %s; the certificate of before stays",
			why);
}

enum err lamp_server_apply(struct lamp_server *s, const struct conf_lamps *c, char *why, size_t cap)
{
	enum err e;

	snprintf(s->domain, sizeof(s->domain), "%s", c->domain);
	if (!c->listen.port && !c->tls_listen.port) {
		close_all(s);
		for (int i = 0; i < 3; i++)
			s->ears[i].at = (struct conf_address){ 0 };
		lamps_free(s->lamps);
		s->lamps = NULL;
		return ERR_OK;
	}
	e = make_machine(s, c);
	if (!e)
		e = read_logins(s, &c->logins_file, why, cap);
	if (e)
		return e;
	set_tls(s, &c->tls);
	set_ear(&s->ears[LAMP_UDP], &c->listen);
	set_ear(&s->ears[LAMP_TCP], &c->listen);
	set_ear(&s->ears[LAMP_TLS], &c->tls_listen);
	return ERR_OK;
}

/* ---- what is kept ---- */

static void on_record(void *arg, const struct lamp_record *r)
{
	struct lamp_server *s = arg;

	if (!s->lamps || lamps_restore(s->lamps, now_ms(s), r))
		keeper_delete_watcher(s->keeper, r->tag);
}

void lamp_server_set_keeper(struct lamp_server *s, struct keeper *k)
{
	s->keeper = k;
	keeper_set_lamps(k, on_record, s);
}

/* ---- the turn ---- */

void lamp_server_show(struct lamp_server *s, uint32_t user, enum lamp lamp)
{
	if (s->lamps)
		lamps_show(s->lamps, now_ms(s), user, lamp);
}

void lamp_server_forget(struct lamp_server *s, uint32_t user)
{
	if (s->lamps)
		lamps_forget(s->lamps, now_ms(s), user);
}

static struct stream *find_stream(const struct lamp_server *s, uint32_t id)
{
	struct stream *x = s->streams;

	while (x && x->id != id)
		x = x->next;
	return x;
}

static void send_out(const struct lamp_server *s, const struct lamps_out *o)
{
	const struct stream *x = o->channel == UDP_CHANNEL ? NULL : find_stream(s, o->channel);
	struct channel *udp = s->ears[LAMP_UDP].channel;
	struct endpoint peer = { .port = o->peer.port };

	snprintf(peer.host, sizeof(peer.host), "%s", o->peer.host);
	/* what is refused here is sent again, or the connection says that it has closed */
	if (x)
		(void)channel_send(x->channel, o->bytes, NULL);
	else if (o->channel == UDP_CHANNEL && udp && peer.port)
		(void)channel_send(udp, o->bytes, &peer);
}

static void close_stream(struct lamp_server *s, uint32_t id)
{
	struct stream *x = find_stream(s, id);

	if (!x)
		return;
	channel_close(x->channel);
	forget_stream(x);
}

static void do_out(struct lamp_server *s, struct bridge_time t, const struct lamps_out *o)
{
	if (o->user != ID_NONE)
		report_user_changed(s->c.report, o->user);
	switch ((enum lamps_out_kind)o->kind) {
	case LAMPS_SEND:
		send_out(s, o);
		break;
	case LAMPS_CLOSE:
		close_stream(s, o->channel);
		break;
	case LAMPS_SAVE:
		keeper_put_watcher(s->keeper, &o->record, t.wall_ms - t.mono_ms);
		break;
	case LAMPS_DELETE:
		keeper_delete_watcher(s->keeper, o->record.tag);
		break;
	case LAMPS_NOTE:
		log_put(s->c.log, t.mono_ms, lamp_note_level((enum lamp_note)o->note),
			lamp_note_name((enum lamp_note)o->note), "lamps: %s: %s",
			lamp_note_text((enum lamp_note)o->note), o->text);
		break;
	}
}

bool lamp_server_turn(struct lamp_server *s, struct bridge_time t)
{
	struct lamps_out o;
	int n = 0;

	for (int i = 0; i < 3; i++)
		if (s->ears[i].reopen_ms && t.mono_ms >= s->ears[i].reopen_ms)
			open_ear(&s->ears[i]);
	if (!s->lamps)
		return false;
	if (lamps_next(s->lamps) <= t.mono_ms)
		lamps_tick(s->lamps, t.mono_ms);
	while (n < OUTS_A_TURN && lamps_drain(s->lamps, &o)) {
		do_out(s, t, &o);
		n++;
	}
	return n == OUTS_A_TURN;
}

int64_t lamp_server_next(const struct lamp_server *s)
{
	int64_t next = s->lamps ? lamps_next(s->lamps) : LOOP_NEVER;

	for (int i = 0; i < 3; i++)
		if (s->ears[i].reopen_ms && s->ears[i].reopen_ms < next)
			next = s->ears[i].reopen_ms;
	return next;
}

bool lamp_server_view(const struct lamp_server *s, struct lamps_view *ret)
{
	if (s->lamps)
		lamps_view(s->lamps, ret);
	return s->lamps != NULL;
}

uint32_t lamp_server_watchers_of(const struct lamp_server *s, uint32_t user)
{
	return s->lamps ? lamps_watchers_of(s->lamps, user) : 0;
}
