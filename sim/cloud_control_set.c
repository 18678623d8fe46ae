/* The control API, setting half: people, clients, clock, faults, limits. doc/teamsim.md. */
#include <stdio.h>
#include <stdlib.h>

#include "cloud_control.h"

enum { ALIASES_MAX = 16, ADVANCE_MAX_S = 366 * 86400 };

static struct slice text_of(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	return json_is_string(v) ? slice_of(json_string_value(v), json_string_length(v)) : SLICE_NONE;
}

static const char *string_of(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

/* ---- people ---- */

static enum err add_user(struct cloud *c, const json_t *o, uint32_t *ret)
{
	const char *aliases[ALIASES_MAX];
	const json_t *list = json_object_get(o, "aliases"), *alias;
	struct cloud_user_config u = { .email = string_of(o, "email"),
				       .upn = string_of(o, "upn"),
				       .name = string_of(o, "name"),
				       .id = string_of(o, "id"),
				       .aliases = aliases,
				       .disabled = json_is_true(json_object_get(o, "disabled")),
				       .guest = json_is_true(json_object_get(o, "guest")),
				       .unlicensed = json_is_true(json_object_get(o, "unlicensed")) };
	size_t i;

	json_array_foreach(list, i, alias)
	{
		if (u.aliases_n == ALIASES_MAX || !json_is_string(alias))
			return ERR_LIMIT;
		aliases[u.aliases_n++] = json_string_value(alias);
	}
	return cloud_user_add(c, &u, ret);
}

/* One object, or an array of them: all or, at the first bad one, those before it. */
void control_add_users(struct control *q)
{
	json_t *list = json_is_array(q->in) ? json_incref(q->in) : json_pack("[O]", q->in);
	json_t *ids = json_array(), *o;
	size_t i;
	enum err e = ERR_OK;
	uint32_t user;

	json_array_foreach(list, i, o)
	{
		e = add_user(q->c, o, &user);
		if (e)
			break;
		json_array_append_new(ids, json_string(q->c->users[user].id));
	}
	if (e)
		control_refuse(q, e == ERR_EXISTS ? 409 : 400, "user number %zu: %s", i, err_name(e));
	else
		q->out = json_pack("{s:O}", "ids", ids);
	json_decref(ids);
	json_decref(list);
}

void control_delete_user(struct control *q)
{
	cloud_user_delete(q->c, q->user, true);
	q->out = json_object();
}

void control_client(struct control *q)
{
	const char *device = string_of(q->in, "device");
	uint8_t state;
	enum err e;

	if (!cloud_client_parse(text_of(q->in, "state"), &state)) {
		control_refuse(q, 400,
			       "state is one of signed-out, inactive, active, busy, meeting, "
			       "presenting, focusing");
		return;
	}
	e = cloud_client_set(q->c, 0, q->user, device ? device : "", state);
	if (e)
		control_refuse(q, 400, "device: %s", err_name(e));
	else
		q->out = cloud_state_json(q->c, q->user);
}

static bool preferred_of(uint8_t availability, struct cloud_pair *ret)
{
	for (uint8_t i = 0; i < CLOUD_ACTIVITY_COUNT; i++) {
		*ret = (struct cloud_pair){ availability, i };
		if (cloud_preferred_pair_days(*ret) > 0)
			return true;
	}
	return false;
}

void control_pin(struct control *q)
{
	const json_t *v = json_object_get(q->in, "availability");
	struct cloud_pair pair;

	if (json_is_null(v)) {
		cloud_pin(q->c, 0, q->user, NULL);
	} else if (!cloud_availability_parse(text_of(q->in, "availability"), &pair.availability) ||
		   !preferred_of(pair.availability, &pair)) {
		control_refuse(q, 400,
			       "availability is null or one of Available, Busy, DoNotDisturb, "
			       "BeRightBack, Away, Offline");
		return;
	} else {
		cloud_pin(q->c, 0, q->user, &pair);
	}
	q->out = cloud_state_json(q->c, q->user);
}

/* As written by hand, without an end; null takes it away. */
void control_message(struct control *q)
{
	struct cloud_user *u = &q->c->users[q->user];
	const json_t *v = json_object_get(q->in, "text");

	if (!json_is_string(v) && !json_is_null(v)) {
		control_refuse(q, 400, "text is a text or null");
		return;
	}
	free(u->message);
	u->message = json_is_string(v) ? strdup(json_string_value(v)) : NULL;
	u->message_until_ms = INT64_MAX;
	q->out = cloud_state_json(q->c, q->user);
}

void control_away(struct control *q)
{
	q->c->users[q->user].out_of_office = json_is_true(json_object_get(q->in, "on"));
	q->out = cloud_state_json(q->c, q->user);
}

/* ---- the clock ---- */

void control_advance(struct control *q)
{
	double s = json_number_value(json_object_get(q->in, "seconds"));

	if (!(s > 0) || s > ADVANCE_MAX_S) {
		control_refuse(q, 400, "seconds is a number above 0, at most a year");
		return;
	}
	cloud_advance(q->c, (int64_t)(s * 1000));
	q->c->now_ms += (int64_t)(s * 1000);
	control_clock(q);
}

/* ---- faults ---- */

static bool find_name(struct slice s, unsigned count, const char *(*name)(unsigned), unsigned *ret)
{
	for (unsigned i = 0; i < count; i++)
		if (slice_is_nocase(s, name(i))) {
			*ret = i;
			return true;
		}
	return false;
}

static const char *cut_name(unsigned cut)
{
	static const char *const names[] = { "none", "before", "after", "mid" };

	return names[cut];
}

static bool fault_ops(struct control *q, const json_t *o, struct cloud_fault *f)
{
	const json_t *ops = json_object_get(o, "ops"), *op;
	unsigned n;
	size_t i;

	json_array_foreach(ops, i, op)
	{
		if (!json_is_string(op) || !find_name(slice_str(json_string_value(op)), CLOUD_OP_COUNT,
						      cloud_op_name, &n)) {
			control_refuse(q, 400, "ops: unknown operation");
			return false;
		}
		f->ops |= 1u << n;
	}
	return true;
}

static bool fault_user(struct control *q, const json_t *o, struct cloud_fault *f)
{
	struct slice user = text_of(o, "user");

	f->user = user.p ? cloud_user_find(q->c, user) : CLOUD_NO_USER;
	if (user.p && f->user == CLOUD_NO_USER)
		control_refuse(q, 400, "user: nobody has this name");
	return !user.p || f->user != CLOUD_NO_USER;
}

static json_int_t whole(const json_t *o, const char *name, json_int_t max)
{
	json_int_t v = json_integer_value(json_object_get(o, name));

	return v < -max ? -max : v > max ? max : v;
}

static bool read_fault(struct control *q, const json_t *o, struct cloud_fault *f)
{
	unsigned kind, cut = CLOUD_CUT_NONE;

	if (!find_name(text_of(o, "kind"), CLOUD_FAULT_COUNT, cloud_fault_name, &kind)) {
		control_refuse(q, 400, "kind: unknown, see cloud_faults.def");
		return false;
	}
	if (text_of(o, "when").p && !find_name(text_of(o, "when"), CLOUD_CUT_COUNT, cut_name, &cut)) {
		control_refuse(q, 400, "when is before, after or mid");
		return false;
	}
	*f = (struct cloud_fault){ .kind = (uint8_t)kind,
				   .cut = (uint8_t)cut,
				   .status = (uint16_t)llabs(whole(o, "status", 999)),
				   .count = (uint32_t)llabs(whole(o, "count", 1000000)),
				   .percent = (uint8_t)llabs(whole(o, "percent", 255)),
				   .after_apply = json_is_true(json_object_get(o, "after_apply")),
				   .code = (int32_t)whole(o, "code", 10000000),
				   .delay_ms = whole(o, "delay_ms", 3600000) };
	struct slice retry = text_of(o, "retry_after");
	if (slice_copy(retry, f->retry_after, sizeof f->retry_after) != ERR_OK ||
	    strpbrk(f->retry_after, "\r\n")) {
		control_refuse(q, 400, "retry_after is a short text");
		return false;
	}
	return fault_ops(q, o, f) && fault_user(q, o, f);
}

void control_add_faults(struct control *q)
{
	json_t *list = json_is_array(q->in) ? json_incref(q->in) : json_pack("[O]", q->in);
	json_t *o;
	size_t i;
	struct cloud_fault f;

	json_array_foreach(list, i, o)
	{
		if (!read_fault(q, o, &f))
			break;
		if (cloud_fault_add(q->c, &f) != ERR_OK) {
			control_refuse(q, 400, "fault number %zu does not fit", i);
			break;
		}
	}
	if (!q->out)
		control_faults(q);
	json_decref(list);
}

void control_clear_faults(struct control *q)
{
	cloud_faults_clear(q->c);
	q->out = json_object();
}

/* ---- limits and switches ---- */

static const char *retry_name(unsigned form)
{
	static const char *const names[] = { "integer", "decimal", "date", "absent", "mixed" };

	return names[form];
}

static bool read_limit(struct control *q, const json_t *o, struct cloud_limit_config *l)
{
	struct slice shape = text_of(o, "shape");
	unsigned n = l->shape;

	if (shape.p && !find_name(shape, CLOUD_LIMIT_SHAPE_COUNT, cloud_limit_shape_name, &n)) {
		control_refuse(q, 400, "shape is sliding, fixed or bucket");
		return false;
	}
	l->shape = (uint8_t)n;
	if (json_object_get(o, "quota"))
		l->quota = (uint32_t)llabs(whole(o, "quota", CLOUD_LIMIT_QUOTA_MAX));
	if (json_object_get(o, "window_ms"))
		l->window_ms = (int32_t)whole(o, "window_ms", 86400000);
	if (json_object_get(o, "count_rejects"))
		l->forgive_rejects = json_is_false(json_object_get(o, "count_rejects"));
	return true;
}

/* The members of the object itself are the presence limit's; "directory" holds the other's. */
void control_set_limiter(struct control *q)
{
	struct cloud_limit_config presence = q->c->presence.conf, directory = q->c->directory.conf;
	const json_t *other = json_object_get(q->in, "directory");
	struct slice retry = text_of(q->in, "retry_after");
	unsigned form = q->c->retry_form;

	if (retry.p && !find_name(retry, CLOUD_RETRY_COUNT, retry_name, &form)) {
		control_refuse(q, 400, "retry_after is integer, decimal, date, absent or mixed");
		return;
	}
	if (!read_limit(q, q->in, &presence) || (other && !read_limit(q, other, &directory)))
		return;
	if (cloud_presence_limit(q->c, 0, &presence) != ERR_OK ||
	    (other && cloud_directory_limit(q->c, 0, &directory) != ERR_OK)) {
		control_refuse(q, 400, "the limit is out of range");
		return;
	}
	cloud_retry_after(q->c, form);
	control_limiter(q);
}

static const char *check_name(unsigned what)
{
	static const char *const names[] = { "body", "token", "role", "user", "limit" };

	return names[what];
}

static void read_flag(const json_t *o, const char *name, bool *flag)
{
	if (json_object_get(o, name))
		*flag = json_is_true(json_object_get(o, name));
}

static void read_seconds(const json_t *o, const char *name, int64_t *ret)
{
	const json_t *v = json_object_get(o, name);

	if (json_is_number(v))
		*ret = (int64_t)(json_number_value(v) * 1000);
}

void control_switches(struct control *q)
{
	struct cloud_switches s = q->c->switches;
	const json_t *order = json_object_get(q->in, "order"), *what;
	size_t i;
	unsigned n = 0;

	read_flag(q->in, "foreign_session", &s.foreign_session);
	read_flag(q->in, "upn_in_path", &s.upn_in_path);
	read_flag(q->in, "unknown_listed", &s.unknown_listed);
	read_flag(q->in, "oldest_wins", &s.oldest_wins);
	read_flag(q->in, "name_case", &s.name_case);
	read_flag(q->in, "calendar_alone", &s.calendar_alone);
	read_seconds(q->in, "visible_after", &s.visible_after_ms);
	read_seconds(q->in, "read_after", &s.read_after_ms);
	json_array_foreach(order, i, what)
		if (i < CLOUD_CHECK_COUNT && json_is_string(what) &&
		    find_name(slice_str(json_string_value(what)), CLOUD_CHECK_COUNT, check_name, &n))
			s.order[i] = (uint8_t)n;
	if (cloud_switch(q->c, &s) != ERR_OK)
		control_refuse(q, 400,
			       "order names body, token, role, user and limit, each once; delays "
			       "are seconds, "
			       "at most 600");
	else
		q->out = json_object();
}

void control_add_app(struct control *q)
{
	const char *id = string_of(q->in, "client_id");
	struct secret secret = { 0 };
	enum err e = secret_set(&secret, text_of(q->in, "client_secret"));

	if (!e)
		e = cloud_app_add(q->c, id ? id : "", &secret, string_of(q->in, "roles"));
	secret_fini(&secret);
	if (e)
		control_refuse(q, 400, "app: %s", err_name(e));
	else
		q->out = json_object();
}

void control_roles(struct control *q)
{
	const char *roles = string_of(q->in, "roles");
	char id[64];
	enum err e = slice_copy(q->name, id, sizeof id);

	if (!e)
		e = cloud_app_roles(q->c, id, roles ? roles : "");
	if (e)
		control_refuse(q, e == ERR_NOT_FOUND ? 404 : 400, "roles: %s", err_name(e));
	else
		q->out = json_object();
}

static void reset_user(struct cloud_user *u)
{
	memset(u->devices, 0, sizeof u->devices);
	u->sessions_n = 0;
	u->has_preferred = u->deleted = u->out_of_office = u->has_calendar = false;
	u->changes_n = 0;
	free(u->message);
	u->message = NULL;
	u->writes = u->reads = 0;
}

/* Who was deleted is back, unless somebody else has the address now. */
static void bury_doubles(struct cloud *c)
{
	for (uint32_t i = 0; i < c->users_n; i++) {
		struct slice upn = slice_str(c->users[i].upn);

		for (uint32_t at = cloud_name_first(c, upn); at != CLOUD_NO_USER;
		     at = cloud_name_next(c, at, upn))
			c->users[i].deleted |= c->names[at].user > i &&
					       slice_is_nocase(upn, c->users[c->names[at].user].upn);
	}
}

/* Sessions, clients, faults, counters and the log go; people stay unless {"users": true}; the clock
 * and issued tokens stay. */
void control_reset(struct control *q)
{
	struct cloud *c = q->c;

	for (uint32_t i = 0; i < c->users_n; i++)
		reset_user(&c->users[i]);
	bury_doubles(c);
	if (json_is_true(json_object_get(q->in, "users")))
		cloud_users_fini(c), cloud_groups_fini(c);
	cloud_faults_clear(c);
	memset(&c->counters, 0, sizeof c->counters);
	c->log_next = 0;
	/* The same limits again, empty. */
	struct cloud_limit_config presence = c->presence.conf, directory = c->directory.conf;
	if (cloud_presence_limit(c, 0, &presence) != ERR_OK ||
	    cloud_directory_limit(c, 0, &directory) != ERR_OK)
		control_refuse(q, 500, "no memory");
	else
		q->out = json_object();
}
