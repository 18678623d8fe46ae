#include "core/directory.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/map.h"
#include "core/names_pool.h"

/* A free record has no name; its .next is the next free one. */
struct entry {
	uint32_t name;
	union {
		uint32_t next;
		uint32_t label; /* users */
		uint32_t owner; /* lines: user */
	};
	uint32_t home; /* users, connectors: account; lines: connector */
};

struct table {
	struct entry *entries;
	struct map map;
	uint32_t max, high, used, free;
	bool nocase;
};

enum { ACCOUNTS, CONNECTORS, USERS, LINES, TABLES };

struct directory {
	struct table tables[TABLES];
	struct names_pool names;
	uint64_t seed;
};

/* ---- one table ---- */

struct key {
	const struct directory *d;
	struct slice name;
	uint32_t home;
	int table;
};

static uint64_t hash(const struct key *k)
{
	uint64_t seed = k->d->seed ^ (k->home + 1) * 0x9e3779b97f4a7c15u;

	return k->d->tables[k->table].nocase ? slice_hash_nocase(k->name, seed) :
					       slice_hash(k->name, seed);
}

static bool same(uint32_t id, const void *key, void *arg)
{
	const struct key *k = key;
	const struct entry *t = &k->d->tables[k->table].entries[id];
	struct slice name = names_get(&k->d->names, t->name);
	(void)arg;

	if (t->home != k->home)
		return false;
	return k->d->tables[k->table].nocase ? slice_eq_nocase(name, k->name) :
					       slice_eq(name, k->name);
}

static uint32_t find(const struct key *k)
{
	return map_find(&k->d->tables[k->table].map, hash(k), same, k, NULL);
}

static const struct entry *get(const struct directory *d, int table, uint32_t id)
{
	const struct table *t = &d->tables[table];

	return id < t->high && t->entries[id].name != NAME_NONE ? &t->entries[id] : NULL;
}

static enum err table_init(struct table *t, uint32_t max, bool nocase)
{
	*t = (struct table){ .max = max, .free = ID_NONE, .nocase = nocase };
	t->entries = calloc(max ? max : 1, sizeof(*t->entries));
	return t->entries ? map_init(&t->map, max) : ERR_NO_MEMORY;
}

static enum err add(struct directory *d, const struct key *k, uint32_t *ret_id)
{
	struct table *t = &d->tables[k->table];
	uint32_t id = find(k), name;
	enum err err;

	if (id != MAP_NONE) {
		*ret_id = id;
		return ERR_EXISTS;
	}
	if (t->free == ID_NONE && t->high >= t->max)
		return ERR_LIMIT;
	err = names_add(&d->names, k->name, &name);
	if (err)
		return err;
	id = t->free;
	if (id != ID_NONE)
		t->free = t->entries[id].next;
	else
		id = t->high++;
	t->entries[id] = (struct entry){ .name = name, .label = ID_NONE, .home = k->home };
	t->used++;
	err = map_add(&t->map, hash(k), id);
	CHECK(err == ERR_OK); /* the map has room for max entries */
	*ret_id = id;
	return ERR_OK;
}

static void release(struct directory *d, int table, uint32_t id)
{
	struct table *t = &d->tables[table];
	struct key k = { .d = d, .table = table };

	if (!get(d, table, id))
		return;
	k.name = names_get(&d->names, t->entries[id].name);
	k.home = t->entries[id].home;
	map_del(&t->map, hash(&k), id);
	names_del(&d->names, t->entries[id].name);
	t->entries[id] = (struct entry){ .name = NAME_NONE, .next = t->free };
	t->free = id;
	t->used--;
}

static struct slice name_of(const struct directory *d, int table, uint32_t id)
{
	const struct entry *en = get(d, table, id);

	return en ? names_get(&d->names, en->name) : SLICE_NONE;
}

static uint32_t next(const struct directory *d, int table, uint32_t from)
{
	const struct table *t = &d->tables[table];

	for (uint32_t id = from; id < t->high; id++)
		if (t->entries[id].name != NAME_NONE)
			return id;
	return ID_NONE;
}

/* ---- life ---- */

enum err directory_new(struct directory **ret, const struct directory_limits *l)
{
	const uint32_t max[TABLES] = { l->accounts, l->connectors, l->users, l->lines };
	uint64_t bytes = l->name_bytes;
	struct directory *d;
	enum err err;

	if (l->accounts > UINT16_MAX)
		return ERR_BUG;
	d = calloc(1, sizeof(*d));
	if (!d)
		return ERR_NO_MEMORY;
	d->seed = l->seed;
	if (bytes == 0)
		bytes = ((uint64_t)l->users + l->lines) * 64 +
			((uint64_t)l->accounts + l->connectors) * 256;
	err = names_init(&d->names, bytes);
	for (int i = 0; i < TABLES && !err; i++)
		err = table_init(&d->tables[i], max[i], i == USERS);
	if (err) {
		directory_free(d);
		return err;
	}
	*ret = d;
	return ERR_OK;
}

void directory_free(struct directory *d)
{
	if (!d)
		return;
	for (int i = 0; i < TABLES; i++) {
		free(d->tables[i].entries);
		map_fini(&d->tables[i].map);
	}
	names_fini(&d->names);
	free(d);
}

/* ---- adding and removing ---- */

enum err directory_add_account(struct directory *d, struct slice name, uint16_t *ret_id)
{
	struct key k = { d, name, 0, ACCOUNTS };
	uint32_t id = ID_NONE;
	enum err err = add(d, &k, &id);

	if (id != ID_NONE)
		*ret_id = (uint16_t)id;
	return err;
}

