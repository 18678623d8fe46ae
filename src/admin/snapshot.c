#include "admin/snapshot.h"

#include <pthread.h>
#include <stdlib.h>

#include "admin/pack.h"
#include "base/check.h"
#include "base/map.h"

enum { SCAN_MAX = 128 };

/* One object and its block; memory is kept when an object is put again and fits. */
struct cell {
	uint64_t seq;
	size_t cap;
	void *block;
	union {
		struct admin_user user;
		struct admin_connector connector;
		struct admin_account account;
	};
};

struct snapshot {
	pthread_mutex_t lock;
	struct snapshot_limits max;
	struct cell **users, **connectors, **accounts; /* NULL: slot not in use */
	struct cell engine_cell;
	struct admin_engine engine;
	struct map by_email;
	struct snap_census *census; /* one an account */
	uint32_t *changed;	    /* ring of user ids, each at most once */
	bool *is_changed;
	uint16_t *was_of; /* by user, until the change is taken: the account before; UINT16_MAX: none */
	uint32_t changed_first, changed_n;
	uint64_t seq, health_seq;
	void (*poke)(void *arg);
	void *poke_arg;
};

enum err snapshot_new(struct snapshot **ret, const struct snapshot_limits *l)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	if (!s)
		return ERR_NO_MEMORY;
	pthread_mutex_init(&s->lock, NULL);
	s->max = *l;
	s->users = calloc(l->users + 1, sizeof(struct cell *));
	s->connectors = calloc(l->connectors + 1, sizeof(struct cell *));
	s->accounts = calloc(l->accounts + 1, sizeof(struct cell *));
	s->census = calloc(l->accounts + 1, sizeof(*s->census));
	s->changed = calloc(l->users + 1, sizeof(*s->changed));
	s->is_changed = calloc(l->users + 1, sizeof(*s->is_changed));
	s->was_of = malloc((l->users + 1) * sizeof(*s->was_of));
	if (!s->users || !s->connectors || !s->accounts || !s->census || !s->changed ||
	    !s->is_changed || !s->was_of || map_init(&s->by_email, l->users + 1)) {
		snapshot_free(s);
		return ERR_NO_MEMORY;
	}
	memset(s->was_of, 0xff, (l->users + 1) * sizeof(*s->was_of));
	*ret = s;
	return ERR_OK;
}

static void cell_free(struct cell *c)
{
	if (!c)
		return;
	free(c->block);
	free(c);
}

static void cells_free(struct cell **cells, uint32_t n)
{
	for (uint32_t i = 0; cells && i < n; i++)
		cell_free(cells[i]);
	free(cells);
}

