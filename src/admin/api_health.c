#include <inttypes.h>

#include "admin/impl.h"
#include "admin/words.h"
#include "base/jsonw.h"

void api_healthz(struct request *r)
{
	struct admin *a = r->admin;
	int64_t silent_ms = a->c.mono_ms() - atomic_load(&a->beat_ms);
	struct jsonw j = jsonw_on(&r->out);
	bool ok = silent_ms < STALLED_MS;

	jsonw_begin_object(&j, NULL);
	jsonw_string(&j, "status", ok ? "ok" : "stalled");
	jsonw_int(&j, "silent_ms", silent_ms > 0 ? silent_ms : 0);
	jsonw_string(&j, "version", OFFHOOK_VERSION);
	jsonw_end_object(&j);
	respond_json(r, ok ? 200 : 503);
}

void api_readyz(struct request *r)
{
	struct admin *a = r->admin;
	struct jsonw j = jsonw_on(&r->out);
	bool ready;

	pthread_mutex_lock(&a->lock);
	ready = a->ready;
	jsonw_begin_object(&j, NULL);
	jsonw_bool(&j, "ready", ready);
	jsonw_string(&j, "why", a->why);
	jsonw_end_object(&j);
	pthread_mutex_unlock(&a->lock);
	respond_json(r, ready ? 200 : 503);
}

/* ---- check: what is seen to be wrong, from the snapshot ---- */

static void begin_check(struct jsonw *j, const char *what, struct slice account,
			struct slice object, bool ok)
{
	jsonw_begin_object(j, NULL);
	jsonw_string(j, "name", what);
	jsonw_slice(j, "account", account);
	if (object.n)
		jsonw_slice(j, "object", object);
	jsonw_bool(j, "ok", ok);
}

static uint64_t counter_of(const struct admin_counter *v, uint32_t n, const char *name)
{
	for (uint32_t i = 0; i < n; i++)
		if (strcmp(v[i].name, name) == 0)
			return v[i].value;
	return 0;
}

static bool check_token(struct jsonw *j, const struct admin_account *v)
{
	bool ok = v->mode == MODE_OFF || v->token == 2;

	begin_check(j, "graph token", v->name, SLICE_NONE, ok);
	if (v->token_error.n)
		jsonw_slice(j, "text", v->token_error);
	else
		jsonw_string(j, "text",
			     v->mode == MODE_OFF ? "the account is off"
			     : ok		 ? "signed in to microsoft entra"
						 : "no token yet");
	jsonw_end_object(j);
	return ok;
}

static bool check_permission(struct jsonw *j, const struct admin_account *v)
{
	bool presence = counter_of(v->counters, v->counters_n, "permission") == 0;
	bool lookup = counter_of(v->counters, v->counters_n, "lookup_denied") == 0;

	begin_check(j, "graph permissions", v->name, SLICE_NONE, presence && lookup);
	jsonw_string(j, "text",
		     !presence ? "grant Presence.ReadWrite.All and admin consent"
		     : !lookup ? "grant User.Read.All, or give each user's teams_id"
			       : "nothing refused so far");
	jsonw_end_object(j);
	return presence && lookup;
}

static bool check_gate(struct jsonw *j, const struct admin_account *v)
{
	begin_check(j, "graph quota", v->name, SLICE_NONE, !v->gate_closed);
	jsonw_string(j, "text", v->gate_closed ? "microsoft graph asks to wait" : "open");
	jsonw_end_object(j);
	return !v->gate_closed;
}

static bool check_connector(struct jsonw *j, const struct admin_connector *v, const struct names *n)
{
	bool ok = v->up && !v->refused;
	struct buf b;

	begin_check(j, "connector", names_account(n, v->account), v->name, ok);
	buf_init(&b, 2048);
	buf_fmt(&b, "%s, %" PRIu32 " of %" PRIu32 " lines live", v->up ? "up" : "down", v->live,
		v->lines);
	if (v->refused)
		buf_fmt(&b, ", %" PRIu32 " refused", v->refused);
	if (v->state.n) {
		buf_str(&b, ": ");
		buf_slice(&b, v->state);
	}
	jsonw_slice(j, "text", buf_view(&b));
	jsonw_end_object(j);
	buf_fini(&b);
	return ok;
}

static bool check_users(struct jsonw *j, struct slice account, const struct snap_census *c)
{
	struct buf b;

	begin_check(j, "users", account, SLICE_NONE, !c->backing_off && !c->conflicts);
	buf_init(&b, 256);
	buf_fmt(&b, "%" PRIu32 " users, %" PRIu32 " held, %" PRIu32 " refused by Graph", c->users,
		c->held, c->backing_off);
	if (c->conflicts)
		buf_fmt(&b, ", %" PRIu32 " written by another application with our client id", c->conflicts);
	jsonw_slice(j, "text", buf_view(&b));
	jsonw_end_object(j);
	buf_fini(&b);
	return !c->backing_off && !c->conflicts;
}

static bool check_account(struct admin *a, struct jsonw *j, uint16_t account)
{
	struct snap_census census;
	const struct admin_account *v = &a->copy.account;
	bool ok = true;

	if (!snapshot_account(a->snapshot, account, &a->copy))
		return true;
	snapshot_census(a->snapshot, account, &census);
	ok = check_token(j, v) && ok;
	ok = check_permission(j, v) && ok;
	ok = check_gate(j, v) && ok;
	return check_users(j, v->name, &census) && ok;
}

void api_check_show(struct request *r)
{
	struct admin *a = r->admin;
	struct jsonw j = jsonw_on(&r->out);
	bool ok = true;

	names_refresh(a->names);
	jsonw_begin_object(&j, NULL);
	jsonw_begin_array(&j, "checks");
	for (uint32_t i = snapshot_next_account(a->snapshot, 0); i != UINT16_MAX;
	     i = snapshot_next_account(a->snapshot, i + 1))
		ok = (!caller_sees(r, (uint16_t)i) || check_account(a, &j, (uint16_t)i)) && ok;
	for (uint32_t i = snapshot_next_connector(a->snapshot, 0); i != ID_NONE;
	     i = snapshot_next_connector(a->snapshot, i + 1))
		if (snapshot_connector(a->snapshot, i, &a->copy) && caller_sees(r, a->copy.connector.account))
			ok = check_connector(&j, &a->copy.connector, a->names) && ok;
	jsonw_end_array(&j);
	jsonw_bool(&j, "ok", ok);
	jsonw_end_object(&j);
	respond_json(r, 200);
}
