/* g4.c - resident bytes of an idle user with one line: the slope from 100,000 to 1,000,000; beside it what a
 * SIP subscription keeps, from 20,000 to 200,000. */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "bench.h"
#include "core/directory.h"
#include "core/engine.h"
#include "plant.h"
#include "sink/graph.h"

enum {
	FEW = 100000,
	MANY = 1000000,
	SUBS_FEW = 20000,
	SUBS_MANY = 200000,
	NAME_MAX_LEN = 64,
	PBX_PORT = 5060
};

static struct slice email_of(uint32_t i, char *room)
{
	int n = snprintf(room, NAME_MAX_LEN, "first.last%07u@acme.example", i);

	return slice_of(room, (size_t)n);
}

static struct slice number_of(uint32_t i, char *room)
{
	int n = snprintf(room, NAME_MAX_LEN, "%07u", i);

	return slice_of(room, (size_t)n);
}

/* ---- engine and directory ---- */

static void step(struct engine *e, struct event *ev)
{
	static struct actions out;

	ev->mono_ms = 1000;
	ev->wall_ms = 1790000000000;
	engine_step(e, ev, &out);
	while (out.more)
		engine_step(
			e,
			&(struct event){ .kind = EV_TICK, .mono_ms = 1000, .wall_ms = ev->wall_ms },
			&out);
}

static void add_idle_user(struct directory *d, struct engine *e, uint32_t connector, uint32_t i)
{
	char room[NAME_MAX_LEN];
	uint32_t user, line;

	CHECK(directory_add_user(d, 0, email_of(i, room), &user) == ERR_OK);
	CHECK(directory_add_line(d, connector, number_of(i, room), user, &line) == ERR_OK);
	step(e, &(struct event){ .kind = EV_USER_ADD, .user_add = { .user = user, .enabled = true } });
	step(e, &(struct event){ .kind = EV_LINE_ADD, .line_add = { line, connector, user } });
	step(e, &(struct event){ .kind = EV_OBS,
				 .obs = { .kind = OBS_CALL, .scope = SCOPE_FULL, .connector = connector,
					  .line = line, .user = ID_NONE, .call = CALL_GONE } });
}

static double engine_bytes_of(uint32_t users)
{
	const struct directory_limits dl = { .accounts = 1, .connectors = 1, .users = users, .lines = users,
					     .seed = 1 };
	const struct engine_limits el = { .accounts = 1, .connectors = 1, .users = users, .lines = users };
	const struct policy p = { .mode = MODE_LIVE, .grace_ms = 120000, .lease_ms = 600000 };
	double before = resident_bytes();
	struct directory *d;
	struct engine *e;
	uint32_t connector;
	uint16_t account;

	CHECK(directory_new(&d, &dl) == ERR_OK && engine_new(&e, &el, 1000, 1790000000000) == ERR_OK);
	CHECK(directory_add_account(d, SLICE_LIT("acme"), &account) == ERR_OK);
	CHECK(directory_add_connector(d, account, SLICE_LIT("hq"), &connector) == ERR_OK);
	step(e, &(struct event){ .kind = EV_POLICY, .policy_set = { account, p } });
	step(e, &(struct event){ .kind = EV_CONNECTOR_UP, .connector = connector });
	for (uint32_t i = 0; i < users; i++)
		add_idle_user(d, e, connector, i);
	double used = resident_bytes() - before;
	CHECK(engine_census(e, account)[PRESENCE_AVAILABLE] == users);
	return used;
}

/* ---- the Graph machine's slot of a user who has an id and nothing to send ---- */

