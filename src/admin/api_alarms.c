/* api_alarms.c - alarms, and the last day in numbers. */
#include "admin/auth/api.h"
#include "admin/impl.h"
#include "admin/said.h"

static json_t *alarm_json(const struct alarm *x)
{
	const struct alarm_row *row = &alarm_rows[x->kind];

	json_t *j = json_pack("{s:s,s:s,s:o,s:o,s:s,s:s,s:o}", "id", row->name, "severity",
			      severity_name((enum severity)row->severity), "account",
			      x->account[0] ? json_string(x->account) : json_null(), "connector",
			      x->connector[0] ? json_string(x->connector) : json_null(), "text",
			      row->text, "fix", row->fix, "since", api_instant(x->since_wall_ms));

	said_set(j, "detail", x->detail);
	return j;
}

/* What is of no account concerns those who see everything. */
static bool may_see(struct request *r, const struct alarm *x)
{
	return caller_may(r, x->account[0] ? x->account : NULL, ROLE_VIEWER);
}

void api_alarms(struct request *r)
{
	uint32_t n;
	const struct alarm *list = alarms_list(monitor_alarms(r->admin->monitor), &n);
	json_t *out = json_array();

	for (int s = SEVERITY_COUNT - 1; s >= 0; s--)
		for (uint32_t i = 0; i < n; i++)
			if (list[i].raised && alarm_rows[list[i].kind].severity == s &&
			    may_see(r, &list[i]))
				json_array_append_new(out, alarm_json(&list[i]));
	api_answer(r, 200, json_pack("{s:o}", "alarms", out));
}

/* Who does not see everything gets the first account that it sees. */
static int32_t first_seen(struct request *r)
{
	uint16_t i = snapshot_next_account(r->admin->snapshot, 0);

	while (i != UINT16_MAX && !caller_sees(r, i))
		i = snapshot_next_account(r->admin->snapshot, (uint32_t)i + 1);
	return i == UINT16_MAX ? INT32_MAX : i;
}

void api_history(struct request *r)
{
	char name[ROUTE_PARAM_MAX + 1], digits[16];
	struct jsonw j = jsonw_on(&r->out);
	uint64_t minutes = 60;
	int32_t account = -1;

	if (request_query(r, "account", name, sizeof(name))) {
		uint16_t id = snapshot_find_account(r->admin->snapshot, slice_str(name));

		if (id == UINT16_MAX || !caller_may(r, name, ROLE_VIEWER))
			respond_problem(r, 404, "not found", "no such account");
		account = id;
	} else if (!r->status && !caller_sees_all(r)) {
		account = first_seen(r);
	}
	if (!r->status && request_query(r, "minutes", digits, sizeof(digits)) &&
	    (slice_u64(slice_str(digits), HISTORY_MINUTES, &minutes) || minutes == 0))
		respond_problem(r, 400, "bad request", "minutes is a number from 1 to 1440");
	if (r->status)
		return;
	if (history_render(monitor_history(r->admin->monitor), account, (uint32_t)minutes, &j))
		respond_json(r, 200);
	else
		respond_problem(r, 404, "not found",
				"nothing is recorded yet, or the account is beyond the first 256");
}
