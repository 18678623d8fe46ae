/* The control API, reading half: its routes, the state, the log, the counters. doc/teamsim.md. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cloud_control.h"

enum { STATE_MAX = 100000 };

static const struct {
	const char *method, *path; /* "*" is one segment; "@" one that names a user */
	control_h *serve;
} routes[] = {
	{ "GET", "/state", control_state },
	{ "GET", "/users", control_users },
	{ "POST", "/users", control_add_users },
	{ "GET", "/users/@", control_user },
	{ "DELETE", "/users/@", control_delete_user },
	{ "PATCH", "/users/@", control_change_user },
	{ "GET", "/groups", control_groups },
	{ "POST", "/groups", control_put_group },
	{ "POST", "/users/@/client", control_client },
	{ "POST", "/users/@/pin", control_pin },
	{ "POST", "/users/@/message", control_message },
	{ "POST", "/users/@/session", control_session },
	{ "POST", "/users/@/out-of-office", control_away },
	{ "POST", "/users/@/calendar", control_calendar },
	{ "GET", "/clock", control_clock },
	{ "POST", "/clock/advance", control_advance },
	{ "GET", "/faults", control_faults },
	{ "POST", "/faults", control_add_faults },
	{ "DELETE", "/faults", control_clear_faults },
	{ "GET", "/limiter", control_limiter },
	{ "POST", "/limiter", control_set_limiter },
	{ "POST", "/switches", control_switches },
	{ "POST", "/apps", control_add_app },
	{ "POST", "/apps/*/roles", control_roles },
	{ "POST", "/apps/*/secret", control_secret },
	{ "GET", "/apps/*/certificates", control_certificates },
	{ "POST", "/apps/*/certificates", control_add_certificate },
	{ "DELETE", "/apps/*/certificates", control_drop_certificates },
	{ "GET", "/log", control_log },
	{ "GET", "/counters", control_counters },
	{ "POST", "/reset", control_reset },
};

void control_refuse(struct control *q, int status, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	json_t *v = json_string(text);
	q->status = status;
	json_decref(q->out);
	q->out = json_pack("{s:o}", "error", v ? v : json_string("not UTF-8"));
}

/* ---- what is ---- */

static json_t *pair_json(struct cloud_pair p)
{
	return json_pack("{s:s,s:s}", "availability", cloud_availability_name(p.availability),
			 "activity", cloud_activity_name(p.activity));
}

static json_t *sessions_json(struct cloud *c, const struct cloud_user *u)
{
	json_t *list = json_array();
	struct cloud_vote v;

	for (size_t i = 0; i < CLOUD_DEVICES_MAX; i++)
		if (cloud_client_vote(u->devices[i].state, u->devices[i].since_ms, &v)) {
			json_t *o = pair_json(v.pair);

			json_object_set_new(o, "client", json_string(u->devices[i].name));
			json_object_set_new(o, "state",
					    json_string(cloud_client_name(u->devices[i].state)));
			json_array_append_new(list, o);
		}
	for (size_t i = 0; i < u->sessions_n; i++) {
		const struct cloud_app_session *s = &u->sessions[i];

		if (!cloud_app_vote(&c->rules, s->pair, s->set_ms, s->expires_ms, c->now_ms, &v))
			continue;
		json_t *o = pair_json(v.pair);
		json_object_set_new(o, "app", json_string(s->id));
		json_object_set_new(o, "set", pair_json(s->pair));
		json_object_set_new(o, "age_s", json_integer((c->now_ms - s->set_ms) / 1000));
		json_object_set_new(o, "expires_in_s", json_integer((s->expires_ms - c->now_ms) / 1000));
		json_array_append_new(list, o);
	}
	return list;
}

/* The strongest of the clients' states, in words: what the acceptance table calls "Teams client". */
static const char *client_word(const struct cloud_user *u)
{
	unsigned best = CLOUD_CLIENT_SIGNED_OUT;

	for (size_t i = 0; i < CLOUD_DEVICES_MAX; i++)
		if (u->devices[i].state > best)
			best = u->devices[i].state;
	return cloud_client_name(best);
}

