#include <stdio.h>

#include "base/check.h"
#include "core/publish.h"
#include "words.h"

static const char *const audit_names[AUDIT_COUNT] = {
	"combined", "held", "cleared", "denied", "profile", "switched", "removed",
	"write-refused", "preferred-left", "status-text", "overwritten",
};

static bool is_renewal(const struct action *a)
{
	return a->kind == ACT_HOLD && a->urgency == URGENCY_RENEW;
}

static bool is_graph(const struct action *a)
{
	return a->kind == ACT_HOLD || a->kind == ACT_CLEAR;
}

static const char *pair_of(uint8_t session, char *buf, size_t n)
{
	if (session == SESSION_NONE)
		return "none";
	snprintf(buf, n, "%s/%s", session_availability(session), session_activity(session));
	return buf;
}

static const char *in_words(const struct action *a)
{
	static char text[160];
	char pair[64];

	snprintf(text, sizeof(text), "%s user %u %s%s",
		 a->kind == ACT_CLEAR ? "clear" : is_renewal(a) ? "renew" : "hold", (unsigned)a->user,
		 pair_of(a->session, pair, sizeof(pair)), a->preferred ? " preferred" : "");
	return text;
}

/* What an `expect KIND ...` looks for among the actions not yet taken. */
struct want {
	enum action_kind kind;
	uint32_t user, line;
	const char *pair; /* ACT_HOLD */
	bool renew, preferred, drops;
	int64_t life; /* of the preferred state; -1: any */
	int audit;
	uint8_t profile; /* ACT_PROFILE_WRITE */
	uint8_t text; /* ACT_STATUS_TEXT */
};

static bool fits(const struct want *x, const struct action *a)
{
	char pair[64];

	if (a->kind != x->kind)
		return false;
	if (x->kind == ACT_RESYNC_LINE)
		return a->line == x->line;
	if (x->kind == ACT_PROFILE_WRITE)
		return a->line == x->line && a->user_record.profile == x->profile;
	if (a->user != x->user)
		return false;
	if (x->kind == ACT_STATUS_TEXT)
		return a->text.cause == x->text;
	if (x->kind == ACT_AUDIT)
		return a->audit.kind == x->audit;
	if (x->kind != ACT_HOLD)
		return true;
	if (x->renew || is_renewal(a))
		return x->renew && is_renewal(a) && (x->life < 0 || a->preferred_ms == x->life);
	return strcmp(pair_of(a->session, pair, sizeof(pair)), x->pair) == 0 &&
	       a->preferred == x->preferred && a->drop_preferred == x->drops &&
	       (x->life < 0 || a->preferred_ms == x->life);
}

/* The first untaken action that fits; for Graph actions it must be the user's next one. */
static struct seen *look(struct story *s, const struct want *x, const struct action **ret_other)
{
	*ret_other = NULL;
	for (int i = 0; i < s->w.seen_n; i++) {
		struct seen *n = &s->w.seen[i];

		if (n->taken)
			continue;
		if (fits(x, &n->action))
			return n;
		if (is_graph(&n->action) && (x->kind == ACT_HOLD || x->kind == ACT_CLEAR) &&
		    n->action.user == x->user && !is_renewal(&n->action)) {
			*ret_other = &n->action;
			return NULL;
		}
	}
	return NULL;
}

static bool wait_for(struct story *s, const struct want *x, int64_t within_ms)
{
	int64_t end = s->w.now_ms + within_ms;
	const struct action *other;
	struct seen *n;

	while (!(n = look(s, x, &other)) && !other && s->w.now_ms < end) {
		int64_t next = engine_next(s->w.engine);

		next = next < end ? next : end;
		if (!world_advance(&s->w, next > s->w.now_ms ? next : s->w.now_ms + 1))
			return story_fail(s, "the engine does not come to rest");
	}
	if (other)
		return story_fail(s, "instead: %s", in_words(other));
	if (!n)
		return story_fail(s, "did not happen");
	n->taken = true;
	return true;
}

