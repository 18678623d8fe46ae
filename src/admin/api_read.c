#include <stdlib.h>

#include "admin/impl.h"
#include "admin/render.h"

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 1000, PAGE_BYTES = 1 << 20, SCAN_BUDGET = 2000 };

static const char no_account[] = "no such account";

/* The account named by the path's first segment, or UINT16_MAX and the answer given. */
static uint16_t path_account(struct request *r)
{
	uint16_t account = snapshot_find_account(r->admin->snapshot, slice_str(r->match.params[0]));

	if (account == UINT16_MAX)
		respond_problem(r, 404, "not found", no_account);
	return account;
}

void api_accounts(struct request *r)
{
	struct admin *a = r->admin;
	struct snap_census census;
	struct jsonw j = jsonw_on(&r->out);

	names_refresh(a->names);
	jsonw_begin_object(&j, NULL);
	jsonw_begin_array(&j, "accounts");
	for (uint32_t i = snapshot_next_account(a->snapshot, 0); i != UINT16_MAX;
	     i = snapshot_next_account(a->snapshot, i + 1)) {
		if (!caller_sees(r, (uint16_t)i) || !snapshot_account(a->snapshot, (uint16_t)i, &a->copy))
			continue;
		snapshot_census(a->snapshot, (uint16_t)i, &census);
		render_account(&j, NULL, &a->copy.account, &census);
	}
	jsonw_end_array(&j);
	jsonw_end_object(&j);
	respond_json(r, 200);
}

void api_connectors(struct request *r)
{
	struct admin *a = r->admin;
	struct jsonw j = jsonw_on(&r->out);

	names_refresh(a->names);
	jsonw_begin_object(&j, NULL);
	jsonw_begin_array(&j, "connectors");
	for (uint32_t i = snapshot_next_connector(a->snapshot, 0); i != ID_NONE;
	     i = snapshot_next_connector(a->snapshot, i + 1))
		if (snapshot_connector(a->snapshot, i, &a->copy) && caller_sees(r, a->copy.connector.account))
			render_connector(&j, NULL, &a->copy.connector, a->names);
	jsonw_end_array(&j);
	jsonw_end_object(&j);
	respond_json(r, 200);
}

/* ---- lists of users ---- */

struct page {
	uint32_t from, limit;
	struct snap_filter filter;
	char text[256], email[256], word[64], connector[ROUTE_PARAM_MAX + 1];
};

static uint64_t query_number(struct request *r, const char *name, uint64_t max, uint64_t otherwise)
{
	char text[32];
	uint64_t n;

	if (!request_query(r, name, text, sizeof(text)))
		return otherwise;
	if (!slice_u64(slice_str(text), max, &n))
		return n;
	respond_problem(r, 400, "bad request",
			"limit is a number up to 1,000, after a cursor of this API");
	return otherwise;
}

static void filter_words(struct request *r, struct page *p)
{
	enum presence presence;

	if (request_query(r, "state", p->word, sizeof(p->word))) {
		if (presence_parse(p->word, &presence))
			p->filter.presence = (int)presence;
		else
			respond_problem(r, 400, "bad request",
					"state is available, away, dnd, busy, offline or unknown");
	}
	if (request_query(r, "q", p->text, sizeof(p->text)))
		p->filter.text = slice_str(p->text);
	if (request_query(r, "email", p->email, sizeof(p->email)))
		p->filter.email = slice_str(p->email);
}

/* Whether an account that the caller sees has a connector of that name. */
static bool is_anywhere(struct request *r, struct slice name)
{
	struct snapshot *s = r->admin->snapshot;

	for (uint32_t i = snapshot_next_account(s, 0); i != UINT16_MAX; i = snapshot_next_account(s, i + 1))
		if (caller_sees(r, (uint16_t)i) && snapshot_find_connector(s, (uint16_t)i, name) != ID_NONE)
			return true;
	return false;
}

static void filter_connector(struct request *r, struct page *p)
{
	uint32_t id;

	if (!request_query(r, "connector", p->connector, sizeof(p->connector)))
		return;
	if (!r->match.params_n) {
		p->filter.connector_name = slice_str(p->connector);
		if (!is_anywhere(r, p->filter.connector_name))
			respond_problem(r, 404, "not found", "no such connector in any account that you see");
		return;
	}
	id = snapshot_find_connector(r->admin->snapshot, p->filter.account, slice_str(p->connector));
	if (id == ID_NONE)
		respond_problem(r, 404, "not found", "no such connector in this account");
	else
		p->filter.connector = (int)id;
}

