/* Routes of Graph and the checks in front of every operation, in their documented order. */
#include <stdio.h>
#include <stdlib.h>

#include "cloud_parts.h"

#define WRITE ROLE_PRESENCE_WRITE
#define READ (ROLE_PRESENCE_WRITE | ROLE_PRESENCE_READ)

static const struct cloud_route routes[] = {
#define ACTION(op_, name, look_, apply_)                                            \
	{ "POST", "users/*/presence/" name, CLOUD_OP_##op_, WRITE, .presence = true, \
	  .body = true, .look = look_, .apply = apply_ },                            \
	{ "POST", "communications/presences/*/" name, CLOUD_OP_##op_, WRITE,         \
	  .presence = true, .body = true, .look = look_, .apply = apply_ },
	ACTION(SET, "setPresence", cloud_look_set,
	       cloud_do_set) ACTION(CLEAR, "clearPresence", cloud_look_clear, cloud_do_clear)
		ACTION(PREFER, "setUserPreferredPresence", cloud_look_prefer, cloud_do_prefer)
			ACTION(UNPREFER, "clearUserPreferredPresence", NULL, cloud_do_unprefer)
				ACTION(MESSAGE, "setStatusMessage", cloud_look_message,
				       cloud_do_message)
#undef ACTION
					{ "GET", "users/*/presence", CLOUD_OP_GET, READ,
					  .presence = true, .apply = cloud_do_get },
	{ "GET", "communications/presences/*", CLOUD_OP_GET, READ, .presence = true,
	  .apply = cloud_do_get },
	{ "POST", "communications/getPresencesByUserId", CLOUD_OP_GET_MANY, READ, .presence = true,
	  .body = true, .look = cloud_look_many, .apply = cloud_do_many },
	{ "GET", "users", CLOUD_OP_USERS, ROLE_USER_READ, .directory = true,
	  .apply = cloud_do_users },
	{ "GET", "users/delta", CLOUD_OP_DELTA, ROLE_USER_READ, .directory = true,
	  .apply = cloud_do_delta },
	{ "GET", "users/microsoft.graph.delta", CLOUD_OP_DELTA, ROLE_USER_READ, .directory = true,
	  .apply = cloud_do_delta },
	{ "GET", "users/delta()", CLOUD_OP_DELTA, ROLE_USER_READ, .directory = true,
	  .apply = cloud_do_delta },
	{ "GET", "groups/*/members", CLOUD_OP_MEMBERS, ROLE_GROUP_READ, .directory = true,
	  .group = true, .apply = cloud_do_members },
	{ "GET", "groups/*/transitiveMembers", CLOUD_OP_MEMBERS, ROLE_GROUP_READ, .directory = true,
	  .group = true, .apply = cloud_do_transitive },
	{ "GET", "users/*", CLOUD_OP_USER, ROLE_USER_READ, .directory = true,
	  .apply = cloud_do_user },
	{ "POST", "subscriptions", CLOUD_OP_SUBSCRIBE, 0, .body = true, .look = cloud_look_subscribe,
	  .apply = cloud_do_subscribe },
	{ "GET", "subscriptions", CLOUD_OP_SUBSCRIBE, 0, .apply = cloud_do_subscriptions },
	{ "GET", "subscriptions/*", CLOUD_OP_SUBSCRIBE, 0, .nobody = true,
	  .apply = cloud_do_no_subscription },
	{ "PATCH", "subscriptions/*", CLOUD_OP_SUBSCRIBE, 0, .nobody = true,
	  .apply = cloud_do_no_subscription },
	{ "DELETE", "subscriptions/*", CLOUD_OP_SUBSCRIBE, 0, .nobody = true,
	  .apply = cloud_do_no_subscription },
	{ "POST", "$batch", CLOUD_OP_BATCH, 0, .body = true, .look = cloud_look_batch,
	  .apply = cloud_do_batch },
};

static bool split_path(struct cloud_call *k, struct slice path)
{
	struct slice part;
	size_t ends[CLOUD_SEGMENTS_MAX];

	buf_init(&k->decoded, CLOUD_TARGET_MAX);
	while (slice_split(&path, '/', &part)) {
		if (part.n == 0)
			continue;
		if (k->segments_n == CLOUD_SEGMENTS_MAX || !cloud_unescape(part, false, &k->decoded))
			return false;
		ends[k->segments_n++] = k->decoded.n;
	}
	for (size_t i = 0, from = 0; i < k->segments_n; from = ends[i++])
		k->segments[i] = slice_of(k->decoded.p + from, ends[i] - from);
	return true;
}

static bool fits(struct cloud_call *k, const char *pattern)
{
	struct slice rest = slice_str(pattern), part;
	size_t i = 0;

	k->name = SLICE_NONE;
	while (slice_split(&rest, '/', &part)) {
		if (i == k->segments_n)
			return false;
		if (slice_is(part, "*"))
			k->name = k->segments[i];
		else if (!slice_eq_nocase(part, k->segments[i]))
			return false;
		i++;
	}
	return i == k->segments_n;
}

