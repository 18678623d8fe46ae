#include "daemon/keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/date.h"
#include "sink/lamp/lamp.h"
#include "store/store.h"

enum { FLUSH_MS = 5000, REALM_MAX = STORE_TEXT_MAX };

/* What left in the last moment may have arrived that much later. */
enum { SENDS_MAX = 16, SENDS_KEY_MAX = STORE_TEXT_MAX, SENDS_UNDER_WAY_MS = 15000 };

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
	keeper_watcher_h *watcher;
	void *watcher_arg;
	int64_t started_wall_ms;
	struct sends sends[SENDS_MAX];
	uint32_t sends_n;
	struct known *known; /* until start is over */
	uint64_t *held;	     /* by user: of the id that the store has as held, hashed; 0: not known */
	uint32_t held_n;
};

/* One pass over what the store remembers. */
struct restore {
	struct keeper *k;
	struct bridge_time t;
	uint8_t other_realm[UINT16_MAX]; /* accounts whose sessions belong to another tenant or app */
	struct left {
		uint32_t sessions, preferred, texts; /* that nobody can give back there any more */
		int64_t until_wall_ms;		     /* when the last session has ended by itself */
	} left[UINT16_MAX];
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

static void on_match(void *arg, const struct store_match *s)
{
	struct keeper *k = arg;
	struct keeper_match m = { .state = s->state, .class = s->class, .via = s->via, .flags = s->flags };

	if (slice_copy(s->id, m.id, sizeof(m.id)) == ERR_OK)
		known_add_match(k->known, s->realm, s->email, &m);
}

static void on_link(void *arg, struct slice realm, struct slice rules, struct slice link)
{
	known_add_link(((struct keeper *)arg)->known, realm, rules, link);
}

enum err keeper_new(struct keeper **ret, struct store *store, struct bridge *b, struct bridge_time t,
		    char *why, size_t why_cap)
{
	static const struct store_load_ops metas = { .meta = on_meta, .match = on_match, .link = on_link };
	char words[STORE_WHY_MAX] = "";
	struct keeper *k = calloc(1, sizeof(*k));

	if (!k) {
		store_close(store);
		return ERR_NO_MEMORY;
	}
	k->store = store;
	k->bridge = b;
	k->started_wall_ms = t.wall_ms;
	enum err e = known_new(&k->known);
	if (!e)
		e = store_load(k->store, &metas, k, words);
	if (!e)
		e = known_ready(k->known);
	if (e) {
		snprintf(why, why_cap, "%s", words[0] ? words : err_name(e));
		known_free(k->known);
		store_close(store);
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
	known_free(k->known);
	free(k->held);
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
	const struct apply_person person = { p->account, p->email,    p->name,
					     p->lines,	 p->teams_id, p->enabled };
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

static void note_left(struct restore *r, uint16_t account, const struct user_record *u)
{
	struct left *l = &r->left[account];

	l->preferred += u->preferred != PREFERRED_NOT;
	if (u->session == SESSION_NONE || u->lease_end_wall_ms <= r->t.wall_ms)
		return;
	l->sessions++;
	if (u->lease_end_wall_ms > l->until_wall_ms)
		l->until_wall_ms = u->lease_end_wall_ms;
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
		note_left(r, a, stored);
		record.session = SESSION_NONE;
		record.preferred = PREFERRED_NOT;
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

/* A line that left the configuration while the daemon was down, and whose PBX has something of ours still:
 * added for nobody, it is removed again when that has been given back (bridge_remove_line). */
static uint32_t add_leaving_line(struct restore *r, uint32_t connector, struct slice number)
{
	uint32_t line;

	return bridge_add_line(r->k->bridge, r->t, connector, number, ID_NONE, &line) ? ID_NONE : line;
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
	bool gone = record.line == ID_NONE;
	if (gone)
		store_delete_line(r->k->store, account, connector, number);
	if (gone && c != ID_NONE && stored->lent != PROFILE_AVAILABLE)
		record.line = add_leaving_line(r, c, number);
	if (record.line == ID_NONE)
		return;
	bridge_restore_line(r->k->bridge, r->t, &record);
	if (gone)
		bridge_remove_line(r->k->bridge, r->t, record.line);
}

/* Records of this kind: account, connector and number as the key, in JSON as all records are, the name a
 * lamp is lit under at the PBX as the value. */
static const char kind_lamp[] = "lamp";
enum { KEY_END = 0x1f };

static void on_record(void *arg, struct slice kind, struct slice key, struct slice value)
{
	struct restore *r = arg;
	const struct directory *d = bridge_directory(r->k->bridge);
	struct slice account = SLICE_NONE, connector = SLICE_NONE, number = key;
	struct slice name = slice_sub(value, 1, value.n > 1 ? value.n - 1 : 1);
	uint32_t c = ID_NONE, line = ID_NONE;

	if (!slice_is(kind, kind_lamp) || !slice_split(&number, KEY_END, &account) ||
	    !slice_split(&number, KEY_END, &connector))
		return;
	if (directory_account(d, account) != UINT16_MAX)
		c = directory_connector(d, directory_account(d, account), connector);
	if (c != ID_NONE)
		line = directory_line(d, c, number);
	bool gone = line == ID_NONE || directory_line_user(d, line) == ID_NONE;
	if (line == ID_NONE && c != ID_NONE)
		line = add_leaving_line(r, c, number);
	if (line == ID_NONE) {
		store_delete_record(r->k->store, kind, key);
		return;
	}
	bridge_restore_lamp(r->k->bridge, line, name);
	if (gone)
		bridge_remove_line(r->k->bridge, r->t, line);
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

/* A person who is gone still gets back what was theirs. */
static void on_text(void *arg, const struct store_text *x)
{
	struct restore *r = arg;
	const struct directory *d = bridge_directory(r->k->bridge);
	uint16_t a = directory_account(d, x->account);
	uint32_t user = a == UINT16_MAX ? ID_NONE : directory_user(d, a, x->email);
	bool gone = a != UINT16_MAX && user == ID_NONE;

	if (a == UINT16_MAX || r->other_realm[a]) {
		if (a != UINT16_MAX)
			r->left[a].texts++;
		const struct store_text none = { .account = x->account, .email = x->email };

		store_put_text(r->k->store, &none);
		return;
	}
	if (gone)
		user = add_leaver(r, a, x->email);
	if (user == ID_NONE)
		return;
	bridge_restore_text(r->k->bridge, r->t, user, x->ours, x->former, x->until_wall_ms);
	if (gone)
		bridge_remove_user(r->k->bridge, r->t, user);
}

/* The last of all: ids that the configuration and the store name have been taken. */
static void on_held(void *arg, struct slice account, struct slice email, struct slice id)
{
	struct restore *r = arg;
	const struct directory *d = bridge_directory(r->k->bridge);
	uint16_t a = directory_account(d, account);
	uint32_t user = a == UINT16_MAX ? ID_NONE : directory_user(d, a, email);
	char guid[GRAPH_ID_LEN + 1];

	if (user == ID_NONE || r->other_realm[a] || slice_copy(id, guid, sizeof(guid)))
		store_put_held(r->k->store, account, email, SLICE_NONE);
	else
		bridge_restore_held(r->k->bridge, r->t, user, guid);
}

/* What parts the fields of a watcher in the store; the machine's texts hold no control characters. */
enum { FIELD_END = 0x1f };

static void on_watcher(void *arg, const struct store_watcher *w)
{
	const struct restore *r = arg;
	struct lamp_record record = { .expires_ms = w->expires_wall_ms - (r->t.wall_ms - r->t.mono_ms),
				      .cseq = w->cseq, .remote_cseq = w->remote_cseq, .port = w->port,
				      .package = (uint8_t)w->kind, .transport = (uint8_t)(w->kind >> 8),
				      .shown = (uint8_t)(w->kind >> 16) };
	struct slice rest = w->fields;
	char tag[17], *end;

	for (int i = 0; i < LAMP_FIELDS; i++)
		if (!slice_split(&rest, FIELD_END, &record.fields[i]))
			break;
	if (slice_copy(w->tag, tag, sizeof(tag)))
		return;
	record.tag = strtoull(tag, &end, 16);
	if (r->k->watcher && !*end)
		r->k->watcher(r->k->watcher_arg, &record);
}

void keeper_set_lamps(struct keeper *k, keeper_watcher_h *h, void *arg)
{
	k->watcher = h;
	k->watcher_arg = arg;
}

void keeper_put_accounts(struct keeper *k)
{
	const struct directory *d = bridge_directory(k->bridge);
	char text[REALM_MAX];

	for (uint16_t a = directory_next_account(d, 0); a != UINT16_MAX; a = directory_next_account(d, a + 1))
		if (realm_text(apply_account(k->apply, a), text, sizeof(text)))
			store_put_account(k->store, directory_account_name(d, a), slice_str(text));
}

struct store *keeper_store(struct keeper *k)
{
	return k->store;
}

void keeper_set_apply(struct keeper *k, struct apply *a)
{
	k->apply = a;
}

/* Of accounts that were moved to another tenant or application between two processes: only the former
 * credentials could give it back. */
static void tell_left(const struct restore *r)
{
	const struct directory *d = bridge_directory(r->k->bridge);
	char until[DATE_LEN + 1];

	for (uint16_t a = directory_next_account(d, 0); a != UINT16_MAX;
	     a = directory_next_account(d, a + 1)) {
		const struct left *l = &r->left[a];

		if (!l->sessions && !l->preferred && !l->texts)
			continue;
		date_format(l->until_wall_ms > r->t.wall_ms ? l->until_wall_ms : r->t.wall_ms, until);
		fprintf(stderr,
			"<4>account %.*s: another tenant or application than before this start; left under "
			"the former one: %u sessions (they end by themselves by %s), %u preferred states and "
			"%u status messages (people change these themselves). A change at a reload gives "
			"everything back first\n",
			SLICE_ARG(directory_account_name(d, a)), l->sessions, until, l->preferred, l->texts);
	}
}

enum err keeper_restore(struct keeper *k, struct bridge_time t)
{
	static const struct store_load_ops ops = { .account = on_account,
						   .person = on_person,
						   .user = on_user,
						   .line = on_line,
						   .id = on_id,
						   .text = on_text,
						   .record = on_record,
						   .watcher = on_watcher,
						   .held = on_held };
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
		keeper_put_accounts(k);
	tell_left(r);
	free(r);
	return e;
}

/* ---- keeping ---- the store counts what it cannot take; presence goes on ---- */

/* One more place for the user's hash; NULL: no memory, and it is written each time. */
static uint64_t *held_of(struct keeper *k, uint32_t user)
{
	if (user >= k->held_n) {
		uint32_t n = user + user / 2 + 64;
		uint64_t *more = realloc(k->held, n * sizeof(*more));

		if (!more)
			return NULL;
		memset(more + k->held_n, 0, (n - k->held_n) * sizeof(*more));
		k->held = more;
		k->held_n = n;
	}
	return &k->held[user];
}

/* Something is held under the user's present id: written when it is another than the last time. */
static void put_held(struct keeper *k, uint32_t user)
{
	const struct directory *d = bridge_directory(k->bridge);
	uint32_t realm = bridge_account_realm(k->bridge, directory_user_account(d, user));
	const struct graph *g = bridge_realm(k->bridge, realm);
	struct slice id = slice_str(g ? graph_id(g, user) : "");
	uint64_t hash = slice_hash_nocase(id, 1), *last = held_of(k, user);

	if (id.n == 0 || (last && *last == hash))
		return;
	enum err e = store_put_held(k->store, account_of_user(k, user), directory_email(d, user), id);
	if (!e && last)
		*last = hash;
}

void keeper_put_user(struct keeper *k, const struct user_record *r)
{
	if (r->session != SESSION_NONE || r->preferred != PREFERRED_NOT)
		put_held(k, r->user);
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

void keeper_put_lamp(struct keeper *k, uint32_t line, struct slice name)
{
	const struct directory *d = bridge_directory(k->bridge);
	uint32_t c = directory_line_connector(d, line);
	struct buf key, value;

	if (c == ID_NONE)
		return; /* removed in the same turn */
	buf_init(&key, STORE_TEXT_MAX);
	buf_init(&value, STORE_TEXT_MAX);
	buf_slice(&key, directory_account_name(d, directory_connector_account(d, c)));
	buf_char(&key, KEY_END);
	buf_slice(&key, directory_connector_name(d, c));
	buf_char(&key, KEY_END);
	buf_slice(&key, directory_number(d, line));
	buf_fmt(&value, "\"%.*s\"", SLICE_ARG(name)); /* tokens of SIP need no escapes */
	if (buf_err(&key) == ERR_OK && buf_err(&value) == ERR_OK && name.n)
		store_put_record(k->store, slice_str(kind_lamp), buf_view(&key), buf_view(&value));
	else if (buf_err(&key) == ERR_OK)
		store_delete_record(k->store, slice_str(kind_lamp), buf_view(&key));
	buf_fini(&key);
	buf_fini(&value);
}

/* False when the account is gone. */
static bool user_realm(const struct keeper *k, uint32_t user, char *dst, size_t cap)
{
	uint16_t account = directory_user_account(bridge_directory(k->bridge), user);

	return realm_text(apply_account(k->apply, account), dst, cap);
}

void keeper_put_id(struct keeper *k, uint32_t user, const char *id)
{
	char text[REALM_MAX];

	if (user_realm(k, user, text, sizeof(text)))
		store_put_id(k->store, slice_str(text), directory_email(bridge_directory(k->bridge), user),
			     slice_str(id));
}

void keeper_put_text(struct keeper *k, const struct graph_out *out)
{
	const struct store_text x = { account_of_user(k, out->user),
				      directory_email(bridge_directory(k->bridge), out->user), out->text_ours,
				      out->text_former, out->text_until_wall_ms };

	if (out->text_ours.n)
		put_held(k, out->user);
	store_put_text(k->store, &x);
}

void keeper_put_match(struct keeper *k, uint32_t user, const struct keeper_match *m)
{
	char text[REALM_MAX];
	struct store_match s = { .email = directory_email(bridge_directory(k->bridge), user),
				 .id = slice_str(m->id),
				 .state = m->state,
				 .class = m->class,
				 .via = m->via,
				 .flags = m->flags };

	if (!user_realm(k, user, text, sizeof(text)))
		return;
	s.realm = slice_str(text);
	store_put_match(k->store, &s);
}

void keeper_put_link(struct keeper *k, const struct conf_account *realm, const char *rules, struct slice link)
{
	char text[REALM_MAX];

	if (realm_text(realm, text, sizeof(text)))
		store_put_link(k->store, slice_str(text), slice_str(rules), link);
}

bool keeper_known_match(const struct keeper *k, const struct conf_account *a, struct slice email,
			struct keeper_match *ret)
{
	char text[REALM_MAX];

	return realm_text(a, text, sizeof(text)) && known_match(k->known, slice_str(text), email, ret);
}

bool keeper_known_link(const struct keeper *k, const struct conf_account *a, const char *rules,
		       char *dst, size_t cap)
{
	char text[REALM_MAX];

	return realm_text(a, text, sizeof(text)) && known_link(k->known, slice_str(text), rules, dst, cap);
}

void keeper_known_done(struct keeper *k)
{
	known_free(k->known);
	k->known = NULL;
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
			return ago_ms >= 0 && ago_ms < account->teams.quota.window_ms + SENDS_UNDER_WAY_MS
				       ? k->sends[i].n
				       : 0;
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

	char realm[REALM_MAX];

	store_delete_user(k->store, account, email);
	store_put_held(k->store, account, email, SLICE_NONE);
	if (user < k->held_n)
		k->held[user] = 0;
	/* the people of an account that is out of the configuration come back with it */
	if (apply_account(k->apply, directory_user_account(bridge_directory(k->bridge), user)))
		store_delete_person(k->store, account, email);
	if (user_realm(k, user, realm, sizeof(realm)))
		store_delete_match(k->store, slice_str(realm), email);
}

void keeper_forget_person(void *keeper, struct slice account, struct slice email)
{
	const struct keeper *k = keeper;

	store_delete_person(k->store, account, email);
}

void keeper_put_person(struct keeper *k, const struct apply_person *p)
{
	const struct store_person person = { .account = p->account, .email = p->email, .name = p->name,
					     .lines = p->lines, .source = SLICE_LIT("import"),
					     .teams_id = p->teams_id, .enabled = p->enabled };

	store_put_person(k->store, &person);
}

void keeper_put_watcher(struct keeper *k, const struct lamp_record *r, int64_t wall_ahead_ms)
{
	char tag[17];
	struct buf fields;

	buf_init(&fields, LAMP_TEXT_MAX + LAMP_FIELDS);
	for (int i = 0; i < LAMP_FIELDS; i++) {
		if (i)
			buf_char(&fields, FIELD_END);
		buf_slice(&fields, r->fields[i]);
	}
	snprintf(tag, sizeof(tag), "%016llx", (unsigned long long)r->tag);
	const struct store_watcher w = { .tag = slice_str(tag), .fields = buf_view(&fields),
					 .expires_wall_ms = r->expires_ms + wall_ahead_ms, .cseq = r->cseq,
					 .remote_cseq = r->remote_cseq, .port = r->port,
					 .kind = r->package | (uint32_t)r->transport << 8 |
						 (uint32_t)r->shown << 16 };
	store_put_watcher(k->store, &w);
	buf_fini(&fields);
}

void keeper_delete_watcher(struct keeper *k, uint64_t tag)
{
	char text[17];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)tag);
	store_delete_watcher(k->store, slice_str(text));
}

void keeper_stats(const struct keeper *k, struct keeper_stats *ret)
{
	struct store_stats s;

	store_stats(k->store, &s);
	*ret = (struct keeper_stats){ .written = s.rows, .waiting = s.waiting, .errors = s.errors,
				       .failing = s.failing };
}
