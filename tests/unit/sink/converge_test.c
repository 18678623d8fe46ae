/* Random submits and answers under a seed, against a small model of Graph: whatever goes wrong, no
 * window ever holds more than its share, nobody has two requests in flight, every action is
 * answered for, and after the storm Graph holds what was last submitted. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/prng.h"

enum {
	USERS = 30,
	QUOTA = 20,
	SHARE = 19, /* floor(0.98 * QUOTA) */
	WINDOW_MS = 10000,
	STORM_MS = 300000,
	CALM_MS = 700000, /* the longest gate of the storm, and the work that waited for it */
	SENDS_MAX = 20000,
	GENERATIONS = 4000,
};

/* Graph's side of one user. */
struct model {
	uint8_t session; /* enum session */
	bool preferred;
	uint8_t in_flight;
};

/* A request under way: what it does, when, and what comes back. */
struct pending {
	struct graph_response answer;
	int64_t apply_ms, answer_ms; /* apply_ms INT64_MAX: never */
	uint32_t user;
	uint8_t session;
	bool is_look, is_set, is_preferred, applied, presence;
	char body[160];
};

struct world {
	struct rig *r;
	struct prng prng;
	struct model graph[USERS];
	struct action last[USERS];
	struct pending pending[64];
	uint32_t pending_n;
	int64_t sends[SENDS_MAX];
	uint32_t sends_n, seen_outcomes, full_windows;
	uint8_t final[GENERATIONS]; /* by generation: outcomes other than unsure */
	uint8_t told[GENERATIONS];  /* any outcome */
	bool storm;
	uint32_t token_n;
};

static bool chance(struct world *w, uint32_t percent)
{
	return prng_below(&w->prng, 100) < percent;
}

static void check_window(struct world *w)
{
	uint32_t in_window = 0;
	struct graph_view v;

	assert_true(w->sends_n < SENDS_MAX);
	w->sends[w->sends_n++] = w->r->now_ms;
	for (uint32_t i = w->sends_n; i-- > 0 && w->r->now_ms - w->sends[i] <= WINDOW_MS;)
		in_window++;
	assert_true(in_window <= SHARE);
	graph_view(w->r->g, &v);
	w->full_windows += in_window >= v.quota_now; /* what refusals have left of the share */
}

static uint8_t session_in(const char *body)
{
	for (int s = SESSION_CALL; s < SESSION_COUNT; s++)
		if (strstr(body, session_activity((enum session)s)))
			return (uint8_t)s;
	return SESSION_NONE;
}

/* What goes wrong with this one; in calm nothing does. */
static void cast_fate(struct world *w, struct pending *p)
{
	static const struct {
		uint16_t status;
		uint8_t failure;
		const char *retry_after;
		uint8_t applied; /* 0 no, 1 yes, 2 either */
	} fates[] = {
		{ 429, HTTP_ANSWERED, "3", 0 }, { 429, HTTP_ANSWERED, "2.128", 0 },
		{ 429, HTTP_ANSWERED, "", 0 },	{ 500, HTTP_ANSWERED, "", 2 },
		{ 503, HTTP_ANSWERED, "7", 0 }, { 504, HTTP_ANSWERED, "", 1 },
		{ 401, HTTP_ANSWERED, "", 0 },	{ 403, HTTP_ANSWERED, "", 0 },
		{ 400, HTTP_ANSWERED, "", 0 },	{ 0, HTTP_NOT_SENT, "", 0 },
		{ 0, HTTP_UNSURE, "", 2 },	{ 0, HTTP_STATUS_LOST, "", 2 },
		{ 409, HTTP_ANSWERED, "", 0 },	{ 302, HTTP_ANSWERED, "", 0 },
	};
	uint64_t i = prng_below(&w->prng, ARRAY_LEN(fates));
	int64_t delay = prng_range(&w->prng, 5, w->storm ? 9000 : 400);
	bool applied = true;

	p->answer.status = 200;
	if (w->storm && chance(w, 35)) {
		p->answer.status = fates[i].status;
		p->answer.failure = fates[i].failure;
		p->answer.retry_after = slice_str(fates[i].retry_after);
		applied = fates[i].applied == 2 ? chance(w, 50) : fates[i].applied;
	}
	p->answer_ms = w->r->now_ms + delay;
	p->apply_ms = applied ? w->r->now_ms + prng_range(&w->prng, 1, delay) : INT64_MAX;
}

