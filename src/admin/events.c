#include "admin/events.h"

#include <stdlib.h>

#include "admin/render.h"
#include "base/date.h"

enum {
	RING = 1024,
	RING_BYTES_MAX = 4 << 20,
	TICK_MS = 100,
	TICK_MAX_MS = 1000,
	/* All watchers together are sent about so much a second, before they are told less often. */
	BYTES_PER_MS = 2000,
	SEND_BYTES = 2048, /* what a send costs beside its bytes: waking, a system call */
	PACKS = 8,	   /* about how often a tick's rows in gzip go into the plain ones */
	HEALTH_MS = 1000,
	TIME_MS = 15000,
	USERS_PER_TICK = 512,
	BYTES_PER_TICK = 256 << 10,
	EVENT_BYTES = 96 << 10, /* then another event begins */
	EVENT_MAX = 1 << 20,
};

struct chunk {
	uint32_t refs;
	uint16_t account; /* UINT16_MAX: for everybody */
	bool health; /* of everything: who sees less gets its own */
	struct chunk *packed; /* the same in gzip, once somebody has asked for it */
	struct gzip_sum sum; /* of the text, in the packed one */
	size_t n;
	char data[];
};

struct watcher {
	struct watcher *next, **at;
	uint16_t account;
	uint64_t serial; /* of the next chunk to read */
	struct chunk *open;
	size_t offset;
	bool waits;
	bool behind; /* something was lost: is to read the lists again */
	bool packed;
	size_t head;	     /* bytes read of what gzip begins with */
	struct gzip_sum sum; /* of what was read, packed */
	struct events_hooks hooks;
	void *arg;
};

struct events {
	struct snapshot *snapshot;
	struct names *names;
	struct chunk *ring[RING];
	uint64_t first, next; /* serials kept: first..next-1 */
	size_t bytes;
	size_t told; /* bytes of the rows of the last tick */
	struct watcher *watchers;
	uint32_t watchers_n;
	bool pending, started;
	uint64_t health_seen;
	int64_t users_at, health_at, time_at;
	struct snap_copy copy;
	struct buf out, packed;
	struct gzip *gzip;
};

enum err events_new(struct events **ret, struct snapshot *s, struct names *names)
{
	struct events *e = calloc(1, sizeof(*e));

	if (!e)
		return ERR_NO_MEMORY;
	e->snapshot = s;
	e->names = names;
	buf_init(&e->out, EVENT_MAX);
	buf_init(&e->packed, EVENT_MAX);
	if (gzip_new(&e->gzip)) {
		free(e);
		return ERR_NO_MEMORY;
	}
	*ret = e;
	return ERR_OK;
}

static void chunk_drop(struct chunk *c)
{
	if (!c || --c->refs)
		return;
	chunk_drop(c->packed);
	free(c);
}

static void evict(struct events *e)
{
	struct chunk *c = e->ring[e->first % RING];

	e->ring[e->first % RING] = NULL;
	e->first++;
	e->bytes -= c->n;
	chunk_drop(c);
}

void events_free(struct events *e)
{
	if (!e)
		return;
	while (e->watchers)
		events_unwatch(e, e->watchers);
	while (e->first < e->next)
		evict(e);
	snap_copy_fini(&e->copy);
	buf_fini(&e->out);
	buf_fini(&e->packed);
	gzip_free(e->gzip);
	free(e);
}

static struct chunk *chunk_new(uint16_t account, struct slice text)
{
	struct chunk *c = malloc(sizeof(*c) + text.n);

	if (!c)
		return NULL;
	*c = (struct chunk){.refs = 1, .account = account, .n = text.n};
	memcpy(c->data, text.p, text.n);
	return c;
}

/* The chunk in gzip, made once for all who want it so; NULL when memory is out. */
static struct chunk *packed_of(struct events *e, struct chunk *c)
{
	struct slice text = slice_of(c->data, c->n);

	if (c->packed)
		return c->packed;
	buf_reset(&e->packed);
	if (gzip_piece(e->gzip, text, &e->packed))
		return NULL;
	c->packed = chunk_new(c->account, buf_view(&e->packed));
	if (c->packed)
		c->packed->sum = gzip_sum_of(text);
	return c->packed;
}

