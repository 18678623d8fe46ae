/* authority_test.c - made from routes.def: every route asked with no, wrong, too small and right
 * authority, and by the owner of one account about another. */
#include "test.h"

#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "admin/auth/caller.h"
#include "admin/route.h"
#include "harness.h"

#define OTHER "umbrella%20&%20sons"

static struct harness h;
static struct reply r;
/* by role: on acme, on everything */
static char on_acme[ROLE_COUNT][64], on_all[ROLE_COUNT][64];

static void make_token(enum role role, const char *account, char ret[static 64])
{
	char body[200];
	json_t *doc;

	snprintf(body, sizeof(body), "{\"name\":\"test\",\"role\":\"%s\",\"account\":%s}",
		 role_name(role), account);
	reply_fini(&r);
	harness_ask(&h, true, "POST", "/api/v1/tokens", body, &r);
	assert_int_equal(r.status, 201);
	doc = json_loads(r.body, 0, NULL);
	snprintf(ret, 64, "%s", json_string_value(json_object_get(doc, "token")));
	json_decref(doc);
}

static int set_up(void **state)
{
	(void)state;
	harness_start(&h, &(struct harness_options){
				  .closed = true, .with_store = true, .command_ms = 30 });
	for (enum role role = ROLE_VIEWER; role < ROLE_COUNT; role++) {
		make_token(role, "\"acme\"", on_acme[role]);
		make_token(role, "null", on_all[role]);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	reply_fini(&r);
	harness_stop(&h);
	return 0;
}

/* The pattern with names that are there, as far as there are any. */
static void path_of(const struct route *route, const char *account, char *dst, size_t cap)
{
	struct slice rest = slice_str(route->pattern), part;
	size_t n = 0;

	slice_split(&rest, '/', &part);
	while (slice_split(&rest, '/', &part)) {
		const char *name = slice_is(part, "{account}")	   ? account
				   : slice_is(part, "{email}")	   ? "u0@acme.example"
				   : slice_is(part, "{connector}") ? "hq"
				   : slice_starts(part, "{")	   ? "x"
								   : NULL;

		n += (size_t)snprintf(dst + n, cap - n, "/%.*s",
				      name ? (int)strlen(name) : (int)part.n, name ? name : part.p);
	}
}

static int ask(const struct route *route, const char *account, const char *token)
{
	char path[300], headers[128] = "";

	path_of(route, account, path, sizeof(path));
	if (token)
		snprintf(headers, sizeof(headers), "Authorization: Bearer %s\r\n", token);
	reply_fini(&r);
	harness_ask_with(&h, route->method, path, headers, route->body_max ? "{}" : NULL, &r);
	return r.status;
}

static void expect(const struct route *route, const char *who, int wanted)
{
	if (r.status != wanted)
		fail_msg("%s %s, %s: %d instead of %d: %s", route->method, route->pattern, who,
			 r.status, wanted, r.body);
}

static void expect_let_in(const struct route *route, const char *who)
{
	if (r.status == 401 || r.status == 403 || !r.status)
		fail_msg("%s %s, %s: %d: %s", route->method, route->pattern, who, r.status, r.body);
}

static enum role wanted_role(const struct route *route)
{
	switch (route->authority) {
	case AUTHORITY_VIEWER:
		return ROLE_VIEWER;
	case AUTHORITY_OPERATOR:
	case AUTHORITY_OPERATOR_ANY:
		return ROLE_OPERATOR;
	case AUTHORITY_OWNER:
	case AUTHORITY_OWNER_ANY:
		return ROLE_OWNER;
	case AUTHORITY_OPEN:
	case AUTHORITY_SELF:
		break;
	}
	return ROLE_NONE;
}

static bool has_account(const struct route *route)
{
	return strstr(route->pattern, "{account}") != NULL;
}

/* The role on one account is enough to be let in. */
static bool one_is_enough(const struct route *route)
{
	return has_account(route) || route->authority == AUTHORITY_OPERATOR_ANY ||
	       route->authority == AUTHORITY_OWNER_ANY ||
	       (route->authority == AUTHORITY_VIEWER && !route_is_write(route));
}

#define EACH_ROUTE(route)                                                                          \
	for (const struct route *route = routes; route < routes + ROUTE_COUNT; route++)

static void without_authority(void **state)
{
	(void)state;
	EACH_ROUTE(route)
	{
		if (route->authority == AUTHORITY_OPEN)
			continue;
		ask(route, "acme", NULL);
		expect(route, "nobody", 401);
	}
}

static void with_a_wrong_token(void **state)
{
	static const char *const wrong[] = { "oh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
					     "oh_", "x", "" };
	char changed[64];
	(void)state;

	EACH_ROUTE(route)
	{
		for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
			ask(route, "acme", wrong[i]);
			expect(route, wrong[i], 401);
		}
		snprintf(changed, sizeof(changed), "%s", on_all[ROLE_OWNER]);
		changed[20] = changed[20] == 'A' ? 'B' : 'A';
		ask(route, "acme", changed);
		expect(route, "a changed token", 401);
	}
}

