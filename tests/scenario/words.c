#include "words.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

bool story_fail(struct story *s, const char *fmt, ...)
{
	va_list ap;

	if (s->why[0])
		return false;
	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
	return false;
}

bool word_is(const struct story *s, int i, const char *text)
{
	return i < s->words && strcmp(s->word[i], text) == 0;
}

bool word_time(struct story *s, int i, int64_t *ret_ms)
{
	static const struct {
		const char *unit;
		double ms;
	} units[] = { { "ms", 1 }, { "s", 1e3 }, { "m", 6e4 }, { "h", 3.6e6 } };
	char *end = NULL;
	double v = i < s->words ? strtod(s->word[i], &end) : 0;

	for (size_t k = 0; end && end != s->word[i] && k < ARRAY_LEN(units); k++) {
		if (strcmp(end, units[k].unit) == 0) {
			*ret_ms = llround(v * units[k].ms);
			return true;
		}
	}
	return story_fail(s, "a time is wanted as word %d", i + 1);
}

bool word_number(struct story *s, int i, uint64_t *ret)
{
	if (i < s->words && !slice_u64(slice_str(s->word[i]), UINT32_MAX, ret))
		return true;
	return story_fail(s, "a number is wanted as word %d", i + 1);
}

bool word_user(struct story *s, int i, uint32_t *ret)
{
	*ret = i < s->words ? directory_user(s->w.directory, 0, slice_str(s->word[i])) : ID_NONE;
	return *ret != ID_NONE || story_fail(s, "a user is wanted as word %d", i + 1);
}

static struct slice split_line(const char *word, uint32_t *ret_connector)
{
	bool branch = strncmp(word, "branch/", 7) == 0;

	*ret_connector = branch;
	return slice_str(branch ? word + 7 : word);
}

bool word_line(struct story *s, int i, uint32_t *ret)
{
	uint32_t connector;
	struct slice number = split_line(i < s->words ? s->word[i] : "", &connector);

	*ret = directory_line(s->w.directory, connector, number);
	return *ret != ID_NONE || story_fail(s, "a line is wanted as word %d", i + 1);
}

static bool pick(struct story *s, int i, const char *const *names, size_t n, uint8_t *ret)
{
	for (size_t k = 0; k < n; k++) {
		if (word_is(s, i, names[k])) {
			*ret = (uint8_t)k;
			return true;
		}
	}
	return story_fail(s, "word %d is not known here", i + 1);
}

#define PICK(s, i, ret, ...)                                                       \
	pick((s), (i), (const char *const[]){ __VA_ARGS__ },                        \
	     ARRAY_LEN(((const char *const[]){ __VA_ARGS__ })), (ret))

bool word_profile(struct story *s, int i, uint8_t *ret)
{
	enum profile p;

	if (i >= s->words || !profile_parse(s->word[i], &p))
		return story_fail(s, "a profile is wanted as word %d", i + 1);
	*ret = (uint8_t)p;
	return true;
}

bool word_text(struct story *s, int i, uint8_t *ret)
{
	static const char *const names[TEXT_COUNT] = {
		"none",
#define TEXT(id, key, absence) key,
#include "core/texts.def"
	};

	return pick(s, i, names, TEXT_COUNT, ret);
}

static bool word_call(struct story *s, int i, uint8_t *ret)
{
	return PICK(s, i, ret, "gone", "ringing", "dialing", "talking", "held", "conference");
}

/* ---- config ---- */

static bool set_time(struct story *s, int i, int32_t *ret)
{
	int64_t ms = 0;

	if (!word_time(s, i, &ms))
		return false;
	*ret = (int32_t)ms;
	return true;
}

/* lend busy call meeting: what PBXs hold, and while Teams shows what. */
static bool say_lend(struct story *s, int i, struct policy *p)
{
	uint8_t v;

	if (!PICK(s, i + 1, &p->lend, "available", "away", "busy", "not-available", "meeting"))
		return false;
	p->lend_while = 0;
	for (i += 2; i < s->words; i++) {
		if (!PICK(s, i, &v, "off", "dark", "call", "meeting", "dnd"))
			return false;
		p->lend_while |= (uint8_t)(1 << v);
	}
	return true;
}

