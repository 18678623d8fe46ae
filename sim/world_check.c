/* world_check.c - what must always hold, and what must hold when all is calm. */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "proto/sip/msg.h"
#include "world_parts.h"

/* A dead link is noticed within NOTICE_MS: OPTIONS every 30 s, each given up after 32 s (RFC 3261
 * timer F), a TCP connection that is tried for 10 s, and the PBX's own time to answer. A call is
 * questioned every 30 min; the answer may take as long as a request that is given up. */
enum { NOTICE_MS = 120000, REQUEST_TIMEOUT_MS = 10000, QUESTION_MS = 31 * 60 * 1000, RANK_NONE = 9 };

static enum oracle_phone phone_word(uint8_t state)
{
	static const enum oracle_phone words[PBX_PHONE_STATES] = {
		[PBX_IDLE] = ORACLE_FREE,     [PBX_RINGING] = ORACLE_RINGS, [PBX_DIALING] = ORACLE_DIALS,
		[PBX_TALKING] = ORACLE_TALKS, [PBX_HELD] = ORACLE_ON_HOLD,
	};

	return words[state];
}

static void line_truth(struct world *w, const struct line_truth *l, struct oracle_line *ret)
{
	struct pbx_phone phone;

	*ret = (struct oracle_line){ .heard = true, .dnd = l->dnd };
	if (!peer_phone(w, l, &phone))
		return;
	ret->phone = phone_word(phone.state);
	if (world_peers[l->connector]->dnd)
		ret->dnd = phone.dnd && !lend_owns_dnd(w, l);
}

/* An end of a profile that passes while no daemon runs, and is undone by a clock set back before
 * one does, has never been: only a running daemon makes it last. */
void check_profiles(struct world *w)
{
	for (uint32_t i = 0; i < w->users_n && w->bridge; i++)
		if (w->users[i].app_until_wall_ms <= w->now_ms + w->wall_offset_ms) {
			w->users[i].app = ORACLE_APP_AVAILABLE;
			w->users[i].app_until_wall_ms = TIME_NEVER;
		}
}

/* A line is heard while a subscription stands that has told of it: its own or its list's. */
static bool listens(const struct line_truth *l)
{
	for (int i = 0; i < DIALOGS_MAX; i++)
		if (l->dialogs[i].stands)
			return true;
	return false;
}

static struct oracle_rules rules_of(const struct world *w)
{
	const struct policy *p = &w->config.policy;

	return (struct oracle_rules){ .call_first = p->precedence == PRECEDENCE_CALL_FIRST,
				      .ringing_busy = p->ringing == RINGING_BUSY,
				      .busy_is_dnd = p->busy == BUSY_DND };
}

static enum oracle_app app_of(enum profile p)
{
	static const enum oracle_app apps[] = {
		[PROFILE_AVAILABLE] = ORACLE_APP_AVAILABLE, [PROFILE_AWAY] = ORACLE_APP_AWAY,
		[PROFILE_BUSY] = ORACLE_APP_BUSY, [PROFILE_NOT_AVAILABLE] = ORACLE_APP_NOT_AVAILABLE,
		[PROFILE_MEETING] = ORACLE_APP_MEETING,
	};

	return apps[p];
}

/* Of those whose PBX holds the profile too the daemon's word is taken here: that it is the right one is
 * judged when all is calm, by what every PBX holds and by the last word. */
static enum oracle_app app_now(const struct world *w, uint32_t user)
{
	const struct user_truth *u = &w->users[user];
	struct user_view v;

	if (w->bridge && check_two_way(w, user) && engine_user(bridge_engine(w->bridge), u->id, &v))
		return app_of((enum profile)v.profile);

	return u->app_until_wall_ms <= w->now_ms + w->wall_offset_ms ? ORACLE_APP_AVAILABLE : u->app;
}

/* heard_only: as far as the daemon can know. */
static enum oracle_held expects(struct world *w, uint32_t user, bool heard_only)
{
	const struct oracle_rules rules = rules_of(w);
	struct oracle_line lines[ORACLE_LINES_MAX];
	int n = 0;

	for (uint32_t i = 0; i < w->lines_n && n < ORACLE_LINES_MAX; i++) {
		const struct line_truth *l = &w->lines[i];

		if (l->user != user)
			continue;
		line_truth(w, l, &lines[n]);
		lines[n++].heard = !heard_only || l->connector == TOLD || listens(l);
	}
	return oracle_expects(lines, n, app_now(w, user), &rules);
}