static void with_too_small_a_role(void **state)
{
	(void)state;
	EACH_ROUTE(route)
	{
		enum role wanted = wanted_role(route);

		if (wanted > ROLE_VIEWER) {
			ask(route, "acme", on_acme[wanted - 1]);
			expect(route, "a smaller role on the account", 403);
			ask(route, "acme", on_all[wanted - 1]);
			expect(route, "a smaller role on all", 403);
		}
		if (wanted != ROLE_NONE && !one_is_enough(route)) {
			ask(route, "acme", on_acme[ROLE_OWNER]);
			expect(route, "an owner of one account", 403);
		}
	}
}

static void with_the_right_role(void **state)
{
	(void)state;
	EACH_ROUTE(route)
	{
		enum role wanted = wanted_role(route);

		if (wanted == ROLE_NONE) {
			ask(route, "acme", on_acme[ROLE_VIEWER]);
			expect_let_in(route, "whoever has a token");
			continue;
		}
		ask(route, "acme", one_is_enough(route) ? on_acme[wanted] : on_all[wanted]);
		/* nothing names an account: a body of {} means all of them */
		if (route->authority != AUTHORITY_OPERATOR_ANY)
			expect_let_in(route, "the role");
		ask(route, "acme", on_all[wanted]);
		expect_let_in(route, "the role on all");
	}
}

/* What is another's answers as what is not there. */
static void about_another_account(void **state)
{
	char *absent;
	(void)state;

	EACH_ROUTE(route)
	{
		if (!has_account(route))
			continue;
		ask(route, "nobodys", on_acme[ROLE_OWNER]);
		expect(route, "an account that is not there", 404);
		absent = strdup(r.body);
		ask(route, OTHER, on_acme[ROLE_OWNER]);
		expect(route, "another's account", 404);
		assert_string_equal(r.body, absent);
		free(absent);
	}
}

static int ask_as(const char *token, const char *method, const char *path, const char *body)
{
	char headers[128];

	snprintf(headers, sizeof(headers), "Authorization: Bearer %s\r\n", token);
	reply_fini(&r);
	harness_ask_with(&h, method, path, headers, body, &r);
	return r.status;
}

/* Every list without an account shows the accounts of the caller, and no trace of others. */
static void lists_show_ones_own(void **state)
{
	static const struct {
		const char *path, *mine, *others;
	} lists[] = { { "/api/v1/accounts", "\"acme\"", "umbrella" },
		      { "/api/v1/users", "u0@acme.example", "umbrella" },
		      { "/api/v1/users?email=u4@umbrella.example", "users", "u4@" },
		      { "/api/v1/users?q=umbrella", "users", "umbrella" },
		      { "/api/v1/connectors", "\"hq\"", "mivo" },
		      { "/api/v1/check", "\"acme\"", "umbrella" },
		      { "/api/v1/tokens", "\"acme\"", "\"*\"" } };
	(void)state;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		assert_int_equal(ask_as(on_acme[ROLE_OWNER], "GET", lists[i].path, NULL), 200);
		assert_non_null(strstr(r.body, lists[i].mine));
		assert_null(strstr(r.body, lists[i].others));
		assert_int_equal(ask_as(on_all[ROLE_OWNER], "GET", lists[i].path, NULL), 200);
		assert_non_null(strstr(r.body, lists[i].others));
	}
	EACH_ROUTE(route)
	{
		if (strcmp(route->method, "GET") != 0 || route->authority == AUTHORITY_OPEN)
			continue;
		ask(route, "acme", on_acme[ROLE_OWNER]);
		if (strstr(r.body, "umbrella"))
			fail_msg("%s tells an owner of acme about another account", route->pattern);
	}
	assert_int_equal(ask_as(on_acme[ROLE_OWNER], "GET", "/api/v1/events?account=" OTHER, NULL),
			 404);
}

