/* People: their names and index, their clients, sessions and preferred state. */
#include <stdio.h>
#include <stdlib.h>

#include "cloud_parts.h"

enum { DAY_MS = 86400000, NAME_MAX_BYTES = 1024 };

/* ---- the index of names ---- */

static uint32_t bucket_of(const struct cloud *c, struct slice name)
{
	return (uint32_t)slice_hash_nocase(name, c->seed) & (c->buckets_n - 1);
}

static uint32_t skip_others(const struct cloud *c, uint32_t at, struct slice name)
{
	while (at != CLOUD_NO_USER && !slice_is_nocase(name, c->names[at].text))
		at = c->names[at].next;
	return at;
}

uint32_t cloud_name_first(const struct cloud *c, struct slice name)
{
	if (c->buckets_n == 0 || name.n == 0)
		return CLOUD_NO_USER;
	return skip_others(c, c->buckets[bucket_of(c, name)], name);
}

uint32_t cloud_name_next(const struct cloud *c, uint32_t at, struct slice name)
{
	return skip_others(c, c->names[at].next, name);
}

static void link_name(struct cloud *c, uint32_t at)
{
	uint32_t b = bucket_of(c, slice_str(c->names[at].text));

	c->names[at].next = c->buckets[b];
	c->buckets[b] = at;
}

static enum err grow_names(struct cloud *c)
{
	uint32_t cap = c->names_cap ? c->names_cap * 2 : 64;
	struct cloud_name *names = realloc(c->names, cap * sizeof *names);

	if (!names)
		return ERR_NO_MEMORY;
	c->names = names;
	uint32_t *buckets = malloc(cap * sizeof *buckets);
	if (!buckets)
		return ERR_NO_MEMORY;
	memset(buckets, 0xff, cap * sizeof *buckets);
	free(c->buckets);
	c->buckets = buckets;
	c->names_cap = c->buckets_n = cap;
	for (uint32_t i = 0; i < c->names_n; i++)
		link_name(c, i);
	return ERR_OK;
}

static enum err add_name(struct cloud *c, uint32_t user, const char *text)
{
	enum err e = c->names_n == c->names_cap ? grow_names(c) : ERR_OK;
	char *copy = e ? NULL : strdup(text);

	if (!copy)
		return e ? e : ERR_NO_MEMORY;
	c->names[c->names_n] = (struct cloud_name){ user, CLOUD_NO_USER, copy };
	link_name(c, c->names_n++);
	return ERR_OK;
}

uint32_t cloud_user_find(const struct cloud *c, struct slice name)
{
	for (uint32_t at = cloud_name_first(c, name); at != CLOUD_NO_USER;
	     at = cloud_name_next(c, at, name))
		if (!c->users[c->names[at].user].deleted)
			return c->names[at].user;
	return CLOUD_NO_USER;
}

/* ---- adding ---- */

static void user_fini(struct cloud_user *u)
{
	for (size_t i = 0; i < u->aliases_n; i++)
		free(u->aliases[i]);
	free(u->aliases);
	free(u->employee);
	free(u->extension);
	free(u->app_roles);
	free(u->upn);
	free(u->mail);
	free(u->name);
	free(u->sessions);
	free(u->message);
}

void cloud_users_fini(struct cloud *c)
{
	for (uint32_t i = 0; i < c->users_n; i++)
		user_fini(&c->users[i]);
	for (uint32_t i = 0; i < c->names_n; i++)
		free(c->names[i].text);
	free(c->users);
	free(c->names);
	free(c->buckets);
	c->users = NULL;
	c->names = NULL;
	c->buckets = NULL;
	c->users_n = c->users_cap = c->names_n = c->names_cap = c->buckets_n = 0;
}

static char *name_from(const char *address)
{
	size_t n = strcspn(address, "@");
	char *name = strndup(address, n);

	for (size_t i = 0; name && i < n; i++) {
		bool start = i == 0 || name[i - 1] == ' ';

		if (name[i] == '.' || name[i] == '_' || name[i] == '-')
			name[i] = ' ';
		else if (start && name[i] >= 'a' && name[i] <= 'z')
			name[i] = (char)(name[i] - 'a' + 'A');
	}
	return name;
}

static enum err fill(struct cloud *c, struct cloud_user *u, const struct cloud_user_config *conf)
{
	bool mail = conf->email && conf->email[0];
	const char *upn = conf->upn && conf->upn[0] ? conf->upn : conf->email;
	/* Not the seed: ids stay the same when the stand-in starts anew. */
	struct prng r = { slice_hash_nocase(slice_str(upn), slice_hash(slice_str(c->tenant), 0)) };

