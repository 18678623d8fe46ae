/* lines.c - which lines and lists there are: slots, and finding them by id and by user part. */
#include <stdlib.h>

#include "base/check.h"
#include "source/sip/publish.h"

static struct slice user_of(const struct watch *x)
{
	struct slice name = slice_str(x->name);

	return slice_sub(name, 0, slice_find(name, '@'));
}

/* The host a number names, the server's when it names none. */
static struct slice host_of(const struct sip_agent *a, const struct watch *x)
{
	struct slice name = slice_str(x->name), host;
	size_t at = slice_find(name, '@');

	if (at == name.n)
		return slice_str(a->host);
	host = slice_sub(name, at + 1, name.n);
	return host.n && host.p[0] == '[' ? slice_sub(host, 1, slice_find(host, ']'))
					  : slice_sub(host, 0, slice_find(host, ':'));
}

static bool same_id(uint32_t id, const void *key, void *arg)
{
	const struct sip_agent *a = arg;

	return a->watches[id].id == *(const uint32_t *)key;
}

static bool same_user(uint32_t id, const void *key, void *arg)
{
	const struct sip_agent *a = arg;

	return sip_user_eq(user_of(&a->watches[id]), *(const struct slice *)key);
}

static uint64_t id_hash(uint32_t id)
{
	return (id + 1) * 0x9e3779b97f4a7c15u;
}

uint32_t watch_find(const struct sip_agent *a, uint32_t id)
{
	return map_find(&a->by_id, id_hash(id), same_id, &id, (void *)(uintptr_t)a);
}

static uint32_t first_with(const struct sip_agent *a, struct slice user)
{
	return map_find(&a->by_user, sip_user_hash(user, a->seed), same_user, &user,
			(void *)(uintptr_t)a);
}

/* The user part names the line; the host only where two numbers share it, as a PBX often writes its
 * own address where we wrote a name. */
uint32_t watch_by_uri(const struct sip_agent *a, struct slice text)
{
	struct sip_uri u = { .user = text };
	uint32_t first;

	if (sip_uri_parse(text, &u))
		u.user = text;
	first = first_with(a, u.user);
	if (first == NONE || a->watches[first].same_user == NONE)
		return first;
	for (uint32_t w = first; w != NONE; w = a->watches[w].same_user)
		if (slice_eq_nocase(host_of(a, &a->watches[w]), u.host))
			return w;
	return NONE;
}

/* Can it stand in a URI? */
static enum err name_check(const struct sip_agent *a, const struct watch *x)
{
	struct sip_uri u;
	struct buf b;
	enum err e = ERR_MALFORMED;

	for (const char *p = x->name; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return ERR_MALFORMED;
	if (user_of(x).n == 0)
		return ERR_MALFORMED;
	buf_init(&b, SIP_URI_MAX);
	request_put_aor(a, x, &b);
	if (buf_err(&b) == ERR_OK && sip_uri_parse(buf_view(&b), &u) == ERR_OK)
		e = ERR_OK;
	buf_fini(&b);
	return e;
}

static enum err index_line(struct sip_agent *a, uint32_t w)
{
	struct watch *x = &a->watches[w];
	struct slice user = user_of(x);
	uint32_t first = first_with(a, user);
	enum err e = map_add(&a->by_id, id_hash(x->id), w);

	if (e)
		return e;
	if (first != NONE) {
		x->same_user = a->watches[first].same_user;
		a->watches[first].same_user = w;
		return ERR_OK;
	}
	e = map_add(&a->by_user, sip_user_hash(user, a->seed), w);
	if (e)
		map_del(&a->by_id, id_hash(x->id), w);
	return e;
}

/* Takes the first free slot; the caller makes sure that there is one. */
static enum err take_slot(struct sip_agent *a, uint32_t id, uint32_t main, enum package event,
			  struct slice name)
{
	uint32_t w = a->watches_spare;
	struct watch *x = &a->watches[w];
	uint32_t spare = x->same_user;