enum err directory_add_connector(struct directory *d, uint16_t account, struct slice name,
				 uint32_t *ret_id)
{
	struct key k = { d, name, account, CONNECTORS };

	return get(d, ACCOUNTS, account) ? add(d, &k, ret_id) : ERR_NOT_FOUND;
}

enum err directory_add_user(struct directory *d, uint16_t account, struct slice email,
			    uint32_t *ret_id)
{
	struct key k = { d, email, account, USERS };

	return get(d, ACCOUNTS, account) ? add(d, &k, ret_id) : ERR_NOT_FOUND;
}

enum err directory_add_line(struct directory *d, uint32_t connector, struct slice number,
			    uint32_t user, uint32_t *ret_id)
{
	struct key k = { d, number, connector, LINES };
	enum err err;

	if (!get(d, CONNECTORS, connector) || (user != ID_NONE && !get(d, USERS, user)))
		return ERR_NOT_FOUND;
	err = add(d, &k, ret_id);
	if (!err)
		d->tables[LINES].entries[*ret_id].owner = user;
	return err;
}

enum err directory_set_label(struct directory *d, uint32_t user, struct slice label)
{
	uint32_t name = NAME_NONE;
	enum err err = ERR_OK;

	if (!get(d, USERS, user))
		return ERR_NOT_FOUND;
	if (label.n)
		err = names_add(&d->names, label, &name);
	if (err)
		return err;
	names_del(&d->names, d->tables[USERS].entries[user].label);
	d->tables[USERS].entries[user].label = name;
	return ERR_OK;
}

void directory_set_line_user(struct directory *d, uint32_t line, uint32_t user)
{
	if (get(d, LINES, line))
		d->tables[LINES].entries[line].owner = user;
}

void directory_release_user(struct directory *d, uint32_t user)
{
	if (!get(d, USERS, user))
		return;
	names_del(&d->names, d->tables[USERS].entries[user].label);
	release(d, USERS, user);
}

void directory_release_line(struct directory *d, uint32_t line)
{
	release(d, LINES, line);
}

void directory_release_connector(struct directory *d, uint32_t connector)
{
	release(d, CONNECTORS, connector);
}

void directory_release_account(struct directory *d, uint16_t account)
{
	release(d, ACCOUNTS, account);
}

/* ---- looking up ---- */

uint16_t directory_account(const struct directory *d, struct slice name)
{
	struct key k = { d, name, 0, ACCOUNTS };
	uint32_t id = find(&k);

	return id == MAP_NONE ? UINT16_MAX : (uint16_t)id;
}

uint32_t directory_connector(const struct directory *d, uint16_t account, struct slice name)
{
	struct key k = { d, name, account, CONNECTORS };

	return find(&k);
}

uint32_t directory_user(const struct directory *d, uint16_t account, struct slice email)
{
	struct key k = { d, email, account, USERS };

	return find(&k);
}

uint32_t directory_line(const struct directory *d, uint32_t connector, struct slice number)
{
	struct key k = { d, number, connector, LINES };

	return find(&k);
}

struct slice directory_account_name(const struct directory *d, uint16_t account)
{
	return name_of(d, ACCOUNTS, account);
}

struct slice directory_connector_name(const struct directory *d, uint32_t connector)
{
	return name_of(d, CONNECTORS, connector);
}

struct slice directory_email(const struct directory *d, uint32_t user)
{
	return name_of(d, USERS, user);
}

struct slice directory_label(const struct directory *d, uint32_t user)
{
	const struct entry *en = get(d, USERS, user);

	return en ? names_get(&d->names, en->label) : SLICE_NONE;
}

struct slice directory_number(const struct directory *d, uint32_t line)
{
	return name_of(d, LINES, line);
}

uint16_t directory_user_account(const struct directory *d, uint32_t user)
{
	const struct entry *en = get(d, USERS, user);

	return en ? (uint16_t)en->home : UINT16_MAX;
}

uint16_t directory_connector_account(const struct directory *d, uint32_t connector)
{
	const struct entry *en = get(d, CONNECTORS, connector);

	return en ? (uint16_t)en->home : UINT16_MAX;
}

uint32_t directory_line_connector(const struct directory *d, uint32_t line)
{
	const struct entry *en = get(d, LINES, line);

	return en ? en->home : ID_NONE;
}

uint32_t directory_line_user(const struct directory *d, uint32_t line)
{
	const struct entry *en = get(d, LINES, line);

	return en ? en->owner : ID_NONE;
}

bool directory_has_user(const struct directory *d, uint32_t user)
{
	return get(d, USERS, user) != NULL;
}

uint32_t directory_next_user(const struct directory *d, uint32_t from)
{
	return next(d, USERS, from);
}

uint32_t directory_next_line(const struct directory *d, uint32_t from)
{
	return next(d, LINES, from);
}

uint32_t directory_next_connector(const struct directory *d, uint32_t from)
{
	return next(d, CONNECTORS, from);
}

uint16_t directory_next_account(const struct directory *d, uint16_t from)
{
	uint32_t id = next(d, ACCOUNTS, from);

	return id == ID_NONE ? UINT16_MAX : (uint16_t)id;
}

uint32_t directory_users(const struct directory *d)
{
	return d->tables[USERS].used;
}

uint32_t directory_lines(const struct directory *d)
{
	return d->tables[LINES].used;
}

size_t directory_bytes(const struct directory *d)
{
	size_t n = sizeof(*d) + (size_t)d->names.grains * NAME_GRAIN;

	for (int i = 0; i < TABLES; i++)
		n += d->tables[i].max * sizeof(struct entry) + map_bytes(&d->tables[i].map);
	return n;
}