json_t *cloud_state_json(struct cloud *c, uint32_t user)
{
	struct cloud_user *u = &c->users[user];
	struct cloud_pair seen = cloud_user_shown(c, u, c->switches.visible_after_ms);
	const struct cloud_app_session *ours = cloud_app_session(c, u, c->apps[0].id);
	json_t *o = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:I,s:I}", "email",
			      u->mail ? u->mail : u->upn, "upn", u->upn, "name", u->name, "id", u->id,
			      "availability", cloud_availability_name(seen.availability), "activity",
			      cloud_activity_name(seen.activity), "client", client_word(u), "sessions",
			      sessions_json(c, u), "writes", (json_int_t)u->writes, "reads",
			      (json_int_t)u->reads);

	json_object_set_new(o, "becomes", pair_json(cloud_user_seen(c, u)));
	json_object_set_new(o, "calendar",
			    u->has_calendar && c->now_ms < u->calendar_until_ms ? pair_json(u->calendar)
										: json_null());
	json_object_set_new(o, "session", ours ? pair_json(ours->pair) : json_null());
	json_object_set_new(o, "preferred",
			    cloud_has_preferred(c, u) ? pair_json(u->preferred) : json_null());
	if (u->has_preferred)
		json_object_set_new(json_object_get(o, "preferred"), "by_hand", json_boolean(u->by_hand));
	json_object_set_new(o, "message",
			    u->message && c->now_ms < u->message_until_ms ? json_string(u->message)
									  : json_null());
	bool ends = u->message && u->message_until_ms != INT64_MAX;
	json_object_set_new(o, "message_ends_in_s",
			    ends ? json_integer((u->message_until_ms - c->now_ms) / 1000) : json_null());
	if (u->disabled || u->guest || u->unlicensed)
		json_object_set_new(o, "flags",
				    json_sprintf("%s%s%s", u->disabled ? "disabled " : "",
						 u->guest ? "guest " : "",
						 u->unlicensed ? "unlicensed " : ""));
	return o;
}

static uint64_t number_param(const struct control *q, const char *name, uint64_t max, uint64_t usual)
{
	uint64_t n;

	return slice_u64(cloud_param(q->query, name), max, &n) == ERR_OK ? n : usual;
}

static bool contains_nocase(const char *text, const char *part)
{
	return part[0] == '\0' || (text && strcasestr(text, part));
}

static json_t *clock_json(const struct cloud *c)
{
	char text[40];

	cloud_time_text(c->now_ms, text, sizeof text, "%Y-%m-%dT%H:%M:%SZ");
	return json_pack("{s:s,s:I,s:I}", "now", text, "now_ms", (json_int_t)c->now_ms, "ahead_s",
			 (json_int_t)c->ahead_ms / 1000);
}

void control_state(struct control *q)
{
	uint64_t from = number_param(q, "from", CLOUD_USERS_MAX, 0);
	uint64_t limit = number_param(q, "limit", STATE_MAX, STATE_MAX);
	json_t *list = json_array();
	struct buf match;

	buf_init(&match, 200);
	if (!cloud_unescape(cloud_param(q->query, "match"), true, &match))
		buf_reset(&match);
	for (uint32_t i = (uint32_t)from; i < q->c->users_n && json_array_size(list) < limit; i++) {
		const struct cloud_user *u = &q->c->users[i];

		if (!u->deleted && (contains_nocase(u->upn, buf_cstr(&match)) ||
				    contains_nocase(u->mail, buf_cstr(&match)) ||
				    contains_nocase(u->name, buf_cstr(&match))))
			json_array_append_new(list, cloud_state_json(q->c, i));
	}
	buf_fini(&match);
	q->out = json_pack("{s:o,s:i,s:o}", "clock", clock_json(q->c), "users_total",
			   (int)q->c->users_n, "users", list);
}

void control_users(struct control *q)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < q->c->users_n; i++) {
		const struct cloud_user *u = &q->c->users[i];

		if (!u->deleted)
			json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s}", "email",
							      u->mail ? u->mail : u->upn, "upn",
							      u->upn, "name", u->name, "id", u->id));
	}
	q->out = json_pack("{s:o}", "users", list);
}

void control_user(struct control *q)
{
	q->out = cloud_state_json(q->c, q->user);
}

void control_clock(struct control *q)
{
	q->out = clock_json(q->c);
}

static json_t *log_json(const struct cloud *c, const struct cloud_log_entry *e)
{
	char text[40];
	json_t *o;

	cloud_time_text(e->at_ms, text, sizeof text, "%Y-%m-%dT%H:%M:%SZ");
	o = json_pack("{s:I,s:s,s:I,s:s,s:s,s:i,s:s,s:b}", "id", (json_int_t)e->id, "time", text,
		      "time_ms", (json_int_t)e->at_ms, "method", e->method, "op",
		      cloud_op_name(e->op), "status", (int)e->status, "summary", e->summary, "part",
		      (int)e->part);
	json_object_set_new(o, "path", json_string(e->path));
	json_object_set_new(o, "user",
			    e->user == CLOUD_NO_USER ? json_null() : json_string(c->users[e->user].upn));
	return o;
}

void control_log(struct control *q)
{
	const struct cloud *c = q->c;
	uint64_t n = number_param(q, "n", CLOUD_LOG, 100);
	uint64_t since = number_param(q, "since", UINT64_MAX, 0);
	uint64_t first = c->log_next > n ? c->log_next - n : 0;
	json_t *list = json_array();

	for (uint64_t i = first > since ? first : since; i < c->log_next; i++)
		json_array_append_new(list, log_json(c, &c->log[i % CLOUD_LOG]));
	q->out = json_pack("{s:I,s:o}", "next", (json_int_t)c->log_next, "log", list);
}

