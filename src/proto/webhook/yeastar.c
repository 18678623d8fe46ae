/* yeastar.c - events of Yeastar P-Series PBXs, as the P-Series developer guide has them: {"type":
 * 30008, "sn": "...", "msg": "{\"extension\":\"2002\",\"status\":\"Ringing\"}"}. `msg` is a
 * document in a text; an object is taken as well. No order is told. */
#include "base/check.h"
#include "proto/webhook/hook.h"

enum { REGISTRATION = 30007, CALL_STATUS = 30008, PRESENCE = 30009 };

/* Linkus clients and the phone register apart; the line is there while any of them is. */
static const char *const kinds[] = { "Sip", "Mobile", "Desktop", "Web", "Pad" };

static enum err registration(const json_t *msg, const char *status, struct hook_report *r,
			     char *why, size_t why_cap)
{
	const char *kind = json_string_value(json_object_get(msg, "kind"));

	if (slice_is_nocase(slice_str(status), "registered"))
		r->registered = HOOK_ON;
	else if (slice_is_nocase(slice_str(status), "unregistered"))
		r->registered = HOOK_OFF;
	else
		return hook_wrong(why, why_cap, "event 30007: unknown status %s", status);
	for (uint8_t i = 0; kind && i < ARRAY_LEN(kinds); i++)
		if (slice_is_nocase(slice_str(kind), kinds[i]))
			r->endpoint = i + 1;
	if (r->endpoint == 0)
		r->endpoint = ARRAY_LEN(kinds) + 1; /* a newer kind of client */
	return ERR_OK;
}

static enum err call_status(const char *status, struct hook_report *r, char *why, size_t why_cap)
{
	if (slice_is_nocase(slice_str(status), "idle"))
		r->call = HOOK_IDLE;
	else if (slice_is_nocase(slice_str(status), "ringing"))
		r->call = HOOK_RINGING;
	else if (slice_is_nocase(slice_str(status), "busy"))
		r->call = HOOK_TALKING;
	else
		return hook_wrong(why, why_cap, "event 30008: unknown status %s", status);
	return ERR_OK;
}

/* One presence at a time: do_not_disturb ends an away, and the other way round. */
static enum err presence(const char *status, struct hook_report *r, char *why, size_t why_cap)
{
	static const struct {
		const char *word;
		uint8_t profile, dnd;
	} presences[] = {
		{ "available", HOOK_AVAILABLE, HOOK_OFF },
		{ "away", HOOK_AWAY, HOOK_OFF },
		{ "business_trip", HOOK_AWAY, HOOK_OFF },
		{ "lunch", HOOK_AWAY, HOOK_OFF },
		{ "off_work", HOOK_AWAY, HOOK_OFF },
		{ "do_not_disturb", HOOK_AVAILABLE, HOOK_ON },
	};

	for (size_t i = 0; i < ARRAY_LEN(presences); i++) {
		if (!slice_is_nocase(slice_str(status), presences[i].word))
			continue;
		r->profile = presences[i].profile;
		r->dnd = presences[i].dnd;
		return ERR_OK;
	}
	return hook_wrong(why, why_cap, "event 30009: unknown status %s", status);
}

static enum err read_event(json_int_t type, const json_t *msg, struct hook_report *r, char *why,
			   size_t why_cap)
{
	char status[HOOK_WORD_MAX + 1];

	if (!hook_text_of(json_object_get(msg, "extension"), r->line, sizeof(r->line)) ||
	    !r->line[0])
		return hook_wrong(why, why_cap, "event %d: msg has no extension", (int)type);
	if (!hook_text_of(json_object_get(msg, "status"), status, sizeof(status)))
		return hook_wrong(why, why_cap, "event %d: msg has no status", (int)type);
	return type == REGISTRATION ? registration(msg, status, r, why, why_cap)
	       : type == PRESENCE   ? presence(status, r, why, why_cap)
				    : call_status(status, r, why, why_cap);
}

enum err hook_read_yeastar(const json_t *body, struct hook_report *r, char *why, size_t why_cap)
{
	const json_t *type = json_object_get(body, "type"), *msg = json_object_get(body, "msg");
	json_t *inner = NULL;
	enum err e;

	if (!json_is_integer(type))
		return hook_wrong(why, why_cap, "no event of a yeastar pbx: type must be a number");
	if (json_integer_value(type) < REGISTRATION || json_integer_value(type) > PRESENCE) {
		r->ignored = true; /* the other thirty kinds: acknowledged, so that they are not
				      sent again */
		return ERR_OK;
	}
	if (json_is_string(msg))
		msg = inner = json_loadb(json_string_value(msg), json_string_length(msg),
					 JSON_REJECT_DUPLICATES, NULL);
	e = json_is_object(msg)
		    ? read_event(json_integer_value(type), msg, r, why, why_cap)
		    : hook_wrong(why, why_cap, "msg must be a json object, or one in a text");
	json_decref(inner);
	return e;
}
