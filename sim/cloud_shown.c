/* What a calendar adds, and how late others see a change. */
#include "cloud_control.h"

/* A meeting in the calendar speaks while it lasts, as one more session of those that are there.
 * Whether it does so alone is said nowhere: a switch, off by default. */
size_t cloud_calendar_vote(const struct cloud *c, const struct cloud_user *u, size_t others,
			   struct cloud_vote *ret)
{
	if (!u->has_calendar || c->now_ms >= u->calendar_until_ms ||
	    (others == 0 && !c->switches.calendar_alone))
		return 0;
	*ret = (struct cloud_vote){ u->calendar, u->calendar_since_ms };
	return 1;
}

void cloud_change_keep(const struct cloud *c, struct cloud_user *u, struct cloud_pair seen)
{
	if (u->changes_n == CLOUD_CHANGES_MAX)
		memmove(u->changes, u->changes + 1, --u->changes_n * sizeof u->changes[0]);
	u->changes[u->changes_n++] = (struct cloud_change){ c->now_ms, seen };
}

/* The last change that is old enough; of a state older than all that are kept, the oldest. */
struct cloud_pair cloud_user_shown(struct cloud *c, struct cloud_user *u, int64_t after_ms)
{
	struct cloud_pair seen = cloud_user_seen(c, u);

	for (size_t i = u->changes_n; after_ms > 0 && i-- > 0;)
		if (u->changes[i].at_ms + after_ms <= c->now_ms ||
		    (i == 0 && u->changes_n == CLOUD_CHANGES_MAX))
			return u->changes[i].pair;
	return after_ms > 0
		       ? (struct cloud_pair){ CLOUD_AVAILABILITY_OFFLINE, CLOUD_ACTIVITY_OFFLINE }
		       : seen;
}

/* {availability, activity, minutes}; availability null: the calendar is empty. */
void control_calendar(struct control *q)
{
	struct cloud_user *u = &q->c->users[q->user];
	const json_t *availability = json_object_get(q->in, "availability");
	const json_t *activity = json_object_get(q->in, "activity");
	double minutes = json_number_value(json_object_get(q->in, "minutes"));
	struct cloud_pair pair;

	if (json_is_null(availability)) {
		u->has_calendar = false;
	} else if (!cloud_availability_parse(slice_str(json_string_value(availability)),
					     &pair.availability) ||
		   !cloud_activity_parse(slice_str(json_string_value(activity)), &pair.activity) ||
		   minutes < 0 || minutes > 1e6) {
		control_refuse(
			q, 400,
			"availability and activity as in Busy, InAMeeting, or availability null; "
			"minutes, 60 when left out");
		return;
	} else {
		u->has_calendar = true;
		u->calendar = pair;
		u->calendar_since_ms = q->c->now_ms;
		u->calendar_until_ms =
			q->c->now_ms + (int64_t)((minutes > 0 ? minutes : 60) * 60000);
	}
	q->out = cloud_state_json(q->c, q->user);
}
