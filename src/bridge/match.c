/* match.c - from rows of the directory to who our users are. */
#include "bridge/match.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "bridge/own.h"

enum { HITS_MAX = 32, ID_SEED = 0x3a7c };

struct verdict {
	uint8_t id[MATCH_ID_BYTES];
	uint8_t state, class, via;
	bool many;
	uint32_t other;
};

static const uint8_t no_id[MATCH_ID_BYTES];

/* ---- ids ---- */

static uint8_t nibble(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* text is a GUID, or empty. */
void match_pack_id(const char *text, uint8_t to[static MATCH_ID_BYTES])
{
	int digits = 0;

	memset(to, 0, MATCH_ID_BYTES);
	for (; *text && digits < 2 * MATCH_ID_BYTES; text++) {
		if (*text == '-')
			continue;
		to[digits / 2] = (uint8_t)(to[digits / 2] << 4 | nibble(*text));
		digits++;
	}
}

static void unpack_id(const uint8_t id[static MATCH_ID_BYTES], char to[static GRAPH_ID_LEN + 1])
{
	static const char hex[] = "0123456789abcdef";
	char *at = to;

	for (int i = 0; i < MATCH_ID_BYTES && memcmp(id, no_id, MATCH_ID_BYTES) != 0; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = hex[id[i] >> 4];
		*at++ = hex[id[i] & 15];
	}
	*at = '\0';
}

static bool has_id(const uint8_t id[static MATCH_ID_BYTES])
{
	return memcmp(id, no_id, MATCH_ID_BYTES) != 0;
}

static uint32_t realm_of(const struct bridge *b, uint32_t user)
{
	uint16_t account = directory_user_account(b->directory, user);

	return account < b->limits.accounts ? b->account_realm[account] : ID_NONE;
}

struct id_key {
	const uint8_t *id;
	uint32_t realm;
};

static bool same_id(uint32_t user, const void *key, void *arg)
{
	const struct bridge *b = arg;
	const struct id_key *k = key;

	return memcmp(b->matcher.recs[user].id, k->id, MATCH_ID_BYTES) == 0 && realm_of(b, user) == k->realm;
}

static uint64_t id_hash(const struct id_key *k)
{
	return slice_hash(slice_of((const char *)k->id, MATCH_ID_BYTES), ID_SEED + k->realm);
}

/* The user that this person is, or would be were it served; ID_NONE. */
uint32_t match_user_of(const struct bridge *b, uint32_t realm, const uint8_t id[static MATCH_ID_BYTES])
{
	const struct id_key k = { id, realm };
	uint32_t user = has_id(id) ? map_find(&b->matcher.by_id, id_hash(&k), same_id, &k,
					      (void *)(uintptr_t)b)
				   : MAP_NONE;

	return user == MAP_NONE ? ID_NONE : user;
}

static void unlink_id(struct bridge *b, uint32_t user)
{
	const struct id_key k = { b->matcher.recs[user].id, realm_of(b, user) };

	if (has_id(k.id))
		map_del(&b->matcher.by_id, id_hash(&k), user);
}

static void link_id(struct bridge *b, uint32_t user)
{
	const struct id_key k = { b->matcher.recs[user].id, realm_of(b, user) };

	if (has_id(k.id) && match_user_of(b, k.realm, k.id) == ID_NONE)
		CHECK(map_add(&b->matcher.by_id, id_hash(&k), user) == ERR_OK);
}

/* ---- outcomes ---- */

static struct match_rules *rules_of(const struct bridge *b, uint32_t user)
{
	uint16_t account = directory_user_account(b->directory, user);

	if (!b->matcher.recs || account >= b->limits.accounts || !b->matcher.rules[account].set)
		return NULL;
	return &b->matcher.rules[account];
}

void match_queue(struct bridge *b, uint32_t user)
{
	struct matcher *m = &b->matcher;

	if (m->recs[user].queued)
		return;
	m->recs[user].queued = true;
	m->changed[(m->changed_at + m->changed_n++) % b->limits.users] = user;
}

bool match_pop(struct bridge *b, uint32_t *ret_user)
{
	struct matcher *m = &b->matcher;

	if (m->changed_n == 0)
		return false;
	*ret_user = m->changed[m->changed_at];
	m->changed_at = (m->changed_at + 1) % b->limits.users;
	m->changed_n--;
	m->recs[*ret_user].queued = false;
	return true;
}

/* Who may be served has the id at the sink. Whoever is named in the configuration keeps what stands there. */
static void apply(struct bridge *b, uint32_t user)
{
	const struct match_rec *rec = &b->matcher.recs[user];
	struct realm_slot *r = bridge_realm_of_user(b, user);
	char text[GRAPH_ID_LEN + 1];

	if (!r)
		return;
	r->dirty = true;
	unpack_id(rec->id, text);
	if (rec->state == MATCH_MATCHED) {
		identity_set(b, user, text);
	} else if (rec->state != MATCH_WAITING && (!rec->named || rec->state == MATCH_SAME)) {
		graph_look_cancel(r->graph, user);
		identity_set(b, user, "");
	}
}

static void settle(struct bridge *b, uint32_t user, struct verdict v);

/* Whom this user had kept from having the session gets it now. */
static void release_others(struct bridge *b, uint32_t user)
{
	const struct directory *d = b->directory;

	for (uint32_t u = b->matcher.same_n ? directory_next_user(d, 0) : ID_NONE; u != ID_NONE;
	     u = directory_next_user(d, u + 1)) {
		struct match_rec *rec = &b->matcher.recs[u];
		struct verdict v = { .state = MATCH_MATCHED,
				     .class = rec->class,
				     .via = rec->via,
				     .other = ID_NONE };

		if (rec->state != MATCH_SAME || rec->other != user)
			continue;
		memcpy(v.id, rec->id, sizeof(v.id));
		settle(b, u, v); /* finds the next owner, should that be another one by now */
	}
}

/* One person is one session: who had it first keeps it, but the configuration's word counts more. */
static void claim(struct bridge *b, uint32_t user, struct verdict *v)
{
	uint32_t owner = match_user_of(b, realm_of(b, user), v->id);

	if (owner == ID_NONE || owner == user)
		return;
	struct match_rec *other = &b->matcher.recs[owner];
	if (other->state != MATCH_MATCHED) {
		unlink_id(b, owner);
		return;
	}
	if (!b->matcher.recs[user].named || other->named) {
		v->state = MATCH_SAME;
		v->other = owner;
		return;
	}
	unlink_id(b, owner);
	other->state = MATCH_SAME;
	b->matcher.same_n++;
	other->other = user;
	apply(b, owner);
	match_queue(b, owner);
}

static void settle(struct bridge *b, uint32_t user, struct verdict v)
{
	struct match_rec *rec = &b->matcher.recs[user];
	bool owned = rec->state == MATCH_MATCHED;

	if (v.state == MATCH_MATCHED)
		claim(b, user, &v);
	bool same_person = memcmp(rec->id, v.id, sizeof(v.id)) == 0;
	bool same = same_person && rec->state == v.state && rec->class == v.class && rec->via == v.via &&
		    rec->other == v.other && rec->many == v.many;
	unlink_id(b, user);
	memcpy(rec->id, v.id, sizeof(rec->id));
	b->matcher.same_n += v.state == MATCH_SAME;
	b->matcher.same_n -= rec->state == MATCH_SAME;
	rec->state = v.state;
	rec->class = v.class;
	rec->via = v.via;
	rec->other = v.other;
	rec->many = v.many;
	link_id(b, user);
	apply(b, user);
	if (!same)
		match_queue(b, user);
	if (owned && (!same_person || v.state != MATCH_MATCHED))
		release_others(b, user);
}

static enum match state_of(const struct match_rules *r, uint8_t class, bool many)
{
	static const uint8_t states[PERSON_CLASS_COUNT] = {
		[PERSON_GOOD] = MATCH_MATCHED,
		[PERSON_UNLICENSED] = MATCH_UNLICENSED,
		[PERSON_GUEST] = MATCH_GUEST,
		[PERSON_DISABLED] = MATCH_DISABLED,
	};

	if (class >= PERSON_CLASS_COUNT)
		return MATCH_UNMATCHED;
	if (class != PERSON_GOOD && !(r->take >> class & 1))
		return (enum match)states[class];
	return many ? MATCH_DUPLICATE : MATCH_MATCHED;
}

static struct verdict verdict_of(const struct match_rules *r, const uint8_t *id, uint8_t class,
				 uint8_t via, bool many)
{
	struct verdict v = { .class = class, .via = via, .many = many, .other = ID_NONE };

	v.state = (uint8_t)state_of(r, class, many);
	if (class < PERSON_CLASS_COUNT)
		memcpy(v.id, id, sizeof(v.id));
	return v;
}

/* What is found about somebody who stands in the configuration with an id: the id stays theirs. */
static struct verdict verdict_named(const struct match_rules *r, const struct match_rec *rec, uint8_t class)
{
	struct verdict v = verdict_of(r, rec->id, class, VIA_ID, false);

	memcpy(v.id, rec->id, sizeof(v.id));
	return v;
}

/* ---- single look-ups ---- */

/* By a property that a look-up cannot ask for, somebody may still be found: everybody is read again, once. */
static bool ask_everybody(struct bridge *b, uint32_t user, const struct match_rules *r)
{
	struct realm_slot *realm = bridge_realm_of_user(b, user);

	if (!(r->by >> VIA_ATTRIBUTE & 1) || !r->every_ms ||
	    b->matcher.recs[user].state != MATCH_WAITING || !realm)
		return false;
	struct graph_people_view v;
	graph_people_view(realm->graph, &v);
	if (v.complete)
		graph_people_again(realm->graph, true);
	return true;
}

/* Its look-up was cancelled when the directory said who it is (apply): a late "nobody" knows less. */
static bool is_given_up(const struct match_rec *rec)
{
	return rec->state != MATCH_WAITING && rec->state != MATCH_UNMATCHED && rec->state != MATCH_MATCHED;
}

bool match_judges(const struct bridge *b, uint32_t user)
{
	return rules_of(b, user) != NULL;
}

void match_found(struct bridge *b, const struct graph_out *out)
{
	const struct match_rules *r = rules_of(b, out->user);
	uint8_t id[MATCH_ID_BYTES], class = out->class;

	if (!r || b->matcher.recs[out->user].named)
		return;
	if (class < PERSON_CLASS_COUNT && !(r->by >> out->via & 1))
		class = PERSON_CLASS_COUNT;
	if (class == PERSON_CLASS_COUNT && ask_everybody(b, out->user, r))
		return;
	if (class == PERSON_CLASS_COUNT && is_given_up(&b->matcher.recs[out->user]))
		return;
	b->matcher.recs[out->user].fresh = true;
	match_pack_id(out->id, id);
	settle(b, out->user, verdict_of(r, id, class, out->via, out->people > 1));
}

/* ---- rows ---- */

struct hit {
	uint32_t user;
	uint8_t via;
};

struct hits {
	struct hit list[HITS_MAX];
	uint32_t n;
};

static void hit(struct hits *h, uint32_t user, enum person_via via)
{
	if (user == ID_NONE)
		return;
	for (uint32_t i = 0; i < h->n; i++)
		if (h->list[i].user == user)
			return;
	if (h->n < HITS_MAX)
		h->list[h->n++] = (struct hit){ user, (uint8_t)via };
}

/* The property holds the e-mail, connector/number, or a number of any connector. */
static void hit_property(const struct bridge *b, uint16_t account, struct slice text, struct hits *h)
{
	const struct directory *d = b->directory;
	size_t slash = slice_find(text, '/');

	hit(h, directory_user(d, account, text), VIA_ATTRIBUTE);
	for (uint32_t c = directory_next_connector(d, 0); c != ID_NONE;
	     c = directory_next_connector(d, c + 1)) {
		struct slice number = text;

		if (directory_connector_account(d, c) != account)
			continue;
		if (slash < text.n && slice_eq(slice_sub(text, 0, slash), directory_connector_name(d, c)))
			number = slice_sub(text, slash + 1, text.n);
		uint32_t line = directory_line(d, c, number);
		if (line != ID_NONE)
			hit(h, directory_line_user(d, line), VIA_ATTRIBUTE);
	}
}

static void hits_of_account(const struct bridge *b, uint16_t account, const struct graph_person *p,
			    struct hits *h)
{
	const struct match_rules *r = &b->matcher.rules[account];

	for (uint32_t i = 0; i < p->addresses_n; i++) {
		const struct person_address *a = &p->addresses[i];

		if (!(r->by >> a->via & 1))
			continue;
		if (a->via == VIA_ATTRIBUTE)
			hit_property(b, account, a->text, h);
		else
			hit(h, directory_user(b->directory, account, a->text), (enum person_via)a->via);
	}
}

/* All users of the realm whom this row is about by one of its addresses. */
static void hits_of(const struct bridge *b, uint32_t realm, const struct graph_person *p, struct hits *h)
{
	const struct directory *d = b->directory;

	for (uint16_t a = directory_next_account(d, 0); a != UINT16_MAX; a = directory_next_account(d, a + 1))
		if (b->account_realm[a] == realm && b->matcher.rules[a].set)
			hits_of_account(b, a, p, h);
}

/* A candidate in a full reading: the best class counts, and whether there are several of it. */
static void offer(struct match_rec *rec, const struct graph_person *p, const uint8_t *id, uint8_t via)
{
	bool none = !has_id(rec->scan_id);

	if (none || p->class < rec->scan_class) {
		memcpy(rec->scan_id, id, MATCH_ID_BYTES);
		rec->scan_class = p->class;
		rec->scan_via = via;
		rec->scan_plans = p->plans_known;
		rec->scan_many = false;
	} else if (p->class == rec->scan_class && memcmp(rec->scan_id, id, MATCH_ID_BYTES) != 0) {
		rec->scan_many = true;
	}
}

/* Nobody is known to be this user, or nothing is known yet: then the row alone decides; otherwise
 * one look-up. */
static void changed(struct bridge *b, uint32_t user, const struct graph_person *p,
		    const uint8_t *id, uint8_t via)
{
	struct match_rec *rec = &b->matcher.recs[user];
	const struct match_rules *r = rules_of(b, user);
	bool same = memcmp(rec->id, id, MATCH_ID_BYTES) == 0;
	uint8_t class = p->removed ? PERSON_CLASS_COUNT : p->class;

	if (rec->named) {
		if (same && (p->removed || p->whole))
			settle(b, user, verdict_named(r, rec, class));
		return;
	}
	if (same && via != VIA_NONE && p->whole && !rec->many) {
		settle(b, user, verdict_of(r, id, class, via, false));
	} else if (!same && via != VIA_NONE && p->whole &&
		   (rec->state == MATCH_UNMATCHED || rec->state == MATCH_WAITING)) {
		settle(b, user, verdict_of(r, id, class, via, false));
	} else if (same || via != VIA_NONE) {
		struct realm_slot *realm = bridge_realm_of_user(b, user);

		if (r->by >> VIA_ATTRIBUTE & 1)
			graph_people_again(realm->graph, false);
		else
			bridge_set_teams_id(b, user, NULL);
	}
}

void match_person(struct bridge *b, uint32_t realm, const struct graph_out *out)
{
	const struct graph_person *p = out->person;
	uint8_t id[MATCH_ID_BYTES];
	struct hits h = { .n = 0 };

	if (!b->matcher.recs || (out->full && p->removed))
		return;
	match_pack_id(p->id, id);
	if (!p->removed)
		hits_of(b, realm, p, &h);
	uint32_t known = match_user_of(b, realm, id);
	if (out->full)
		b->matcher.plans_seen[realm] |= p->plans_known;
	if (known != ID_NONE && (b->matcher.recs[known].named || !out->full))
		hit(&h, known, b->matcher.recs[known].named ? VIA_ID : VIA_NONE);
	for (uint32_t i = 0; i < h.n; i++) {
		struct match_rec *rec = &b->matcher.recs[h.list[i].user];

		if (out->full && (!rec->named || h.list[i].user == known))
			offer(rec, p, id, h.list[i].via);
		else if (!out->full)
			changed(b, h.list[i].user, p, id, h.list[i].via);
	}
}

/* ---- a full reading ---- */

static bool is_of_realm(const struct bridge *b, uint32_t user, uint32_t realm)
{
	return rules_of(b, user) && realm_of(b, user) == realm;
}

static void begin_full(struct bridge *b, uint32_t realm)
{
	const struct directory *d = b->directory;

	b->matcher.plans_seen[realm] = false;
	for (uint32_t u = directory_next_user(d, 0); u != ID_NONE; u = directory_next_user(d, u + 1)) {
		struct match_rec *rec = &b->matcher.recs[u];

		if (!is_of_realm(b, u, realm))
			continue;
		memset(rec->scan_id, 0, sizeof(rec->scan_id));
		rec->scan_many = rec->fresh = false;
		rec->scan_class = PERSON_CLASS_COUNT;
		rec->scan_via = VIA_NONE;
	}
}

/* An empty list of licences may be left out of a row; that others have one says that we may see them. */
static uint8_t class_of_scan(const struct match_rec *rec, bool plans_seen)
{
	return rec->scan_class == PERSON_GOOD && plans_seen && !rec->scan_plans ? PERSON_UNLICENSED
										: rec->scan_class;
}

static void decide(struct bridge *b, uint32_t user, bool plans_seen)
{
	const struct match_rec *rec = &b->matcher.recs[user];
	const struct match_rules *r = rules_of(b, user);
	uint8_t class = class_of_scan(rec, plans_seen);

	if (rec->named)
		settle(b, user, verdict_named(r, rec, class));
	else
		settle(b, user, verdict_of(r, rec->scan_id, class, rec->scan_via, rec->scan_many));
}

/* Whom a look-up has not found, though a row of the reading was theirs, is found: its index lags behind. */
static bool is_decided_by_scan(const struct match_rec *rec)
{
	return !rec->fresh || (has_id(rec->scan_id) &&
			       (rec->state == MATCH_UNMATCHED || rec->state == MATCH_WAITING));
}

/* Whoever joined meanwhile was not compared with all rows: a look-up decides, or where none can,
 * another reading. */
static void end_full(struct bridge *b, uint32_t realm)
{
	const struct directory *d = b->directory;
	bool again = false;

	for (uint32_t u = directory_next_user(d, 0); u != ID_NONE; u = directory_next_user(d, u + 1)) {
		const struct match_rec *rec = &b->matcher.recs[u];

		if (!is_of_realm(b, u, realm))
			continue;
		if (is_decided_by_scan(rec))
			decide(b, u, b->matcher.plans_seen[realm]);
		else
			again |= rec->state == MATCH_WAITING && rules_of(b, u)->by >> VIA_ATTRIBUTE & 1;
	}
	if (again)
		graph_people_again(b->realms[realm].graph, true);
}

/* ---- what is read ---- */

void match_stage(struct bridge *b, uint32_t realm, const struct graph_out *out)
{
	if (!b->matcher.recs)
		return;
	switch ((enum graph_read_stage)out->stage) {
	case READ_PEOPLE_BEGIN:
		if (out->full)
			begin_full(b, realm);
		break;
	case READ_PEOPLE_END:
		if (out->full)
			end_full(b, realm);
		break;
	case READ_PEOPLE_FAILED:
		break;
	case READ_GROUP_BEGIN:
	case READ_GROUP_END:
	case READ_GROUP_FAILED:
		match_group_stage(b, realm, out);
		break;
	}
}

/* ---- users come and go ---- */

static void name(struct bridge *b, uint32_t user, const char *teams_id)
{
	struct verdict v = { .state = MATCH_MATCHED, .class = PERSON_GOOD, .via = VIA_ID, .other = ID_NONE };

	b->matcher.recs[user].named = true;
	match_pack_id(teams_id, v.id);
	settle(b, user, v);
}

void match_joined(struct bridge *b, uint32_t user, const char *teams_id)
{
	if (!rules_of(b, user))
		return;
	struct match_rec *rec = &b->matcher.recs[user];
	bool queued = rec->queued;
	*rec = (struct match_rec){ .other = ID_NONE,
				   .class = PERSON_CLASS_COUNT,
				   .scan_class = PERSON_CLASS_COUNT,
				   .fresh = true,
				   .queued = queued };
	if (teams_id && teams_id[0])
		name(b, user, teams_id);
}

void match_left(struct bridge *b, uint32_t user)
{
	if (!rules_of(b, user))
		return;
	struct match_rec *rec = &b->matcher.recs[user];
	bool queued = rec->queued, owned = rec->state == MATCH_MATCHED;
	unlink_id(b, user);
	b->matcher.same_n -= rec->state == MATCH_SAME;
	*rec = (struct match_rec){ .other = ID_NONE, .queued = queued };
	if (owned)
		release_others(b, user);
}

void match_renamed(struct bridge *b, uint32_t user, const char *teams_id)
{
	const struct verdict nobody = { .state = MATCH_WAITING,
					.class = PERSON_CLASS_COUNT,
					.other = ID_NONE };
	uint8_t id[MATCH_ID_BYTES];

	if (!rules_of(b, user))
		return;
	struct match_rec *rec = &b->matcher.recs[user];
	match_pack_id(teams_id ? teams_id : "", id);
	if (has_id(id) && (!rec->named || memcmp(id, rec->id, sizeof(id)) != 0)) {
		name(b, user, teams_id);
	} else if (!has_id(id) && rec->named) {
		rec->named = false;
		rec->fresh = true;
		identity_set(b, user, "");
		settle(b, user, nobody);
		bridge_set_teams_id(b, user, NULL);
	}
}

/* ---- views ---- */

bool bridge_match(const struct bridge *b, uint32_t user, struct bridge_match *ret)
{
	if (user >= b->limits.users || !directory_has_user(b->directory, user) || !rules_of(b, user))
		return false;
	const struct match_rec *rec = &b->matcher.recs[user];
	*ret = (struct bridge_match){ .state = rec->state,
				      .class = rec->class,
				      .via = rec->via,
				      .named = rec->named,
				      .in_group = rec->in_group,
				      .other = rec->other };
	unpack_id(rec->id, ret->id);
	return true;
}

void bridge_restore_match(struct bridge *b, uint32_t user, const struct bridge_match *m)
{
	struct match_rec *rec = rules_of(b, user) ? &b->matcher.recs[user] : NULL;
	struct verdict v = { .state = m->state, .class = m->class, .via = m->via, .other = ID_NONE };

	if (!rec)
		return;
	rec->in_group = m->in_group;
	/* whom the configuration named, and names no more, is anybody */
	if (rec->named || m->via == VIA_ID || m->state == MATCH_WAITING || m->state >= MATCH_COUNT)
		return;
	match_pack_id(m->id, v.id);
	v.many = m->state == MATCH_DUPLICATE;
	if (v.state == MATCH_SAME)
		v.state = MATCH_MATCHED; /* whoever comes first has it again */
	rec->fresh = false;
	settle(b, user, v);
}