static bool expect_action(struct story *s, int i)
{
	struct want x = { .user = ID_NONE, .line = ID_NONE, .life = -1 };
	bool of_line;
	int64_t within = 0;

	if (word_is(s, i, "hold") || word_is(s, i, "renew"))
		x.kind = ACT_HOLD;
	else
		x.kind = word_is(s, i, "clear")	 ? ACT_CLEAR :
			 word_is(s, i, "audit")	 ? ACT_AUDIT :
			 word_is(s, i, "resync") ? ACT_RESYNC_LINE :
			 word_is(s, i, "write")	 ? ACT_PROFILE_WRITE :
			 word_is(s, i, "text")	 ? ACT_STATUS_TEXT :
						   ACT_USER_GONE;
	x.renew = word_is(s, i, "renew");
	if (x.kind == ACT_PROFILE_WRITE && !word_profile(s, i + 2, &x.profile))
		return false;
	if (x.kind == ACT_STATUS_TEXT && !word_text(s, i + 2, &x.text))
		return false;
	of_line = x.kind == ACT_RESYNC_LINE || x.kind == ACT_PROFILE_WRITE;
	if (of_line ? !word_line(s, i + 1, &x.line) : !word_user(s, i + 1, &x.user))
		return false;
	x.pair = i + 2 < s->words ? s->word[i + 2] : "";
	for (x.audit = 0; x.audit < AUDIT_COUNT; x.audit++)
		if (strcmp(audit_names[x.audit], x.pair) == 0)
			break;
	for (int k = i + 2; k < s->words; k++) {
		x.preferred |= word_is(s, k, "preferred");
		if (word_is(s, k, "life") && !word_time(s, k + 1, &x.life))
			return false;
		x.drops |= word_is(s, k, "drops-preferred");
		if (word_is(s, k, "within") && !word_time(s, k + 1, &within))
			return false;
	}
	return wait_for(s, &x, within);
}

static bool none_left(struct story *s)
{
	for (int i = 0; i < s->w.seen_n; i++) {
		const struct seen *n = &s->w.seen[i];

		if (n->taken)
			continue;
		if (is_graph(&n->action) && !is_renewal(&n->action))
			return story_fail(s, "not expected: %s, %lld ms ago", in_words(&n->action),
					  (long long)(s->w.now_ms - n->at_ms));
		if (n->action.kind == ACT_STATUS_TEXT)
			return story_fail(s, "a status text %u that was not expected", n->action.text.cause);
		if (n->action.kind == ACT_RESYNC_LINE)
			return story_fail(s, "a resync that was not expected");
		if (n->action.kind == ACT_PROFILE_WRITE)
			return story_fail(s, "a write of %s that was not expected",
					  profile_name(n->action.user_record.profile));
	}
	return true;
}

static bool expect_nothing(struct story *s, int i)
{
	int64_t ms = 0;

	if (!none_left(s) || (word_is(s, i + 1, "for") && !word_time(s, i + 2, &ms)))
		return false;
	if (!world_advance(&s->w, s->w.now_ms + ms))
		return story_fail(s, "the engine does not come to rest");
	return none_left(s);
}

static bool expect_no_renewal(struct story *s, int i)
{
	int64_t ms = 0;
	int from = s->w.seen_n;

	if (!word_time(s, i + 2, &ms))
		return false;
	world_advance(&s->w, s->w.now_ms + ms);
	for (int k = from; k < s->w.seen_n; k++)
		if (is_renewal(&s->w.seen[k].action))
			return story_fail(s, "renewed");
	return true;
}

/* ---- how things stand ---- */

static bool same_word(struct story *s, int i, const char *is)
{
	return word_is(s, i, is) || story_fail(s, "it is %s", is);
}

static bool expect_winner(struct story *s, int i, const struct user_view *v)
{
	uint32_t line;

	if (!word_is(s, i, "line"))
		return same_word(s, i, v->winner == WINNER_PROFILE ? "profile" :
				       v->winner == WINNER_NOTHING ? "nothing" : "line");
	if (!word_line(s, i + 1, &line))
		return false;
	return (v->winner == WINNER_LINE && v->winner_line == line) ||
	       story_fail(s, "another input won");
}

static bool expect_changed(struct story *s, int i, uint32_t user)
{
	bool changed = s->w.changed[user] > 0;

	s->w.changed[user] = 0;
	return same_word(s, i, changed ? "yes" : "no");
}

static bool expect_read_again(struct story *s, int i, uint32_t user)
{
	bool again = s->w.again[user];

	s->w.again[user] = false;
	return same_word(s, i, again ? "yes" : "no");
}

