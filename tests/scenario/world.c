#include "world.h"

#include "base/check.h"

static const int64_t MONO_START = 5000000, WALL_START = 1800000000000;

static const struct engine_limits limits = { 2, 4, USERS_MAX, LINES_MAX, 0 };

void world_init(struct world *w)
{
	const struct directory_limits l = { 2, 4, USERS_MAX, LINES_MAX, 0, 1 };
	uint32_t connector;
	uint16_t account;

	*w = (struct world){ .now_ms = MONO_START, .wall_ms = WALL_START,
			     .answers = ANSWER_ACCEPT,
			     .policy = { .grace_ms = 120000, .lease_ms = 600000 } };
	CHECK(directory_new(&w->directory, &l) == ERR_OK);
	CHECK(directory_add_account(w->directory, SLICE_LIT("acme"), &account) == ERR_OK);
	CHECK(directory_add_connector(w->directory, 0, SLICE_LIT("hq"), &connector) == ERR_OK);
	CHECK(directory_add_connector(w->directory, 0, SLICE_LIT("branch"), &connector) == ERR_OK);
}

void world_fini(struct world *w)
{
	engine_free(w->engine);
	directory_free(w->directory);
}

static void restore_user(struct world *w, uint32_t u)
{
	struct event ev = { .kind = EV_USER_ADD,
			    .user_add = { .user = u, .enabled = w->enabled[u] } };

	world_step(w, &ev);
	if (!w->has_user[u])
		return;
	ev = (struct event){ .kind = EV_RESTORE_USER, .user_record = w->users[u] };
	world_step(w, &ev);
}

static void restore_line(struct world *w, uint32_t l)
{
	struct event ev = { .kind = EV_LINE_ADD,
			    .line_add = { l, directory_line_connector(w->directory, l),
					  directory_line_user(w->directory, l) } };

	world_step(w, &ev);
	if (!w->has_line[l])
		return;
	ev = (struct event){ .kind = EV_RESTORE_LINE, .line_record = w->lines[l] };
	world_step(w, &ev);
}

void world_profiles(struct world *w, uint32_t connector)
{
	struct event ev = { .kind = EV_CONNECTOR_SET,
			    .connector_set = { connector, w->profiles[connector] & 1,
					       w->profiles[connector] & 2, true } };

	world_step(w, &ev);
}

void world_start(struct world *w, bool with_store)
{
	struct directory *d = w->directory;
	struct event ev = { .kind = EV_POLICY, .policy_set = { 0, w->policy } };

	engine_free(w->engine);
	CHECK(engine_new(&w->engine, &limits, w->now_ms, w->wall_ms) == ERR_OK);
	for (int i = 0; i < USERS_MAX; i++) {
		w->seen_generation[i] = 0;
		w->proven[i] = w->again[i] = false;
		w->last[i] = (struct action){ 0 };
		w->has_user[i] &= with_store;
	}
	for (int i = 0; i < LINES_MAX; i++)
		w->has_line[i] &= with_store;
	if (w->closed) {
		struct event hours = { .kind = EV_HOURS, .hours_set = { 1, false, TIME_NEVER } };

		world_step(w, &hours);
	}
	world_step(w, &ev);
	for (uint32_t c = 0; c < CONNECTORS; c++)
		world_profiles(w, c);
	for (uint32_t u = 0; (u = directory_next_user(d, u)) != ID_NONE; u++)
		restore_user(w, u);
	for (uint32_t l = 0; (l = directory_next_line(d, l)) != ID_NONE; l++)
		restore_line(w, l);
}

uint8_t world_teams(const struct world *w, uint32_t user)
{
	return w->now_ms < w->teams[user].end_ms ? w->teams[user].session : SESSION_NONE;
}

static void apply(struct world *w, const struct action *a)
{
	bool hold = a->kind == ACT_HOLD;

	w->teams[a->user].session = hold ? a->session : SESSION_NONE;
	w->teams[a->user].end_ms = hold ? w->now_ms + a->lease_ms : 0;
	if (a->preferred)
		w->teams[a->user].preferred = hold;
	if (hold && a->drop_preferred)
		w->teams[a->user].preferred = false;
}

void world_answer(struct world *w, const struct action *a, enum outcome_class class,
		  uint16_t status, int32_t retry_after_ms)
{
	struct event ev = { .kind = EV_OUTCOME,
			    .outcome = { .user = a->user, .generation = a->generation,
					 .class = (uint8_t)class, .http_status = status,
					 .retry_after_ms = retry_after_ms,
					 .sent_mono_ms = w->now_ms } };
	bool clear = class == OUTCOME_ACCEPTED || (class == OUTCOME_DENIED && a->prove);

	ev.outcome.first = clear && !w->proven[a->user];
	w->proven[a->user] |= clear;
	if (class == OUTCOME_ACCEPTED)
		apply(w, a);
	world_step(w, &ev);
}

