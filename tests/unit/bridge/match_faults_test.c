/* Reading the directory of the simulated cloud under every fault: at the first page, a later one and the
 * last, of a first reading, of changes, and of everybody again while all are known. Nobody is dropped, the
 * error is said, and what had changed is known after the next reading. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/bridge.h"
#include "cloud.h"
#include "test.h"

enum { KNOWN = 5, PAGE = 2, WAITING_MAX = 16, EVERY_MS = 60000, LAG_MS = 20 };
enum { LASTING_MS = 40 * 60 * 1000, HEALED_MS = 3 * 3600 * 1000 };

/* What a proxy, or a broken Graph, may make of an answer; the cloud has the others. */
enum bend { BEND_NOT, BEND_HTML, BEND_CUT_JSON, BEND_EMPTY, BEND_NO_LINK, BEND_FOREIGN_LINK };

struct waiting {
	uint32_t id;
	int64_t due_ms;
	uint8_t failure;
	struct cloud_response answer;
};

struct play {
	struct cloud *cloud;
	struct bridge *bridge;
	struct bridge_time t;
	struct secret secret;
	uint32_t known[KNOWN], cloud_known[KNOWN], comer, nobody;
	struct waiting waiting[WAITING_MAX];
	uint32_t waiting_n;
	const struct fault *fault; /* NULL: all is well */
	uint32_t page, strikes_at;  /* of this reading; the page that is struck */
	bool lasting;
	uint32_t struck, said;
};

struct fault {
	const char *name;
	struct cloud_fault rule; /* of kind CLOUD_FAULT_COUNT: none */
	enum bend bend;
};

#define RULE(kind_, ...) { .kind = CLOUD_FAULT_##kind_, .user = CLOUD_NO_USER, .count = 1, __VA_ARGS__ }
#define STATUS_RULE(status_) RULE(STATUS, .status = (status_))
#define NONE { .kind = CLOUD_FAULT_COUNT }

static const struct fault faults[] = {
	{ "429", RULE(THROTTLE, .delay_ms = 7000), BEND_NOT },
	{ "429 without Retry-After", STATUS_RULE(429), BEND_NOT },
	{ "429 for an hour", RULE(STATUS, .status = 429, .retry_after = "3600"), BEND_NOT },
	{ "400", STATUS_RULE(400), BEND_NOT },
	{ "403", STATUS_RULE(403), BEND_NOT },
	{ "404", RULE(NOT_FOUND, .code = 0), BEND_NOT },
	{ "500", STATUS_RULE(500), BEND_NOT },
	{ "502", STATUS_RULE(502), BEND_NOT },
	{ "503", RULE(STATUS, .status = 503, .retry_after = "30"), BEND_NOT },
	{ "504", STATUS_RULE(504), BEND_NOT },
	{ "401", RULE(UNAUTHORIZED, .code = 0), BEND_NOT },
	{ "tokens expire", RULE(EXPIRE_TOKENS, .code = 0), BEND_NOT },
	{ "a claims challenge", RULE(CAE, .code = 0), BEND_NOT },
	{ "tokens without a right", RULE(FORBID_TOKENS, .code = 0), BEND_NOT },
	{ "answered too late", RULE(SLOW, .delay_ms = 300000), BEND_NOT },
	{ "a slow body", RULE(SLOW_BODY, .delay_ms = 20000), BEND_NOT },
	{ "reset before", RULE(RESET, .cut = CLOUD_CUT_BEFORE), BEND_NOT },
	{ "reset behind", RULE(RESET, .cut = CLOUD_CUT_AFTER), BEND_NOT },
	{ "reset in the middle", RULE(RESET, .cut = CLOUD_CUT_MID), BEND_NOT },
	{ "410", RULE(DELTA_GONE, .code = 0), BEND_NOT },
	{ "410 by status", STATUS_RULE(410), BEND_NOT },
	{ "a proxy's page", NONE, BEND_HTML },
	{ "JSON that ends early", NONE, BEND_CUT_JSON },
	{ "an empty body", NONE, BEND_EMPTY },
	{ "no link to go on", NONE, BEND_NO_LINK },
	{ "a link to elsewhere", NONE, BEND_FOREIGN_LINK },
};

/* ---- the cloud's end ---- */

static struct slice header(void *arg, const char *name)
{
	struct slice rest = *(const struct slice *)arg, line;

