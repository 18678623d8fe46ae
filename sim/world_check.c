/* world_check.c - what must always hold, and what must hold when all is calm. */
#include <stdio.h>
#include <string.h>

#include "world_parts.h"

/* A dead link is noticed within this: OPTIONS every 30 s, each given up after 32 s (RFC 3261 timer F),
 * a TCP connection that is tried for 10 s, and the PBX's own time to answer. */
enum { NOTICE_MS = 120000, REQUEST_TIMEOUT_MS = 10000, QUESTION_MS = 31 * 60 * 1000,
	DECIDED_MS = 2000, LINE_FAULT_MS = 2 * 3600 * 1000 };

static enum oracle_phone phone_word(uint8_t state)
{
	static const enum oracle_phone words[PBX_PHONE_STATES] = {
		[PBX_IDLE] = ORACLE_FREE, [PBX_RINGING] = ORACLE_RINGS, [PBX_DIALING] = ORACLE_DIALS,
		[PBX_TALKING] = ORACLE_TALKS, [PBX_HELD] = ORACLE_ON_HOLD,
	};

	return words[state];
}

/* stuck: the PBX goes on telling of a call that is over; nobody can know better. */
static void line_truth(struct world *w, const struct line_truth *l, struct oracle_line *ret, bool *ret_stuck)
{
	struct pbx_phone phone = { 0 };

	*ret = (struct oracle_line){ .heard = true, .dnd = l->dnd };
	*ret_stuck = false;
	if (l->connector == TOLD)
		return;
	pbx_phone(w->pbx[l->connector], l->phone, &phone);
	ret->phone = phone_word(phone.state);
	*ret_stuck = phone.stuck;
}

static enum oracle_held expected(struct world *w, uint32_t user, bool *ret_stuck)
{
	const struct policy *p = &w->config.policy;
	const struct oracle_rules rules = { .call_first = p->precedence == PRECEDENCE_CALL_FIRST,
					    .ringing_busy = p->ringing == RINGING_BUSY,
					    .busy_is_dnd = p->busy == BUSY_DND };
	struct oracle_line lines[ORACLE_LINES_MAX];
	struct user_truth *u = &w->users[user];
	int n = 0;

	if (u->app_until_wall_ms <= w->now_ms + w->wall_offset_ms)
		u->app = ORACLE_APP_AVAILABLE;
	*ret_stuck = false;
	for (uint32_t i = 0; i < w->lines_n && n < ORACLE_LINES_MAX; i++) {
		bool stuck;

		if (w->lines[i].user != user)
			continue;
		line_truth(w, &w->lines[i], &lines[n++], &stuck);
		*ret_stuck = *ret_stuck || stuck;
	}
	return oracle_expects(lines, n, u->app, &rules);
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
	world_step_note(w, "user %u: combined %s, desired %s, held %s, settled %d, profile %s, publish %u, status %u, gen %u",
			user, presence_name((enum presence)u.combined), session_name((enum session)u.desired),
			session_name((enum session)u.held), u.settled, profile_name((enum profile)u.profile), u.publish,
			u.last_status, u.generation);
	for (uint32_t l = u.first_line; l != ID_NONE; l = engine_next_line_of(bridge_engine(w->bridge), l)) {
		struct line_view v;
		struct source_line_view s = { 0 };

		engine_line(bridge_engine(w->bridge), l, &v);
		bridge_line_view(w->bridge, l, &s);
		world_step_note(w, "line %u: %s, %s, call %u of %u, dnd %d; link %u status %u %s", l, syncs[v.sync],
				presence_name((enum presence)v.presence), v.call, v.calls, v.dnd, s.link, s.last_status,
				s.reason);
	}
}