/* Does the profile alone, or one line alone, say what is shown? */
static bool supported(struct world *w, uint32_t user, const char *shown)
{
	const struct oracle_rules rules = rules_of(w);

	if (strcmp(oracle_words(oracle_expects(NULL, 0, app_now(w, user), &rules)), shown) == 0)
		return true;
	for (uint32_t i = 0; i < w->lines_n; i++) {
		struct oracle_line line;

		if (w->lines[i].user != user)
			continue;
		line_truth(w, &w->lines[i], &line);
		if (strcmp(oracle_words(oracle_expects(&line, 1, ORACLE_APP_AVAILABLE, &rules)), shown) == 0)
			return true;
	}
	return false;
}

static enum oracle_held expected(struct world *w, uint32_t user)
{
	return expects(w, user, false);
}

static void held(struct world *w, uint32_t user, char *ret, size_t cap)
{
	struct cloud_pair pair;
	int64_t expires_ms;

	ret[0] = '\0';
	if (cloud_session(w->cloud, world_cloud_ms(w), w->users[user].cloud_user, NULL, &pair, &expires_ms))
		snprintf(ret, cap, "%s/%s", cloud_availability_name(pair.availability),
			 cloud_activity_name(pair.activity));
}

/* What the engine believed, beside the objection. */
static void show_user(struct world *w, uint32_t user)
{
	static const char *const syncs[] = { "synced", "standing", "expired" };
	struct user_view u;

	if (!w->bridge || !engine_user(bridge_engine(w->bridge), w->users[user].id, &u))
		return;
	world_step_note(w,
			"user %u: combined %s, desired %s, held %s, settled %d, profile %s, "
			"publish %u, status %u, gen %u",
			user, presence_name((enum presence)u.combined), session_name((enum session)u.desired),
			session_name((enum session)u.held), u.settled, profile_name((enum profile)u.profile),
			u.publish, u.last_status, u.generation);
	for (uint32_t l = u.first_line; l != ID_NONE; l = engine_next_line_of(bridge_engine(w->bridge), l)) {
		struct line_view v;
		struct source_line_view s = { 0 };

		engine_line(bridge_engine(w->bridge), l, &v);
		bridge_line_view(w->bridge, l, &s);
		world_step_note(w, "line %u: %s, %s, call %u of %u, dnd %d; link %u status %u %s", l,
				syncs[v.sync], presence_name((enum presence)v.presence), v.call, v.calls,
				v.dnd, s.link, s.last_status, s.reason);
	}
}

/* Is a PBX keeping a change of one of this person's lines to itself? */
static bool misled(const struct world *w, uint32_t user)
{
	for (uint32_t i = 0; i < w->lines_n; i++) {
		const struct line_truth *l = &w->lines[i];
		struct pbx_phone phone;

		if (l->user == user && peer_phone(w, l, &phone) && phone.misled)
			return true;
	}
	return false;
}

/* No session outlives its last evidence by more than grace + lease + one request's time-out; a dead link
 * must be noticed first. What is shown lacks evidence when no source, taken alone, says so. A PBX that
 * keeps the end of a call to itself is believed until the call is questioned (presence-rules.md 2), so
 * as long as it does, and no longer, the clock stands still. What a profile gave no PBX can lie about:
 * Away has no such excuse. */
static void bound(struct world *w, uint32_t user, int64_t passed_ms)
{
	const int64_t allowed =
		w->config.policy.grace_ms + w->config.policy.lease_ms + REQUEST_TIMEOUT_MS + NOTICE_MS;
	enum oracle_held wanted = expected(w, user);
	struct user_truth *u = &w->users[user];
	char now[64];

	held(w, user, now, sizeof(now));
	if (now[0] == '\0' || supported(w, user, now)) {
		u->true_ms = w->now_ms;
		u->misled_ms = 0;
		return;
	}
	if (w->bridge && strcmp(now, oracle_words(ORACLE_AWAY)) != 0 && u->misled_ms < QUESTION_MS &&
	    misled(w, user))
		u->misled_ms += passed_ms;
	if (w->now_ms - u->true_ms - u->misled_ms <= allowed)
		return;
	show_user(w, user);
	world_object(w,
		     "user %u still shows %s, %lld ms after its last evidence, %lld of them misled "
		     "(%s is right)",
		     user, now, (long long)(w->now_ms - u->true_ms), (long long)u->misled_ms,
		     oracle_words(wanted));
}

/* Within its grace, and nothing heard of it since it was lost or the daemon started. */
static bool unsettled(const struct world *w, const struct line_truth *l, int64_t *ret_since_ms)
{
	int64_t since = l->lost_ms > w->started_ms ? l->lost_ms : w->started_ms;

	if (l->connector == TOLD || listens(l))
		return false;
	/* the PBX would not go on with it even before: it may have been lost then already */
	if (l->refused_ms < since && l->refused_ms > w->started_ms)
		since = l->refused_ms;
	*ret_since_ms = since;
	return w->now_ms - since < w->config.policy.grace_ms;
}