/* Puts e->out into the ring. A chunk that could not be made counts as overrun for everybody. */
static void publish(struct events *e, uint16_t account)
{
	struct chunk *c = buf_view(&e->out).n ? chunk_new(account, buf_view(&e->out)) : NULL;

	if (!c) {
		while (e->first < e->next)
			evict(e);
		e->first = ++e->next;
		return;
	}
	while (e->next - e->first >= RING ||
	       (e->first < e->next && e->bytes + c->n > RING_BYTES_MAX))
		evict(e);
	e->ring[e->next++ % RING] = c;
	e->bytes += c->n;
	e->told += c->n;
}

static void begin(struct events *e, const char *event)
{
	buf_reset(&e->out);
	buf_fmt(&e->out, "event: %s\ndata: ", event);
}

static void end(struct events *e, uint16_t account)
{
	buf_str(&e->out, "\n\n");
	publish(e, account);
}

static void put_hello(struct events *e, const char *event, int64_t wall_ms)
{
	char now[DATE_LEN + 1];
	struct jsonw j = jsonw_on(&e->out);

	date_format(wall_ms, now);
	buf_reset(&e->out);
	buf_fmt(&e->out, "retry: 2000\nevent: %s\ndata: ", event);
	jsonw_begin_object(&j, NULL);
	jsonw_string(&j, "version", OFFHOOK_VERSION);
	jsonw_string(&j, "now", now);
	jsonw_end_object(&j);
	buf_str(&e->out, "\n\n");
}

static bool sees(const struct watcher *w, uint16_t account)
{
	return !w || !w->hooks.sees || w->hooks.sees(w->arg, account);
}

/* Accounts and connectors that the watcher sees (NULL: all), appended to e->out as one event. */
static void add_health(struct events *e, const struct watcher *w)
{
	struct snap_census census;
	struct jsonw j = jsonw_on(&e->out);

	buf_str(&e->out, "event: health\ndata: ");
	jsonw_begin_object(&j, NULL);
	jsonw_begin_array(&j, "accounts");
	for (uint32_t a = snapshot_next_account(e->snapshot, 0); a != UINT16_MAX;
	     a = snapshot_next_account(e->snapshot, a + 1)) {
		if (!sees(w, (uint16_t)a) || !snapshot_account(e->snapshot, (uint16_t)a, &e->copy))
			continue;
		snapshot_census(e->snapshot, (uint16_t)a, &census);
		render_account(&j, NULL, &e->copy.account, &census);
	}
	jsonw_end_array(&j);
	jsonw_begin_array(&j, "connectors");
	for (uint32_t c = snapshot_next_connector(e->snapshot, 0); c != ID_NONE;
	     c = snapshot_next_connector(e->snapshot, c + 1))
		if (snapshot_connector(e->snapshot, c, &e->copy) && sees(w, e->copy.connector.account))
			render_connector(&j, NULL, &e->copy.connector, e->names);
	jsonw_end_array(&j);
	jsonw_end_object(&j);
	buf_str(&e->out, "\n\n");
}

static void put_health(struct events *e)
{
	buf_reset(&e->out);
	add_health(e, NULL);
	publish(e, UINT16_MAX);
	if (e->next > e->first && e->ring[(e->next - 1) % RING])
		e->ring[(e->next - 1) % RING]->health = true;
}

/* What has changed so far is read from the lists by those who come. */
static void forget_changes(struct events *e)
{
	struct snap_change changed[256];

	while (snapshot_take_changed(e->snapshot, changed, 256) == 256)
		continue;
}

/* ---- watchers ---- */

/* The chunk, which the caller gives up, as the watcher reads it. */
static struct chunk *as_read(struct events *e, struct watcher *w, struct chunk *c)
{
	struct chunk *packed = c && w->packed ? packed_of(e, c) : NULL;

	if (!c || !w->packed)
		return c;
	if (packed) {
		packed->refs++;
		w->sum = gzip_sum_add(w->sum, packed->sum);
	}
	chunk_drop(c);
	return packed;
}

