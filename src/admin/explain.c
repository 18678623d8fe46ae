#include "admin/explain.h"

#include "admin/matching.h"
#include "admin/words.h"
#include "base/date.h"
#include "core/engine.h"

static void when(struct buf *out, const char *before, int64_t wall_ms)
{
	char text[DATE_LEN + 1];

	date_format(wall_ms, text);
	buf_fmt(out, "%s%s", before, text);
}

static void line_name(struct buf *out, const struct admin_line *l, const struct names *n)
{
	struct slice connector = names_connector(n, l->connector);

	buf_str(out, "line ");
	buf_slice(out, connector);
	buf_char(out, '/');
	buf_slice(out, l->number);
}

static const char *line_phrase(const struct admin_line *l)
{
	if (l->presence == PRESENCE_UNKNOWN)
		return l->sync == LINE_EXPIRED ? "has not reported within grace"
					       : "has not reported yet";
	if (l->presence == PRESENCE_DND && l->dnd)
		return "is on do not disturb";
	if (l->presence == PRESENCE_OFFLINE)
		return "is not registered";
	return word_call_phrase(l->call);
}

static const struct admin_line *line_of(const struct admin_user *u, uint32_t line)
{
	for (uint32_t i = 0; i < u->lines_n; i++)
		if (u->lines[i].line == line)
			return &u->lines[i];
	return NULL;
}

/* The presences of the inputs that lost, one bit each. */
static unsigned losers(const struct admin_user *u)
{
	unsigned bits = u->winner == WINNER_PROFILE ? 0 : 1U << (u->profile_presence & 31);

	for (uint32_t i = 0; i < u->lines_n; i++)
		if (u->winner != WINNER_LINE || u->lines[i].line != u->winner_line)
			bits |= 1U << (u->lines[i].presence & 31);
	return bits & ~(1U << (u->combined & 31));
}

static void outranked(struct buf *out, const struct admin_user *u)
{
	unsigned bits = losers(u);
	bool first = true;

	for (int p = PRESENCE_COUNT - 1; p >= 0; p--) {
		if (!(bits & 1U << p))
			continue;
		if (first)
			buf_fmt(out, "; rank %s over ", presence_name((enum presence)u->combined));
		buf_fmt(out, "%s%s", first ? "" : ", ", presence_name((enum presence)p));
		first = false;
	}
	if (first && u->winner == WINNER_PROFILE)
		buf_str(out, "; nothing outranks it");
	if (!first && u->policy.precedence == PRECEDENCE_CALL_FIRST)
		buf_str(out, " (precedence: call-first)");
}

static void profile_phrase(struct buf *out, const struct admin_user *u)
{
	buf_fmt(out, "profile is %s", profile_name((enum profile)u->profile));
	if (u->profile_until_wall_ms && u->profile_until_wall_ms != TIME_NEVER)
		when(out, " until ", u->profile_until_wall_ms);
}

void explain_rule(struct buf *out, const struct admin_user *u, const struct names *n)
{
	const struct admin_line *l = line_of(u, u->winner_line);

	if (u->winner == WINNER_LINE && l) {
		line_name(out, l, n);
		buf_fmt(out, " %s", line_phrase(l));
		if (l->sync == LINE_STANDING && l->presence != PRESENCE_UNKNOWN)
			buf_str(out, " (last known state, source lost)");
	} else if (u->winner == WINNER_PROFILE) {
		profile_phrase(out, u);
	} else {
		buf_str(out, u->lines_n ? "no line has reported yet" : "the user has no line");
		return;
	}
	if (u->combined != PRESENCE_UNKNOWN)
		outranked(out, u);
	else if (!u->settled)
		buf_str(out, "; unknown until every line has reported or its grace is over");
}

static void held(struct buf *out, const struct admin_user *u)
{
	enum session s = (enum session)u->held;

	buf_fmt(out, "held in Teams: %s/%s", session_availability(s), session_activity(s));
	if (u->held_preferred)
		buf_str(out, " with the preferred state DoNotDisturb");
	else if (u->preferred_left)
		buf_str(out, "; the user has put another state in the place of our preferred one, "
			     "which is left alone");
	if (u->lease_end_wall_ms && u->lease_end_wall_ms != TIME_NEVER)
		when(out, ", ends by itself at ", u->lease_end_wall_ms);
	if (u->renew_wall_ms && u->renew_wall_ms != TIME_NEVER && u->desired == u->held)
		when(out, ", renewed at ", u->renew_wall_ms);
}

static void outside_hours(struct buf *out, const struct admin_user *u, const char *what)
{
	buf_fmt(out, "%s: it is outside working hours", what);
	if (u->hours_until_wall_ms && u->hours_until_wall_ms != TIME_NEVER)
		when(out, ", which are looked at again at ", u->hours_until_wall_ms);
}

static void not_held(struct buf *out, const struct admin_user *u, enum account_mode mode)
{
	if (mode == MODE_OFF || !u->enabled)
		buf_fmt(out, "nothing is held: %s is switched off",
			u->enabled ? "the account" : "the user");
	else if (mode == MODE_DRY_RUN)
		buf_fmt(out, "nothing is held: dry-run; it would be %s",
			session_name((enum session)u->desired));
	else if (u->closed)
		outside_hours(out, u, "nothing is held");
	else if (u->lines_n == 0)
		buf_str(out, "nothing is held: the user has no line, so nothing is synchronised");
	else if (u->desired == SESSION_NONE)
		buf_fmt(out, "nothing is held: %s needs no session",
			presence_name((enum presence)u->combined));
	else
		buf_fmt(out, "not yet held: %s", session_name((enum session)u->desired));
}