static bool policy_word(struct story *s, int i)
{
	struct policy *p = &s->w.policy;

	if (word_is(s, i, "settle"))
		return set_time(s, i + 1, &p->settle_ms);
	if (word_is(s, i, "grace"))
		return set_time(s, i + 1, &p->grace_ms);
	if (word_is(s, i, "lease"))
		return set_time(s, i + 1, &p->lease_ms);
	if (word_is(s, i, "precedence"))
		return PICK(s, i + 1, &p->precedence, "cloudlink", "call-first");
	if (word_is(s, i, "ringing"))
		return PICK(s, i + 1, &p->ringing, "ignore", "busy");
	if (word_is(s, i, "busy"))
		return PICK(s, i + 1, &p->busy, "in-a-call", "dnd");
	if (word_is(s, i, "dnd"))
		return PICK(s, i + 1, &p->dnd, "presenting", "preferred");
	if (word_is(s, i, "not-available"))
		return PICK(s, i + 1, &p->not_available, "offline", "away", "dnd");
	if (word_is(s, i, "outside"))
		return PICK(s, i + 1, &p->outside, "clear", "nothing");
	if (word_is(s, i, "hours")) {
		p->hours = 1;
		return true;
	}
	if (word_is(s, i, "texts")) {
		uint8_t c;

		for (p->texts = 0; ++i < s->words; p->texts |= (uint16_t)(1u << c))
			if (!word_text(s, i, &c))
				return false;
		return true;
	}
	if (word_is(s, i, "mode"))
		return PICK(s, i + 1, &p->mode, "live", "dry-run", "off");
	if (word_is(s, i, "lend"))
		return say_lend(s, i, p);
	if (word_is(s, i, "direction"))
		return PICK(s, i + 1, &p->direction, "to-teams", "to-phones", "both");
	return story_fail(s, "no such policy");
}

/* To rest: an event's work may be spread over ticks of the same instant. */
static bool give(struct story *s, struct event ev)
{
	if (!s->started)
		return story_fail(s, "not started yet");
	world_step(&s->w, &ev);
	return world_advance(&s->w, s->w.now_ms) || story_fail(s, "the engine does not come to rest");
}

static bool say_policy(struct story *s, int i)
{
	if (!policy_word(s, i + 1))
		return false;
	if (!s->started)
		return true;
	return give(s, (struct event){ .kind = EV_POLICY, .policy_set = { 0, s->w.policy } });
}

static bool new_user(struct story *s, int i)
{
	uint32_t user, connector, line;

	if (directory_add_user(s->w.directory, 0, slice_str(s->word[i + 1]), &user))
		return story_fail(s, "no such user, or one too many");
	s->w.enabled[user] = true;
	for (int k = i + 2; k < s->words; k++) {
		struct slice number = split_line(s->word[k], &connector);

		if (directory_add_line(s->w.directory, connector, number, user, &line))
			return story_fail(s, "line %s cannot be added", s->word[k]);
	}
	return true;
}

static bool say_user(struct story *s, int i)
{
	uint32_t user;

	if (!s->started)
		return new_user(s, i);
	if (!word_user(s, i + 1, &user))
		return false;
	if (word_is(s, i + 2, "removed"))
		return give(s, (struct event){ .kind = EV_USER_REMOVE, .user = user });
	if (!word_is(s, i + 2, "enabled") && !word_is(s, i + 2, "disabled"))
		return story_fail(s, "a user is enabled, disabled or removed");
	s->w.enabled[user] = word_is(s, i + 2, "enabled");
	return give(s, (struct event){ .kind = EV_USER_ENABLE,
				       .user_enable = { user, s->w.enabled[user] } });
}

/* ---- what happens ---- */

static bool say_connector_profile(struct story *s, int i, uint32_t connector)
{
	if (!PICK(s, i + 3, &s->w.profiles[connector], "ignore", "read", "write", "both"))
		return false;
	if (s->started)
		world_profiles(&s->w, connector);
	return true;
}