static void take_token(struct world *w, struct pending *p)
{
	snprintf(p->body, sizeof(p->body),
		 "{\"token_type\":\"Bearer\",\"expires_in\":%d,\"access_token\":\"t%u\"}",
		 w->storm ? 60 : 3600, ++w->token_n);
	if (w->storm && chance(w, 20))
		p->answer.status = 503;
	else
		p->answer.body = slice_str(p->body);
	p->answer_ms = w->r->now_ms + prng_range(&w->prng, 5, 500);
	p->apply_ms = INT64_MAX;
}

static void take_request(struct world *w, const struct rig_request *q)
{
	assert_true(w->pending_n < ARRAY_LEN(w->pending));
	struct pending *p = &w->pending[w->pending_n++];

	*p = (struct pending){ .answer = { .id = q->id, .status = 200 }, .user = q->user };
	if (strstr(q->url, "oauth2")) {
		take_token(w, p);
		return;
	}
	check_window(w);
	assert_int_equal(w->graph[q->user].in_flight, 0);
	w->graph[q->user].in_flight = 1;
	p->presence = true;
	p->is_preferred = strstr(q->url, "UserPreferred") != NULL;
	p->is_set = strstr(q->url, "/set") != NULL;
	p->is_look = !q->post;
	p->session = session_in(q->body);
	cast_fate(w, p);
	if (!p->is_look && !p->is_set && !p->is_preferred && p->answer.status == 200 &&
	    w->graph[p->user].session == SESSION_NONE)
		p->answer.status = 404;
}

static void apply(struct world *w, struct pending *p)
{
	struct model *m = &w->graph[p->user];

	p->apply_ms = INT64_MAX;
	if (p->is_look)
		return;
	if (p->is_preferred)
		m->preferred = p->is_set;
	else
		m->session = p->is_set ? p->session : SESSION_NONE;
}

static void submit(struct world *w, uint32_t user, bool again)
{
	struct action a = w->last[user];
	bool held = a.generation != 0, was_preferred = a.preferred || a.drop_preferred;

	if (!again) {
		a = (struct action){ .user = user };
		a.session = (uint8_t)prng_below(&w->prng, SESSION_COUNT);
		a.kind = a.session == SESSION_NONE ? ACT_CLEAR : ACT_HOLD;
		a.urgency = a.kind == ACT_CLEAR ? URGENCY_CLEAR :
			    chance(w, 30)	? URGENCY_RENEW :
						  URGENCY_RISE;
		a.preferred = a.session == SESSION_DND && chance(w, 60);
		if (a.kind == ACT_CLEAR)
			a.preferred = was_preferred;
		else
			a.drop_preferred = was_preferred && !a.preferred;
		a.may_be_held = held;
		a.lease_ms = 14400000;
	}
	a.generation = ++w->r->generation;
	a.due_mono_ms = w->r->now_ms;
	assert_true(a.generation < GENERATIONS);
	w->last[user] = a;
	graph_submit(w->r->g, w->r->now_ms, &a);
}

/* Exactly one last word an action at most; a refusal of the newest is given out again, as the
 * engine does after its back-off. */
static void hear(struct world *w)
{
	for (; w->seen_outcomes < w->r->outcomes_n; w->seen_outcomes++) {
		const struct outcome *o = &w->r->outcomes[w->seen_outcomes % RIG_LOG_MAX];

		w->told[o->generation] = 1;
		if (o->class == OUTCOME_UNSURE)
			continue;
		assert_int_equal(w->final[o->generation], 0);
		w->final[o->generation] = 1;
		if (o->generation != w->last[o->user].generation)
			continue;
		assert_int_not_equal(o->class, OUTCOME_WITHDRAWN);
		if (o->class == OUTCOME_DENIED)
			submit(w, o->user, true);
	}
}

static void collect(struct world *w)
{
	for (;;) {
		rig_drain(w->r);
		for (uint32_t i = 0; i < w->r->open_n; i++)
			take_request(w, &w->r->open[i]);
		w->r->open_n = 0;
		uint32_t before = w->r->outcomes_n;
		hear(w);
		if (before == w->r->outcomes_n && w->seen_outcomes == before && w->r->open_n == 0) {
			rig_drain(w->r);
			if (w->r->open_n == 0 && w->r->outcomes_n == before)
				return;
		}
	}
}