static void traffic(struct buf *out, const struct admin_user *u)
{
	if (u->publish == ADMIN_PUBLISH_BACKING_OFF) {
		buf_fmt(out, "; Graph answered %u", u->last_http_status);
		if (u->graph_error.n) {
			buf_str(out, " (");
			buf_slice(out, u->graph_error);
			buf_char(out, ')');
		}
		if (u->retry_wall_ms)
			when(out, ", next try at ", u->retry_wall_ms);
	} else if (u->publish == ADMIN_PUBLISH_SETTLING) {
		buf_fmt(out, "; waiting for %d ms to see whether it lasts", u->policy.settle_ms);
	} else if (u->publish == ADMIN_PUBLISH_WAITING) {
		buf_fmt(out, "; %s is on its way",
			u->desired == SESSION_NONE ? "a clear"
						   : session_name((enum session)u->desired));
	}
}

void explain_session(struct buf *out, const struct admin_user *u, enum account_mode mode)
{
	if (u->held != SESSION_NONE)
		held(out, u);
	else
		not_held(out, u, mode);
	if (u->held != SESSION_NONE && u->closed && u->policy.outside == OUTSIDE_NOTHING)
		outside_hours(out, u, "; it is not renewed and ends by itself");
	if (!u->settled)
		buf_str(out, "; not yet settled, so nothing is cleared or lowered");
	if (!u->teams_id.n && u->desired != SESSION_NONE && !matching_is_problem(u))
		buf_str(out, "; the user is not (yet) found in Microsoft's directory");
	traffic(out, u);
}

void explain_text(struct buf *out, const struct admin_user *u)
{
	if (u->text != TEXT_NONE)
		buf_fmt(out, "status message in Teams: the one for %s%s",
			text_cause_name((enum text_cause)u->text),
			u->text_ours ? ""
				     : " is on its way, or was left to what the user has written");
	else if (u->text_ours)
		buf_str(out, "status message in Teams: ours is being taken back");
}

void explain_matching(struct buf *out, const struct admin_user *u)
{
	matching_reason(out, u);
	if (out->n && matching_fix(u)[0])
		buf_fmt(out, "; %s", matching_fix(u));
}

void explain_seen(struct buf *out, const struct admin_user *u)
{
	if (!u->seen_known)
		return;
	buf_fmt(out, "others see %s", presence_label((enum presence)u->seen));
	if (u->seen_pair.n) {
		buf_str(out, " (");
		buf_slice(out, u->seen_pair);
		buf_char(out, ')');
	}
	if (u->shown != SHOWN_NONE && u->held != SESSION_NONE)
		buf_fmt(out, ": %s", shown_sentence((enum shown)u->shown));
	if (u->lamp != LAMP_OFF)
		buf_fmt(out, "; lamp: %s, watched by %u", lamp_label((enum lamp)u->lamp), u->watchers);
	if (u->seen_wall_ms)
		when(out, "; read back at ", u->seen_wall_ms);
	if (u->conflict)
		buf_str(out, "; conflict: another application writes the same user, our session was taken "
			     "away more than once in the last hour: find the program with the same "
			     "client id");
}

void explain_write(struct buf *out, const struct admin_line *l, const struct names *n)
{
	if (l->write == LINE_WRITE_NONE)
		return;
	line_name(out, l, n);
	if (l->write == LINE_WRITE_REFUSED)
		buf_str(out, ": the pbx refused the profile ");
	else
		buf_str(out, ": being written to the pbx is the profile ");
	buf_str(out, profile_name((enum profile)l->written));
	if (l->write == LINE_WRITE_REFUSED && l->refusal.n) {
		buf_str(out, " (");
		buf_slice(out, l->refusal);
		buf_char(out, ')');
	}
}

void explain_lend(struct buf *out, const struct admin_user *u, const struct admin_line *l,
		  const struct names *n)
{
	const char *profile = profile_name((enum profile)l->lent);

	if (l->lend == LINE_LEND_NONE)
		return;
	line_name(out, l, n);
	if (l->lend == LINE_LEND_HELD && u->lamp > LAMP_DARK)
		buf_fmt(out, ": the pbx is lent the profile %s because of what Teams shows (%s); it is "
			     "not the person's own, and is taken back afterwards",
			profile, lamp_label((enum lamp)u->lamp));
	else if (l->lend == LINE_LEND_HELD)
		buf_fmt(out, ": the pbx is lent the profile %s since before the start, until Teams is read",
			profile);
	else if (l->lend == LINE_LEND_RETURNED)
		buf_fmt(out, ": the profile %s, lent to the pbx, is being taken back", profile);
	else
		buf_str(out, ": somebody has set something meanwhile, so the pbx is lent nothing before "
			     "Teams is quiet again");
}

void explain_lamp(struct buf *out, const struct admin_line *l, const struct names *n)
{
	if (!l->lamp.n && !l->lamp_refusal.n)
		return;
	line_name(out, l, n);
	buf_str(out, ": ");
	if (l->lamp.n) {
		buf_str(out, "lamp at the pbx: ");
		buf_slice(out, l->lamp);
	}
	if (l->lamp_refusal.n) {
		buf_fmt(out, "%snot as it shall be: ", l->lamp.n ? "; " : "");
		buf_slice(out, l->lamp_refusal);
	}
}
