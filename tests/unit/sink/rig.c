#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

void rig_init(struct rig *r)
{
	*r = (struct rig){ .now_ms = 5000, .wall_ms = 1700000000000 };
	assert_int_equal(secret_set(&r->secret, SLICE_LIT("s3cr=t&/ü")), ERR_OK);
	r->config = (struct graph_config){
		.tenant = "11111111-2222-3333-4444-555555555555",
		.client_id = RIG_APP,
		.credential.secret = &r->secret,
		.login_url = "https://login.example",
		.graph_url = "https://graph.example",
		.quota = 1500,
		.window_ms = 30000,
		.in_flight_max = 16,
		.users_max = 1000,
		.timeout_ms = 10000,
		.seed = 7,
	};
}

void rig_start(struct rig *r)
{
	assert_int_equal(graph_new(&r->g, &r->config, r->now_ms), ERR_OK);
	rig_drain(r);
}

void rig_fini(struct rig *r)
{
	graph_free(r->g);
	secret_fini(&r->secret);
}

struct rig *rig_ready(uint32_t n)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	rig_init(r);
	rig_start(r);
	rig_answer_token(r, "tok1", 3600);
	for (uint32_t u = 0; u < n; u++)
		graph_set_id(r->g, u, rig_id(u));
	rig_drain(r);
	return r;
}

void rig_free(struct rig *r)
{
	rig_fini(r);
	free(r);
}

static void copy(char *dst, size_t cap, struct slice s)
{
	size_t n = s.n < cap - 1 ? s.n : cap - 1;

	if (n)
		memcpy(dst, s.p, n);
	dst[n] = '\0';
}

static void keep_request(struct rig *r, const struct graph_out *o)
{
	assert_true(r->open_n < RIG_OPEN_MAX);
	struct rig_request *q = &r->open[r->open_n++];
	*q = (struct rig_request){ .id = o->request.id,
				   .user = o->user,
				   .post = o->request.post,
				   .secret = o->request.secret,
				   .sent_ms = r->now_ms };
	copy(q->url, sizeof(q->url), o->request.url);
	copy(q->body, sizeof(q->body), o->request.body);
	copy(q->headers, sizeof(q->headers), o->request.headers);
}

static void keep_text(struct rig *r, const struct graph_out *o)
{
	copy(r->text_ours, sizeof(r->text_ours), o->text_ours);
	copy(r->text_former, sizeof(r->text_former), o->text_former);
	r->text_until_wall_ms = o->text_until_wall_ms;
	r->texts_n++;
}

static void keep(struct rig *r, const struct graph_out *o)
{
	switch ((enum graph_out_kind)o->kind) {
	case GRAPH_HTTP:
		keep_request(r, o);
		break;
	case GRAPH_OUTCOME:
		r->outcomes[r->outcomes_n++ % RIG_LOG_MAX] = o->outcome;
		break;
	case GRAPH_FOUND:
		r->found[r->found_n++ % ARRAY_LEN(r->found)] = *o;
		break;
	case GRAPH_SEEN:
		r->seen[r->seen_n++ % ARRAY_LEN(r->seen)] = *o;
		break;
	case GRAPH_TEXT:
		keep_text(r, o);
		break;
	case GRAPH_PERSON:
	case GRAPH_MEMBER:
		r->read[r->read_n++ % ARRAY_LEN(r->read)] = *o;
		break;
	case GRAPH_READ:
		r->read[r->read_n++ % ARRAY_LEN(r->read)] = *o;
		if (o->stage == READ_PEOPLE_END)
			copy(r->link, sizeof(r->link), o->link);
		break;
	case GRAPH_LOAD:
		r->load = o->load;
		break;
	case GRAPH_NOTE:
	default:
		r->notes[r->notes_n++ % ARRAY_LEN(r->notes)] = *o;
		break;
	}
}

void rig_drain(struct rig *r)
{
	struct graph_out o;

	while (graph_drain(r->g, r->now_ms, r->wall_ms, &o))
		keep(r, &o);
}