	while (slice_split(&rest, '\n', &line)) {
		size_t colon = slice_find(line, ':');

		if (slice_is_nocase(slice_sub(line, 0, colon), name))
			return slice_trim(slice_sub(line, colon + 1, line.n));
	}
	return SLICE_NONE;
}

static void bend(struct buf *body, enum bend how)
{
	static const char html[] = "<html><body>gateway</body></html>";

	if (how == BEND_CUT_JSON) {
		body->n /= 2;
		return;
	}
	buf_reset(body);
	if (how == BEND_HTML)
		buf_str(body, html);
	else if (how == BEND_NO_LINK)
		buf_str(body, "{\"value\":[]}");
	else if (how == BEND_FOREIGN_LINK)
		buf_str(body, "{\"value\":[],\"@odata.nextLink\":\"https://else.example/v1.0/users/delta\"}");
}

static bool strikes(struct play *p, struct slice target)
{
	uint32_t page = p->page;

	if (!p->fault || slice_find_str(target, SLICE_LIT("/users/delta")) == target.n)
		return false;
	p->page++;
	return page == p->strikes_at || (p->lasting && page > p->strikes_at);
}

static int64_t takes_ms(const struct cloud_response *a)
{
	return a->delay_ms + a->pause_ms * (int64_t)(a->body.n / 64 + 1);
}

static void serve(struct play *p, const struct graph_request *q)
{
	size_t host = slice_find_str(q->url, SLICE_LIT("://")) + 3;
	struct slice rest = slice_sub(q->url, host, q->url.n), headers = q->headers;
	struct slice target = slice_sub(rest, slice_find(rest, '/'), rest.n);
	const struct cloud_request rq = { .method = slice_str(q->post ? "POST" : "GET"), .target = target,
					  .header = header, .arg = &headers, .body = q->body };
	struct waiting *w = &p->waiting[p->waiting_n++];
	bool struck = strikes(p, target);

	assert_true(p->waiting_n < WAITING_MAX);
	*w = (struct waiting){ .id = q->id };
	cloud_response_init(&w->answer);
	if (struck && p->fault->rule.kind < CLOUD_FAULT_COUNT)
		assert_int_equal(cloud_fault_add(p->cloud, &p->fault->rule), ERR_OK);
	cloud_request(p->cloud, p->t.wall_ms, &rq, &w->answer);
	if (struck && p->fault->bend)
		bend(&w->answer.body, p->fault->bend);
	p->struck += struck;
	w->due_ms = p->t.mono_ms + LAG_MS + takes_ms(&w->answer);
	if (w->answer.cut != CLOUD_CUT_NONE || takes_ms(&w->answer) > q->timeout_ms)
		w->failure = HTTP_UNSURE;
	if (w->failure && w->due_ms > p->t.mono_ms + q->timeout_ms)
		w->due_ms = p->t.mono_ms + q->timeout_ms;
}

static void hand(struct play *p, uint32_t i)
{
	struct waiting w = p->waiting[i];
	const struct graph_response r = {
		.id = w.id, .failure = w.failure, .status = w.failure ? 0 : w.answer.status,
		.retry_after = cloud_response_header(&w.answer, "Retry-After"),
		.www_authenticate = cloud_response_header(&w.answer, "WWW-Authenticate"),
		.body = w.failure ? SLICE_NONE : buf_view(&w.answer.body),
		.error = w.failure ? "lost" : NULL,
	};

	memmove(&p->waiting[i], &p->waiting[i + 1], (--p->waiting_n - i) * sizeof(w));
	bridge_feed_graph(p->bridge, p->t, 0, &r);
	cloud_response_fini(&w.answer);
}

/* ---- our end ---- */

static void drain(struct play *p)
{
	static struct bridge_out out;

	while (bridge_drain(p->bridge, p->t, &out)) {
		if (out.kind != BRIDGE_GRAPH)
			continue;
		if (out.graph.kind == GRAPH_HTTP)
			serve(p, &out.graph.request);
		else if (out.graph.kind == GRAPH_READ && out.graph.stage == READ_PEOPLE_BEGIN)
			p->page = 0;
		else if (out.graph.kind == GRAPH_NOTE)
			p->said++;
	}
}

static enum match match_of(const struct play *p, uint32_t user)
{
	struct bridge_match m;

	assert_true(bridge_match(p->bridge, user, &m));
	return (enum match)m.state;
}