	*x = (struct watch){ .id = id,
			     .is_list = id == ID_NONE,
			     .event = (uint8_t)event,
			     .main = main,
			     .side = { NONE, NONE, NONE },
			     .pub = NONE,
			     .lamp_pub = NONE,
			     .sub = NONE,
			     .fresh = NONE,
			     .same_user = NONE,
			     .list = NONE,
			     .list_prev = NONE,
			     .list_next = NONE,
			     .expires_s = a->expires_s };
	x->name = name.n && name.n < SOURCE_URI_MAX ? strndup(name.p, name.n) : NULL;
	enum err e = x->name && strlen(x->name) == name.n ? name_check(a, x) : ERR_MALFORMED;
	if (e == ERR_OK && watch_is_line(x))
		e = index_line(a, w);
	if (e) {
		free(x->name);
		*x = (struct watch){ .same_user = spare };
		return e;
	}
	a->watches_spare = spare;
	return ERR_OK;
}

enum err watch_add(struct sip_agent *a, uint32_t id, struct slice name, uint32_t *ret)
{
	uint32_t w = a->watches_spare;

	if (id != ID_NONE && watch_find(a, id) != NONE)
		return ERR_EXISTS;
	if (w == NONE)
		return ERR_LIMIT;
	enum err e = take_slot(a, id, NONE,
			       id == ID_NONE ? (enum package)a->event : package_of(a, name), name);
	if (e)
		return e;
	a->lines_used += id != ID_NONE;
	a->state_count[WATCH_FREE] += id != ID_NONE;
	watch_move(a, w, WATCH_IDLE, WHY_LINK);
	*ret = w;
	return ERR_OK;
}

enum err watch_add_side(struct sip_agent *a, uint32_t main, enum package event)
{
	uint32_t w = a->watches_spare;
	struct watch *x = &a->watches[main];

	if (w == NONE)
		return ERR_LIMIT;
	enum err e = take_slot(a, x->id, main, event, slice_str(x->name));
	if (e)
		return e;
	x->side[event] = w;
	watch_move(a, w, WATCH_IDLE, WHY_LINK);
	return ERR_OK;
}

static void unindex_line(struct sip_agent *a, uint32_t w)
{
	struct watch *x = &a->watches[w];
	struct slice user = user_of(x);
	uint64_t hash = sip_user_hash(user, a->seed);
	uint32_t at = first_with(a, user);

	CHECK(map_del(&a->by_id, id_hash(x->id), w));
	if (at == w) {
		CHECK(map_del(&a->by_user, hash, w));
		if (x->same_user != NONE)
			CHECK(map_add(&a->by_user, hash, x->same_user) == ERR_OK);
		return;
	}
	while (a->watches[at].same_user != w)
		at = a->watches[at].same_user;
	a->watches[at].same_user = x->same_user;
}

static void give_slot(struct sip_agent *a, uint32_t w)
{
	struct watch *x = &a->watches[w];

	free(x->name);
	*x = (struct watch){ .same_user = a->watches_spare };
	a->watches_spare = w;
}

static void remove_sides(struct sip_agent *a, uint32_t w)
{
	for (int event = 0; event < PACKAGE_COUNT; event++) {
		uint32_t side = a->watches[w].side[event];

		if (side == NONE)
			continue;
		watch_drop_subs(a, side);
		watch_move(a, side, WATCH_FREE, WHY_NONE);
		give_slot(a, side);
	}
}

void watch_remove(struct sip_agent *a, uint32_t w)
{
	struct watch *x = &a->watches[w];

	CHECK(watch_is_line(x));
	remove_sides(a, w);
	pub_line_removed(a, w);
	watch_drop_subs(a, w);
	if (x->state == WATCH_LISTED)
		list_leave(a, w);
	unindex_line(a, w);
	watch_move(a, w, WATCH_FREE, WHY_NONE);
	a->state_count[WATCH_FREE]--;
	a->lines_used--;
	give_slot(a, w);
}