void world_left(struct world *w, const struct action *a)
{
	struct event ev = { .kind = EV_OUTCOME,
			    .outcome = { .user = a->user,
					 .generation = a->generation,
					 .class = OUTCOME_ACCEPTED,
					 .http_status = 200,
					 .sent_mono_ms = w->now_ms,
					 .preferred_gone = true,
					 .preferred_unseen = true,
					 .first = !w->proven[a->user] } };

	w->proven[a->user] = true;
	apply(w, a);
	w->teams[a->user].preferred = false;
	world_step(w, &ev);
}

static void remember(struct world *w, const struct action *a)
{
	CHECK(w->seen_n < SEEN_MAX);
	w->seen[w->seen_n++] = (struct seen){ .action = *a, .at_ms = w->now_ms };
}

/* What must be true of every Graph action, in every scenario. */
static void check_graph_action(struct world *w, const struct action *a)
{
	CHECK(a->user < USERS_MAX && a->generation > w->seen_generation[a->user]);
	CHECK(a->kind != ACT_HOLD || (a->session != SESSION_NONE && a->session < SESSION_COUNT));
	CHECK(a->kind != ACT_HOLD || (a->lease_ms >= 300000 && a->lease_ms <= 14400000));
	CHECK(a->urgency < URGENCY_COUNT && a->due_mono_ms <= w->now_ms);
	w->seen_generation[a->user] = a->generation;
}

/* Told are changes, and only of somebody who has a lamp. */
static void check_lamp(const struct world *w, const struct action *a)
{
	struct user_view v;

	CHECK(a->lamp < LAMP_COUNT);
	CHECK(a->lamp == LAMP_OFF || !engine_user(w->engine, a->user, &v) ||
	      v.policy.direction != DIRECTION_TO_TEAMS);
}

static void note(struct world *w, const struct action *a)
{
	switch ((enum action_kind)a->kind) {
	case ACT_HOLD:
	case ACT_CLEAR:
		check_graph_action(w, a);
		w->last[a->user] = *a;
		remember(w, a);
		break;
	case ACT_SAVE_USER:
		w->users[a->user] = a->user_record;
		w->has_user[a->user] = true;
		w->saved_users++;
		break;
	case ACT_SAVE_LINE:
		w->lines[a->line] = a->line_record;
		w->has_line[a->line] = true;
		w->saved_lines++;
		break;
	case ACT_CHANGED:
		w->changed[a->user]++;
		break;
	case ACT_RESYNC_LINE:
	case ACT_AUDIT:
	case ACT_USER_GONE:
		remember(w, a);
		break;
	case ACT_PROFILE_WRITE:
		CHECK(a->user_record.profile < PROFILE_COUNT); /* what was lent is given back to any */
		w->write[a->line] = *a;
		remember(w, a);
		break;
	case ACT_LAMP:
		check_lamp(w, a);
		break;
	case ACT_READ_AGAIN:
		w->again[a->user] = true;
		break;
	case ACT_STATUS_TEXT:
		CHECK(a->text.cause < TEXT_COUNT);
		remember(w, a);
		break;
	case ACT_COUNT:
		CHECK(!"an action that no rule gives yet");
	}
}

static void answer_all(struct world *w, const struct actions *out)
{
	for (uint32_t i = 0; i < out->n; i++) {
		const struct action *a = &out->list[i];

		if (a->kind != ACT_HOLD && a->kind != ACT_CLEAR)
			continue;
		if (w->answers == ANSWER_ACCEPT)
			world_answer(w, a, OUTCOME_ACCEPTED, 200, 0);
		else if (w->answers == ANSWER_DENY)
			world_answer(w, a, OUTCOME_DENIED, w->status, 0);
	}
}

void world_step(struct world *w, struct event *ev)
{
	struct actions out;

	ev->mono_ms = w->now_ms;
	ev->wall_ms = w->wall_ms;
	engine_step(w->engine, ev, &w->out);
	out = w->out;
	for (uint32_t i = 0; i < out.n; i++)
		note(w, &out.list[i]);
	answer_all(w, &out);
}

bool world_advance(struct world *w, int64_t to_ms)
{
	struct event tick = { .kind = EV_TICK };

	for (int n = 0; n < 100000; n++) {
		int64_t next = engine_next(w->engine);

		if (next > to_ms) {
			w->wall_ms += to_ms - w->now_ms;
			w->now_ms = to_ms;
			return true;
		}
		if (next > w->now_ms) {
			w->wall_ms += next - w->now_ms;
			w->now_ms = next;
		}
		world_step(w, &tick);
	}
	return false;
}