	*u = (struct cloud_user){ .disabled = conf->disabled,
				  .guest = conf->guest,
				  .unlicensed = conf->unlicensed };
	if (conf->id)
		snprintf(u->id, sizeof u->id, "%s", conf->id);
	else
		do /* who is made anew with the old address is another person */
			cloud_guid(&r, u->id);
		while (cloud_name_first(c, slice_str(u->id)) != CLOUD_NO_USER);
	u->upn = strdup(upn);
	u->mail = mail ? strdup(conf->email) : NULL;
	u->name = conf->name && conf->name[0] ? strdup(conf->name) : name_from(upn);
	u->aliases = calloc(conf->aliases_n ? conf->aliases_n : 1, sizeof *u->aliases);
	if (!u->upn || (mail && !u->mail) || !u->name || !u->aliases)
		return ERR_NO_MEMORY;
	for (; u->aliases_n < conf->aliases_n; u->aliases_n++) {
		u->aliases[u->aliases_n] = strdup(conf->aliases[u->aliases_n]);
		if (!u->aliases[u->aliases_n])
			return ERR_NO_MEMORY;
	}
	return ERR_OK;
}

static enum err index_user(struct cloud *c, uint32_t at)
{
	const struct cloud_user *u = &c->users[at];
	enum err e = add_name(c, at, u->id);

	if (!e)
		e = add_name(c, at, u->upn);
	if (!e && u->mail && strcasecmp(u->mail, u->upn) != 0)
		e = add_name(c, at, u->mail);
	for (size_t i = 0; !e && i < u->aliases_n; i++)
		e = add_name(c, at, u->aliases[i]);
	return e;
}

void cloud_user_touch(struct cloud *c, uint32_t user)
{
	c->users[user].changed = ++c->directory_serial;
}

/* Names that are the user's no more stay in the index, as names of nobody. */
enum err cloud_user_reindex(struct cloud *c, uint32_t user)
{
	for (uint32_t i = 0; i < c->names_n; i++)
		if (c->names[i].user == user)
			c->names[i].text[0] = '\0';
	cloud_user_touch(c, user);
	return index_user(c, user);
}

static bool taken(const struct cloud *c, struct slice name)
{
	for (uint32_t at = cloud_name_first(c, name); at != CLOUD_NO_USER;
	     at = cloud_name_next(c, at, name)) {
		const struct cloud_user *u = &c->users[c->names[at].user];

		/* an address is free again when its owner is gone, an id never */
		if ((!u->deleted && slice_is_nocase(name, u->upn)) || slice_is_nocase(name, u->id))
			return true;
	}
	return false;
}

static enum err room_for_user(struct cloud *c)
{
	if (c->users_n == CLOUD_USERS_MAX)
		return ERR_LIMIT;
	if (c->users_n < c->users_cap)
		return ERR_OK;
	uint32_t cap = c->users_cap ? c->users_cap * 2 : 64;
	struct cloud_user *users = realloc(c->users, cap * sizeof *users);

	if (!users)
		return ERR_NO_MEMORY;
	c->users = users;
	c->users_cap = cap;
	return ERR_OK;
}

enum err cloud_user_add(struct cloud *c, const struct cloud_user_config *conf, uint32_t *ret)
{
	const char *upn = conf->upn && conf->upn[0] ? conf->upn : conf->email;
	enum err e = ERR_OK;

	if (!upn || !upn[0] || strlen(upn) > NAME_MAX_BYTES ||
	    (conf->id && !cloud_is_guid(slice_str(conf->id))))
		return ERR_MALFORMED;
	if (taken(c, slice_str(upn)) || (conf->id && taken(c, slice_str(conf->id))))
		return ERR_EXISTS;
	e = room_for_user(c);
	if (e)
		return e;
	struct cloud_user *u = &c->users[c->users_n];
	e = fill(c, u, conf);
	if (e) {
		user_fini(u);
		return e;
	}
	e = index_user(c, c->users_n++); /* on failure the half-indexed user stays: memory is out */
	cloud_user_touch(c, c->users_n - 1);
	if (!e)
		*ret = c->users_n - 1;
	return e;
}

uint32_t cloud_users(const struct cloud *c)
{
	return c->users_n;
}

const char *cloud_user_id(const struct cloud *c, uint32_t user)
{
	CHECK(user < c->users_n);
	return c->users[user].id;
}

void cloud_user_delete(struct cloud *c, uint32_t user, bool deleted)
{
	CHECK(user < c->users_n);
	c->users[user].deleted = deleted;
	cloud_user_touch(c, user);
	c->users[user].sessions_n = 0;
}

/* ---- clients, sessions, preferred state ---- */

enum err cloud_client_set(struct cloud *c, int64_t now_ms, uint32_t user, const char *device,
			  enum cloud_client state)
{
	struct cloud_device *devices, *free_one = NULL, *d = NULL;

	CHECK(user < c->users_n);
	devices = c->users[user].devices;
	if (strlen(device) >= sizeof d->name)
		return ERR_LIMIT;
	for (size_t i = 0; i < CLOUD_DEVICES_MAX && !d; i++) {
		if (devices[i].state != CLOUD_CLIENT_SIGNED_OUT && strcmp(devices[i].name, device) == 0)
			d = &devices[i];
		else if (devices[i].state == CLOUD_CLIENT_SIGNED_OUT && !free_one)
			free_one = &devices[i];
	}
	if (!d && state == CLOUD_CLIENT_SIGNED_OUT)
		return ERR_OK;
	if (!d)
		d = free_one;
	if (!d)
		return ERR_LIMIT;
	*d = (struct cloud_device){ .state = (uint8_t)state, .since_ms = cloud_now(c, now_ms) };
	snprintf(d->name, sizeof d->name, "%s", device);
	return ERR_OK;
}