/* The rank of presence-rules.md 4, of Graph's words; 0: nothing. */
static int rank(const struct world *w, struct slice words)
{
	const bool call_first = w->config.policy.precedence == PRECEDENCE_CALL_FIRST;

	if (slice_find_str(words, SLICE_LIT("Away")) < words.n)
		return call_first ? 1 : 4;
	if (slice_find_str(words, SLICE_LIT("DoNotDisturb")) < words.n)
		return 3;
	return slice_find_str(words, SLICE_LIT("Busy")) < words.n ? 2 : 0;
}

/* What a daemon that knows every line of the person decides on, it may carry out later, when a line
 * is lost: the clear waits behind the request in flight, for quota, gate or token, and is sent
 * again when its answer is lost. While a PBX misleads, anything may have been decided. */
static void note_decided(struct world *w, uint32_t user)
{
	struct user_truth *u = &w->users[user];
	int64_t since;

	for (uint32_t i = 0; i < w->lines_n; i++)
		if (w->lines[i].user == user && unsettled(w, &w->lines[i], &since))
			return;
	u->decided_rank = misled(w, user) ? 0 : rank(w, slice_str(oracle_words(expects(w, user, true))));
}

void check_truth(struct world *w)
{
	check_profiles(w);
	lamp_look_all(w);
	lend_look_all(w);
	for (uint32_t i = 0; i < w->users_n && w->bridge; i++)
		note_decided(w, i);
	for (uint32_t i = 0; i < w->users_n; i++)
		bound(w, i, w->now_ms - w->looked_ms);
	w->looked_ms = w->now_ms;
}

/* ---- what the daemon has heard ---- */

/* call 0: all of them. */
static void end_hearing(struct world *w, struct line_truth *l, uint64_t call)
{
	bool heard = listens(l);

	for (int i = 0; i < DIALOGS_MAX; i++)
		if (!call || l->dialogs[i].call == call)
			l->dialogs[i].stands = false;
	if (heard && !listens(l))
		l->lost_ms = w->now_ms;
}

static bool stands(const struct line_truth *l, uint64_t call)
{
	for (int i = 0; i < DIALOGS_MAX; i++)
		if (l->dialogs[i].call == call)
			return l->dialogs[i].stands;
	return false;
}

/* What comes after the end of a subscription is nobody's (RFC 6665 4.1.3): it revives nothing. */
static void hear(struct line_truth *l, uint64_t call)
{
	bool ended = false, known = false;

	for (int i = 0; i < DIALOGS_MAX; i++) {
		known = known || l->dialogs[i].call == call;
		ended = ended || (l->dialogs[i].call == call && !l->dialogs[i].stands);
	}
	if (!known)
		l->dialogs[l->dialogs_at++ % DIALOGS_MAX] = (struct dialog_truth){ call, true };
	if (!ended)
		l->refused_ms = TIME_NEVER;
}

/* Does the report speak of the line: its own, or a list's that names it? */
static bool names(const struct sip_msg *m, const struct line_truth *l)
{
	char own[24], member[40];

	snprintf(own, sizeof(own), "sip:%u@", 201 + l->phone);
	snprintf(member, sizeof(member), "<resource uri=\"%s", own);
	return slice_find_str(sip_msg_header(m, SIP_FROM), slice_str(own)) < sip_msg_header(m, SIP_FROM).n ||
	       slice_find_str(m->body, slice_str(member)) < m->body.n;
}

/* A refusal that ends the subscription (RFC 6665 4.1.2.2), or one that only may. */
static void refused(struct world *w, struct line_truth *l, uint64_t call, uint16_t status)
{
	static const uint16_t for_now[] = { 401, 407, 408, 412, 423, 429, 430,
					    480, 482, 483, 486, 487, 491, 600 };
	bool may = status >= 500 && status < 600;

	for (size_t i = 0; i < ARRAY_LEN(for_now); i++)
		may = may || status == for_now[i];
	if (!may)
		end_hearing(w, l, call);
	else if (l->refused_ms == TIME_NEVER)
		l->refused_ms = w->now_ms;
}

static void hear_message(struct world *w, struct line_truth *l, const struct sip_msg *m)
{
	const uint64_t call = slice_hash(m->call_id, 1) | 1;

	if (!m->request) {
		if (stands(l, call) && m->status >= 300 && slice_is(m->cseq_method, "SUBSCRIBE"))
			refused(w, l, call, m->status);
	} else if (slice_starts(sip_msg_header(m, SIP_SUBSCRIPTION_STATE), "terminated")) {
		end_hearing(w, l, call);
	} else if (names(m, l)) {
		hear(l, call);
	}
}