enum err events_watch(struct events *e, struct watcher **ret, uint16_t account,
		      const struct events_hooks *hooks, void *arg, int64_t wall_ms)
{
	struct watcher *w;

	if (e->watchers_n >= EVENTS_WATCHERS_MAX)
		return ERR_LIMIT;
	w = calloc(1, sizeof(*w));
	if (!w)
		return ERR_NO_MEMORY;
	names_refresh(e->names);
	if (!e->watchers_n) {
		snapshot_health_changed(e->snapshot, &e->health_seen); /* it is in the hello */
		forget_changes(e);
	}
	*w = (struct watcher){.account = account, .serial = e->next, .hooks = *hooks, .arg = arg,
			      .packed = hooks->packed};
	put_hello(e, "hello", wall_ms);
	add_health(e, w);
	w->open = as_read(e, w, chunk_new(UINT16_MAX, buf_view(&e->out)));
	if (!w->open) {
		free(w);
		return ERR_NO_MEMORY;
	}
	w->next = e->watchers;
	w->at = &e->watchers;
	if (w->next)
		w->next->at = &w->next;
	e->watchers = w;
	e->watchers_n++;
	*ret = w;
	return ERR_OK;
}

void events_unwatch(struct events *e, struct watcher *w)
{
	*w->at = w->next;
	if (w->next)
		w->next->at = w->at;
	e->watchers_n--;
	chunk_drop(w->open);
	free(w);
}

static struct chunk *own_health(struct events *e, const struct watcher *w)
{
	buf_reset(&e->out);
	add_health(e, w);
	return chunk_new(UINT16_MAX, buf_view(&e->out));
}

/* The next chunk meant for this watcher, as it was made; NULL: none, or memory is out. */
static struct chunk *next_for(struct events *e, struct watcher *w)
{
	static const char resync[] = "event: resync\ndata: {}\n\n";

	if (w->behind || w->serial < e->first) {
		w->serial = e->next;
		w->behind = true; /* until it can be told */
		return chunk_new(UINT16_MAX, slice_of(resync, sizeof(resync) - 1));
	}
	while (w->serial < e->next) {
		struct chunk *c = e->ring[w->serial++ % RING];

		if (c->account != UINT16_MAX &&
		    ((w->account != UINT16_MAX && c->account != w->account) || !sees(w, c->account)))
			continue;
		w->behind = true;
		if (c->health && w->hooks.sees)
			return own_health(e, w);
		c->refs++;
		return c;
	}
	return NULL;
}

static void open_next(struct events *e, struct watcher *w)
{
	w->open = as_read(e, w, next_for(e, w));
	w->offset = 0;
	if (w->open)
		w->behind = false;
}

static size_t read_head(struct watcher *w, char *dst, size_t cap)
{
	char head[GZIP_HEAD];
	size_t n = w->packed ? GZIP_HEAD - w->head : 0;

	if (!n)
		return 0;
	gzip_head(head);
	n = n < cap ? n : cap;
	memcpy(dst, head + w->head, n);
	w->head += n;
	return n;
}

size_t events_read(struct events *e, struct watcher *w, char *dst, size_t cap)
{
	size_t n = read_head(w, dst, cap);

	while (n < cap) {
		size_t take;

		if (!w->open)
			open_next(e, w);
		if (!w->open)
			break;
		take = w->open->n - w->offset < cap - n ? w->open->n - w->offset : cap - n;
		memcpy(dst + n, w->open->data + w->offset, take);
		n += take;
		w->offset += take;
		if (w->offset == w->open->n) {
			chunk_drop(w->open);
			w->open = NULL;
		}
	}
	w->waits = n == 0;
	return n;
}

size_t events_tail(const struct watcher *w, char dst[GZIP_TAIL])
{
	if (!w->packed || w->open || w->head < GZIP_HEAD)
		return 0;
	gzip_tail(w->sum, dst);
	return GZIP_TAIL;
}

static void tell_ready(struct events *e)
{
	for (struct watcher *w = e->watchers, *next; w; w = next) {
		next = w->next;
		if (!w->waits || (!w->behind && w->serial >= e->next && w->serial >= e->first))
			continue;
		w->waits = false;
		w->hooks.ready(w->arg, false);
	}
}

void events_end(struct events *e)
{
	for (struct watcher *w = e->watchers, *next; w; w = next) {
		next = w->next;
		w->hooks.ready(w->arg, true);
	}
}

/* ---- what is told ---- */

/* Rows come grouped by account, as they were queued; a new account starts a new event. */
struct group {
	uint16_t account;
	bool open;
	struct jsonw j;
};