static bool say_connector(struct story *s, int i)
{
	uint32_t c = directory_connector(s->w.directory, 0, slice_str(s->word[i + 1]));
	bool up = word_is(s, i + 2, "up");

	if (c != ID_NONE && word_is(s, i + 2, "profile"))
		return say_connector_profile(s, i, c);
	if (c == ID_NONE || (!up && !word_is(s, i + 2, "down")))
		return story_fail(s, "connector hq|branch up|down");
	return give(s, (struct event){ .kind = up ? EV_CONNECTOR_UP : EV_CONNECTOR_DOWN,
				       .connector = c });
}

static uint64_t key_of(const struct story *s, int i)
{
	return i < s->words ? slice_hash(slice_str(s->word[i]), 1) | 1 : 0;
}

static bool report(struct story *s, struct obs o)
{
	o.connector = ID_NONE;
	o.user = ID_NONE;
	return give(s, (struct event){ .kind = EV_OBS, .obs = o });
}

static bool say_call(struct story *s, int i, uint32_t line, enum obs_scope scope)
{
	struct obs o = { .kind = OBS_CALL, .scope = (uint8_t)scope, .line = line };

	if (scope != SCOPE_GONE && !word_call(s, i + 4, &o.call))
		return false;
	o.call_key = key_of(s, i + 3);
	return report(s, o);
}

/* `holds`: found at the start of a link or by a resync; `profile`: a change at the phone, or an echo */
static bool say_line_profile(struct story *s, int i, uint32_t line)
{
	struct obs o = { .kind = OBS_PROFILE, .line = line };
	int64_t ms;

	o.scope = word_is(s, i + 2, "holds") ? SCOPE_FULL : SCOPE_PARTIAL;
	o.profile.until_wall_ms = TIME_NEVER;
	if (word_is(s, i + 3, "nothing"))
		o.profile.state = PROFILE_NONE;
	else if (!word_profile(s, i + 3, &o.profile.state))
		return false;
	if (word_is(s, i + 4, "until") && word_time(s, i + 5, &ms))
		o.profile.until_wall_ms = s->w.wall_ms + ms;
	return report(s, o);
}

static bool say_written(struct story *s, int i)
{
	struct event ev = { .kind = EV_WRITTEN };

	if (!word_line(s, i + 1, &ev.written.line) ||
	    !PICK(s, i + 2, &ev.written.result, "accepted", "refused", "unsure"))
		return false;
	ev.written.generation = s->w.write[ev.written.line].generation;
	return give(s, ev);
}

static bool say_line_change(struct story *s, int i, uint32_t line)
{
	uint32_t connector = directory_line_connector(s->w.directory, line), user = ID_NONE;
	bool given = word_is(s, i + 2, "given");
	struct event ev = { .kind = given ? EV_LINE_ADD : EV_LINE_MOVE };

	if (word_is(s, i + 2, "removed"))
		return give(s, (struct event){ .kind = EV_LINE_REMOVE, .line = line });
	if ((!given && !word_is(s, i + 2, "moves")) || !word_is(s, i + 3, "to"))
		return story_fail(s, "no such sentence about a line");
	if (!word_is(s, i + 4, "nobody") && !word_user(s, i + 4, &user))
		return false;
	directory_set_line_user(s->w.directory, line, user);
	ev.line_add.line = line;
	ev.line_add.connector = connector;
	ev.line_add.user = user;
	return give(s, ev);
}

