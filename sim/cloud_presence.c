/* The operations on presence: bodies looked at, changes made, resources written. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cloud_parts.h"

enum { MINUTE_MS = 60000, DAY_MS = 86400000 };

static struct slice text_of(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	return json_is_string(v) ? slice_of(json_string_value(v), json_string_length(v)) : SLICE_NONE;
}

/* ISO 8601 duration of days, hours, minutes and whole seconds ("PT1H30M", "P1D"); -1 otherwise. */
static int64_t duration_ms(struct slice s)
{
	static const struct {
		char unit;
		bool time;
		int64_t ms;
	} units[] = { { 'D', false, DAY_MS }, { 'H', true, 60 * MINUTE_MS },
		      { 'M', true, MINUTE_MS }, { 'S', true, 1000 } };
	bool time = false;
	int64_t sum = 0;
	size_t i = 1, u = 0, parts = 0;

	if (s.n < 3 || s.n > 24 || s.p[0] != 'P')
		return -1;
	while (i < s.n) {
		size_t from = i;
		uint64_t n;

		if (s.p[i] == 'T' && !time) {
			time = true;
			from = ++i;
		}
		while (i < s.n && isdigit((unsigned char)s.p[i]))
			i++;
		if (i == s.n || slice_u64(slice_sub(s, from, i), 1000000, &n) != ERR_OK)
			return -1;
		while (u < ARRAY_LEN(units) && (units[u].unit != s.p[i] || units[u].time != time))
			u++;
		if (u == ARRAY_LEN(units))
			return -1;
		sum += (int64_t)n * units[u++].ms;
		parts++;
		i++;
	}
	return parts > 0 ? sum : -1;
}

static bool look_duration(struct cloud_call *k, int64_t min_ms, int64_t max_ms)
{
	const json_t *v = json_object_get(k->in, "expirationDuration");

	k->duration_ms = -1;
	if (!v || json_is_null(v))
		return true;
	k->duration_ms = duration_ms(text_of(k->in, "expirationDuration"));
	if (k->duration_ms < min_ms || k->duration_ms > max_ms)
		return cloud_fail(k, 400, "InvalidArgument",
				  "[ExpirationDuration]: The value must be a duration between %lld and "
				  "%lld minutes.",
				  (long long)min_ms / MINUTE_MS, (long long)max_ms / MINUTE_MS);
	return true;
}

static bool parse_word(const struct cloud *c, struct slice s, unsigned count,
		       const char *(*name)(unsigned), uint8_t *ret)
{
	for (unsigned i = 0; i < count; i++)
		if (c->switches.name_case ? slice_is_nocase(s, name(i)) : slice_is(s, name(i))) {
			*ret = (uint8_t)i;
			return true;
		}
	return false;
}

static bool look_pair(struct cloud_call *k)
{
	struct slice availability = text_of(k->in, "availability");
	struct slice activity = text_of(k->in, "activity");

	if (availability.n == 0)
		return cloud_fail(k, 400, "InvalidArgument",
				  "[Availability]: The Availability field is required.");
	if (activity.n == 0)
		return cloud_fail(k, 400, "InvalidArgument",
				  "[Activity]: The Activity field is required.");
	if (!parse_word(k->c, availability, CLOUD_AVAILABILITY_COUNT, cloud_availability_name,
			&k->pair.availability) ||
	    !parse_word(k->c, activity, CLOUD_ACTIVITY_COUNT, cloud_activity_name, &k->pair.activity))
		return cloud_fail(k, 400, "InvalidArgument",
				  "The availability or activity is not a known value.");
	snprintf(k->summary, sizeof k->summary, "%s/%s", cloud_availability_name(k->pair.availability),
		 cloud_activity_name(k->pair.activity));
	return true;
}

static bool look_session(struct cloud_call *k)
{
	struct slice id = text_of(k->in, "sessionId");

	if (id.n == 0)
		return cloud_fail(k, 400, "InvalidArgument",
				  "[SessionId]: The SessionId field is required.");
	if (!cloud_is_guid(id) || slice_copy(id, k->session, sizeof k->session) != ERR_OK)
		return cloud_fail(k, 400, "InvalidArgument", "[SessionId]: The SessionId is not a GUID.");
	return true;
}

static void summary_duration(struct cloud_call *k)
{
	struct slice d = text_of(k->in, "expirationDuration");
	size_t at = strlen(k->summary);

	if (d.n > 0)
		snprintf(k->summary + at, sizeof k->summary - at, " %.*s", SLICE_ARG(d));
}