static void bodies_that_name_an_account(void **state)
{
	static const char *const paths[] = { "/api/v1/check", "/api/v1/clear" };
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(
			ask_as(on_acme[ROLE_OPERATOR], "POST", paths[i], "{\"account\":\"acme\"}"),
			504);
		assert_int_equal(ask_as(on_acme[ROLE_OWNER], "POST", paths[i],
					"{\"account\":\"umbrella & sons\"}"),
				 404);
		assert_int_equal(
			ask_as(on_acme[ROLE_OWNER], "POST", paths[i], i ? "{\"all\":true}" : "{}"),
			403);
		assert_int_equal(ask_as(on_all[ROLE_OPERATOR], "POST", paths[i],
					i ? "{\"all\":true}" : "{}"),
				 504);
	}
	/* nobody gives away what is not its own */
	assert_int_equal(ask_as(on_acme[ROLE_OWNER], "POST", "/api/v1/tokens",
				"{\"name\":\"x\",\"role\":\"viewer\"}"),
			 403);
	assert_int_equal(
		ask_as(on_acme[ROLE_OWNER], "POST", "/api/v1/tokens",
		       "{\"name\":\"x\",\"role\":\"viewer\",\"account\":\"umbrella & sons\"}"),
		404);
	assert_int_equal(ask_as(on_acme[ROLE_OWNER], "POST", "/api/v1/tokens",
				"{\"name\":\"x\",\"role\":\"owner\",\"account\":\"acme\"}"),
			 201);
}

/* Reads on behind n bytes of room, until the word is there or the stream ends; how much there is now. */
static size_t read_until(int fd, char *room, size_t size, size_t n, const char *word)
{
	ssize_t got;

	while (n < size - 1 && (got = read(fd, room + n, size - 1 - n)) > 0) {
		n += (size_t)got;
		room[n] = '\0';
		if (strstr(room, word))
			break;
	}
	return n;
}

/* The first of a stream has accounts and connectors; then a change of each account's people. What changes
 * before it begins is not told: it stands in the lists. */
static void streams_show_ones_own(void **state)
{
	char line[16384] = "";
	size_t n;
	int fd = harness_connect(&h, false);
	(void)state;

	snprintf(line, sizeof(line),
		 "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
		 "%s\r\n\r\n",
		 on_acme[ROLE_VIEWER]);
	harness_send(fd, line);
	n = read_until(fd, line, sizeof(line), 0, "\"hq\"");
	for (uint32_t i = 0; i < 7; i++)
		harness_user(&h, 6 - i, 1); /* u4, of umbrella, before u0 */
	read_until(fd, line, sizeof(line), n, "u0@acme.example");
	close(fd);
	assert_non_null(strstr(line, "\"hq\""));
	assert_non_null(strstr(line, "u0@acme.example"));
	assert_null(strstr(line, "umbrella"));
	assert_null(strstr(line, "mivo"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(without_authority),     CASE(with_a_wrong_token),
		CASE(with_too_small_a_role), CASE(with_the_right_role),
		CASE(about_another_account), CASE(lists_show_ones_own),
		CASE(streams_show_ones_own), CASE(bodies_that_name_an_account),
	};
	return cmocka_run_group_tests_name("admin/authority", tests, NULL, NULL);
}