static bool expect_user(struct story *s, int i)
{
	struct user_view v;
	char pair[64];
	uint32_t user;

	if (!word_user(s, i + 1, &user))
		return false;
	if (word_is(s, i, "changed"))
		return expect_changed(s, i + 2, user);
	if (word_is(s, i, "read-again"))
		return expect_read_again(s, i + 2, user);
	if (word_is(s, i, "teams"))
		return same_word(s, i + 2, pair_of(world_teams(&s->w, user), pair, sizeof(pair)));
	if (word_is(s, i, "preferred"))
		return same_word(s, i + 2, s->w.teams[user].preferred ? "yes" : "no");
	if (!engine_user(s->w.engine, user, &v))
		return story_fail(s, "the user is not there");
	if (word_is(s, i, "combined"))
		return same_word(s, i + 2, presence_name(v.combined));
	if (word_is(s, i, "profile"))
		return same_word(s, i + 2, profile_name(v.profile));
	if (word_is(s, i, "held"))
		return same_word(s, i + 2, pair_of(v.held, pair, sizeof(pair)));
	if (word_is(s, i, "desired"))
		return same_word(s, i + 2, pair_of(v.desired, pair, sizeof(pair)));
	if (word_is(s, i, "publish"))
		return same_word(s, i + 2, publish_state_name(v.publish));
	if (word_is(s, i, "settled"))
		return same_word(s, i + 2, v.settled ? "yes" : "no");
	if (word_is(s, i, "shown"))
		return same_word(s, i + 2, shown_name(v.shown));
	if (word_is(s, i, "lamp"))
		return same_word(s, i + 2, lamp_name((enum lamp)v.lamp));
	if (word_is(s, i, "conflict"))
		return same_word(s, i + 2, v.conflict ? "yes" : "no");
	return expect_winner(s, i + 2, &v);
}

static bool expect_line(struct story *s, int i)
{
	static const char *const syncs[LINE_SYNC_COUNT] = { "synced", "standing", "expired" };
	struct line_view v;
	uint64_t calls;
	uint32_t line;

	if (!word_line(s, i + 1, &line) || !engine_line(s->w.engine, line, &v))
		return story_fail(s, "the line is not there");
	if (!same_word(s, i + 2, syncs[v.sync]) || !same_word(s, i + 3, presence_name(v.presence)))
		return false;
	if (!word_is(s, i + 4, "calls"))
		return true;
	if (!word_number(s, i + 5, &calls))
		return false;
	return v.calls == calls || story_fail(s, "it has %u calls", v.calls);
}

static bool expect_counter(struct story *s, int i)
{
	uint64_t want, is = 0;

	if (!word_number(s, i + 2, &want))
		return false;
	for (int c = 0; c < ENGINE_COUNTER_COUNT; c++)
		if (word_is(s, i + 1, engine_counter_name(c)))
			is = engine_counter(s->w.engine, c);
	return is == want || story_fail(s, "it is %llu", (unsigned long long)is);
}

static bool expect_saves(struct story *s, int i)
{
	uint64_t want;
	uint32_t is = s->w.saved_lines;

	s->w.saved_lines = 0;
	if (!word_number(s, i + 1, &want))
		return false;
	return is == want || story_fail(s, "there were %u", (unsigned)is);
}

static const struct {
	const char *word;
	bool (*check)(struct story *s, int i);
} checks[] = {
	{ "hold", expect_action },	{ "clear", expect_action },
	{ "renew", expect_action },	{ "resync", expect_action },
	{ "write", expect_action },	{ "text", expect_action },
	{ "audit", expect_action },	{ "gone", expect_action },
	{ "nothing", expect_nothing },	{ "no-renewal", expect_no_renewal },
	{ "combined", expect_user },	{ "held", expect_user },
	{ "shown", expect_user },	{ "conflict", expect_user },
	{ "teams", expect_user },	{ "desired", expect_user },
	{ "profile", expect_user },	{ "publish", expect_user },
	{ "settled", expect_user },	{ "winner", expect_user },
	{ "preferred", expect_user },	{ "changed", expect_user },
	{ "line", expect_line },	{ "counter", expect_counter },
	{ "saves-of-lines", expect_saves }, { "lamp", expect_user },
	{ "read-again", expect_user },
};

bool story_expect(struct story *s, int at)
{
	for (size_t k = 0; k < ARRAY_LEN(checks); k++)
		if (word_is(s, at + 1, checks[k].word))
			return checks[k].check(s, at + 1);
	return story_fail(s, "no such expectation");
}

bool story_end(struct story *s)
{
	return none_left(s);
}
