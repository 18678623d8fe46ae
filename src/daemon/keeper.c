#include "daemon/keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "store/store.h"

enum { FLUSH_MS = 5000, REALM_MAX = STORE_TEXT_MAX };

enum { SENDS_MAX = 16, SENDS_KEY_MAX = STORE_TEXT_MAX };

/* What an earlier process had sent when it was last heard of. */
struct sends {
	char key[SENDS_KEY_MAX];
	uint32_t n;
	int64_t wall_ms;
};

struct keeper {
	struct store *store;
	struct bridge *bridge;
	struct apply *apply;
	int64_t started_wall_ms;
	struct sends sends[SENDS_MAX];
	uint32_t sends_n;
};

/* One pass over what the store remembers. */
struct restore {
	struct keeper *k;
	struct bridge_time t;
	uint8_t other_realm[UINT16_MAX]; /* accounts whose sessions belong to another tenant or app */
	uint64_t refused;
};

static const char sends_prefix[] = "sends ";

static void on_meta(void *arg, struct slice key, struct slice value)
{
	struct keeper *k = arg;
	struct sends *s = &k->sends[k->sends_n];
	struct slice n;
	uint64_t count, wall_ms;

	if (k->sends_n == SENDS_MAX || key.n < sizeof(sends_prefix) || !slice_starts(key, sends_prefix) ||
	    !slice_split(&value, ' ', &n) || slice_u64(n, UINT32_MAX, &count) ||
	    slice_u64(value, INT64_MAX, &wall_ms) ||
	    slice_copy(slice_sub(key, sizeof(sends_prefix) - 1, key.n), s->key, sizeof(s->key)))
		return;
	s->n = (uint32_t)count;
	s->wall_ms = (int64_t)wall_ms;
	k->sends_n++;
}

enum err keeper_new(struct keeper **ret, const char *data, struct bridge *b, struct bridge_time t, char *why,
		    size_t why_cap)
{
	static const struct store_load_ops metas = { .meta = on_meta };
	const struct store_options o = { .dir = data };
	char words[STORE_WHY_MAX] = "";
	struct keeper *k = calloc(1, sizeof(*k));

	if (!k)
		return ERR_NO_MEMORY;
	k->bridge = b;
	k->started_wall_ms = t.wall_ms;
	enum err e = store_open(&k->store, &o, words);
	if (!e && (e = store_load(k->store, &metas, k, words)))
		store_close(k->store);
	if (e) {
		snprintf(why, why_cap, "%s", words);
		free(k);
		return e;
	}
	*ret = k;
	return ERR_OK;
}

void keeper_free(struct keeper *k)
{
	if (!k)
		return;
	if (store_flush(k->store, FLUSH_MS))
		fprintf(stderr, "<3>offhookd: the store did not take everything within %d s\n",
			FLUSH_MS / 1000);
	store_close(k->store);
	free(k);
}

/* Cloud, tenant and client id name what a session belongs to. */
static bool realm_text(const struct conf_account *a, char *dst, size_t cap)
{
	int n = a ? snprintf(dst, cap, "%s %s %s", a->teams.login_url, a->teams.tenant,
			     a->teams.client_id)
		  : -1;

	return n > 0 && (size_t)n < cap;
}

static struct slice account_of_user(const struct keeper *k, uint32_t user)
{
	const struct directory *d = bridge_directory(k->bridge);

	return directory_account_name(d, directory_user_account(d, user));
}

/* ---- restore ---- */

static void on_account(void *arg, struct slice account, struct slice realm)
{
	struct restore *r = arg;
	uint16_t id = directory_account(bridge_directory(r->k->bridge), account);
	char text[REALM_MAX];

	if (id == UINT16_MAX)
		store_delete_account(r->k->store, account);
	else if (realm_text(apply_account(r->k->apply, id), text, sizeof(text)))
		r->other_realm[id] = !slice_is(realm, text);
}