void check_heard(struct world *w, uint32_t pbx, struct slice message)
{
	struct sip_msg m;

	if (world_peers[pbx] != &sip_peer_ops || sip_msg_parse(message, &m))
		return;
	for (uint32_t i = 0; i < w->lines_n; i++)
		if (w->lines[i].connector == pbx)
			hear_message(w, &w->lines[i], &m);
}

void check_posted(struct world *w, uint32_t pbx, uint32_t phone)
{
	for (uint32_t i = 0; i < w->lines_n; i++)
		if (w->lines[i].connector == pbx && w->lines[i].phone == phone)
			w->lines[i].dialogs[0] = (struct dialog_truth){ 1, true };
}

/* The phones of which all has left the PBX by now. Kinds without subscriptions tell over the connection as
 * a whole; what is under way when it breaks has told nothing. */
struct tells check_tells(const struct world *w, uint32_t pbx)
{
	struct pbx_phone phone;
	struct tells tells = { 0 };

	if (world_peers[pbx]->posts || world_peers[pbx] == &sip_peer_ops)
		return tells;
	for (uint32_t i = 0; i < w->lines_n; i++)
		if (w->lines[i].connector == pbx && peer_phone(w, &w->lines[i], &phone)) {
			tells.all |= (uint64_t)phone.heard << w->lines[i].phone;
			tells.gone |= (uint64_t)phone.gone << w->lines[i].phone;
		}
	return tells;
}

/* The daemon has taken a message: it knows what it says. The grace of a line that the PBX will tell nothing
 * of any more begins with that, not with the end of the link. */
void check_known(struct world *w, uint32_t pbx, struct tells tells)
{
	for (uint32_t i = 0; i < w->lines_n; i++) {
		struct line_truth *l = &w->lines[i];

		if (l->connector != pbx)
			continue;
		if (tells.gone >> l->phone & 1)
			end_hearing(w, l, 0);
		else if (tells.all >> l->phone & 1 && !listens(l))
			l->dialogs[0] = (struct dialog_truth){ 1, true };
		note_decided(w, l->user);
	}
}

void check_started(struct world *w)
{
	for (uint32_t i = 0; i < w->users_n; i++) {
		const struct saved *s = &w->user_saved[i];
		bool holds = s->has && s->user.lease_end_wall_ms > w->now_ms + w->wall_offset_ms;
		const char *words = holds ? session_availability((enum session)s->user.session) : "";

		w->users[i].known_rank = rank(w, slice_str(words));
		w->users[i].decided_rank = RANK_NONE;
	}
}

void check_link_lost(struct world *w, uint32_t pbx)
{
	for (uint32_t i = 0; i < w->lines_n; i++)
		if (w->lines[i].connector == pbx)
			end_hearing(w, &w->lines[i], 0); /* a connection that told nothing loses nothing */
}

/* ---- what the daemon sends ---- */

/* For a person not yet settled nothing is cleared or lowered: of what is shown, of what this daemon
 * knows to be ours (without its state it knows of nothing), and of what it decided on when it last
 * knew all. */
static void check_lower(struct world *w, uint32_t user, struct slice body)
{
	const int to = rank(w, body);
	struct user_truth *u = &w->users[user];
	int known = u->known_rank;
	int64_t since;
	char now[64];

	held(w, user, now, sizeof(now));
	u->known_rank = to;
	if (to >= known || to >= u->decided_rank || to >= rank(w, slice_str(now)))
		return;
	for (uint32_t i = 0; i < w->lines_n; i++) {
		if (w->lines[i].user != user || !unsettled(w, &w->lines[i], &since))
			continue;
		show_user(w, user);
		world_object(w, "user %u is %s %lld ms after the link was lost, its line %u not yet heard",
			     user, to ? "lowered" : "cleared", (long long)(w->now_ms - since), i);
	}
}

/* Never more presence requests in any window than 0.98 of the quota. */
static void check_sent(struct world *w)
{
	int64_t oldest = w->sends[w->sends_at];

	w->counts.presence_requests++;
	if (w->sent_in_life >= w->allowed && w->now_ms - oldest < w->config.window_ms)
		world_object(w, "%u requests within %lld ms: above the quota", w->allowed + 1,
			     (long long)(w->now_ms - oldest));
	w->sends[w->sends_at] = w->now_ms;
	w->sends_at = (w->sends_at + 1) % w->allowed;
	w->sent_in_life++;
}