void control_counters(struct control *q)
{
	struct cloud_counters n;
	json_t *ops = json_object(), *status = json_object();
	char text[8];

	cloud_counters(q->c, &n);
	for (unsigned i = 0; i < CLOUD_OP_COUNT; i++)
		json_object_set_new(ops, cloud_op_name(i), json_integer((json_int_t)n.requests[i]));
	for (unsigned i = 0; i < ARRAY_LEN(n.status); i++)
		if (n.status[i]) {
			snprintf(text, sizeof text, "%u", i);
			json_object_set_new(status, text, json_integer((json_int_t)n.status[i]));
		}
	q->out = json_pack("{s:o,s:o,s:I,s:I,s:I,s:I,s:I}", "requests", ops, "status", status,
			   "tokens", (json_int_t)n.tokens, "writes", (json_int_t)n.writes, "throttled",
			   (json_int_t)n.throttled, "faults", (json_int_t)n.faults, "presence_peak",
			   (json_int_t)n.presence_peak);
}

static json_t *fault_json(const struct cloud *c, const struct cloud_fault *f)
{
	json_t *o = json_pack("{s:s,s:I,s:i,s:i,s:I,s:i,s:b}", "kind", cloud_fault_name(f->kind),
			      "count", (json_int_t)f->count, "percent", (int)f->percent, "status",
			      (int)f->status, "delay_ms", (json_int_t)f->delay_ms, "code", (int)f->code,
			      "after_apply", (int)f->after_apply);

	if (f->user != CLOUD_NO_USER)
		json_object_set_new(o, "user", json_string(c->users[f->user].upn));
	return o;
}

void control_faults(struct control *q)
{
	json_t *list = json_array();

	for (size_t i = 0; i < q->c->faults_n; i++)
		json_array_append_new(list, fault_json(q->c, &q->c->faults[i]));
	q->out = json_pack("{s:o}", "faults", list);
}

static json_t *limit_json(const struct cloud_limit_config *l)
{
	return json_pack("{s:s,s:i,s:i,s:b}", "shape", cloud_limit_shape_name(l->shape), "quota",
			 (int)l->quota, "window_ms", (int)l->window_ms, "count_rejects",
			 (int)!l->forgive_rejects);
}

void control_limiter(struct control *q)
{
	q->out = json_pack("{s:o,s:o}", "presence", limit_json(&q->c->presence.conf), "directory",
			   limit_json(&q->c->directory.conf));
}

/* ---- routes ---- */

static bool fits(struct control *q, struct slice path, const char *pattern, struct buf *name,
		 bool *ret_user)
{
	struct slice rest = slice_str(pattern), want, have;

	*ret_user = false;
	while (slice_split(&rest, '/', &want)) {
		if (!slice_split(&path, '/', &have))
			return false;
		if (!slice_is(want, "@") && !slice_is(want, "*")) {
			if (!slice_eq(want, have))
				return false;
			continue;
		}
		buf_reset(name);
		if (have.n == 0 || !cloud_unescape(have, false, name))
			return false;
		q->name = buf_view(name);
		*ret_user = slice_is(want, "@");
	}
	return path.p == NULL;
}

static void route(struct control *q, struct slice method, struct slice path, struct buf *name)
{
	bool known = false, user;

	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!fits(q, path, routes[i].path, name, &user))
			continue;
		known = true;
		if (!slice_is(method, routes[i].method))
			continue;
		q->user = user ? cloud_user_find(q->c, q->name) : CLOUD_NO_USER;
		if (user && q->user == CLOUD_NO_USER) {
			control_refuse(q, 404, "no user %.*s", SLICE_ARG(slice_sub(q->name, 0, 200)));
			return;
		}
		if (slice_is(method, "POST") && !q->in && routes[i].serve != control_reset)
			control_refuse(q, 400, "a JSON object is expected");
		else
			routes[i].serve(q);
		return;
	}
	control_refuse(q, known ? 405 : 404, known ? "method not allowed" : "no such path");
}

void cloud_control(struct cloud *c, int64_t now_ms, const struct cloud_request *rq,
		   struct cloud_response *ret)
{
	size_t question = slice_find(rq->target, '?');
	struct control q = { .c = c,
			     .query = slice_sub(rq->target, question + 1, rq->target.n),
			     .status = 200 };
	struct buf name;
	json_error_t error;

	cloud_response_fini(ret);
	cloud_response_init(ret);
	ret->date_ms = cloud_now(c, now_ms);
	buf_init(&name, 2048);
	if (rq->body.n > 0)
		q.in = json_loadb(rq->body.p, rq->body.n, JSON_REJECT_DUPLICATES, &error);
	if (rq->body.n > 0 && !q.in)
		control_refuse(&q, 400, "line %d: %s", error.line, error.text);
	else
		route(&q, rq->method, slice_sub(rq->target, 0, question), &name);
	char *text = json_dumps(q.out ? q.out : json_null(), JSON_INDENT(1) | JSON_ENCODE_ANY);
	ret->status = (uint16_t)q.status;
	buf_str(&ret->headers, "Content-Type: application/json\r\nCache-Control: no-store\r\n");
	buf_str(&ret->body, text ? text : "{}");
	buf_str(&ret->body, "\n");
	free(text);
	buf_fini(&name);
	json_decref(q.in);
	json_decref(q.out);
}