static void expire(struct cloud *c, struct cloud_user *u)
{
	for (size_t i = u->sessions_n; i-- > 0;)
		if (c->now_ms >= u->sessions[i].expires_ms)
			cloud_app_session_drop(u, &u->sessions[i]);
}

size_t cloud_votes(struct cloud *c, struct cloud_user *u, struct cloud_vote *votes)
{
	size_t n = 0;

	expire(c, u);
	for (size_t i = 0; i < CLOUD_DEVICES_MAX; i++)
		n += cloud_client_vote(u->devices[i].state, u->devices[i].since_ms, &votes[n]);
	for (size_t i = 0; i < u->sessions_n; i++)
		n += cloud_app_vote(&c->rules, u->sessions[i].pair, u->sessions[i].set_ms,
				    u->sessions[i].expires_ms, c->now_ms, &votes[n]);
	return n + cloud_calendar_vote(c, u, n, &votes[n]);
}

struct cloud_app_session *cloud_app_session(struct cloud *c, struct cloud_user *u, const char *id)
{
	expire(c, u);
	for (size_t i = 0; i < u->sessions_n; i++)
		if (strcasecmp(u->sessions[i].id, id) == 0)
			return &u->sessions[i];
	return NULL;
}

void cloud_app_session_drop(struct cloud_user *u, struct cloud_app_session *s)
{
	size_t at = (size_t)(s - u->sessions);

	u->sessions_n--;
	memmove(s, s + 1, (u->sessions_n - at) * sizeof *s);
}

bool cloud_has_preferred(struct cloud *c, struct cloud_user *u)
{
	if (u->has_preferred && c->now_ms >= u->preferred_until_ms)
		u->has_preferred = false;
	return u->has_preferred;
}

struct cloud_pair cloud_user_seen(struct cloud *c, struct cloud_user *u)
{
	static const struct cloud_pair unknown = { CLOUD_AVAILABILITY_UNKNOWN,
						   CLOUD_ACTIVITY_UNKNOWN };
	struct cloud_vote votes[CLOUD_DEVICES_MAX + CLOUD_SESSIONS_MAX + 1];
	size_t n = cloud_votes(c, u, votes);
	struct cloud_pair seen =
		cloud_fold(&c->rules, votes, n, cloud_has_preferred(c, u) ? &u->preferred : NULL);

	if (u->unlicensed)
		seen = unknown;
	if (u->sequence == 0 || seen.availability != u->last_seen.availability ||
	    seen.activity != u->last_seen.activity) {
		u->sequence = ++c->sequence;
		cloud_change_keep(c, u, seen);
	}
	u->last_seen = seen;
	return seen;
}

struct cloud_pair cloud_seen(struct cloud *c, int64_t now_ms, uint32_t user)
{
	CHECK(user < c->users_n);
	cloud_now(c, now_ms);
	return cloud_user_seen(c, &c->users[user]);
}

bool cloud_pin(struct cloud *c, int64_t now_ms, uint32_t user, const struct cloud_pair *pair)
{
	struct cloud_user *u;

	CHECK(user < c->users_n);
	u = &c->users[user];
	if (pair && cloud_preferred_pair_days(*pair) == 0)
		return false;
	u->has_preferred = pair != NULL;
	if (!pair)
		return true;
	u->by_hand = true;
	u->preferred = *pair;
	u->preferred_until_ms = cloud_now(c, now_ms) + (int64_t)cloud_preferred_pair_days(*pair) * DAY_MS;
	if (pair->availability == CLOUD_AVAILABILITY_OFFLINE)
		u->preferred_until_ms = INT64_MAX;
	return true;
}

bool cloud_session(struct cloud *c, int64_t now_ms, uint32_t user, const char *session_id,
		   struct cloud_pair *ret, int64_t *ret_expires_ms)
{
	struct cloud_vote vote;

	CHECK(user < c->users_n);
	cloud_now(c, now_ms);
	const struct cloud_app_session *s = cloud_app_session(
		c, &c->users[user], session_id ? session_id : c->apps[0].id);
	if (!s || !cloud_app_vote(&c->rules, s->pair, s->set_ms, s->expires_ms, c->now_ms, &vote))
		return false;
	*ret = vote.pair;
	*ret_expires_ms = s->expires_ms;
	return true;
}

bool cloud_preferred(struct cloud *c, int64_t now_ms, uint32_t user, struct cloud_pair *ret)
{
	CHECK(user < c->users_n);
	cloud_now(c, now_ms);
	if (!cloud_has_preferred(c, &c->users[user]))
		return false;
	*ret = c->users[user].preferred;
	return true;
}