static void on_person(void *arg, const struct store_person *p)
{
	struct restore *r = arg;
	const struct apply_person person = { p->account, p->email, p->name, p->lines, p->enabled };
	char why[300];

	if (apply_person(r->k->apply, r->t, &person, why, sizeof(why)))
		r->refused++;
}

/* A person who left the configuration while the daemon was down: what is still held is given back. */
static uint32_t add_leaver(struct restore *r, uint16_t account, struct slice email)
{
	const struct bridge_user u = { .email = email, .enabled = false };
	uint32_t id;

	return bridge_add_user(r->k->bridge, r->t, account, &u, &id) ? ID_NONE : id;
}

static void on_user(void *arg, struct slice account, struct slice email, const struct user_record *stored)
{
	struct restore *r = arg;
	const struct directory *d = bridge_directory(r->k->bridge);
	uint16_t a = directory_account(d, account);
	struct user_record record = *stored;

	if (a == UINT16_MAX)
		return;
	if (r->other_realm[a]) {
		record.session = SESSION_NONE;
		record.preferred = false;
		record.lease_end_wall_ms = 0;
	}
	record.user = directory_user(d, a, email);
	bool gone = record.user == ID_NONE;
	if (gone && (record.session == SESSION_NONE || record.lease_end_wall_ms <= r->t.wall_ms)) {
		store_delete_user(r->k->store, account, email);
		return;
	}
	if (gone)
		record.user = add_leaver(r, a, email);
	if (record.user == ID_NONE)
		return;
	bridge_restore_user(r->k->bridge, r->t, &record);
	if (gone)
		bridge_remove_user(r->k->bridge, r->t, record.user);
}

static void on_line(void *arg, struct slice account, struct slice connector, struct slice number,
		    const struct line_record *stored)
{
	struct restore *r = arg;
	const struct directory *d = bridge_directory(r->k->bridge);
	uint16_t a = directory_account(d, account);
	uint32_t c = a == UINT16_MAX ? ID_NONE : directory_connector(d, a, connector);
	struct line_record record = *stored;

	record.line = c == ID_NONE ? ID_NONE : directory_line(d, c, number);
	if (record.line == ID_NONE)
		store_delete_line(r->k->store, account, connector, number);
	else
		bridge_restore_line(r->k->bridge, r->t, &record);
}

static void on_id(void *arg, struct slice realm, struct slice email, struct slice id)
{
	struct restore *r = arg;
	const struct directory *d = bridge_directory(r->k->bridge);
	char text[REALM_MAX], guid[GRAPH_ID_LEN + 1];

	if (slice_copy(id, guid, sizeof(guid)))
		return;
	for (uint16_t a = directory_next_account(d, 0); a != UINT16_MAX;
	     a = directory_next_account(d, a + 1)) {
		uint32_t user = directory_user(d, a, email);
		const struct graph *g = bridge_realm(r->k->bridge, bridge_account_realm(r->k->bridge, a));

		/* an id from the configuration stands above a remembered one */
		if (user == ID_NONE || !g || graph_id(g, user)[0] ||
		    !realm_text(apply_account(r->k->apply, a), text, sizeof(text)) || !slice_is(realm, text))
			continue;
		bridge_set_teams_id(r->k->bridge, user, guid);
	}
}

static void put_accounts(struct keeper *k)
{
	const struct directory *d = bridge_directory(k->bridge);
	char text[REALM_MAX];

	for (uint16_t a = directory_next_account(d, 0); a != UINT16_MAX; a = directory_next_account(d, a + 1))
		if (realm_text(apply_account(k->apply, a), text, sizeof(text)))
			store_put_account(k->store, directory_account_name(d, a), slice_str(text));
}

void keeper_set_apply(struct keeper *k, struct apply *a)
{
	k->apply = a;
}

