/* office_machine.c - the product's own way from a call to a request: engine and Graph machine. */
#include <stdio.h>

#include "base/check.h"
#include "office.h"

static const int64_t epoch_ms = 1790000000000;

static void drain(struct office *o);

static void act(struct office *o, const struct action *a)
{
	if (a->kind == ACT_HOLD || a->kind == ACT_CLEAR)
		graph_submit(o->graph, o->now_ms, a);
}

static void step(struct office *o, struct event ev)
{
	do {
		ev.mono_ms = o->now_ms;
		ev.wall_ms = epoch_ms + o->now_ms;
		engine_step(o->engine, &ev, &o->actions);
		for (uint32_t i = 0; i < o->actions.n; i++)
			act(o, &o->actions.list[i]);
		ev = (struct event){ .kind = EV_TICK };
	} while (o->actions.more);
}

void machine_call(struct office *o, uint32_t user, bool calling)
{
	step(o, (struct event){ .kind = EV_OBS,
				.obs = { .kind = OBS_CALL, .scope = SCOPE_FULL, .line = user, .user = ID_NONE,
					 .call = calling ? CALL_TALKING : CALL_GONE,
					 .call_key = calling ? 1 : 0 } });
}

/* The lease as it stands in the text: PT<n>S, M or H; 0: there is none. */
static int32_t lease_of(struct slice text)
{
	size_t at = slice_find_str(text, SLICE_LIT("\"PT"));
	int32_t n = 0;

	if (at >= text.n)
		return 0;
	for (at += 3; at < text.n && text.p[at] >= '0' && text.p[at] <= '9'; at++)
		n = n * 10 + (text.p[at] - '0');
	CHECK(at < text.n && n > 0);
	return n * (text.p[at] == 'H' ? 3600000 : text.p[at] == 'M' ? 60000 : 1000);
}

static uint32_t number_at(struct slice text, size_t at, uint32_t base)
{
	uint32_t n = 0;

	for (; at < text.n; at++) {
		char c = text.p[at];
		uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0')
				 : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
							: base;

		if (digit >= base)
			break;
		n = n * base + digit;
	}
	return n;
}

/* Each part: {"id":"N",…"url":"/users/<user in hex>-…","body":{…}} */
static void take_batch(struct office *o, uint32_t id, struct slice body)
{
	const struct slice begin = SLICE_LIT("{\"id\":\""), path = SLICE_LIT("/users/");
	uint8_t left = 0;

	for (size_t at = 0, next; (next = slice_find_str(slice_sub(body, at, body.n), begin)) < body.n - at;
	     at += next + begin.n)
		left++;
	while (left) {
		size_t at = slice_find_str(body, begin) + begin.n;
		struct slice rest = slice_sub(body, at, body.n);
		size_t end = slice_find_str(rest, begin);
		struct slice part = slice_sub(rest, 0, end);

		office_send(o, &(const struct flight){
				       .id = number_at(part, 0, 10),
				       .user = number_at(part, slice_find_str(part, path) + path.n, 16),
				       .lease_ms = lease_of(part),
				       .batch = id,
				       .parts_left = --left });
		body = slice_sub(rest, end, rest.n);
	}
}

static void take_request(struct office *o, const struct graph_out *out)
{
	const struct graph_request *r = &out->request;
	struct flight f = { .id = r->id, .user = out->user };

	if (slice_find_str(r->url, SLICE_LIT("/$batch")) < r->url.n) {
		take_batch(o, r->id, r->body);
		return;
	}
	if (r->secret)
		f.user = ID_NONE;
	else
		f.lease_ms = lease_of(r->body);
	office_send(o, &f);
}

static void drain(struct office *o)
{
	static struct graph_out out;

	while (graph_drain(o->graph, o->now_ms, epoch_ms + o->now_ms, &out)) {
		if (out.kind == GRAPH_HTTP)
			take_request(o, &out);
		else if (out.kind == GRAPH_OUTCOME)
			step(o, (struct event){ .kind = EV_OUTCOME, .outcome = out.outcome });
		else if (out.kind == GRAPH_LOAD)
			step(o, (struct event){ .kind = EV_LOAD,
						.load = { 0, out.load.deep, out.load.floor_ms } });
	}
}