/* No Busy outlives its last evidence by more than grace + lease + one request's time-out. */
void check_truth(struct world *w)
{
	int64_t allowed = w->config.policy.grace_ms + w->config.policy.lease_ms + REQUEST_TIMEOUT_MS + NOTICE_MS;

	/* a PBX that told a lie is believed until it is questioned */
	if (w->now_ms - w->lied_ms < allowed + QUESTION_MS)
		allowed += QUESTION_MS;

	for (uint32_t i = 0; i < w->users_n; i++) {
		char now[64];
		bool stuck;
		enum oracle_held wanted = expected(w, i, &stuck);

		held(w, i, now, sizeof(now));
		if (wanted != ORACLE_NOTHING)
			w->users[i].wanted_ms = w->now_ms;
		if (stuck || (wanted != ORACLE_NOTHING && strcmp(oracle_words(wanted), now) == 0) || now[0] == '\0')
			w->users[i].last_busy_ms = w->now_ms;
		if (w->now_ms - w->users[i].last_busy_ms > allowed) {
			show_user(w, i);
			world_object(w, "user %u still shows %s, %lld ms after its last evidence (%s is right)", i, now,
				     (long long)(w->now_ms - w->users[i].last_busy_ms), oracle_words(wanted));
		}
	}
}

/* A report of a line has reached the daemon; an empty one: the link is lost and with it all that was
 * heard. A stream comes in pieces, so a name may begin in the piece before. */
void check_heard(struct world *w, uint32_t pbx, struct slice bytes)
{
	char *tail = w->tail[pbx];
	char text[TAIL_MAX + 1 + 65536];
	int n = snprintf(text, sizeof(text), "%s%.*s", tail, SLICE_ARG(bytes));
	struct slice seen = slice_of(text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);

	for (uint32_t i = 0; i < w->lines_n; i++) {
		char name[24];

		if (w->lines[i].connector != pbx)
			continue;
		snprintf(name, sizeof(name), "sip:%u@", 201 + w->lines[i].phone);
		if (bytes.n == 0 && w->lines[i].heard) {
			w->lines[i].heard = false;
			w->lines[i].lost_ms = w->now_ms; /* a connection that told nothing loses nothing */
		} else if (slice_find_str(seen, slice_str(name)) < seen.n)
			w->lines[i].heard = true;
	}
	struct slice last = bytes.n ? slice_sub(seen, seen.n > TAIL_MAX ? seen.n - TAIL_MAX : 0, seen.n) : SLICE_NONE;
	snprintf(tail, TAIL_MAX + 1, "%.*s", SLICE_ARG(last));
}

/* Nothing is cleared before every line of the person has been heard, or its grace is over. */
void check_clear(struct world *w, uint32_t cloud_user)
{
	for (uint32_t i = 0; i < w->lines_n; i++) {
		const struct line_truth *l = &w->lines[i];

		if (w->users[l->user].cloud_user != cloud_user || l->heard)
			continue;
		int64_t since = w->started_ms;
		if (l->lost_ms > since)
			since = l->lost_ms;
		/* decided on before the link was lost, and sent again because its answer was */
		if (since > w->started_ms && w->users[l->user].wanted_ms + DECIDED_MS < since)
			continue;
		/* a line that lost its own subscription may have been past its grace long before */
		if (w->now_ms < w->line_faults_ms[l->connector] + LINE_FAULT_MS)
			continue;
		if (w->now_ms - since < w->config.policy.grace_ms) {
			show_user(w, l->user);
			world_object(w, "user %u is cleared %lld ms after the link was lost, its line %u not yet heard",
				     l->user, (long long)(w->now_ms - since), i);
		}
	}
}

/* Never more presence requests in any window than 0.98 of the quota. */
void check_sent(struct world *w)
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

bool check_calm(struct world *w)
{
	for (uint32_t i = 0; i < w->users_n; i++) {
		char now[64];
		bool stuck;
		enum oracle_held wanted = expected(w, i, &stuck);

		held(w, i, now, sizeof(now));
		if (strcmp(now, oracle_words(wanted)) != 0) {
			show_user(w, i);
			world_object(w, "after the calm user %u shows '%s' where '%s' is right", i, now,
				     oracle_words(wanted));
		}
	}
	return w->objection[0] == '\0';
}