enum err keeper_restore(struct keeper *k, struct bridge_time t)
{
	static const struct store_load_ops ops = { .account = on_account,
						   .person = on_person,
						   .user = on_user,
						   .line = on_line,
						   .id = on_id };
	struct restore *r = calloc(1, sizeof(*r));
	char why[STORE_WHY_MAX] = "";

	if (!r)
		return ERR_NO_MEMORY;
	r->k = k;
	r->t = t;
	enum err e = store_load(k->store, &ops, r, why);
	if (e)
		fprintf(stderr, "<3>offhookd: %s\n", why);
	else
		put_accounts(k);
	free(r);
	return e;
}

/* ---- keeping ---- the store counts what it cannot take; presence goes on ---- */

void keeper_put_user(struct keeper *k, const struct user_record *r)
{
	store_put_user(k->store, account_of_user(k, r->user),
		       directory_email(bridge_directory(k->bridge), r->user), r);
}

void keeper_put_line(struct keeper *k, const struct line_record *r)
{
	const struct directory *d = bridge_directory(k->bridge);
	uint32_t c = directory_line_connector(d, r->line);

	if (c == ID_NONE)
		return; /* removed in the same turn */
	store_put_line(k->store, directory_account_name(d, directory_connector_account(d, c)),
		       directory_connector_name(d, c), directory_number(d, r->line), r);
}

void keeper_put_id(struct keeper *k, uint32_t realm, uint32_t user, const char *id)
{
	char text[REALM_MAX];

	if (realm_text(apply_realm(k->apply, realm), text, sizeof(text)))
		store_put_id(k->store, slice_str(text), directory_email(bridge_directory(k->bridge), user),
			     slice_str(id));
}

void keeper_put_sends(struct keeper *k, uint32_t realm, uint32_t in_window, int64_t wall_ms)
{
	char text[REALM_MAX], key[REALM_MAX + sizeof(sends_prefix)], value[48];

	if (!realm_text(apply_realm(k->apply, realm), text, sizeof(text)))
		return;
	int n = snprintf(key, sizeof(key), "%s%s", sends_prefix, text);
	snprintf(value, sizeof(value), "%u %lld", in_window, (long long)wall_ms);
	store_put_meta(k->store, slice_of(key, (size_t)n), slice_str(value));
}

uint32_t keeper_sent_before(void *keeper, const struct conf_account *account)
{
	const struct keeper *k = keeper;
	char text[REALM_MAX];

	for (uint32_t i = 0; i < k->sends_n && realm_text(account, text, sizeof(text)); i++) {
		int64_t ago_ms = k->started_wall_ms - k->sends[i].wall_ms;

		if (strcmp(k->sends[i].key, text) == 0)
			return ago_ms >= 0 && ago_ms < account->teams.quota.window_ms ? k->sends[i].n : 0;
	}
	return 0;
}

void keeper_audit(struct keeper *k, const struct action *a)
{
	const struct store_audit entry = { a->audit.wall_ms, a->audit.kind, a->audit.a, a->audit.b };

	store_audit(k->store, account_of_user(k, a->user),
		    directory_email(bridge_directory(k->bridge), a->user), &entry);
}

void keeper_forget_user(struct keeper *k, uint32_t user)
{
	struct slice account = account_of_user(k, user);
	struct slice email = directory_email(bridge_directory(k->bridge), user);

	store_delete_user(k->store, account, email);
	store_delete_person(k->store, account, email);
}

void keeper_put_person(struct keeper *k, const struct apply_person *p)
{
	const struct store_person person = { .account = p->account, .email = p->email, .name = p->name,
					     .lines = p->lines, .source = SLICE_LIT("import"),
					     .enabled = p->enabled };

	store_put_person(k->store, &person);
}

void keeper_stats(const struct keeper *k, struct keeper_stats *ret)
{
	struct store_stats s;

	store_stats(k->store, &s);
	*ret = (struct keeper_stats){ .written = s.rows, .waiting = s.waiting, .errors = s.errors };
}