void rig_pass(struct rig *r, int64_t ms)
{
	int64_t end = r->now_ms + ms;

	for (int turns = 0; turns < 100000; turns++) {
		int64_t due = graph_next(r->g), to = due < end ? due : end;

		if (to > r->now_ms) {
			r->wall_ms += to - r->now_ms;
			r->now_ms = to;
		}
		graph_tick(r->g, r->now_ms);
		rig_drain(r);
		if (due > end)
			return;
	}
	fail_msg("graph_next never gets past %lld", (long long)end);
}

const char *rig_id(uint32_t user)
{
	static char ids[4][40];
	static int at;
	char *p = ids[at++ % 4];

	snprintf(p, sizeof(ids[0]), "%08x-aaaa-bbbb-cccc-0123456789ab", user);
	return p;
}

struct rig_request *rig_find(struct rig *r, const char *part, uint32_t user)
{
	for (uint32_t i = 0; i < r->open_n; i++)
		if (strstr(r->open[i].url, part) && (user == ID_NONE || r->open[i].user == user))
			return &r->open[i];
	return NULL;
}

uint32_t rig_count(const struct rig *r, const char *part)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->open_n; i++)
		n += strstr(r->open[i].url, part) != NULL;
	return n;
}

void rig_reply(struct rig *r, struct rig_request *q, const struct graph_response *answer)
{
	struct graph_response a = *answer;
	uint32_t i = (uint32_t)(q - r->open);

	assert_non_null(q);
	assert_true(i < r->open_n);
	a.id = q->id;
	memmove(q, q + 1, (--r->open_n - i) * sizeof(*q));
	graph_feed(r->g, r->now_ms, &a);
	rig_drain(r);
}

void rig_answer(struct rig *r, struct rig_request *q, uint16_t status, const char *body)
{
	struct graph_response a = { .failure = HTTP_ANSWERED,
				    .status = status,
				    .body = slice_str(body ? body : "") };

	rig_reply(r, q, &a);
}

void rig_answer_token(struct rig *r, const char *token, int life_s)
{
	char body[200];

	snprintf(body, sizeof(body),
		 "{\"token_type\":\"Bearer\",\"expires_in\":%d,\"access_token\":\"%s\"}", life_s,
		 token);
	rig_answer(r, rig_find(r, "/oauth2/v2.0/token", ID_NONE), 200, body);
}

uint32_t rig_hold(struct rig *r, uint32_t user, enum session s, enum urgency u)
{
	struct action a = { .kind = ACT_HOLD,
			    .urgency = (uint8_t)u,
			    .session = (uint8_t)s,
			    .user = user,
			    .generation = ++r->generation,
			    .lease_ms = 600000,
			    .due_mono_ms = r->now_ms };

	graph_submit(r->g, r->now_ms, &a);
	rig_drain(r);
	return a.generation;
}

uint32_t rig_clear(struct rig *r, uint32_t user, bool may_be_held)
{
	struct action a = { .kind = ACT_CLEAR,
			    .urgency = URGENCY_CLEAR,
			    .session = SESSION_CALL,
			    .user = user,
			    .generation = ++r->generation,
			    .may_be_held = may_be_held,
			    .due_mono_ms = r->now_ms };

	graph_submit(r->g, r->now_ms, &a);
	rig_drain(r);
	return a.generation;
}

struct outcome rig_outcome(const struct rig *r, uint32_t user, uint32_t generation)
{
	for (uint32_t i = r->outcomes_n; i-- > 0;) {
		const struct outcome *o = &r->outcomes[i % RIG_LOG_MAX];

		if (o->user == user && o->generation == generation)
			return *o;
	}
	return (struct outcome){ .class = OUTCOME_COUNT };
}

void rig_assert_outcome(const struct rig *r, uint32_t user, uint32_t generation,
			enum outcome_class class, uint16_t status)
{
	struct outcome o = rig_outcome(r, user, generation);

	assert_int_equal(o.class, class);
	assert_int_equal(o.http_status, status);
}

uint32_t rig_noted(const struct rig *r, enum graph_note n)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < r->notes_n && i < ARRAY_LEN(r->notes); i++)
		count += r->notes[i].note == n;
	return count;
}
