/* match_read.c - what is read of the directory: the answer to a look-up, a row, a full reading from its
 * begin to its end. */
#include <string.h>

#include "bridge/match_own.h"

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

/* Its look-up was cancelled when the directory said who it is (match.c): a late "nobody" knows less. */
static bool is_given_up(const struct match_rec *rec)
{
	return rec->state != MATCH_WAITING && rec->state != MATCH_UNMATCHED && rec->state != MATCH_MATCHED;
}

void match_found(struct bridge *b, const struct graph_out *out)
{
	const struct match_rules *r = match_rules_of(b, out->user);
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
	match_settle(b, out->user, match_verdict_of(r, id, class, out->via, out->people > 1));
}

/* ---- rows ---- */

/* A candidate in a full reading: the best class counts, and whether there are several of it. */
static void offer(struct match_rec *rec, const struct graph_person *p, const uint8_t *id, uint8_t via)
{
	bool none = !match_has_id(rec->scan_id);

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
	const struct match_rules *r = match_rules_of(b, user);
	bool same = memcmp(rec->id, id, MATCH_ID_BYTES) == 0;
	uint8_t class = p->removed ? PERSON_CLASS_COUNT : p->class;

	if (rec->named) {
		if (same && (p->removed || p->whole))
			match_settle(b, user, match_verdict_named(r, rec, class));
		return;
	}
	if (same && via != VIA_NONE && p->whole && !rec->many) {
		match_settle(b, user, match_verdict_of(r, id, class, via, false));
	} else if (!same && via != VIA_NONE && p->whole &&
		   (rec->state == MATCH_UNMATCHED || rec->state == MATCH_WAITING)) {
		match_settle(b, user, match_verdict_of(r, id, class, via, false));
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
	struct match_hits h = { .n = 0 };

	if (!b->matcher.recs || (out->full && p->removed))
		return;
	match_pack_id(p->id, id);
	if (!p->removed)
		match_hits_of(b, realm, p, &h);
	uint32_t known = match_user_of(b, realm, id);
	if (out->full)
		b->matcher.plans_seen[realm] |= p->plans_known;
	if (known != ID_NONE && (b->matcher.recs[known].named || !out->full))
		match_hit(&h, known, b->matcher.recs[known].named ? VIA_ID : VIA_NONE);
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
	return match_rules_of(b, user) && match_realm_of(b, user) == realm;
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
	const struct match_rules *r = match_rules_of(b, user);
	uint8_t class = class_of_scan(rec, plans_seen);

	if (rec->named)
		match_settle(b, user, match_verdict_named(r, rec, class));
	else
		match_settle(b, user, match_verdict_of(r, rec->scan_id, class, rec->scan_via,
						       rec->scan_many));
}

/* Whom a look-up has not found, though a row of the reading was theirs, is found: its index lags behind. */
static bool is_decided_by_scan(const struct match_rec *rec)
{
	return !rec->fresh || (match_has_id(rec->scan_id) &&
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
			again |= rec->state == MATCH_WAITING && match_rules_of(b, u)->by >> VIA_ATTRIBUTE & 1;
	}
	if (again)
		graph_people_again(b->realms[realm].graph, true);
}

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
