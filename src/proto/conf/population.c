/* population.c - all users of a configuration together: those of the CSV files, and what must not
 * be there twice. */
#include <stdlib.h>

#include "base/check.h"
#include "base/map.h"
#include "proto/conf/conf.h"
#include "proto/conf/users_csv.h"

enum { LINES_OF_USER_MAX = 64, SEED = 0x0ff4 };

/* ---- users files ---- */

struct adding {
	struct conf *c;
	struct conf_account *a;
	const char *file;
	struct conf_errors *errs;
	uint32_t cap;
	bool bad;
	enum err err;
};

static void refuse_row(struct adding *x, uint32_t line, const char *key, const char *text)
{
	conf_errors_add(x->errs, (struct conf_at){x->file, line, 0}, key, "%s", text);
	x->bad = true;
}

static bool read_row_lines(struct adding *x, const struct users_csv_row *row, struct conf_user *u)
{
	struct conf_line lines[LINES_OF_USER_MAX];
	struct slice rest = row->lines, word;
	char why[160];

	while (slice_split(&rest, ' ', &word)) {
		if (word.n == 0)
			continue;
		if (u->lines_n == LINES_OF_USER_MAX) {
			refuse_row(x, row->line, "lines", "at most 64 lines");
			return false;
		}
		enum err err =
		    conf_line_parse(x->c, x->a, word, &lines[u->lines_n], why, sizeof(why));
		if (err == ERR_NO_MEMORY)
			x->err = err;
		else if (err != ERR_OK)
			refuse_row(x, row->line, "lines", why);
		if (err != ERR_OK)
			return false;
		u->lines_n++;
	}
	if (u->lines_n == 0)
		return true;
	struct conf_line *kept = arena_array(&x->c->arena, u->lines_n, sizeof(*kept));
	if (kept)
		memcpy(kept, lines, u->lines_n * sizeof(*kept));
	else
		x->err = ERR_NO_MEMORY;
	u->lines = kept;
	return kept != NULL;
}

static bool read_row_group(struct adding *x, const struct users_csv_row *row, struct conf_user *u)
{
	if (row->group.n == 0)
		return true;
	for (uint32_t i = 0; i < x->a->groups_n; i++)
		if (slice_is(row->group, x->a->groups[i].name)) {
			u->group = x->a->groups[i].name;
			u->policy = x->a->groups[i].policy;
			return true;
		}
	refuse_row(x, row->line, "group", "no such group: name it under groups of the account");
	return false;
}

static bool add_row(const struct users_csv_row *row, void *arg)
{
	struct adding *x = arg;
	struct conf_user u = {
	    .name = "", .teams_id = "", .group = "", .enabled = row->enabled, .at = {x->file, row->line, 0}};

	CHECK(x->a->users_n < x->cap);
	if (!read_row_lines(x, row, &u) || !read_row_group(x, row, &u))
		return x->err == ERR_OK;
	u.email = arena_text(&x->c->arena, row->email);
	if (row->name.n)
		u.name = arena_text(&x->c->arena, row->name);
	if (row->teams_id.n)
		u.teams_id = arena_text(&x->c->arena, row->teams_id);
	if (!u.email || !u.name || !u.teams_id) {
		x->err = ERR_NO_MEMORY;
		return false;
	}
	x->a->users[x->a->users_n++] = u;
	return true;
}

enum err conf_add_users(struct conf *c, uint32_t account, struct slice csv, const char *file,
			struct conf_errors *errs)
{
	CHECK(account < c->accounts_n);
	struct conf_account *a = &c->accounts[account];
	struct adding x = {
	    .c = c, .a = a, .errs = errs, .cap = a->users_n + users_csv_rows_max(csv)};
	struct conf_user *users = arena_array(&c->arena, x.cap, sizeof(*users));

	x.file = arena_text(&c->arena, slice_str(file));
	if (!users || !x.file)
		return ERR_NO_MEMORY;
	if (a->users_n)
		memcpy(users, a->users, a->users_n * sizeof(*users));
	a->users = users;
	enum err err = users_csv_parse(csv, x.file, add_row, &x, errs);
	if (x.err != ERR_OK)
		return x.err;
	return x.bad ? ERR_MALFORMED : err;
}

/* ---- what is there twice ---- */

struct ref {
	uint32_t account, user, line;
};

struct census {
	struct conf *c;
	struct conf_errors *errs;
	uint32_t *realms; /* by account: the first account with the same realm */
	struct ref *users, *lines;
	uint32_t users_n, lines_n;
	struct map by_email, by_line;
};

static const struct conf_user *user_at(const struct census *x, const struct ref *r)
{
	return &x->c->accounts[r->account].users[r->user];
}

static bool same_realm(const struct conf_teams *a, const struct conf_teams *b)
{
	return slice_eq_nocase(slice_str(a->login_url), slice_str(b->login_url)) &&
	       slice_eq_nocase(slice_str(a->tenant), slice_str(b->tenant)) &&
	       slice_eq_nocase(slice_str(a->client_id), slice_str(b->client_id));
}

static void number_realms(struct census *x)
{
	for (uint32_t i = 0; i < x->c->accounts_n; i++) {
		uint32_t k = 0;

		while (!same_realm(&x->c->accounts[k].teams, &x->c->accounts[i].teams))
			k++;
		x->realms[i] = k;
	}
}