void snapshot_free(struct snapshot *s)
{
	if (!s)
		return;
	cells_free(s->users, s->max.users);
	cells_free(s->connectors, s->max.connectors);
	cells_free(s->accounts, s->max.accounts);
	free(s->engine_cell.block);
	free(s->census);
	free(s->changed);
	free(s->is_changed);
	free(s->was_of);
	map_fini(&s->by_email);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* ---- writing: the loop thread ---- */

static bool reserve(void **block, size_t *cap, size_t n)
{
	void *p;

	if (n <= *cap && *block)
		return true;
	p = malloc(n + 32);
	if (!p)
		return false;
	free(*block);
	*block = p;
	*cap = n + 32;
	return true;
}

/* The slot's cell with room for n bytes, or NULL when memory is out. */
static struct cell *cell_at(struct cell **slot, size_t n)
{
	struct cell *c = *slot ? *slot : calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	if (!reserve(&c->block, &c->cap, n)) {
		if (!*slot)
			free(c);
		return NULL;
	}
	*slot = c;
	return c;
}

static uint64_t email_hash(const struct snapshot *s, uint16_t account, struct slice email)
{
	return slice_hash_nocase(email, s->max.seed ^ ((uint64_t)account << 48));
}

struct email_key {
	uint16_t account;
	struct slice email;
};

static bool same_email(uint32_t id, const void *key, void *arg)
{
	const struct email_key *k = key;
	const struct snapshot *s = arg;
	const struct admin_user *u = &s->users[id]->user;

	return u->account == k->account && slice_eq_nocase(u->email, k->email);
}

static void count(struct snapshot *s, const struct admin_user *u, uint32_t one)
{
	struct snap_census *c = &s->census[u->account];

	c->users += one;
	c->enabled += u->enabled ? one : 0;
	c->settled += u->settled ? one : 0;
	c->held += u->held != SESSION_NONE ? one : 0;
	c->desired += u->desired != SESSION_NONE ? one : 0;
	c->backing_off += u->publish == ADMIN_PUBLISH_BACKING_OFF ? one : 0;
	c->conflicts += u->conflict ? one : 0;
	c->watchers += one * u->watchers;
	c->lit += u->lamp > LAMP_DARK ? one : 0;
	if (u->shown < SHOWN_COUNT && u->held != SESSION_NONE)
		c->shown[u->shown] += one;
	if (u->combined < PRESENCE_COUNT)
		c->combined[u->combined] += one;
	if (u->has_match && u->match < MATCH_COUNT && u->onboarding < ONBOARDING_COUNT) {
		c->match[u->match] += one;
		c->onboarding[u->onboarding] += one;
	}
}

static void forget_user(struct snapshot *s, uint32_t id)
{
	const struct admin_user *u = &s->users[id]->user;

	count(s, u, UINT32_MAX); /* adds -1 */
	if (s->was_of[id] == UINT16_MAX)
		s->was_of[id] = u->account;
	map_del(&s->by_email, email_hash(s, u->account, u->email), id);
}

static void mark_changed(struct snapshot *s, uint32_t id)
{
	void (*poke)(void *arg) = s->poke;

	s->seq++;
	if (!s->is_changed[id]) {
		s->is_changed[id] = true;
		s->changed[(s->changed_first + s->changed_n++) % s->max.users] = id;
	}
	s->poke = NULL;
	if (poke)
		poke(s->poke_arg);
}

static enum err put_user(struct snapshot *s, const struct admin_user *v)
{
	struct cell **slot = &s->users[v->user];
	size_t n = pack_user_size(v);
	struct cell *c;

	if (*slot)
		forget_user(s, v->user);
	c = cell_at(slot, n);
	if (!c) {
		cell_free(*slot); /* an old value would be a lie */
		*slot = NULL;
		mark_changed(s, v->user);
		return ERR_NO_MEMORY;
	}
	pack_user(v, c->block, &c->user);
	count(s, &c->user, 1);
	mark_changed(s, v->user);
	c->seq = s->seq;
	return map_add(&s->by_email, email_hash(s, v->account, c->user.email), v->user);
}

enum err snapshot_put_user(struct snapshot *s, const struct admin_user *v)
{
	enum err e;

	if (v->user >= s->max.users || v->account >= s->max.accounts)
		return ERR_LIMIT;
	pthread_mutex_lock(&s->lock);
	e = put_user(s, v);
	pthread_mutex_unlock(&s->lock);
	return e;
}

enum err snapshot_put_connector(struct snapshot *s, const struct admin_connector *v)
{
	struct cell *c;

	if (v->connector >= s->max.connectors)
		return ERR_LIMIT;
	pthread_mutex_lock(&s->lock);
	c = cell_at(&s->connectors[v->connector], pack_connector_size(v));
	if (c) {
		pack_connector(v, c->block, &c->connector);
		c->seq = s->health_seq = ++s->seq;
	}
	pthread_mutex_unlock(&s->lock);
	return c ? ERR_OK : ERR_NO_MEMORY;
}

enum err snapshot_put_account(struct snapshot *s, const struct admin_account *v)
{
	struct cell *c;

	if (v->account >= s->max.accounts)
		return ERR_LIMIT;
	pthread_mutex_lock(&s->lock);
	c = cell_at(&s->accounts[v->account], pack_account_size(v));
	if (c) {
		pack_account(v, c->block, &c->account);
		c->seq = s->health_seq = ++s->seq;
	}
	pthread_mutex_unlock(&s->lock);
	return c ? ERR_OK : ERR_NO_MEMORY;
}

void snapshot_put_engine(struct snapshot *s, const struct admin_engine *v)
{
	struct cell *c = &s->engine_cell;

	pthread_mutex_lock(&s->lock);
	if (reserve(&c->block, &c->cap, pack_engine_size(v)))
		pack_engine(v, c->block, &s->engine);
	pthread_mutex_unlock(&s->lock);
}

static void remove_cell(struct snapshot *s, struct cell **cells, uint32_t id, uint32_t max)
{
	pthread_mutex_lock(&s->lock);
	if (id < max && cells[id]) {
		cell_free(cells[id]);
		cells[id] = NULL;
		s->health_seq = ++s->seq;
	}
	pthread_mutex_unlock(&s->lock);
}

void snapshot_remove_account(struct snapshot *s, uint16_t account)
{
	remove_cell(s, s->accounts, account, s->max.accounts);
}

void snapshot_remove_connector(struct snapshot *s, uint32_t connector)
{
	remove_cell(s, s->connectors, connector, s->max.connectors);
}

void snapshot_remove_user(struct snapshot *s, uint32_t user)
{
	pthread_mutex_lock(&s->lock);
	if (user < s->max.users && s->users[user]) {
		forget_user(s, user);
		cell_free(s->users[user]);
		s->users[user] = NULL;
		mark_changed(s, user);
	}
	pthread_mutex_unlock(&s->lock);
}

/* ---- reading: the admin thread ---- */

void snap_copy_fini(struct snap_copy *c)
{
	free(c->block);
	*c = (struct snap_copy){0};
}

static bool copy_user(const struct cell *c, struct snap_copy *ret)
{
	if (!c || !reserve(&ret->block, &ret->cap, pack_user_size(&c->user)))
		return false;
	pack_user(&c->user, ret->block, &ret->user);
	ret->seq = c->seq;
	return true;
}

bool snapshot_user(struct snapshot *s, uint32_t user, struct snap_copy *ret)
{
	bool ok;

	pthread_mutex_lock(&s->lock);
	ok = user < s->max.users && copy_user(s->users[user], ret);
	pthread_mutex_unlock(&s->lock);
	return ok;
}

bool snapshot_connector(struct snapshot *s, uint32_t connector, struct snap_copy *ret)
{
	const struct cell *c;
	bool ok;

	pthread_mutex_lock(&s->lock);
	c = connector < s->max.connectors ? s->connectors[connector] : NULL;
	ok = c && reserve(&ret->block, &ret->cap, pack_connector_size(&c->connector));
	if (ok)
		pack_connector(&c->connector, ret->block, &ret->connector);
	pthread_mutex_unlock(&s->lock);
	return ok;
}

bool snapshot_account(struct snapshot *s, uint16_t account, struct snap_copy *ret)
{
	const struct cell *c;
	bool ok;

	pthread_mutex_lock(&s->lock);
	c = account < s->max.accounts ? s->accounts[account] : NULL;
	ok = c && reserve(&ret->block, &ret->cap, pack_account_size(&c->account));
	if (ok)
		pack_account(&c->account, ret->block, &ret->account);
	pthread_mutex_unlock(&s->lock);
	return ok;
}

bool snapshot_engine(struct snapshot *s, struct snap_copy *ret)
{
	bool ok;

	pthread_mutex_lock(&s->lock);
	ok = reserve(&ret->block, &ret->cap, pack_engine_size(&s->engine));
	if (ok)
		pack_engine(&s->engine, ret->block, &ret->engine);
	pthread_mutex_unlock(&s->lock);
	return ok;
}

uint16_t snapshot_find_account(struct snapshot *s, struct slice name)
{
	uint16_t found = UINT16_MAX;

	pthread_mutex_lock(&s->lock);
	for (uint32_t i = 0; i < s->max.accounts && found == UINT16_MAX; i++)
		if (s->accounts[i] && slice_eq(s->accounts[i]->account.name, name))
			found = (uint16_t)i;
	pthread_mutex_unlock(&s->lock);
	return found;
}

uint32_t snapshot_find_connector(struct snapshot *s, uint16_t account, struct slice name)
{
	uint32_t found = ID_NONE;

	pthread_mutex_lock(&s->lock);
	for (uint32_t i = 0; i < s->max.connectors && found == ID_NONE; i++)
		if (s->connectors[i] && s->connectors[i]->connector.account == account &&
		    slice_eq(s->connectors[i]->connector.name, name))
			found = i;
	pthread_mutex_unlock(&s->lock);
	return found;
}

uint32_t snapshot_find_user(struct snapshot *s, uint16_t account, struct slice email)
{
	struct email_key key = {account, email};
	uint32_t id;

	pthread_mutex_lock(&s->lock);
	id = map_find(&s->by_email, email_hash(s, account, email), same_email, &key, s);
	pthread_mutex_unlock(&s->lock);
	return id == MAP_NONE ? ID_NONE : id;
}

static uint32_t next_used(struct snapshot *s, struct cell **cells, uint32_t from, uint32_t max)
{
	pthread_mutex_lock(&s->lock);
	while (from < max && !cells[from])
		from++;
	pthread_mutex_unlock(&s->lock);
	return from < max ? from : ID_NONE;
}

uint16_t snapshot_next_account(struct snapshot *s, uint32_t from)
{
	return (uint16_t)next_used(s, s->accounts, from, s->max.accounts);
}

uint32_t snapshot_next_connector(struct snapshot *s, uint32_t from)
{
	return next_used(s, s->connectors, from, s->max.connectors);
}

static bool contains_nocase(struct slice hay, struct slice needle)
{
	for (size_t i = 0; i + needle.n <= hay.n; i++)
		if (slice_eq_nocase(slice_of(hay.p + i, needle.n), needle))
			return true;
	return false;
}

static bool on_connector(const struct admin_user *u, uint32_t connector)
{
	for (uint32_t i = 0; i < u->lines_n; i++)
		if (u->lines[i].connector == connector)
			return true;
	return false;
}

static bool on_named(const struct snapshot *s, const struct admin_user *u, struct slice name)
{
	for (uint32_t i = 0; i < u->lines_n; i++) {
		uint32_t c = u->lines[i].connector;

		if (c < s->max.connectors && s->connectors[c] &&
		    slice_eq(s->connectors[c]->connector.name, name))
			return true;
	}
	return false;
}

static bool text_in(const struct admin_user *u, struct slice text)
{
	if (contains_nocase(u->email, text) || contains_nocase(u->name, text))
		return true;
	for (uint32_t i = 0; i < u->lines_n; i++)
		if (contains_nocase(u->lines[i].number, text))
			return true;
	return false;
}

static bool passes(const struct snapshot *s, const struct admin_user *u, const struct snap_filter *f)
{
	return (f->account == UINT16_MAX || u->account == f->account) &&
	       (f->presence < 0 || u->combined == f->presence) &&
	       (f->connector < 0 || on_connector(u, (uint32_t)f->connector)) &&
	       (!f->connector_name.n || on_named(s, u, f->connector_name)) &&
	       (!f->email.n || slice_eq_nocase(u->email, f->email)) &&
	       (!f->text.n || text_in(u, f->text));
}

enum err snapshot_next_user(struct snapshot *s, uint32_t *from, const struct snap_filter *f,
			    struct snap_copy *ret)
{
	enum err e = ERR_AGAIN;
	uint32_t i = *from;

	pthread_mutex_lock(&s->lock);
	for (uint32_t n = 0; n < SCAN_MAX && e == ERR_AGAIN; n++, i++) {
		if (i >= s->max.users)
			e = ERR_NOT_FOUND;
		else if (s->users[i] && passes(s, &s->users[i]->user, f))
			e = copy_user(s->users[i], ret) ? ERR_OK : ERR_NO_MEMORY;
	}
	pthread_mutex_unlock(&s->lock);
	*from = i;
	return e;
}

static struct snap_change take_change(struct snapshot *s, uint32_t id)
{
	uint16_t was = s->was_of[id];

	s->is_changed[id] = false;
	s->was_of[id] = UINT16_MAX;
	if (s->users[id] && s->users[id]->user.account == was)
		was = UINT16_MAX;
	return (struct snap_change){ id, was };
}

uint32_t snapshot_take_changed(struct snapshot *s, struct snap_change *ret, uint32_t max)
{
	uint32_t n = 0;

	pthread_mutex_lock(&s->lock);
	for (; n < max && s->changed_n; n++, s->changed_n--) {
		ret[n] = take_change(s, s->changed[s->changed_first]);
		s->changed_first = (s->changed_first + 1) % s->max.users;
	}
	pthread_mutex_unlock(&s->lock);
	return n;
}

void snapshot_want_poke(struct snapshot *s, void (*poke)(void *arg), void *arg)
{
	bool now;

	pthread_mutex_lock(&s->lock);
	now = s->changed_n > 0;
	s->poke = now ? NULL : poke;
	s->poke_arg = arg;
	pthread_mutex_unlock(&s->lock);
	if (now)
		poke(arg);
}

uint64_t snapshot_seq(struct snapshot *s)
{
	uint64_t seq;

	pthread_mutex_lock(&s->lock);
	seq = s->seq;
	pthread_mutex_unlock(&s->lock);
	return seq;
}

bool snapshot_health_changed(struct snapshot *s, uint64_t *seen)
{
	bool changed;

	pthread_mutex_lock(&s->lock);
	changed = s->health_seq != *seen;
	*seen = s->health_seq;
	pthread_mutex_unlock(&s->lock);
	return changed;
}

void snapshot_census(struct snapshot *s, uint16_t account, struct snap_census *ret)
{
	*ret = (struct snap_census){0};
	pthread_mutex_lock(&s->lock);
	if (account < s->max.accounts)
		*ret = s->census[account];
	pthread_mutex_unlock(&s->lock);
}