bool cloud_look_set(struct cloud_call *k)
{
	if (!look_session(k) || !look_pair(k) || !look_duration(k, 5 * MINUTE_MS, 240 * MINUTE_MS))
		return false;
	if (!cloud_session_pair_allowed(k->pair))
		return cloud_fail(k, 400, "InvalidArgument",
				  "The combination of availability %s is not supported.", k->summary);
	summary_duration(k);
	return true;
}

bool cloud_look_clear(struct cloud_call *k)
{
	return look_session(k);
}

bool cloud_look_prefer(struct cloud_call *k)
{
	if (!look_pair(k) || !look_duration(k, 1000, (int64_t)365 * DAY_MS))
		return false;
	if (cloud_preferred_pair_days(k->pair) == 0)
		return cloud_fail(k, 400, "InvalidArgument",
				  "The combination of availability %s is not supported.", k->summary);
	summary_duration(k);
	return true;
}

bool cloud_look_message(struct cloud_call *k)
{
	const json_t *status = json_object_get(k->in, "statusMessage");
	const json_t *message = json_object_get(status, "message");
	struct slice type = text_of(message, "contentType");

	if (!json_is_object(status))
		return cloud_fail(k, 400, "InvalidArgument",
				  "[StatusMessage]: The StatusMessage field is required.");
	if (message && !json_is_null(message) &&
	    (!json_is_string(json_object_get(message, "content")) ||
	     (type.p && !slice_is_nocase(type, "text"))))
		return cloud_fail(k, 400, "InvalidArgument",
				  "[Message]: content is required and contentType must be text.");
	return true;
}

bool cloud_look_many(struct cloud_call *k)
{
	const json_t *ids = json_object_get(k->in, "ids"), *id;
	size_t i;

	if (!json_is_array(ids) || json_array_size(ids) == 0 || json_array_size(ids) > CLOUD_IDS_MAX)
		return cloud_fail(k, 400, "BadRequest", "Bad Request");
	json_array_foreach(ids, i, id)
		if (!json_is_string(id))
			return cloud_fail(k, 400, "BadRequest", "Bad Request");
	snprintf(k->summary, sizeof k->summary, "%zu ids", json_array_size(ids));
	return true;
}

/* ---- changes ---- */

static bool refuse_unlicensed(struct cloud_call *k)
{
	if (!k->c->users[k->user].unlicensed)
		return false;
	cloud_fail(k, 404, "NotFound", "The user has no Teams licence.");
	return true;
}

static void changed(struct cloud_call *k)
{
	k->c->counters.writes++;
	k->c->users[k->user].writes++;
	cloud_ok(k, NULL);
}

void cloud_do_set(struct cloud_call *k)
{
	struct cloud_user *u = &k->c->users[k->user];
	struct cloud_app_session *s = cloud_app_session(k->c, u, k->session);

	if (refuse_unlicensed(k))
		return;
	if (!s) {
		struct cloud_app_session *more = NULL;

		if (u->sessions_n < CLOUD_SESSIONS_MAX)
			more = realloc(u->sessions, (u->sessions_n + 1) * sizeof *more);
		if (!more) {
			cloud_fail(k, 503, "ServiceUnavailable", "Too many sessions.");
			return;
		}
		u->sessions = more;
		s = &more[u->sessions_n++];
	}
	*s = (struct cloud_app_session){ .pair = k->pair, .set_ms = k->now_ms };
	memcpy(s->id, k->session, sizeof s->id);
	s->expires_ms = k->now_ms + (k->duration_ms < 0 ? 5 * MINUTE_MS : k->duration_ms);
	changed(k);
}

void cloud_do_clear(struct cloud_call *k)
{
	struct cloud_user *u = &k->c->users[k->user];
	struct cloud_app_session *s = cloud_app_session(k->c, u, k->session);

	if (!s) {
		cloud_fail(k, 404, "NotFound", "The presence session does not exist.");
		return;
	}
	cloud_app_session_drop(u, s);
	changed(k);
}

void cloud_do_prefer(struct cloud_call *k)
{
	struct cloud_user *u = &k->c->users[k->user];
	int64_t life_ms = (int64_t)cloud_preferred_pair_days(k->pair) * DAY_MS;

	if (refuse_unlicensed(k))
		return;
	u->has_preferred = true;
	u->by_hand = false;
	u->preferred = k->pair;
	u->preferred_until_ms = k->now_ms + (k->duration_ms < 0 ? life_ms : k->duration_ms);
	changed(k);
}

void cloud_do_unprefer(struct cloud_call *k)
{
	k->c->users[k->user].has_preferred = false;
	changed(k);
}