static void group_end(struct events *e, struct group *g)
{
	if (!g->open)
		return;
	jsonw_end_array(&g->j);
	end(e, g->account);
	g->open = false;
}

static void group_begin(struct events *e, struct group *g, uint16_t account)
{
	if (g->open && g->account == account && e->out.n < EVENT_BYTES)
		return;
	group_end(e, g);
	begin(e, "users");
	*g = (struct group){account, true, jsonw_on(&e->out)};
	jsonw_begin_array(&g->j, NULL);
}

/* Only those who saw the account are told that somebody of it is gone. */
static void put_gone(struct events *e, struct group *g, const struct snap_change *c)
{
	group_begin(e, g, c->gone_from);
	jsonw_begin_object(&g->j, NULL);
	jsonw_uint(&g->j, "id", c->id);
	jsonw_bool(&g->j, "gone", true);
	jsonw_end_object(&g->j);
}

static void put_user(struct events *e, struct group *g, const struct snap_change *c)
{
	if (c->gone_from != UINT16_MAX)
		put_gone(e, g, c);
	if (!snapshot_user(e->snapshot, c->id, &e->copy))
		return;
	group_begin(e, g, e->copy.user.account);
	render_user_row(&g->j, NULL, &e->copy, e->names);
}

/* True when more is left for the next tick. */
static bool put_users(struct events *e)
{
	struct snap_change changed[32];
	uint32_t n, sum = 0;
	struct group g = {0};

	e->told = 0;
	do {
		n = snapshot_take_changed(e->snapshot, changed, 32);
		for (uint32_t i = 0; i < n; i++)
			put_user(e, &g, &changed[i]);
		sum += n;
	} while (n == 32 && sum < USERS_PER_TICK && e->told + e->out.n < BYTES_PER_TICK);
	group_end(e, &g);
	return n == 32;
}

/* Until the next rows: the more is sent to the more pages, the more changes of a user fall into one row. */
static int64_t pace_ms(const struct events *e)
{
	uint64_t sent = e->watchers_n * (SEND_BYTES + (uint64_t)e->told / PACKS);
	int64_t ms = (int64_t)(sent / BYTES_PER_MS);

	return ms < TICK_MS ? TICK_MS : ms < TICK_MAX_MS ? ms : TICK_MAX_MS;
}

static void put_time(struct events *e, int64_t wall_ms)
{
	put_hello(e, "time", wall_ms);
	publish(e, UINT16_MAX);
}

void events_poked(struct events *e)
{
	e->pending = true;
}

bool events_wants_poke(const struct events *e)
{
	return e->watchers_n && !e->pending;
}

/* Nobody watches. */
static void discard(struct events *e)
{
	if (!e->started)
		return;
	forget_changes(e);
	while (e->first < e->next)
		evict(e);
	e->started = e->pending = false;
}

void events_alarms(struct events *e)
{
	if (!e->watchers_n || !e->started)
		return;
	begin(e, "alarms");
	buf_str(&e->out, "{}"); /* not everybody may see each: they ask */
	end(e, UINT16_MAX);
	tell_ready(e);
}

void events_tick(struct events *e, int64_t now_ms, int64_t wall_ms)
{
	if (!e->watchers_n) {
		discard(e);
		return;
	}
	if (!e->started) {
		e->started = true;
		e->pending = true;
		e->users_at = e->health_at = now_ms;
		e->time_at = now_ms + TIME_MS;
	}
	names_refresh(e->names);
	if (e->pending && now_ms >= e->users_at) {
		e->pending = put_users(e);
		e->users_at = now_ms + pace_ms(e);
	}
	if (now_ms >= e->health_at) {
		e->health_at = now_ms + HEALTH_MS;
		if (snapshot_health_changed(e->snapshot, &e->health_seen))
			put_health(e);
	}
	if (now_ms >= e->time_at) {
		e->time_at = now_ms + TIME_MS;
		put_time(e, wall_ms);
	}
	tell_ready(e);
}

int64_t events_next(const struct events *e)
{
	int64_t next = e->health_at < e->time_at ? e->health_at : e->time_at;

	if (!e->watchers_n)
		return TIME_NEVER;
	if (!e->started)
		return 0;
	return e->pending && e->users_at < next ? e->users_at : next;
}

uint32_t events_watchers(const struct events *e)
{
	return e->watchers_n;
}