/* Splits the target behind the version; false when no operation has this path (answered). */
static bool find_route(struct cloud_call *k, struct slice target)
{
	size_t question = slice_find(target, '?');
	bool path_known = false;

	k->query = slice_sub(target, question + 1, target.n);
	if (!split_path(k, slice_sub(target, 0, question)))
		return cloud_fail(k, 400, "BadRequest", "Bad Request - Invalid URL");
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!fits(k, routes[i].pattern))
			continue;
		path_known = true;
		if (slice_is(k->rq->method, routes[i].method)) {
			k->route = &routes[i];
			return true;
		}
	}
	if (k->segments_n > 0 && slice_is_nocase(k->segments[0], "me"))
		return cloud_fail(k, 400, "BadRequest",
				  "/me request is only valid with delegated authentication flow.");
	if (path_known)
		return cloud_fail(k, 405, "Request_BadRequest",
				  "Specified HTTP method is not allowed for the request target.");
	struct slice last = k->segments_n > 0 ? k->segments[k->segments_n - 1] : SLICE_NONE;

	last = slice_sub(last, 0, 100);
	return cloud_fail(k, 400, "BadRequest", "Resource not found for the segment '%.*s'.",
			  SLICE_ARG(last));
}

/* ---- the checks ---- */

static bool parse_body(struct cloud_call *k)
{
	json_error_t error;

	if (k->in)
		return true;
	if (k->rq->body.n == 0)
		return cloud_fail(k, 400, "BadRequest", "Empty Payload. JSON content expected.");
	k->in = json_loadb(k->rq->body.p, k->rq->body.n, JSON_REJECT_DUPLICATES, &error);
	if (!k->in)
		return cloud_fail(k, 400, "BadRequest", "Unable to read JSON request payload: %s",
				  error.text);
	return true;
}

static bool check_body(struct cloud_call *k)
{
	struct slice type = k->rq->header(k->rq->arg, "content-type");

	if (!k->route->body)
		return true;
	if (!slice_is_nocase(slice_trim(slice_sub(type, 0, slice_find(type, ';'))),
			     "application/json"))
		return cloud_fail(k, 400, "BadRequest",
				  "A supported MIME type could not be found: application/json is "
				  "expected.");
	if (!parse_body(k))
		return false;
	if (!json_is_object(k->in))
		return cloud_fail(k, 400, "BadRequest", "A JSON object is expected.");
	return !k->route->look || k->route->look(k);
}

static bool check_token(struct cloud_call *k)
{
	struct slice auth = k->rq->header(k->rq->arg, "authorization");

	if (!slice_starts_nocase(auth, "Bearer "))
		return cloud_fail_401(k, "Access token is empty.", false);
	k->token = cloud_token_find(k->c, slice_trim(slice_sub(auth, 7, auth.n)));
	if (!k->token)
		return cloud_fail_401(k, "Invalid access token.", false);
	if (k->now_ms >= k->token->expires_ms || k->token->serial <= k->c->expired_serial) {
		k->token = NULL;
		return cloud_fail_401(k, "Lifetime validation failed, the token is expired.", false);
	}
	if (k->token->serial <= k->c->cae_serial) {
		k->token = NULL;
		return cloud_fail_401(k, "Continuous access evaluation resulted in challenge.", true);
	}
	return true;
}

static bool check_role(struct cloud_call *k)
{
	bool struck = k->token && k->token->serial <= k->c->forbidden_serial;

	if (!k->route->roles && !struck)
		return true;
	if (!k->token || struck || !(k->token->roles & k->route->roles))
		return cloud_fail(k, 403, k->route->presence ? "Forbidden" : "Authorization_RequestDenied",
				  "Insufficient privileges to complete the operation.");
	if (k->session[0] && !k->c->switches.foreign_session &&
	    !slice_is_nocase(slice_str(k->session), k->c->apps[k->token->app].id))
		return cloud_fail(k, 400, "InvalidArgument",
				  "[SessionId]: The SessionId must be the caller's application id.");
	return true;
}

static bool check_user(struct cloud_call *k)
{
	const struct cloud *c = k->c;

	if (!k->name.p || k->route->group || k->route->nobody)
		return true;
	if (!k->route->presence || cloud_is_guid(k->name) || c->switches.upn_in_path)
		k->user = cloud_user_find(c, k->name);
	/* GET /users/{name} takes the id and the UPN, not the other addresses. */
	if (k->user != CLOUD_NO_USER && !cloud_is_guid(k->name) &&
	    !slice_is_nocase(k->name, c->users[k->user].upn))
		k->user = CLOUD_NO_USER;
	if (k->user == CLOUD_NO_USER)
		return cloud_fail(k, 404, k->route->presence ? "NotFound" : "Request_ResourceNotFound",
				  "Resource '%.*s' does not exist or one of its queried "
				  "reference-property objects are not present.",
				  k->name.n < 120 ? (int)k->name.n : 120, k->name.p);
	return true;
}

/* Units of the directory's limit (throttling limits page): a list 2, members 3, $select -1, $top < 20 -1. A
 * link to the next page or delta names no $select: the whole price. */