static bool say_line(struct story *s, int i)
{
	struct obs o = { 0 };
	uint32_t line;

	if (!word_line(s, i + 1, &line))
		return false;
	o.line = line;
	if (word_is(s, i + 2, "call"))
		return say_call(s, i, line, SCOPE_FULL);
	if (word_is(s, i + 2, "partial"))
		return say_call(s, i, line, SCOPE_PARTIAL);
	if (word_is(s, i + 2, "gone"))
		return say_call(s, i, line, SCOPE_GONE);
	if (word_is(s, i + 2, "idle"))
		return report(s, o); /* OBS_CALL, full, gone */
	if (word_is(s, i + 2, "lost"))
		return give(s, (struct event){ .kind = EV_LINE_LOST, .line = line });
	if (word_is(s, i + 2, "dnd")) {
		o.kind = OBS_DND;
		o.on = word_is(s, i + 3, "on");
		return report(s, o);
	}
	if (word_is(s, i + 2, "forward")) {
		o.kind = OBS_FORWARD;
		return PICK(s, i + 3, &o.forward, "none", "voicemail", "internal", "external") &&
		       report(s, o);
	}
	if (word_is(s, i + 2, "registered") || word_is(s, i + 2, "unregistered")) {
		o.kind = OBS_REGISTRATION;
		o.registered = word_is(s, i + 2, "registered");
		return report(s, o);
	}
	if (word_is(s, i + 2, "profile") || word_is(s, i + 2, "holds"))
		return say_line_profile(s, i, line);
	return say_line_change(s, i, line);
}

static bool say_profile(struct story *s, int i)
{
	struct obs o = { .kind = OBS_PROFILE, .line = ID_NONE, .connector = ID_NONE };
	enum profile p;
	int64_t ms;

	o.profile.until_wall_ms = TIME_NEVER;
	if (!word_user(s, i + 1, &o.user) || !profile_parse(s->word[i + 2], &p))
		return story_fail(s, "no such profile");
	o.profile.state = (uint8_t)p;
	for (int k = i + 3; k < s->words; k++) {
		if (word_is(s, k, "until") && word_time(s, k + 1, &ms))
			o.profile.until_wall_ms = s->w.wall_ms + ms;
		else if (word_is(s, k, "changed") && word_time(s, k + 1, &ms))
			o.order = s->w.wall_ms - ms;
	}
	return give(s, (struct event){ .kind = EV_OBS, .obs = o });
}

/* What Teams shows, and who can have made it; the question left just now. */
static bool say_seen(struct story *s, int i)
{
	struct obs o = { .kind = OBS_READBACK, .line = ID_NONE, .connector = ID_NONE };
	enum presence p;
	int64_t ago = 0;

	if (!word_user(s, i + 1, &o.user) || !presence_parse(s->word[i + 2], &p) ||
	    !PICK(s, i + 3, &o.readback.origin, "unknown", "session", "hand", "either", "nobody"))
		return story_fail(s, "seen USER PRESENCE session|hand|either|nobody|unknown [ACTIVITY]");
	o.readback.activity = ACTIVITY_OTHER;
	if (i + 4 < s->words && !PICK(s, i + 4, &o.readback.activity, "unread", "other", "call", "conference",
				      "meeting", "presenting", "dnd"))
		return false;
	o.readback.presence = (uint8_t)p;
	o.readback.proven = s->w.proven[o.user];
	o.readback.asked_mono_ms = s->w.now_ms;
	if (word_is(s, i + 5, "asked") && word_time(s, i + 6, &ago))
		o.readback.asked_mono_ms -= ago;
	return give(s, (struct event){ .kind = EV_OBS, .obs = o });
}

/* Teams has given a clear answer for the person since the start. */
static bool say_known(struct story *s, int i)
{
	uint32_t user;

	if (!word_user(s, i + 1, &user))
		return false;
	s->w.proven[user] = true;
	return true;
}

static bool say_outcome(struct story *s, int i)
{
	uint64_t status = 200;
	struct action a;
	int64_t retry = 0;
	uint32_t user;
	uint8_t class = OUTCOME_ACCEPTED;

	if (!word_user(s, i + 1, &user))
		return false;
	a = s->w.last[user];
	if (word_is(s, i + 2, "late")) {
		a.generation--;
		world_answer(&s->w, &a, OUTCOME_ACCEPTED, 200, 0);
		return true;
	}
	if (word_is(s, i + 2, "preferred-gone")) {
		world_left(&s->w, &a);
		return true;
	}
	if (!PICK(s, i + 2, &class, "accepted", "withdrawn", "unsure", "denied"))
		return false;
	if ((class == OUTCOME_DENIED || (class == OUTCOME_ACCEPTED && i + 3 < s->words)) &&
	    !word_number(s, i + 3, &status))
		return false;
	if (word_is(s, i + 4, "retry") && !word_time(s, i + 5, &retry))
		return false;
	world_answer(&s->w, &a, class, (uint16_t)status, (int32_t)retry);
	return true;
}