static void read_page(struct request *r, struct page *p)
{
	*p = (struct page){.filter = {.account = UINT16_MAX, .presence = -1, .connector = -1}};
	p->limit = (uint32_t)query_number(r, "limit", LIMIT_MAX, LIMIT_DEFAULT);
	p->from = (uint32_t)query_number(r, "after", UINT32_MAX - 1, 0);
	if (!p->limit)
		p->limit = 1;
	if (r->match.params_n)
		p->filter.account = path_account(r);
	filter_words(r, p);
	filter_connector(r, p);
}

static void end_page(struct request *r, struct jsonw *j, const struct page *p, enum err e)
{
	char cursor[16];
	struct buf b;

	jsonw_end_array(j);
	buf_init(&b, sizeof(cursor));
	buf_fmt(&b, "%u", p->from);
	jsonw_string(j, "next", e == ERR_NOT_FOUND ? NULL : buf_cstr(&b));
	buf_fini(&b);
	jsonw_end_object(j);
	respond_json(r, 200);
}

static enum err next_user(struct request *r, struct page *p)
{
	enum err e = ERR_AGAIN;

	for (int i = 0; i < SCAN_BUDGET && e == ERR_AGAIN; i++) {
		e = snapshot_next_user(r->admin->snapshot, &p->from, &p->filter, &r->admin->copy);
		if (!e && !caller_sees(r, r->admin->copy.user.account))
			e = ERR_AGAIN;
	}
	return e;
}

/* One address: found by its hash, account by account. */
static void users_by_email(struct request *r, struct jsonw *j, struct page *p)
{
	struct admin *a = r->admin;

	for (uint32_t i = snapshot_next_account(a->snapshot, 0); i != UINT16_MAX;
	     i = snapshot_next_account(a->snapshot, i + 1)) {
		uint32_t id = snapshot_find_user(a->snapshot, (uint16_t)i, p->filter.email);

		if (p->filter.account != UINT16_MAX && p->filter.account != i)
			continue;
		if (!caller_sees(r, (uint16_t)i))
			continue;
		if (id != ID_NONE && snapshot_user(a->snapshot, id, &a->copy))
			render_user_row(j, NULL, &a->copy, a->names);
	}
}

void api_users(struct request *r)
{
	struct admin *a = r->admin;
	struct jsonw j = jsonw_on(&r->out);
	enum err e = ERR_NOT_FOUND;
	struct page p;

	names_refresh(a->names);
	read_page(r, &p);
	if (r->status)
		return;
	jsonw_begin_object(&j, NULL);
	jsonw_begin_array(&j, "users");
	if (p.filter.email.n)
		users_by_email(r, &j, &p);
	else
		for (uint32_t n = 0; n < p.limit && r->out.n < PAGE_BYTES; n++) {
			e = next_user(r, &p);
			if (e)
				break;
			render_user_row(&j, NULL, &a->copy, a->names);
		}
	end_page(r, &j, &p, e);
}

void api_user(struct request *r)
{
	struct admin *a = r->admin;
	struct jsonw j = jsonw_on(&r->out);
	enum account_mode mode = MODE_LIVE;
	uint16_t account = path_account(r);
	uint32_t user;

	if (r->status)
		return;
	if (snapshot_account(a->snapshot, account, &a->copy))
		mode = (enum account_mode)a->copy.account.mode;
	user = snapshot_find_user(a->snapshot, account, slice_str(r->match.params[1]));
	if (user == ID_NONE || !snapshot_user(a->snapshot, user, &a->copy)) {
		respond_problem(r, 404, "not found", "no such user in this account");
		return;
	}
	names_refresh(a->names);
	render_user_full(&j, NULL, &a->copy, a->names, mode);
	respond_json(r, 200);
}

static void user_lines(struct jsonw *j, const struct admin_user *u, uint32_t connector,
		       const struct names *n)
{
	for (uint32_t i = 0; i < u->lines_n; i++)
		if (u->lines[i].connector == connector)
			render_line(j, &u->lines[i], n, &u->email);
}

void api_lines(struct request *r)
{
	struct admin *a = r->admin;
	struct jsonw j = jsonw_on(&r->out);
	enum err e = ERR_OK;
	uint32_t connector;
	struct page p;

	read_page(r, &p);
	if (r->status)
		return;
	connector =
	    snapshot_find_connector(a->snapshot, p.filter.account, slice_str(r->match.params[1]));
	if (connector == ID_NONE) {
		respond_problem(r, 404, "not found", "no such connector in this account");
		return;
	}
	p.filter.connector = (int)connector;
	names_refresh(a->names);
	jsonw_begin_object(&j, NULL);
	jsonw_begin_array(&j, "lines");
	for (uint32_t n = 0; n < p.limit && r->out.n < PAGE_BYTES; n++) {
		e = next_user(r, &p);
		if (e)
			break;
		user_lines(&j, &a->copy.user, connector, a->names);
	}
	end_page(r, &j, &p, e);
}