/* The parts come back one after the other; the last one brings the answer to the whole. */
static void answer_part(struct office *o, const struct flight *f)
{
	static char text[8192];
	static size_t n;

	if (n == 0)
		n = (size_t)snprintf(text, sizeof(text), "{\"responses\":[");
	n += (size_t)snprintf(text + n, sizeof(text) - n,
			      "%s{\"id\":\"%u\",\"status\":%u,\"headers\":{\"Retry-After\":\"30\"}}",
			      text[n - 1] == '[' ? "" : ",", f->id, f->status);
	if (f->parts_left)
		return;
	n += (size_t)snprintf(text + n, sizeof(text) - n, "]}");
	CHECK(n < sizeof(text));
	const struct graph_response r = { .id = f->batch, .failure = HTTP_ANSWERED, .status = 200,
					  .body = slice_of(text, n) };
	n = 0;
	graph_feed(o->graph, o->now_ms, &r);
}

void machine_answer(struct office *o, const struct flight *f)
{
	if (f->batch) {
		answer_part(o, f);
		return;
	}
	struct graph_response r = { .id = f->id, .failure = HTTP_ANSWERED, .status = f->status };

	if (f->user == ID_NONE) {
		r.status = 200;
		r.body = SLICE_LIT("{\"token_type\":\"Bearer\",\"expires_in\":86400,\"access_token\":\"t\"}");
	}
	if (r.status == 429)
		r.retry_after = SLICE_LIT("30");
	graph_feed(o->graph, o->now_ms, &r);
}

void machine_tick(struct office *o)
{
	if (engine_next(o->engine) <= o->now_ms)
		step(o, (struct event){ .kind = EV_TICK });
	if (graph_next(o->graph) <= o->now_ms)
		graph_tick(o->graph, o->now_ms);
	drain(o);
}

int64_t machine_next(const struct office *o)
{
	int64_t a = engine_next(o->engine), b = graph_next(o->graph);

	return a < b ? a : b;
}

static void add_people(struct office *o)
{
	for (uint32_t i = 0; i < o->conf.users; i++) {
		char id[GRAPH_ID_LEN + 1];

		snprintf(id, sizeof(id), "%08x-aaaa-bbbb-cccc-0123456789ab", i);
		graph_set_id(o->graph, i, id);
		step(o, (struct event){ .kind = EV_USER_ADD, .user_add = { .user = i, .enabled = true } });
		step(o, (struct event){ .kind = EV_LINE_ADD, .line_add = { i, 0, i } });
		machine_call(o, i, false);
	}
}

void machine_open(struct office *o)
{
	const struct engine_limits el = { .accounts = 1, .connectors = 1, .users = o->conf.users,
					  .lines = o->conf.users };
	const struct policy p = { .mode = MODE_LIVE, .grace_ms = 120000, .lease_ms = o->conf.lease_ms };
	struct graph_config gc = { .tenant = "11111111-2222-3333-4444-555555555555",
				   .client_id = "99999999-8888-7777-6666-555555555555",
				   .credential.secret = &o->secret, .login_url = "https://login.example",
				   .graph_url = "https://graph.example", .quota = o->conf.assumed,
				   .quota_max = o->conf.assumed_max,
				   .window_ms = OFFICE_WINDOW_MS, .users_max = o->conf.users, .seed = 1 };

	CHECK(secret_set(&o->secret, SLICE_LIT("secret")) == ERR_OK);
	CHECK(engine_new(&o->engine, &el, o->now_ms, epoch_ms + o->now_ms) == ERR_OK);
	CHECK(graph_new(&o->graph, &gc, o->now_ms) == ERR_OK);
	step(o, (struct event){ .kind = EV_POLICY, .policy_set = { 0, p } });
	step(o, (struct event){ .kind = EV_CONNECTOR_UP, .connector = 0 });
	add_people(o);
	drain(o);
}

void machine_close(struct office *o)
{
	graph_free(o->graph);
	engine_free(o->engine);
	secret_fini(&o->secret);
}