/* A preferred state shows while there is a session. */
static void show(const struct world *w, struct pending *p)
{
	const struct model *m = &w->graph[p->user];
	const char *word = m->session == SESSION_NONE ? "Offline" :
			   m->preferred		      ? "DoNotDisturb" :
						       session_availability((enum session)m->session);

	snprintf(p->body, sizeof(p->body), "{\"id\":\"x\",\"availability\":\"%s\",\"activity\":\"-\"}", word);
	p->answer.body = slice_str(p->body);
}

static void deliver(struct world *w)
{
	for (uint32_t i = 0; i < w->pending_n;) {
		struct pending *p = &w->pending[i];

		if (p->apply_ms <= w->r->now_ms)
			apply(w, p);
		if (p->answer_ms > w->r->now_ms) {
			i++;
			continue;
		}
		struct pending done = *p;
		*p = w->pending[--w->pending_n];
		if (done.is_look && done.answer.status == 200)
			show(w, &done);
		if (done.presence)
			w->graph[done.user].in_flight = 0;
		if (done.answer.body.n)
			done.answer.body = slice_str(done.body);
		graph_feed(w->r->g, w->r->now_ms, &done.answer);
		collect(w);
	}
}

static int64_t next_of(const struct world *w, int64_t end_ms)
{
	int64_t due = graph_next(w->r->g);

	for (uint32_t i = 0; i < w->pending_n; i++) {
		due = w->pending[i].apply_ms < due ? w->pending[i].apply_ms : due;
		due = w->pending[i].answer_ms < due ? w->pending[i].answer_ms : due;
	}
	return due < end_ms ? due : end_ms;
}

static void run_until(struct world *w, int64_t end_ms)
{
	for (int turns = 0; w->r->now_ms < end_ms; turns++) {
		int64_t to = next_of(w, end_ms);

		assert_true(turns < 200000);
		if (to > w->r->now_ms) {
			w->r->wall_ms += to - w->r->now_ms;
			w->r->now_ms = to;
		}
		graph_tick(w->r->g, w->r->now_ms);
		collect(w);
		deliver(w);
	}
}

static struct world *world_new(uint64_t seed)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->r = calloc(1, sizeof(*w->r));
	assert_non_null(w->r);
	w->prng.state = seed;
	w->storm = true;
	rig_init(w->r);
	w->r->config.users_max = USERS;
	w->r->config.quota = QUOTA;
	w->r->config.window_ms = WINDOW_MS;
	w->r->config.seed = seed;
	assert_int_equal(graph_new(&w->r->g, &w->r->config, w->r->now_ms), ERR_OK);
	for (uint32_t u = 0; u < USERS; u++)
		graph_set_id(w->r->g, u, rig_id(u));
	return w;
}

static void check_end(struct world *w, uint64_t seed)
{
	for (uint32_t i = 1; i <= w->r->generation; i++)
		if (!w->told[i])
			fail_msg("seed %llu: action %u was never answered for",
				 (unsigned long long)seed, i);
	for (uint32_t u = 0; u < USERS; u++) {
		const struct action *a = &w->last[u];
		uint8_t session = a->kind == ACT_HOLD ? a->session : SESSION_NONE;
		bool preferred = a->kind == ACT_HOLD && a->preferred;

		if (!a->generation)
			continue;
		if (!w->final[a->generation])
			fail_msg("seed %llu: user %u was not told the end",
				 (unsigned long long)seed, u);
		if (w->graph[u].session != session || w->graph[u].preferred != preferred)
			fail_msg("seed %llu: user %u holds %d/%d instead of %d/%d",
				 (unsigned long long)seed, u, w->graph[u].session,
				 w->graph[u].preferred, session, preferred);
	}
}

static void whatever_happens_the_last_word_holds(void **state)
{
	uint32_t full_windows = 0;
	(void)state;

	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct world *w = world_new(seed);
		int64_t storm_end = w->r->now_ms + STORM_MS;

		while (w->r->now_ms < storm_end) {
			for (uint64_t n = prng_below(&w->prng, 20); n > 0; n--)
				submit(w, (uint32_t)prng_below(&w->prng, USERS), false);
			collect(w);
			run_until(w, w->r->now_ms + prng_range(&w->prng, 1, 12000));
		}
		w->storm = false;
		run_until(w, storm_end + CALM_MS);
		check_end(w, seed);
		full_windows += w->full_windows;
		rig_free(w->r);
		free(w);
	}
	assert_true(full_windows > 1000); /* the ledger was leaned on */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_happens_the_last_word_holds),
	};
	return cmocka_run_group_tests_name("sink/converge", tests, NULL, NULL);
}