/* .../users/{id}/presence/{verb}; ID_NONE: another request. */
static uint32_t user_of(const struct world *w, struct slice url, struct slice *ret_verb)
{
	static const char before[] = "/users/", behind[] = "/presence/";
	struct slice rest =
		slice_sub(url, slice_find_str(url, slice_str(before)) + sizeof(before) - 1, url.n);
	size_t at = slice_find_str(rest, slice_str(behind));

	if (at == rest.n)
		return ID_NONE;
	*ret_verb = slice_sub(rest, at + sizeof(behind) - 1, rest.n);
	for (uint32_t i = 0; i < w->users_n; i++)
		if (slice_is_nocase(slice_sub(rest, 0, at), cloud_user_id(w->cloud, w->users[i].cloud_user)))
			return i;
	return ID_NONE;
}

void check_request(struct world *w, struct slice url, struct slice body)
{
	struct slice verb;
	uint32_t user = user_of(w, url, &verb);

	if (user == ID_NONE)
		return;
	check_sent(w);
	world_step_note(w, "user %u: %.*s %.*s", user, SLICE_ARG(verb), SLICE_ARG(slice_sub(body, 0, 120)));
	if (slice_is(verb, "setPresence") || slice_is(verb, "clearPresence"))
		check_lower(w, user, body);
}

/* The cloud has taken a request: what it shows now may be right for less than a second. */
void check_shown(struct world *w, struct slice target)
{
	struct slice verb;
	uint32_t user = user_of(w, target, &verb);

	if (user != ID_NONE)
		bound(w, user, 0);
}

const struct line_truth *check_two_way(const struct world *w, uint32_t user)
{
	for (uint32_t i = 0; i < w->lines_n; i++)
		if (w->lines[i].user == user && w->lines[i].connector != TOLD &&
		    world_peers[w->lines[i].connector]->profile)
			return &w->lines[i];
	return NULL;
}

enum pbx_profile check_word(enum profile p)
{
	static const enum pbx_profile words[] = {
		[PROFILE_AVAILABLE] = PBX_AVAILABLE, [PROFILE_AWAY] = PBX_AWAY, [PROFILE_BUSY] = PBX_BUSY,
		[PROFILE_NOT_AVAILABLE] = PBX_NOT_AVAILABLE, [PROFILE_MEETING] = PBX_MEETING,
	};

	return words[p];
}

bool check_same_word(enum pbx_profile a, enum pbx_profile b)
{
	bool a_busy = a == PBX_BUSY || a == PBX_MEETING, b_busy = b == PBX_BUSY || b == PBX_MEETING;

	return a == b || (a_busy && b_busy);
}

bool check_in_step(struct world *w, uint32_t user, enum profile p)
{
	struct user_view v = { 0 };

	engine_user(bridge_engine(w->bridge), w->users[user].id, &v);
	bool good = check_same_word(check_word((enum profile)v.profile), check_word(p));
	for (uint32_t i = 0; i < w->lines_n; i++) {
		const struct line_truth *l = &w->lines[i];
		struct pbx_phone phone;

		if (l->user == user && peer_phone(w, l, &phone) && world_peers[l->connector]->profile)
			good = good && (check_same_word((enum pbx_profile)phone.profile, check_word(p)) ||
					(p == PROFILE_AVAILABLE && lend_holds(w, l)));
		if (l->user == user && peer_phone(w, l, &phone) && !good)
			world_step_note(w, "line %u of pbx%u holds %s", i, l->connector,
					pbx_profile_name((enum pbx_profile)phone.profile));
	}
	if (good)
		return true;
	show_user(w, user);
	world_object(w, "user %u: %s is not everywhere, the daemon has %s", user, profile_name(p),
		     profile_name((enum profile)v.profile));
	return false;
}

bool check_calm(struct world *w)
{
	struct user_view v;

	lamp_calm(w);
	lend_calm(w);
	for (uint32_t i = 0; i < w->users_n; i++)
		if (check_two_way(w, i) && engine_user(bridge_engine(w->bridge), w->users[i].id, &v))
			check_in_step(w, i, (enum profile)v.profile);
	for (uint32_t i = 0; i < w->users_n; i++) {
		char now[64];
		enum oracle_held wanted = expected(w, i);

		held(w, i, now, sizeof(now));
		if (strcmp(now, oracle_words(wanted)) != 0) {
			show_user(w, i);
			world_object(w, "after the calm user %u shows '%s' where '%s' is right", i, now,
				     oracle_words(wanted));
		}
	}
	return w->objection[0] == '\0';
}