/* Nobody who is there is ever said to be missing; who was known stays so. */
static void nobody_dropped(const struct play *p, bool known)
{
	for (int i = 0; i < KNOWN - 1; i++) {
		enum match m = match_of(p, p->known[i]);

		if (m != MATCH_MATCHED && (known || m != MATCH_WAITING))
			fail_msg("%s: person %d is dropped: %d", p->fault ? p->fault->name : "", i, m);
	}
}

static void pass(struct play *p, int64_t ms, bool known)
{
	const int64_t end = p->t.mono_ms + ms;

	for (;;) {
		int64_t next = bridge_next(p->bridge);
		uint32_t first = p->waiting_n;

		for (uint32_t i = 0; i < p->waiting_n; i++)
			if (p->waiting[i].due_ms <= next && (first == p->waiting_n ||
							    p->waiting[i].due_ms < p->waiting[first].due_ms))
				first = i;
		if (first < p->waiting_n)
			next = p->waiting[first].due_ms;
		if (next > end)
			break;
		if (next > p->t.mono_ms) {
			p->t.wall_ms += next - p->t.mono_ms;
			p->t.mono_ms = next;
		}
		if (first < p->waiting_n)
			hand(p, first);
		else
			bridge_tick(p->bridge, p->t);
		drain(p);
		nobody_dropped(p, known);
	}
	p->t.wall_ms += end - p->t.mono_ms;
	p->t.mono_ms = end;
}

static uint32_t add(struct play *p, uint16_t account, const char *email)
{
	const struct bridge_user u = { .email = slice_str(email), .enabled = true };
	uint32_t id;

	assert_int_equal(bridge_add_user(p->bridge, p->t, account, &u, &id), ERR_OK);
	return id;
}

static void person(struct play *p, const char *email, uint32_t *ret)
{
	const struct cloud_user_config c = { .email = email };

	assert_int_equal(cloud_user_add(p->cloud, &c, ret), ERR_OK);
}

static void open_cloud(struct play *p)
{
	const struct cloud_config c = { .tenant = "11111111-2222-3333-4444-555555555555",
					.client_id = "99999999-8888-7777-6666-555555555555",
					.client_secret = &p->secret, .seed = 5 };
	const struct cloud_fault small = { .kind = CLOUD_FAULT_PAGE_SIZE, .user = CLOUD_NO_USER,
					   .code = PAGE };

	assert_int_equal(cloud_new(&p->cloud, &c, p->t.wall_ms), ERR_OK);
	cloud_set_base(p->cloud, "https://g");
	assert_int_equal(cloud_fault_add(p->cloud, &small), ERR_OK);
}

static struct play *start(void)
{
	const struct bridge_limits limits = { .accounts = 1, .connectors = 1, .users = 16, .lines = 16,
					      .realms = 1, .seed = 1 };
	const struct policy policy = { .mode = MODE_LIVE, .lease_ms = 600000 };
	const struct bridge_matching by = { .by = 1U << VIA_UPN | 1U << VIA_MAIL, .every_ms = EVERY_MS };
	struct play *p = calloc(1, sizeof(*p));
	uint32_t realm;
	uint16_t account;

	assert_non_null(p);
	p->t = (struct bridge_time){ 1000, 1700000000000 };
	assert_int_equal(secret_set(&p->secret, SLICE_LIT("s")), ERR_OK);
	open_cloud(p);
	assert_int_equal(bridge_new(&p->bridge, &limits, p->t), ERR_OK);
	const struct graph_config gc = { .tenant = "11111111-2222-3333-4444-555555555555",
					 .client_id = "99999999-8888-7777-6666-555555555555",
					 .credential.secret = &p->secret, .login_url = "https://g",
					 .graph_url = "https://g", .quota = 1500, .window_ms = 30000,
					 .users_max = 16, .seed = 3 };
	assert_int_equal(bridge_add_realm(p->bridge, p->t, &gc, &realm), ERR_OK);
	assert_int_equal(bridge_add_account(p->bridge, p->t, SLICE_LIT("acme"), realm, &policy, &account),
			 ERR_OK);
	assert_int_equal(bridge_set_matching(p->bridge, account, &by), ERR_OK);
	for (int i = 0; i < KNOWN; i++) {
		char email[24];

		snprintf(email, sizeof(email), "p%d@acme.example", i);
		person(p, email, &p->cloud_known[i]);
		p->known[i] = add(p, account, email);
	}
	p->comer = add(p, account, "comer@acme.example");
	p->nobody = add(p, account, "nobody@acme.example");
	return p;
}

