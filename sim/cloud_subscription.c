/* /subscriptions: for presence an application's own token is refused ("Presence.Read.All,
 * delegated; application: not supported", subscription-post-subscriptions), so none ever comes to
 * be here. */
#include <stdio.h>

#include "base/date.h"
#include "cloud_parts.h"

enum { PRESENCE_MAX_MS = 60 * 60000 };

static struct slice text_of(const json_t *o, const char *name)
{
	return slice_str(json_string_value(json_object_get(o, name)));
}

static bool is_presence(struct slice resource)
{
	if (resource.n && resource.p[0] == '/')
		resource = slice_sub(resource, 1, resource.n);
	return slice_starts_nocase(resource, "communications/presences");
}

bool cloud_look_subscribe(struct cloud_call *k)
{
	static const char *const needed[] = { "changeType", "notificationUrl", "resource",
					      "expirationDateTime" };
	struct slice resource = text_of(k->in, "resource");
	int64_t ends_ms;

	for (size_t i = 0; i < ARRAY_LEN(needed); i++)
		if (!text_of(k->in, needed[i]).n)
			return cloud_fail(k, 400, "InvalidRequest", "Property '%s' is required.",
					  needed[i]);
	if (!slice_starts(text_of(k->in, "notificationUrl"), "https://"))
		return cloud_fail(k, 400, "InvalidRequest",
				  "The notificationUrl must be an https URL.");
	if (date_parse(text_of(k->in, "expirationDateTime"), &ends_ms) != ERR_OK)
		return cloud_fail(k, 400, "InvalidRequest", "The expirationDateTime is no date.");
	if (!is_presence(resource))
		return cloud_fail(k, 400, "BadRequest", "Only presence is played here, not '%.*s'.",
				  SLICE_ARG(slice_sub(resource, 0, 100)));
	if (ends_ms > k->now_ms + PRESENCE_MAX_MS)
		return cloud_fail(
			k, 400, "ExtensionError",
			"Operation: Create; Exception: Subscription expiration can only be 60 "
			"minutes in the future.");
	return true;
}

void cloud_do_subscribe(struct cloud_call *k)
{
	cloud_fail(
		k, 403, "Forbidden",
		"Operation: Create; Exception: [Status Code: Forbidden; Reason: The request is not "
		"authorized for this user or application.]");
}

void cloud_do_subscriptions(struct cloud_call *k)
{
	char text[400];

	snprintf(text, sizeof text, "%s/v1.0/$metadata#subscriptions", k->c->base);
	cloud_ok(k, json_pack("{s:s,s:[]}", "@odata.context", text, "value"));
}

/* Of one by its id: PATCH, DELETE, GET. */
void cloud_do_no_subscription(struct cloud_call *k)
{
	cloud_fail(k, 404, "ResourceNotFound", "The object was not found.");
}