/* "2026-01-02T03:04:05…" taken as UTC, -1 for other texts. */
static int64_t parse_time(struct slice s)
{
	struct tm tm = { 0 };
	char text[64];

	if (slice_copy(slice_sub(s, 0, 19), text, sizeof text) != ERR_OK)
		return -1;
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	return end && *end == '\0' ? (int64_t)timegm(&tm) * 1000 : -1;
}

void cloud_do_message(struct cloud_call *k)
{
	struct cloud_user *u = &k->c->users[k->user];
	const json_t *status = json_object_get(k->in, "statusMessage");
	const json_t *message = json_object_get(status, "message");
	const json_t *expiry = json_object_get(status, "expiryDateTime");
	struct slice content = text_of(message, "content");
	int64_t until_ms = INT64_MAX;

	if (refuse_unlicensed(k))
		return;
	if (json_is_object(expiry))
		until_ms = parse_time(text_of(expiry, "dateTime"));
	if (until_ms < 0) {
		cloud_fail(k, 400, "InvalidArgument", "[ExpiryDateTime]: dateTime is malformed.");
		return;
	}
	free(u->message);
	u->message = content.n > 0 ? strndup(content.p, content.n) : NULL;
	u->message_until_ms = until_ms;
	changed(k);
}

/* ---- reading ---- */

static json_t *word(struct cloud_call *k, const char *name)
{
	json_t *v;

	if (cloud_fault_hit(k, CLOUD_FAULT_UNKNOWN_VALUES))
		return json_string("workingOnMars");
	v = json_string(name);
	if (v && cloud_fault_hit(k, CLOUD_FAULT_CAMEL_CASE)) {
		char text[40];

		snprintf(text, sizeof text, "%s", name);
		text[0] = (char)tolower((unsigned char)text[0]);
		json_string_set(v, text);
	}
	return v;
}

static json_t *presence(struct cloud_call *k, struct cloud_user *u)
{
	struct cloud_pair seen = cloud_user_shown(k->c, u, k->c->switches.read_after_ms);
	bool bare = cloud_fault_hit(k, CLOUD_FAULT_NULL_FIELDS) != NULL;
	char sequence[24];
	json_t *o = json_object();

	u->reads++;
	snprintf(sequence, sizeof sequence, "A%012llu", (unsigned long long)u->sequence);
	json_object_set_new(o, "id", json_string(u->id));
	json_object_set_new(o, "availability", word(k, cloud_availability_name(seen.availability)));
	json_object_set_new(o, "activity", word(k, cloud_activity_name(seen.activity)));
	json_object_set_new(o, "sequenceNumber", bare ? json_null() : json_string(sequence));
	json_object_set_new(o, "outOfOfficeSettings",
			    bare ? json_null() : json_pack("{s:n,s:b}", "message", "isOutOfOffice",
							   (int)u->out_of_office));
	if (u->message && k->now_ms < u->message_until_ms && !bare)
		json_object_set_new(o, "statusMessage",
				    json_pack("{s:{s:s,s:s}}", "message", "content", u->message,
					      "contentType", "text"));
	else
		json_object_set_new(o, "statusMessage", json_null());
	json_object_set_new(o, "workLocation", json_null());
	return o;
}

static json_t *with_context(struct cloud_call *k, const char *what, json_t *o)
{
	char text[400];

	snprintf(text, sizeof text, "%s/v1.0/$metadata#%s", k->c->base, what);
	json_t *all = json_pack("{s:s}", "@odata.context", text);

	json_object_update(all, o);
	json_decref(o);
	return all;
}

void cloud_do_get(struct cloud_call *k)
{
	char what[100];

	snprintf(what, sizeof what, "users('%s')/presence/$entity", k->c->users[k->user].id);
	cloud_ok(k, with_context(k, what, presence(k, &k->c->users[k->user])));
}

void cloud_do_many(struct cloud_call *k)
{
	json_t *list = json_array();
	const json_t *id;
	size_t i;

	json_array_foreach(json_object_get(k->in, "ids"), i, id)
	{
		struct slice s = slice_of(json_string_value(id), json_string_length(id));
		uint32_t user = cloud_is_guid(s) ? cloud_user_find(k->c, s) : CLOUD_NO_USER;
		json_t *o = NULL;

		if (user != CLOUD_NO_USER)
			o = presence(k, &k->c->users[user]);
		else if (k->c->switches.unknown_listed)
			o = json_pack("{s:o,s:s,s:s}", "id", json_deep_copy(id), "availability",
				      "PresenceUnknown", "activity", "PresenceUnknown");
		if (o)
			json_object_set_new(o, "@odata.type", json_string("#microsoft.graph.presence"));
		if (o)
			json_array_append_new(list, o);
	}
	cloud_ok(k, with_context(k, "Collection(microsoft.graph.presence)",
				 json_pack("{s:o}", "value", list)));
}
