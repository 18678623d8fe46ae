/* api_audit.c - who changed what, and what happened to a person. */
#include "admin/auth/api.h"
#include "admin/impl.h"
#include "base/check.h"
#include "store/store.h"

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 500, SCAN_MAX = 20000 };

/* ---- changes ---- */

struct page {
	struct request *r;
	json_t *list;
	uint64_t limit;
	int64_t last;
	uint32_t scanned;
	char q[128];
	bool more;
};

static bool contains(struct slice text, const char *q)
{
	struct slice want = slice_str(q);

	for (size_t i = 0; i + want.n <= text.n; i++)
		if (slice_eq_nocase(slice_sub(text, i, i + want.n), want))
			return true;
	return false;
}

static bool is_wanted(const struct page *p, const struct store_change *c)
{
	char account[CALLER_ACCOUNT_MAX + 1];

	if (slice_copy(c->account, account, sizeof(account)) ||
	    !caller_may(p->r, account[0] ? account : NULL, ROLE_VIEWER))
		return false;
	return !p->q[0] || contains(c->who, p->q) || contains(c->verb, p->q) ||
	       contains(c->object, p->q) || contains(c->detail, p->q);
}

static json_t *text(struct slice s)
{
	json_t *j = json_stringn(s.p ? s.p : "", s.n);

	return j ? j : json_string("?"); /* no UTF-8 */
}

static bool on_change(void *arg, const struct store_change *c)
{
	struct page *p = arg;

	if (json_array_size(p->list) == p->limit || p->scanned++ == SCAN_MAX) {
		p->more = true;
		return false;
	}
	p->last = c->id;
	if (is_wanted(p, c))
		json_array_append_new(
			p->list, json_pack("{s:I,s:o,s:o,s:o,s:o,s:o,s:o}", "id", (json_int_t)c->id,
					   "at", api_instant(c->wall_ms), "who", text(c->who),
					   "account", c->account.n ? text(c->account) : json_null(),
					   "verb", text(c->verb), "object", text(c->object),
					   "detail", c->detail.n ? text(c->detail) : json_null()));
	return true;
}

static uint64_t number(struct request *r, const char *name, uint64_t max, uint64_t otherwise)
{
	char digits[24];
	uint64_t n;

	if (!request_query(r, name, digits, sizeof(digits)))
		return otherwise;
	if (!slice_u64(slice_str(digits), max, &n) && n)
		return n;
	respond_problem(r, 400, "bad request",
			"limit is a number up to 500, after a cursor of this API");
	return otherwise;
}

void api_audit(struct request *r)
{
	struct store *s = r->admin->store;
	struct page p = { .r = r, .list = json_array() };
	char account[ROUTE_PARAM_MAX + 1], cursor[24];
	bool one = request_query(r, "account", account, sizeof(account));
	int64_t before = (int64_t)number(r, "after", INT64_MAX, 0);

	p.limit = number(r, "limit", LIMIT_MAX, LIMIT_DEFAULT);
	request_query(r, "q", p.q, sizeof(p.q));
	if (!r->status && one && !caller_may(r, account, ROLE_VIEWER))
		respond_problem(r, 404, "not found", "no such account");
	if (!r->status && !s)
		respond_problem(r, 503, "starting", "the store is not open yet");
	if (!r->status && store_changes_read(s, one ? slice_str(account) : SLICE_NONE, before,
					     on_change, &p) != ERR_OK)
		respond_problem(r, 500, "the store cannot be read", "see the log");
	if (r->status) {
		json_decref(p.list);
		return;
	}
	snprintf(cursor, sizeof(cursor), "%lld", (long long)p.last);
	api_answer(r, 200,
		   json_pack("{s:o,s:s?}", "changes", p.list, "next", p.more ? cursor : NULL));
}

/* ---- a person's last day ---- */

static const char *session_or_none(uint16_t s)
{
	return s < SESSION_COUNT ? session_name((enum session)s) : "?";
}

static json_t *entry(const char *kind, const char *from, const char *to, int status)
{
	return json_pack("{s:s,s:s?,s:s?,s:o}", "kind", kind, "from", from, "to", to, "status",
			 status ? json_integer(status) : json_null());
}

static json_t *entry_json(const struct store_audit *e)
{
	switch ((enum audit_kind)e->kind) {
	case AUDIT_COMBINED:
		return entry("combined", presence_name((enum presence)e->a),
			     presence_name((enum presence)e->b), 0);
	case AUDIT_HELD:
		return entry("held", NULL, session_or_none(e->a), e->b);
	case AUDIT_CLEARED:
		return entry("cleared", session_or_none(e->a), NULL, e->b);
	case AUDIT_DENIED:
		return entry("denied", NULL, session_or_none(e->a), e->b);
	case AUDIT_PROFILE:
		return entry("profile", profile_name((enum profile)e->a),
			     profile_name((enum profile)e->b), 0);
	case AUDIT_SWITCHED:
		return entry("switched", NULL, e->a ? "on" : "off", 0);
	case AUDIT_REMOVED:
		return entry("removed", NULL, NULL, 0);
	case AUDIT_WRITE_REFUSED:
		return entry("write-refused", NULL, profile_name((enum profile)e->a), 0);
	case AUDIT_PREFERRED_LEFT:
		return entry("preferred-left", NULL, NULL, 0);
	case AUDIT_TEXT:
		return entry("text", NULL, text_cause_name((enum text_cause)e->a), 0);
	case AUDIT_OVERWRITTEN:
		return entry("overwritten", session_or_none(e->a),
			     presence_name((enum presence)e->b), 0);
	case AUDIT_COUNT:
		break;
	}
	return entry("?", NULL, NULL, 0);
}

static void on_entry(void *arg, const struct store_audit *e)
{
	json_t *j = entry_json(e);

	json_object_set_new(j, "at", api_instant(e->wall_ms));
	json_array_append_new(arg, j);
}

void api_timeline(struct request *r)
{
	struct admin *a = r->admin;
	uint16_t account = snapshot_find_account(a->snapshot, slice_str(r->match.params[0]));
	json_t *list;

	if (account == UINT16_MAX ||
	    snapshot_find_user(a->snapshot, account, slice_str(r->match.params[1])) == ID_NONE) {
		respond_problem(r, 404, "not found", "no such user in this account");
		return;
	}
	list = json_array();
	if (a->store &&
	    store_audit_read(a->store, slice_str(r->match.params[0]), slice_str(r->match.params[1]),
			     STORE_AUDIT_MOST, on_entry, list) == ERR_OK) {
		api_answer(r, 200, json_pack("{s:o}", "entries", list));
		return;
	}
	json_decref(list);
	respond_problem(r, 503, "the store cannot be read", "try again");
}
