#include "admin/alarms_look.h"

#include <inttypes.h>
#include <stdio.h>

enum { BACKLOG_MS = 30000, DAY_MS = 86400000 };

static uint64_t counter_of(const struct admin_counter *v, uint32_t n, const char *name)
{
	for (uint32_t i = 0; i < n; i++)
		if (strcmp(v[i].name, name) == 0)
			return v[i].value;
	return 0;
}

static void see_number(struct alarms *a, enum alarm_kind kind, struct slice account,
		       struct slice connector, uint64_t n, const char *what)
{
	char detail[ALARM_DETAIL_MAX];

	snprintf(detail, sizeof(detail), "%" PRIu64 " %s", n, what);
	alarms_see(a, kind, account, connector, 0, slice_str(detail));
}

static void look_at_connector(struct alarms *a, struct slice account,
			      const struct admin_connector *c)
{
	if (!c->up)
		alarms_see(a, ALARM_CONNECTOR_DOWN, account, c->name, c->since_wall_ms, c->state);
	else if (!c->logged_in)
		alarms_see(a, ALARM_CONNECTOR_LOGIN, account, c->name, c->since_wall_ms, c->state);
	if (c->missing.n)
		alarms_see(a, ALARM_CONNECTOR_RIGHTS, account, c->name, 0, c->missing);
	if (c->refused)
		see_number(a, ALARM_LINES_REFUSED, account, c->name, c->refused, "refused");
}

static void look_at_connectors(struct alarms *a, struct snapshot *s, struct snap_copy *copy)
{
	struct snap_copy account = { 0 };

	for (uint32_t c = snapshot_next_connector(s, 0); c != ID_NONE;
	     c = snapshot_next_connector(s, c + 1))
		if (snapshot_connector(s, c, copy) &&
		    snapshot_account(s, copy->connector.account, &account) &&
		    account.account.mode != MODE_OFF)
			look_at_connector(a, account.account.name, &copy->connector);
	snap_copy_fini(&account);
}

static void look_at_credential(struct alarms *a, const struct admin_account *v)
{
	int64_t left_ms = v->credential_ends_wall_ms - alarms_wall_ms(a);
	bool secret = v->credential_is_secret;

	if (!v->credential_ends_wall_ms || alarms_wall_ms(a) < v->credential_warns_wall_ms)
		return;
	if (left_ms <= 0)
		alarms_see(a, secret ? ALARM_SECRET_ENDED : ALARM_CERTIFICATE_ENDED, v->name, SLICE_NONE, 0,
			   SLICE_NONE);
	else
		see_number(a, secret ? ALARM_SECRET_ENDS : ALARM_CERTIFICATE_ENDS, v->name, SLICE_NONE,
			   (uint64_t)(left_ms / DAY_MS), "days left");
}

static void look_at_account(struct alarms *a, struct snapshot *s, const struct admin_account *v)
{
	struct snap_census census;
	uint32_t lost = 0;

	if (v->token == 3)
		alarms_see(a, ALARM_TOKEN_REFUSED, v->name, SLICE_NONE, 0, v->token_error);
	if (v->class[URGENCY_RISE].wait_ms > BACKLOG_MS)
		see_number(a, ALARM_BACKLOG, v->name, SLICE_NONE,
			   (uint64_t)v->class[URGENCY_RISE].wait_ms / 1000,
			   "s until the last is sent");
	for (int k = 0; k < ALARM_COUNT; k++)
		if (alarm_rows[k].note)
			alarms_count(a, (enum alarm_kind)k, v->name,
				     counter_of(v->counters, v->counters_n, alarm_rows[k].note));
	look_at_credential(a, v);
	snapshot_census(s, v->account, &census);
	for (int m = 0; m < MATCH_COUNT; m++)
		if (m != MATCH_MATCHED && m != MATCH_WAITING)
			lost += census.match[m];
	if (lost)
		see_number(a, ALARM_MATCHING, v->name, SLICE_NONE, lost, "people");
	if (census.backing_off)
		see_number(a, ALARM_BACKING_OFF, v->name, SLICE_NONE, census.backing_off, "people");
	if (census.conflicts)
		see_number(a, ALARM_CONFLICT, v->name, SLICE_NONE, census.conflicts, "people");
}

static void look_at_engine(struct alarms *a, const struct admin_engine *e)
{
	uint64_t done = counter_of(e->daemon, e->daemon_n, "reloads"),
		 failed = counter_of(e->daemon, e->daemon_n, "reload_refused");

	/* before the first turn nothing is known yet */
	if (e->users_max && ((uint64_t)e->users * 10 >= (uint64_t)e->users_max * 9 ||
			     (uint64_t)e->lines * 10 >= (uint64_t)e->lines_max * 9))
		see_number(a, ALARM_CAPACITY, SLICE_NONE, SLICE_NONE, e->users, "people");
	if (counter_of(e->daemon, e->daemon_n, "store_failing"))
		alarms_see(a, ALARM_STORE, SLICE_NONE, SLICE_NONE, 0, SLICE_NONE);
	if (e->messages_failing)
		alarms_see(a, ALARM_MESSAGES, SLICE_NONE, SLICE_NONE, 0, e->messages_error);
	if (done && failed)
		alarms_see(a, ALARM_RELOAD, SLICE_NONE, SLICE_NONE, 0, SLICE_NONE);
}

void alarms_look(struct alarms *a, struct snapshot *s, struct snap_copy *copy)
{
	look_at_connectors(a, s, copy);
	for (uint16_t i = snapshot_next_account(s, 0); i != UINT16_MAX;
	     i = snapshot_next_account(s, (uint32_t)i + 1))
		if (snapshot_account(s, i, copy) && copy->account.mode != MODE_OFF)
			look_at_account(a, s, &copy->account);
	if (snapshot_engine(s, copy))
		look_at_engine(a, &copy->engine);
}