static void end(struct play *p)
{
	while (p->waiting_n)
		cloud_response_fini(&p->waiting[--p->waiting_n].answer);
	bridge_free(p->bridge);
	cloud_free(p->cloud);
	secret_fini(&p->secret);
	free(p);
}

/* ---- the crossing ---- */

static void arm(struct play *p, const struct fault *f, uint32_t page, bool lasting)
{
	p->fault = f;
	p->strikes_at = page;
	p->lasting = lasting;
	p->page = p->struck = p->said = 0;
}

static void struck_and_said(const struct play *p, const char *when)
{
	struct graph_people_view v;

	if (!p->struck)
		fail_msg("%s, %s: the fault never struck", p->fault->name, when);
	graph_people_view(bridge_realm(p->bridge, 0), &v);
	if (p->lasting && !p->said && !v.failed)
		fail_msg("%s, %s: it lasts, and nothing is said", p->fault->name, when);
}

static void healed(struct play *p, const char *when, enum match comer, enum match leaver)
{
	const char *name = p->fault->name;

	p->fault = NULL;
	pass(p, HEALED_MS, false);
	for (int i = 0; i < KNOWN - 1; i++)
		if (match_of(p, p->known[i]) != MATCH_MATCHED)
			fail_msg("%s, %s: person %d is not found again", name, when, i);
	if (match_of(p, p->known[KNOWN - 1]) != leaver)
		fail_msg("%s, %s: who has left is %d", name, when, match_of(p, p->known[KNOWN - 1]));
	if (match_of(p, p->comer) != comer || match_of(p, p->nobody) != MATCH_UNMATCHED)
		fail_msg("%s, %s: who has come is %d, nobody is %d", name, when, match_of(p, p->comer),
			 match_of(p, p->nobody));
}

static void a_first_reading(void **state)
{
	(void)state;
	for (size_t f = 0; f < ARRAY_LEN(faults); f++)
		for (uint32_t page = 0; page < 3; page++)
			for (int lasting = 0; lasting < 2; lasting++) {
				struct play *p = start();

				if (faults[f].rule.kind == CLOUD_FAULT_DELTA_GONE) {
					end(p); /* there is no token yet */
					continue;
				}
				arm(p, &faults[f], page, lasting);
				pass(p, LASTING_MS, false);
				struck_and_said(p, "first reading");
				healed(p, "first reading", MATCH_UNMATCHED, MATCH_MATCHED);
				end(p);
			}
}

static void come_and_leave(struct play *p)
{
	uint32_t comer;

	person(p, "comer@acme.example", &comer);
	cloud_user_delete(p->cloud, p->cloud_known[KNOWN - 1], true);
}

/* Somebody comes and somebody leaves, and just that reading is struck. */
static void changes(void **state)
{
	(void)state;
	for (size_t f = 0; f < ARRAY_LEN(faults); f++)
		for (int lasting = 0; lasting < 2; lasting++) {
			struct play *p = start();

			pass(p, 10 * EVERY_MS, false);
			nobody_dropped(p, true);
			come_and_leave(p);
			arm(p, &faults[f], 0, lasting);
			pass(p, LASTING_MS, true);
			struck_and_said(p, "changes");
			healed(p, "changes", MATCH_MATCHED, MATCH_UNMATCHED);
			end(p);
		}
}

/* After a 410, with everybody known: a reading that is cut in pieces drops nobody. */
static void everybody_again(void **state)
{
	(void)state;
	for (size_t f = 0; f < ARRAY_LEN(faults); f++)
		for (uint32_t page = 1; page < 4; page++)
			for (int lasting = 0; lasting < 2; lasting++) {
				struct play *p = start();
				const struct cloud_fault gone = { .kind = CLOUD_FAULT_DELTA_GONE, .count = 1,
								  .user = CLOUD_NO_USER };

				pass(p, 10 * EVERY_MS, false);
				nobody_dropped(p, true);
				come_and_leave(p);
				assert_int_equal(cloud_fault_add(p->cloud, &gone), ERR_OK);
				arm(p, &faults[f], page - 1, lasting);
				pass(p, LASTING_MS, true);
				struck_and_said(p, "everybody again");
				healed(p, "everybody again", MATCH_MATCHED, MATCH_UNMATCHED);
				end(p);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_first_reading),
		cmocka_unit_test(changes),
		cmocka_unit_test(everybody_again),
	};

	return cmocka_run_group_tests_name("bridge/match-faults", tests, NULL, NULL);
}
