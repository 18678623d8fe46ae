/* apply_person.c - one person of an import: looked at as a whole first, then applied. */
#include <stdio.h>

#include "daemon/apply_own.h"

enum { PERSON_LINES_MAX = 64, LINE_NUMBER_MAX = 254 /* directory.h */ };

/* One line as an import writes it: connector/number. */
static enum err find_line(const struct apply *a, uint16_t account, struct slice text, uint32_t *ret_connector,
			  struct slice *ret_number)
{
	size_t slash = slice_find(text, '/');
	uint32_t c = directory_connector(bridge_directory(a->bridge), account, slice_sub(text, 0, slash));

	if (c == ID_NONE || slash + 1 >= text.n)
		return ERR_NOT_FOUND;
	*ret_connector = c;
	*ret_number = slice_sub(text, slash + 1, text.n);
	return ret_number->n <= LINE_NUMBER_MAX ? ERR_OK : ERR_MALFORMED;
}

static enum err bad_line(struct slice text, enum err e, char *why, size_t why_cap)
{
	const char *form = "lines are connector/number";

	if (e == ERR_LIMIT)
		form = "a person has at most 64 lines, all people 1.5 for each of server.capacity";
	if (e == ERR_NOT_FOUND)
		snprintf(why, why_cap, "line %.*s: its connector is not known here; %s",
			 SLICE_ARG(text), form);
	else
		snprintf(why, why_cap, "line %.*s: %s; %s", SLICE_ARG(text), err_name(e), form);
	return e;
}

static enum err person_lines(struct apply *a, struct bridge_time t, uint16_t account, struct slice lines,
			     uint32_t user, char *why, size_t why_cap)
{
	struct slice part, number;
	enum err e, first = ERR_OK;
	uint32_t c;

	for (int n = 0; n < PERSON_LINES_MAX && slice_split(&lines, ' ', &part);) {
		if (part.n == 0)
			continue;
		n++;
		e = find_line(a, account, part, &c, &number);
		if (!e)
			e = apply_line(a, t, c, number, user);
		if (e && !first)
			first = bad_line(part, e, why, why_cap);
	}
	return first;
}

/* What the person had before and the import no longer names. */
static void drop_other_lines(struct apply *a, struct bridge_time t, uint32_t user)
{
	const struct engine *e = bridge_engine(a->bridge);
	struct user_view v;

	if (!engine_user(e, user, &v))
		return;
	for (uint32_t l = v.first_line, next; l != ID_NONE; l = next) {
		next = engine_next_line_of(e, l);
		if (!a->keep_line[l])
			bridge_remove_line(a->bridge, t, l);
	}
}

static uint32_t lines_of(const struct apply *a, uint32_t user)
{
	const struct engine *e = bridge_engine(a->bridge);
	struct user_view v;
	uint32_t n = 0;

	if (user != ID_NONE && engine_user(e, user, &v))
		for (uint32_t l = v.first_line; l != ID_NONE; l = engine_next_line_of(e, l))
			n++;
	return n;
}

/* Whether all lines can be had; *ret_same: they are the ones that the user has. */
static enum err look_at_lines(const struct apply *a, uint16_t account, struct slice lines, uint32_t user,
			      bool *ret_same, char *why, size_t why_cap)
{
	const struct directory *d = bridge_directory(a->bridge);
	uint32_t n = 0, c, line;
	struct slice part, number;

	*ret_same = true;
	while (slice_split(&lines, ' ', &part)) {
		if (part.n == 0)
			continue;
		enum err e = n++ < PERSON_LINES_MAX ? find_line(a, account, part, &c, &number) : ERR_LIMIT;
		if (e)
			return bad_line(part, e, why, why_cap);
		line = directory_line(d, c, number);
		*ret_same &= line != ID_NONE && directory_line_user(d, line) == user;
	}
	*ret_same &= n == lines_of(a, user);
	return ERR_OK;
}

static enum err bad_person(struct slice email, enum err e, char *why, size_t why_cap)
{
	snprintf(why, why_cap, "%.*s: %s%s", SLICE_ARG(email), err_name(e),
		 e == ERR_LIMIT ? ": raise server.capacity in offhook.yaml and start offhookd again" : "");
	return e;
}

static bool is_as_wanted(const struct apply *a, uint16_t account, uint32_t user, const struct apply_person *p)
{
	const struct graph *g = bridge_realm(a->bridge, bridge_account_realm(a->bridge, account));

	return people_listed_enabled(a->people, user) == p->enabled &&
	       slice_eq(directory_label(bridge_directory(a->bridge), user), p->name) &&
	       (!p->teams_id.n || (g && slice_eq_nocase(slice_str(graph_id(g, user)), p->teams_id)));
}

enum err apply_person_look(const struct apply *a, const struct apply_person *p, enum person_change *ret,
			   char *why, size_t why_cap)
{
	const struct directory *d = bridge_directory(a->bridge);
	uint16_t account = directory_account(d, p->account);
	bool same;

	if (account == UINT16_MAX) {
		snprintf(why, why_cap, "no account %.*s", SLICE_ARG(p->account));
		return ERR_NOT_FOUND;
	}
	uint32_t user = directory_user(d, account, p->email);
	enum err e = look_at_lines(a, account, p->lines, user, &same, why, why_cap);
	if (e)
		return e;
	if (user == ID_NONE && directory_users(d) >= a->limits.users)
		return bad_person(p->email, ERR_LIMIT, why, why_cap);
	same &= user != ID_NONE && is_as_wanted(a, account, user, p);
	*ret = user == ID_NONE ? PERSON_ADDED : same ? PERSON_UNCHANGED : PERSON_CHANGED;
	return ERR_OK;
}

enum err apply_person(struct apply *a, struct bridge_time t, const struct apply_person *p, char *why,
		      size_t why_cap)
{
	uint16_t account = directory_account(bridge_directory(a->bridge), p->account);
	char teams_id[GRAPH_ID_LEN + 1];
	const struct bridge_user bu = { .email = p->email, .label = p->name, .teams_id = teams_id,
					.enabled = p->enabled };
	uint32_t id;
	bool is_new;

	if (account == UINT16_MAX || !a->accounts[account]) {
		snprintf(why, why_cap, "no account %.*s", SLICE_ARG(p->account));
		return ERR_NOT_FOUND;
	}
	enum err e = slice_copy(p->teams_id, teams_id, sizeof(teams_id));
	if (!e)
		e = apply_user(a, t, a->accounts[account], account, &bu, &id, &is_new);
	if (e)
		return bad_person(p->email, e, why, why_cap);
	a->imported[id] = 1;
	struct user_view v;
	if (engine_user(bridge_engine(a->bridge), id, &v))
		for (uint32_t l = v.first_line; l != ID_NONE;
		     l = engine_next_line_of(bridge_engine(a->bridge), l))
			a->keep_line[l] = 0;
	e = person_lines(a, t, account, p->lines, id, why, why_cap);
	if (!e)
		drop_other_lines(a, t, id);
	return e;
}

bool apply_is_person(const struct apply *a, uint32_t user)
{
	return user < a->limits.users && a->imported[user];
}

void apply_remove_person(struct apply *a, struct bridge_time t, uint32_t user)
{
	struct user_view v;

	a->imported[user] = 0;
	if (engine_user(bridge_engine(a->bridge), user, &v))
		for (uint32_t l = v.first_line, next; l != ID_NONE; l = next) {
			next = engine_next_line_of(bridge_engine(a->bridge), l);
			bridge_remove_line(a->bridge, t, l);
		}
	bridge_remove_user(a->bridge, t, user);
}
