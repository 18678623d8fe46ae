/* match_groups.c - who is in the groups that choose whom an account synchronises. */
#include "bridge/match_own.h"

/* The account whose group this is, and whether it is its first or last one. */
static uint16_t account_of_group(const struct bridge *b, uint32_t realm, uint32_t group,
				 bool *ret_first, bool *ret_last)
{
	uint32_t from = 0;

	for (uint32_t a = 0; a < b->limits.accounts; a++) {
		const struct match_rules *r = &b->matcher.rules[a];

		if (!r->set || b->account_realm[a] != realm)
			continue;
		if (group < from + r->groups_n) {
			*ret_first = group == from;
			*ret_last = group + 1 == from + r->groups_n;
			return (uint16_t)a;
		}
		from += r->groups_n;
	}
	return UINT16_MAX;
}

void match_member(struct bridge *b, uint32_t realm, const struct graph_out *out)
{
	uint8_t id[MATCH_ID_BYTES];
	bool first, last;

	if (!b->matcher.recs)
		return;
	match_pack_id(out->id, id);
	uint32_t user = match_user_of(b, realm, id);
	if (user != ID_NONE && directory_user_account(b->directory, user) ==
				       account_of_group(b, realm, out->group, &first, &last))
		b->matcher.recs[user].marked = true;
}

static void clear_marks(struct bridge *b, uint16_t account)
{
	const struct directory *d = b->directory;

	b->matcher.rules[account].group_failed = false;
	for (uint32_t u = directory_next_user(d, 0); u != ID_NONE; u = directory_next_user(d, u + 1))
		if (directory_user_account(d, u) == account)
			b->matcher.recs[u].marked = false;
}

/* With a group that could not be read nobody leaves. */
static void take_marks(struct bridge *b, uint16_t account)
{
	const struct directory *d = b->directory;
	bool failed = b->matcher.rules[account].group_failed;

	for (uint32_t u = directory_next_user(d, 0); u != ID_NONE; u = directory_next_user(d, u + 1)) {
		struct match_rec *rec = &b->matcher.recs[u];

		if (directory_user_account(d, u) != account || rec->in_group == rec->marked ||
		    (failed && rec->in_group))
			continue;
		rec->in_group = rec->marked;
		match_queue(b, u);
	}
}

void match_group_stage(struct bridge *b, uint32_t realm, const struct graph_out *out)
{
	bool first = false, last = false;
	uint16_t account = account_of_group(b, realm, out->group, &first, &last);

	if (account == UINT16_MAX)
		return;
	if (out->stage == READ_GROUP_BEGIN && first)
		clear_marks(b, account);
	b->matcher.rules[account].group_failed |= out->stage == READ_GROUP_FAILED;
	if (out->stage != READ_GROUP_BEGIN && last)
		take_marks(b, account);
}