static double graph_bytes_of(uint32_t users)
{
	struct secret secret = { 0 };
	double before = resident_bytes();
	struct graph *g;

	CHECK(secret_set(&secret, SLICE_LIT("secret")) == ERR_OK);
	const struct graph_config c = { .tenant = "11111111-2222-3333-4444-555555555555",
					.client_id = "99999999-8888-7777-6666-555555555555",
					.credential.secret = &secret, .login_url = "https://login.example",
					.graph_url = "https://graph.example", .users_max = users, .seed = 1 };
	CHECK(graph_new(&g, &c, 1000) == ERR_OK);
	for (uint32_t i = 0; i < users; i++) {
		char id[GRAPH_ID_LEN + 1];

		snprintf(id, sizeof(id), "%08x-aaaa-bbbb-cccc-0123456789ab", i);
		graph_set_id(g, i, id);
	}
	return resident_bytes() - before;
}

/* ---- yardstick: the same facts, a block of memory for each thing and each entry of an index ---- */

struct loose_entry {
	struct loose_entry *next;
	void *what;
};

struct loose_timer {
	struct loose_timer *left, *right, *up;
	int64_t due_ms;
	void *what;
};

struct loose_user {
	char *email;
	struct loose_line *lines;
	struct loose_timer *timer;
	int64_t since_ms;
	int presence, session, profile, generation;
};

struct loose_line {
	char *number;
	struct loose_user *user;
	struct loose_line *next;
	int64_t since_ms, lost_ms, seen_ms;
	int call, flags;
};

static void *block(size_t n)
{
	void *p = calloc(1, n);

	CHECK(p);
	return p;
}

static void loose_index(struct loose_entry **table, uint64_t at, void *what)
{
	struct loose_entry *e = block(sizeof(*e));

	*e = (struct loose_entry){ table[at], what };
	table[at] = e;
}

static double loose_bytes_of(uint32_t users)
{
	double before = resident_bytes();
	struct loose_entry **emails = block(users * sizeof(*emails)),
			   **numbers = block(users * sizeof(*numbers));

	for (uint32_t i = 0; i < users; i++) {
		struct loose_user *u = block(sizeof(*u));
		char email[NAME_MAX_LEN], number[NAME_MAX_LEN];
		struct slice e = email_of(i, email), n = number_of(i, number);

		u->lines = block(sizeof(*u->lines));
		u->timer = block(sizeof(*u->timer));
		CHECK((u->email = strdup(email)) && (u->lines->number = strdup(number)));
		u->lines->user = u->timer->what = u;
		loose_index(emails, slice_hash_nocase(e, 1) % users, u);
		loose_index(numbers, slice_hash(n, 1) % users, u->lines);
	}
	return resident_bytes() - before;
}

/* ---- a live subscription: all of the middle, less what has been measured above and what the script of the
 * PBX keeps ---- */

static double plant_bytes_of(uint32_t users)
{
	static struct plant p;
	double before = resident_bytes();

	p = (struct plant){ .users = users, .quota = 1500, .window_ms = 30000, .pbx_port = PBX_PORT,
			    .t = { 1000, 1790000000000 } };
	plant_open(&p);
	return resident_bytes() - before;
}

static double slope(double (*fn)(uint32_t users), uint32_t few, uint32_t many)
{
	return (in_child(fn, many) - in_child(fn, few)) / (many - few);
}

void bench_g4(void)
{
	double loose = slope(loose_bytes_of, FEW, MANY), ours = slope(engine_bytes_of, FEW, MANY);
	double graph = slope(graph_bytes_of, FEW, MANY), plant = slope(plant_bytes_of, SUBS_FEW, SUBS_MANY);
	double sub = plant - ours - graph - (double)sizeof(struct subscription);
	char yard[80];

	snprintf(yard, sizeof(yard), "a block for each thing: %.0f B", loose);
	row(ours <= 256 ? VERDICT_MET : VERDICT_MISSED, "G4 RAM per idle user, engine + directory",
	    "<= 256 B", yard, "%.0f B, %.2fx", ours, ours / loose);
	row(VERDICT_NOTE, "   the Graph machine's slot of a user", "-", yard, "%.0f B, %.2fx",
	    graph, graph / loose);
	row(sub <= 1024 ? VERDICT_MET : VERDICT_MISSED, "   a SIP subscription's own state", "<= 1 KB", yard,
	    "%.0f B, %.2fx", sub, sub / loose);
}