static bool say_answers(struct story *s, int i)
{
	uint64_t status = 0;

	if (!PICK(s, i + 1, &s->w.answers, "none", "accept", "deny"))
		return false;
	if (s->w.answers == ANSWER_DENY && !word_number(s, i + 2, &status))
		return false;
	s->w.status = (uint16_t)status;
	return true;
}

static bool say_wall(struct story *s, int i)
{
	int64_t ms;

	if (!word_time(s, i + 1, &ms))
		return false;
	s->w.wall_ms += ms;
	return give(s, (struct event){ .kind = EV_TICK });
}

static bool say_hours(struct story *s, int i)
{
	if (!word_is(s, i + 1, "open") && !word_is(s, i + 1, "closed"))
		return story_fail(s, "hours are open or closed");
	s->w.closed = word_is(s, i + 1, "closed");
	return give(s, (struct event){ .kind = EV_HOURS, .hours_set = { 1, !s->w.closed, TIME_NEVER } });
}

/* The sink says whether a text of ours may show. */
static bool say_text(struct story *s, int i)
{
	struct event ev = { .kind = EV_TEXT };

	if (!word_user(s, i + 1, &ev.text_state.user))
		return false;
	ev.text_state.ours = word_is(s, i + 2, "ours");
	return give(s, ev);
}

static bool say_crash(struct story *s, int i)
{
	bool with_store = true;
	int64_t away = 0;

	for (int k = i + 1; k < s->words; k++) {
		if (word_is(s, k, "for") && !word_time(s, k + 1, &away))
			return false;
		with_store &= !word_is(s, k, "without");
	}
	s->w.now_ms += away;
	s->w.wall_ms += away;
	world_start(&s->w, with_store);
	return true;
}

static bool say_start(struct story *s, int i)
{
	(void)i;
	world_start(&s->w, false);
	s->started = true;
	s->start_ms = s->w.now_ms;
	return true;
}

static bool move_time(struct story *s, int *i)
{
	bool at = word_is(s, *i, "at");
	int64_t ms, to;

	if (!at && !word_is(s, *i, "after"))
		return true;
	if (!word_time(s, *i + 1, &ms))
		return false;
	to = (at ? s->start_ms : s->w.now_ms) + ms;
	if (to < s->w.now_ms)
		return story_fail(s, "time does not run backwards");
	*i += 2;
	return world_advance(&s->w, to) || story_fail(s, "the engine does not come to rest");
}

static const struct {
	const char *word;
	bool (*say)(struct story *s, int i);
} sentences[] = {
	{ "policy", say_policy },   { "user", say_user },       { "start", say_start },
	{ "answers", say_answers }, { "connector", say_connector }, { "line", say_line },
	{ "profile", say_profile }, { "written", say_written },
	{ "outcome", say_outcome }, { "seen", say_seen }, { "wall", say_wall },
	{ "known", say_known },     { "hours", say_hours },     { "text", say_text },
	{ "crash", say_crash },     { "expect", story_expect },
};

static bool split(struct story *s, const char *text)
{
	struct slice rest = slice_str(text), part;

	s->words = 0;
	while (slice_split(&rest, ' ', &part)) {
		part = slice_trim(part);
		if (part.n == 0)
			continue;
		if (s->words == WORDS_MAX || slice_copy(part, s->word[s->words], WORD_LEN))
			return story_fail(s, "too many or too long words");
		s->words++;
	}
	return true;
}

bool story_line(struct story *s, const char *text)
{
	int i = 0;

	if (!split(s, text) || s->words == 0)
		return s->why[0] == '\0';
	if (!move_time(s, &i))
		return false;
	if (i == s->words)
		return true;
	for (size_t k = 0; k < ARRAY_LEN(sentences); k++)
		if (word_is(s, i, sentences[k].word))
			return sentences[k].say(s, i) && s->why[0] == '\0';
	return story_fail(s, "no such sentence: %s", s->word[i]);
}
