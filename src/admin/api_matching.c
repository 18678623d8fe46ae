/* api_matching.c - who our people are in Microsoft's directory: the report, with reasons and fixes. */
#include "admin/impl.h"
#include "admin/matching.h"

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 1000, PAGE_BYTES = 1 << 20, SCAN_BUDGET = 2000 };

enum wanted { WANT_PROBLEMS, WANT_ALL, WANT_MATCH, WANT_ONBOARDING };

struct page {
	uint32_t from, limit;
	uint16_t account;
	uint8_t wanted; /* enum wanted */
	int value;
};

static const char *via_name(uint8_t via)
{
	static const char *const names[] = { "", "teams_id", "upn", "mail", "alias", "attribute" };

	return via < sizeof(names) / sizeof(names[0]) ? names[via] : "";
}

bool matching_is_problem(const struct admin_user *u)
{
	return u->has_match && u->match != MATCH_MATCHED;
}

void matching_reason(struct buf *out, const struct admin_user *u)
{
	if (matching_is_problem(u))
		buf_str(out, match_reason((enum match)u->match));
	else if (u->has_match)
		buf_str(out, onboarding_reason((enum onboarding)u->onboarding));
	if (u->has_match && u->match == MATCH_SAME && u->match_other.n) {
		buf_str(out, ": ");
		buf_slice(out, u->match_other);
	}
}

const char *matching_fix(const struct admin_user *u)
{
	if (matching_is_problem(u))
		return match_fix((enum match)u->match);
	return u->has_match ? onboarding_fix((enum onboarding)u->onboarding) : "";
}

static void text(struct jsonw *j, const char *key, struct slice s)
{
	if (s.n)
		jsonw_slice(j, key, s);
	else
		jsonw_null(j, key);
}

void render_matching(struct jsonw *j, const char *key, const struct admin_user *u, bool who)
{
	struct buf reason;

	buf_init(&reason, 1024);
	matching_reason(&reason, u);
	jsonw_begin_object(j, key);
	if (who) {
		jsonw_slice(j, "email", u->email);
		text(j, "name", u->name);
	}
	jsonw_string(j, "match", match_name((enum match)u->match));
	text(j, "via", slice_str(via_name(u->match_via)));
	text(j, "directory_id", u->match_id);
	jsonw_string(j, "onboarding", onboarding_name((enum onboarding)u->onboarding));
	jsonw_bool(j, "in_group", u->in_group);
	jsonw_bool(j, "synchronised", u->enabled && u->teams_id.n);
	text(j, "reason", buf_view(&reason));
	text(j, "fix", slice_str(matching_fix(u)));
	jsonw_end_object(j);
	buf_fini(&reason);
}

/* ---- the page that is asked for ---- */

static uint32_t number(struct request *r, const char *name, uint64_t max, uint32_t otherwise)
{
	char digits[32];
	uint64_t n;

	if (!request_query(r, name, digits, sizeof(digits)))
		return otherwise;
	if (!slice_u64(slice_str(digits), max, &n))
		return (uint32_t)n;
	respond_problem(r, 400, "bad request", "limit is a number up to 1,000, after a cursor of this API");
	return otherwise;
}

static void read_state(struct request *r, struct page *p)
{
	char word[64];
	enum match m;

	if (!request_query(r, "state", word, sizeof(word)))
		return;
	if (strcmp(word, "all") == 0) {
		p->wanted = WANT_ALL;
		return;
	}
	if (match_parse(word, &m)) {
		p->wanted = WANT_MATCH;
		p->value = (int)m;
		return;
	}
	for (int o = 0; o < ONBOARDING_COUNT; o++)
		if (strcmp(word, onboarding_name((enum onboarding)o)) == 0) {
			p->wanted = WANT_ONBOARDING;
			p->value = o;
			return;
		}
	respond_problem(
		r, 400, "bad request",
		"state is all, a match (unmatched, duplicate, same-person, guest, disabled, "
		"unlicensed, waiting, "
		"matched) or an on-boarding (on, off, excluded, not-selected, switched-off, paused)");
}

static bool is_wanted(const struct page *p, const struct admin_user *u)
{
	switch ((enum wanted)p->wanted) {
	case WANT_PROBLEMS:
		return matching_is_problem(u);
	case WANT_ALL:
		return u->has_match;
	case WANT_MATCH:
		return u->has_match && u->match == p->value;
	case WANT_ONBOARDING:
		return u->has_match && u->onboarding == p->value;
	}
	return false;
}

static void counts(struct request *r, struct jsonw *j, uint16_t account)
{
	struct snap_census c;

	snapshot_census(r->admin->snapshot, account, &c);
	jsonw_begin_object(j, "matches");
	for (int m = 0; m < MATCH_COUNT; m++)
		jsonw_uint(j, match_name((enum match)m), c.match[m]);
	jsonw_end_object(j);
	jsonw_begin_object(j, "onboarding");
	for (int o = 0; o < ONBOARDING_COUNT; o++)
		jsonw_uint(j, onboarding_name((enum onboarding)o), c.onboarding[o]);
	jsonw_end_object(j);
}

/* A bounded scan; a page may be short before the end. */
static enum err rows(struct request *r, struct jsonw *j, struct page *p)
{
	const struct snap_filter filter = { .account = p->account, .presence = -1, .connector = -1 };
	struct admin *a = r->admin;
	enum err e = ERR_AGAIN;

	for (uint32_t n = 0, scanned = 0;
	     n < p->limit && scanned < SCAN_BUDGET && r->out.n < PAGE_BYTES; scanned++) {
		e = snapshot_next_user(a->snapshot, &p->from, &filter, &a->copy);
		if (e == ERR_NOT_FOUND)
			break;
		if (e || !is_wanted(p, &a->copy.user))
			continue;
		render_matching(j, NULL, &a->copy.user, true);
		n++;
	}
	return e;
}

void api_matching(struct request *r)
{
	struct jsonw j = jsonw_on(&r->out);
	struct page p = { .account = snapshot_find_account(r->admin->snapshot,
							   slice_str(r->match.params[0])) };
	char cursor[16];

	if (p.account == UINT16_MAX) {
		respond_problem(r, 404, "not found", "no such account");
		return;
	}
	p.limit = number(r, "limit", LIMIT_MAX, LIMIT_DEFAULT);
	p.from = number(r, "after", UINT32_MAX - 1, 0);
	p.limit = p.limit ? p.limit : 1;
	read_state(r, &p);
	if (r->status)
		return;
	jsonw_begin_object(&j, NULL);
	counts(r, &j, p.account);
	jsonw_begin_array(&j, "users");
	enum err e = rows(r, &j, &p);
	jsonw_end_array(&j);
	snprintf(cursor, sizeof(cursor), "%u", p.from);
	jsonw_string(&j, "next", e == ERR_NOT_FOUND ? NULL : cursor);
	jsonw_end_object(&j);
	respond_json(r, 200);
}
