/* match.c - who our users are: the outcome of each, and who has the session when several are one person. */
#include <string.h>

#include "bridge/match_own.h"

struct match_rules *match_rules_of(const struct bridge *b, uint32_t user)
{
	uint16_t account = directory_user_account(b->directory, user);

	if (!b->matcher.recs || account >= b->limits.accounts || !b->matcher.rules[account].set)
		return NULL;
	return &b->matcher.rules[account];
}

bool match_judges(const struct bridge *b, uint32_t user)
{
	return match_rules_of(b, user) != NULL;
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
	match_unpack_id(rec->id, text);
	if (rec->state == MATCH_MATCHED) {
		identity_set(b, user, text);
	} else if (rec->state != MATCH_WAITING && (!rec->named || rec->state == MATCH_SAME)) {
		graph_look_cancel(r->graph, user);
		identity_set(b, user, "");
	}
}

/* Whom this user had kept from having the session gets it now. */
static void release_others(struct bridge *b, uint32_t user)
{
	const struct directory *d = b->directory;

	for (uint32_t u = b->matcher.same_n ? directory_next_user(d, 0) : ID_NONE; u != ID_NONE;
	     u = directory_next_user(d, u + 1)) {
		struct match_rec *rec = &b->matcher.recs[u];
		struct match_verdict v = { .state = MATCH_MATCHED,
					   .class = rec->class,
					   .via = rec->via,
					   .other = ID_NONE };

		if (rec->state != MATCH_SAME || rec->other != user)
			continue;
		memcpy(v.id, rec->id, sizeof(v.id));
		match_settle(b, u, v); /* finds the next owner, should that be another one by now */
	}
}

/* One person is one session: who had it first keeps it, but the configuration's word counts more. */
static void claim(struct bridge *b, uint32_t user, struct match_verdict *v)
{
	uint32_t owner = match_user_of(b, match_realm_of(b, user), v->id);

	if (owner == ID_NONE || owner == user)
		return;
	struct match_rec *other = &b->matcher.recs[owner];
	if (other->state != MATCH_MATCHED) {
		match_unlink_id(b, owner);
		return;
	}
	if (!b->matcher.recs[user].named || other->named) {
		v->state = MATCH_SAME;
		v->other = owner;
		return;
	}
	match_unlink_id(b, owner);
	other->state = MATCH_SAME;
	b->matcher.same_n++;
	other->other = user;
	apply(b, owner);
	match_queue(b, owner);
}

void match_settle(struct bridge *b, uint32_t user, struct match_verdict v)
{
	struct match_rec *rec = &b->matcher.recs[user];
	bool owned = rec->state == MATCH_MATCHED;

	if (v.state == MATCH_MATCHED)
		claim(b, user, &v);
	bool same_person = memcmp(rec->id, v.id, sizeof(v.id)) == 0;
	bool same = same_person && rec->state == v.state && rec->class == v.class && rec->via == v.via &&
		    rec->other == v.other && rec->many == v.many;
	match_unlink_id(b, user);
	memcpy(rec->id, v.id, sizeof(rec->id));
	b->matcher.same_n += v.state == MATCH_SAME;
	b->matcher.same_n -= rec->state == MATCH_SAME;
	rec->state = v.state;
	rec->class = v.class;
	rec->via = v.via;
	rec->other = v.other;
	rec->many = v.many;
	match_link_id(b, user);
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

struct match_verdict match_verdict_of(const struct match_rules *r, const uint8_t *id, uint8_t class,
				      uint8_t via, bool many)
{
	struct match_verdict v = { .class = class, .via = via, .many = many, .other = ID_NONE };

	v.state = (uint8_t)state_of(r, class, many);
	if (class < PERSON_CLASS_COUNT)
		memcpy(v.id, id, sizeof(v.id));
	return v;
}

/* What is found about somebody who stands in the configuration with an id: the id stays theirs. */
struct match_verdict match_verdict_named(const struct match_rules *r, const struct match_rec *rec,
					 uint8_t class)
{
	struct match_verdict v = match_verdict_of(r, rec->id, class, VIA_ID, false);

	memcpy(v.id, rec->id, sizeof(v.id));
	return v;
}

/* ---- users come and go ---- */

static void name(struct bridge *b, uint32_t user, const char *teams_id)
{
	struct match_verdict v = { .state = MATCH_MATCHED,
				   .class = PERSON_GOOD,
				   .via = VIA_ID,
				   .other = ID_NONE };

	b->matcher.recs[user].named = true;
	match_pack_id(teams_id, v.id);
	match_settle(b, user, v);
}

void match_joined(struct bridge *b, uint32_t user, const char *teams_id)
{
	if (!match_rules_of(b, user))
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
	if (!match_rules_of(b, user))
		return;
	struct match_rec *rec = &b->matcher.recs[user];
	bool queued = rec->queued, owned = rec->state == MATCH_MATCHED;
	match_unlink_id(b, user);
	b->matcher.same_n -= rec->state == MATCH_SAME;
	*rec = (struct match_rec){ .other = ID_NONE, .queued = queued };
	if (owned)
		release_others(b, user);
}

void match_renamed(struct bridge *b, uint32_t user, const char *teams_id)
{
	const struct match_verdict nobody = { .state = MATCH_WAITING,
					      .class = PERSON_CLASS_COUNT,
					      .other = ID_NONE };
	uint8_t id[MATCH_ID_BYTES];

	if (!match_rules_of(b, user))
		return;
	struct match_rec *rec = &b->matcher.recs[user];
	match_pack_id(teams_id ? teams_id : "", id);
	if (match_has_id(id) && (!rec->named || memcmp(id, rec->id, sizeof(id)) != 0)) {
		name(b, user, teams_id);
	} else if (!match_has_id(id) && rec->named) {
		rec->named = false;
		rec->fresh = true;
		identity_set(b, user, "");
		match_settle(b, user, nobody);
		bridge_set_teams_id(b, user, NULL);
	}
}

/* ---- views ---- */

bool bridge_match(const struct bridge *b, uint32_t user, struct bridge_match *ret)
{
	if (user >= b->limits.users || !directory_has_user(b->directory, user) || !match_rules_of(b, user))
		return false;
	const struct match_rec *rec = &b->matcher.recs[user];
	*ret = (struct bridge_match){ .state = rec->state,
				      .class = rec->class,
				      .via = rec->via,
				      .named = rec->named,
				      .in_group = rec->in_group,
				      .other = rec->other };
	match_unpack_id(rec->id, ret->id);
	return true;
}

void bridge_restore_match(struct bridge *b, uint32_t user, const struct bridge_match *m)
{
	struct match_rec *rec = match_rules_of(b, user) ? &b->matcher.recs[user] : NULL;
	struct match_verdict v = { .state = m->state, .class = m->class, .via = m->via, .other = ID_NONE };

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
	match_settle(b, user, v);
}