static uint32_t directory_cost(struct cloud_call *k)
{
	int cost = k->route->op == CLOUD_OP_USER ? 1 : k->route->op == CLOUD_OP_MEMBERS ? 3 : 2;
	struct slice top = cloud_param(k->query, "$top");
	uint64_t n;

	if (cloud_param(k->query, "$select").p)
		cost--;
	if (top.p && slice_u64(top, 999, &n) == ERR_OK && n < 20)
		cost--;
	return cost < 1 ? 1 : (uint32_t)cost;
}

static bool check_limit(struct cloud_call *k)
{
	int64_t wait_ms = 0;

	if (k->route->presence && !cloud_limit_take(&k->c->presence, k->now_ms, 1, &wait_ms))
		return cloud_fail_429(k, wait_ms);
	if (!k->route->directory)
		return true;
	uint32_t cost = directory_cost(k);
	char text[16];

	snprintf(text, sizeof text, "%u", cost);
	cloud_header_add(k, "x-ms-resource-unit", text);
	if (!cloud_limit_take(&k->c->directory, k->now_ms, cost, &wait_ms)) {
		cloud_header_add(k, "x-ms-throttle-information", "ResourceUnitLimitExceeded");
		return cloud_fail_429(k, wait_ms);
	}
	return true;
}

static bool check(struct cloud_call *k, unsigned what)
{
	switch ((enum cloud_check)what) {
	case CLOUD_CHECK_BODY:
		return check_body(k);
	case CLOUD_CHECK_TOKEN:
		return check_token(k);
	case CLOUD_CHECK_ROLE:
		return check_role(k);
	case CLOUD_CHECK_USER:
		return check_user(k);
	case CLOUD_CHECK_LIMIT:
		return check_limit(k);
	case CLOUD_CHECK_COUNT:
	default:
		CHECK(!"check");
		return false;
	}
}

/* ---- one request ---- */

static void peak_add(struct cloud_peak *p, int64_t now_ms, int32_t window_ms)
{
	while (p->n > 0 && p->at[p->head] + window_ms <= now_ms) {
		p->head = (p->head + 1) & (p->cap - 1);
		p->n--;
	}
	if (p->n == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 256;
		int64_t *at = calloc(cap, sizeof *at);

		if (!at)
			return;
		for (size_t i = 0; i < p->n; i++)
			at[i] = p->at[(p->head + i) & (p->cap - 1)];
		free(p->at);
		*p = (struct cloud_peak){ at, 0, p->n, cap, p->peak };
	}
	p->at[(p->head + p->n++) & (p->cap - 1)] = now_ms;
	if (p->n > p->peak)
		p->peak = (uint32_t)p->n;
}

static void serve(struct cloud_call *k)
{
	if (k->route->presence)
		peak_add(&k->c->peak, k->now_ms, k->c->presence.conf.window_ms);
	for (size_t i = 0; i < CLOUD_CHECK_COUNT; i++)
		if (!check(k, k->c->switches.order[i]))
			return;
	if (!cloud_faults_before(k))
		return;
	k->route->apply(k);
	if (k->user != CLOUD_NO_USER) /* when it changed counts, not when somebody looks */
		(void)cloud_user_seen(k->c, &k->c->users[k->user]);
	cloud_faults_after(k);
}

static void count(struct cloud_call *k)
{
	struct cloud_counters *n = &k->c->counters;

	n->requests[k->route ? k->route->op : CLOUD_OP_NONE]++;
	if (k->rs->status < ARRAY_LEN(n->status))
		n->status[k->rs->status]++;
	cloud_log_call(k);
}

void cloud_graph(struct cloud_call *k)
{
	struct slice target = k->rq->target;
	struct slice client = k->rq->header(k->rq->arg, "client-request-id");
	char safe[65];

	cloud_header_add(k, "request-id", k->request_id);
	if (slice_copy(client, safe, sizeof safe) == ERR_OK && strpbrk(safe, "\r\n") == NULL)
		cloud_header_add(k, "client-request-id", safe[0] ? safe : k->request_id);
	cloud_header_add(k, "Strict-Transport-Security", "max-age=31536000");
	cloud_header_add(k, "x-ms-ags-diagnostic", "{\"ServerInfo\":{\"DataCenter\":\"teamsim\"}}");
	cloud_header_add(k, "Cache-Control", "no-cache");
	if (!slice_starts_nocase(target, "/v1.0/"))
		cloud_fail(k, 400, "BadRequest", "Invalid version: use /v1.0.");
	else if (find_route(k, slice_sub(target, 5, target.n)))
		serve(k);
	count(k);
}

void cloud_part(struct cloud_call *k, struct slice url)
{
	cloud_header_add(k, "request-id", k->request_id);
	if (find_route(k, url)) {
		if (k->route->op == CLOUD_OP_BATCH)
			cloud_fail(k, 400, "BadRequest", "A batch inside a batch is not allowed.");
		else
			serve(k);
	}
	count(k);
}

void cloud_call_fini(struct cloud_call *k)
{
	json_decref(k->in);
	json_decref(k->out);
	buf_fini(&k->decoded);
}