static bool is_same_email(uint32_t id, const void *key, void *arg)
{
	const struct census *x = arg;
	const struct ref *r = key;

	return x->realms[x->users[id].account] == x->realms[r->account] &&
	       slice_eq_nocase(slice_str(user_at(x, &x->users[id])->email),
			       slice_str(user_at(x, r)->email));
}

/* What the file says stands: of two of which one is the console's, that one is wrong. */
static struct conf_at wrong_one(const struct conf_user *second, const struct conf_user *first)
{
	return conf_at_is_console(first->at) && !conf_at_is_console(second->at) ? first->at : second->at;
}

static void refuse_user(struct census *x, const struct ref *r, const struct ref *first)
{
	const struct conf_user *u = user_at(x, r), *other = user_at(x, first);

	if (r->account == first->account)
		conf_errors_add(x->errs, wrong_one(u, other), "email",
				"%.64s is there already: %.100s line %u", u->email,
				conf_at_is_console(other->at) ? u->at.file : other->at.file,
				conf_at_is_console(other->at) ? u->at.line : other->at.line);
	else
		conf_errors_add(
		    x->errs, wrong_one(u, other), "email",
		    "%.64s is in account %s too (line %u), which has the same tenant and "
		    "client_id: two accounts cannot hold one person's session",
		    u->email, x->c->accounts[first->account].name, other->at.line);
}

static void count_user(struct census *x, struct ref r)
{
	struct slice email = slice_str(user_at(x, &r)->email);
	uint64_t hash = slice_hash_nocase(email, SEED + x->realms[r.account]);
	uint32_t first = map_find(&x->by_email, hash, is_same_email, &r, x);

	if (first != MAP_NONE) {
		refuse_user(x, &r, &x->users[first]);
		return;
	}
	x->users[x->users_n] = r;
	CHECK(map_add(&x->by_email, hash, x->users_n) == ERR_OK);
	x->users_n++;
}

static bool is_same_line(uint32_t id, const void *key, void *arg)
{
	const struct census *x = arg;
	const struct ref *a = &x->lines[id], *b = key;
	const struct conf_line *la = &user_at(x, a)->lines[a->line],
			       *lb = &user_at(x, b)->lines[b->line];

	return a->account == b->account && la->connector == lb->connector &&
	       slice_is(slice_str(la->number), lb->number);
}

static void count_line(struct census *x, struct ref r)
{
	const struct conf_user *u = user_at(x, &r);
	const struct conf_line *l = &u->lines[r.line];
	uint64_t hash = slice_hash(slice_str(l->number), SEED + r.account * 131071u + l->connector);
	uint32_t first = map_find(&x->by_line, hash, is_same_line, &r, x);

	if (first != MAP_NONE) {
		const struct conf_user *other = user_at(x, &x->lines[first]);

		const struct conf_at at = wrong_one(u, other);
		const struct conf_user *has = at.file == u->at.file && at.line == u->at.line ? other : u;

		conf_errors_add(x->errs, at, "lines", "%s/%.64s is %.64s's line already (line %u)",
				x->c->accounts[r.account].connectors[l->connector].name, l->number,
				has->email, has->at.line);
		return;
	}
	x->lines[x->lines_n] = r;
	CHECK(map_add(&x->by_line, hash, x->lines_n) == ERR_OK);
	x->lines_n++;
}

static void count_all(struct census *x)
{
	for (uint32_t a = 0; a < x->c->accounts_n; a++) {
		const struct conf_account *account = &x->c->accounts[a];

		for (uint32_t u = 0; u < account->users_n; u++) {
			count_user(x, (struct ref){a, u, 0});
			for (uint32_t l = 0; l < account->users[u].lines_n; l++)
				count_line(x, (struct ref){a, u, l});
		}
	}
}

static enum err set_up(struct census *x)
{
	uint32_t users = 1, lines = 1;

	for (uint32_t a = 0; a < x->c->accounts_n; a++) {
		users += x->c->accounts[a].users_n;
		for (uint32_t u = 0; u < x->c->accounts[a].users_n; u++)
			lines += x->c->accounts[a].users[u].lines_n;
	}
	if (users > CONF_USERS_MAX + 1u) {
		conf_errors_add(x->errs, (struct conf_at){0}, "", "more than %d users",
				CONF_USERS_MAX);
		return ERR_MALFORMED;
	}
	x->realms = calloc(x->c->accounts_n + 1u, sizeof(*x->realms));
	x->users = calloc(users, sizeof(*x->users));
	x->lines = calloc(lines, sizeof(*x->lines));
	if (!x->realms || !x->users || !x->lines || map_init(&x->by_email, users) != ERR_OK ||
	    map_init(&x->by_line, lines) != ERR_OK)
		return ERR_NO_MEMORY;
	return ERR_OK;
}

enum err conf_finish(struct conf *c, struct conf_errors *errs)
{
	struct census x = {.c = c, .errs = errs};
	enum err err = set_up(&x);

	if (err == ERR_OK) {
		number_realms(&x);
		count_all(&x);
		err = errs->errors ? ERR_MALFORMED : ERR_OK;
	}
	map_fini(&x.by_email);
	map_fini(&x.by_line);
	free(x.realms);
	free(x.users);
	free(x.lines);
	return err;
}
