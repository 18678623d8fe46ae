/* own.c - our own form, for whoever can choose what to send. */
#include "base/check.h"
#include "base/date.h"
#include "proto/webhook/hook.h"

enum key {
	KEY_LINE,
	KEY_STATE,
	KEY_CALL,
	KEY_FULL,
	KEY_DND,
	KEY_REGISTERED,
	KEY_PROFILE,
	KEY_SEQUENCE,
	KEY_TIME
};

static const char *const keys[] = {
	[KEY_LINE] = "line",	   [KEY_STATE] = "state",	[KEY_CALL] = "call",
	[KEY_FULL] = "full",	   [KEY_DND] = "dnd",		[KEY_REGISTERED] = "registered",
	[KEY_PROFILE] = "profile", [KEY_SEQUENCE] = "sequence", [KEY_TIME] = "time"
};

/* A key that we do not know is a slip of the sender's, and silence about it would hide it. */
static enum err check_keys(const json_t *body, char *why, size_t why_cap)
{
	void *at = json_object_iter((json_t *)(uintptr_t)body);

	for (; at; at = json_object_iter_next((json_t *)(uintptr_t)body, at)) {
		const char *key = json_object_iter_key(at);
		size_t i = 0;

		while (i < ARRAY_LEN(keys) && strcmp(keys[i], key) != 0)
			i++;
		if (i == ARRAY_LEN(keys))
			return hook_wrong(why, why_cap, "unknown key %.60s", key);
	}
	return ERR_OK;
}

static enum err switch_of(const json_t *body, enum key key, uint8_t *ret, char *why, size_t why_cap)
{
	const json_t *v = json_object_get(body, keys[key]);

	if (v && !json_is_boolean(v))
		return hook_wrong(why, why_cap, "%s must be true or false", keys[key]);
	if (v)
		*ret = json_is_true(v) ? HOOK_ON : HOOK_OFF;
	return ERR_OK;
}

static enum err state_of(const json_t *body, struct hook_report *r, char *why, size_t why_cap)
{
	const json_t *v = json_object_get(body, keys[KEY_STATE]);
	char word[HOOK_WORD_MAX + 1] = "";
	uint8_t i;

	if (!v)
		return ERR_OK;
	if (!json_is_string(v) || !hook_text_of(v, word, sizeof(word)) ||
	    !hook_state_word(word, &i))
		return hook_wrong(
			why, why_cap,
			"state must be idle, ringing, dialing, busy, held, conference, dnd or "
			"offline%s%s",
			word[0] ? ", not " : "", word);
	hook_say_state(r, i);
	r->ignored = r->call == HOOK_UNSAID;
	return ERR_OK;
}

static enum err call_of(const struct hook_form *form, const json_t *body, struct hook_report *r,
			char *why, size_t why_cap)
{
	const json_t *v = json_object_get(body, keys[KEY_CALL]);
	char name[256];
	uint8_t full = HOOK_NOT_SAID;
	enum err e = switch_of(body, KEY_FULL, &full, why, why_cap);

	if (e || (!v && full != HOOK_OFF))
		return e;
	if (!v)
		return hook_wrong(why, why_cap, "full: false needs the call that it is about");
	if (json_is_boolean(v) || !hook_text_of(v, name, sizeof(name)) || !name[0])
		return hook_wrong(why, why_cap,
				  "call must be a text or a number of at most 255 bytes");
	if (r->call == HOOK_UNSAID)
		return hook_wrong(why, why_cap, "call needs a state");
	hook_say_call(form, r, name);
	r->full = full == HOOK_ON;
	return ERR_OK;
}

static enum err until_of(const json_t *v, struct hook_report *r, char *why, size_t why_cap)
{
	if (!v || json_is_null(v))
		return ERR_OK;
	if (!json_is_string(v) ||
	    date_parse(slice_of(json_string_value(v), json_string_length(v)), &r->until_wall_ms))
		return hook_wrong(why, why_cap,
				  "profile.until must be an instant such as 2026-11-24T14:00:00Z");
	return ERR_OK;
}

static enum err profile_of(const json_t *body, struct hook_report *r, char *why, size_t why_cap)
{
	const json_t *v = json_object_get(body, keys[KEY_PROFILE]);
	const json_t *word = json_is_object(v) ? json_object_get(v, "state") : v;
	char text[HOOK_WORD_MAX + 1] = "";
	uint8_t i;

	if (!v)
		return ERR_OK;
	if (!json_is_string(word) || !hook_text_of(word, text, sizeof(text)) ||
	    !hook_profile_word(text, &i) || i == HOOK_PROFILE_UNSAID)
		return hook_wrong(
			why, why_cap,
			"profile must be available, away, busy, not-available or meeting%s%s",
			text[0] ? ", not " : "", text);
	r->profile = i;
	return until_of(json_object_get(v, "until"), r, why, why_cap);
}

enum err hook_order_of(const json_t *sequence, const json_t *time, struct hook_report *r, char *why,
		       size_t why_cap)
{
	struct slice text = slice_of(json_string_value(time), time ? json_string_length(time) : 0);

	if (sequence && !json_is_null(sequence)) {
		if (!json_is_integer(sequence) || json_integer_value(sequence) < 0)
			return hook_wrong(why, why_cap,
					  "sequence must be a whole number, 0 or more");
		r->has_sequence = true;
		r->sequence = (uint64_t)json_integer_value(sequence);
	}
	if (!time || json_is_null(time))
		return ERR_OK;
	r->has_time = true;
	if (json_is_number(
		    time)) { /* seconds or milliseconds since 1970: no clock of ours is in 1970 */
		double n = json_number_value(time);

		if (!(n >= 0 && n < 4e12))
			return hook_wrong(why, why_cap, "time is out of range");
		r->time_wall_ms = (int64_t)(n < 4e10 ? n * 1000 : n);
	} else if (text.n == 0 || date_parse(text, &r->time_wall_ms)) {
		return hook_wrong(why, why_cap,
				  "time must be an instant such as 2026-11-24T14:00:00Z");
	}
	return ERR_OK;
}

static enum err line_of(const json_t *body, struct hook_report *r, char *why, size_t why_cap)
{
	const json_t *v = json_object_get(body, keys[KEY_LINE]);

	if (v && (json_is_boolean(v) || !hook_text_of(v, r->line, sizeof(r->line)) || !r->line[0]))
		return hook_wrong(why, why_cap, "line must be a number as in the configuration");
	return ERR_OK;
}

enum err hook_read_own(const struct hook_form *form, const json_t *body, struct hook_report *r,
		       char *why, size_t why_cap)
{
	enum err e = check_keys(body, why, why_cap);

	if (!e)
		e = line_of(body, r, why, why_cap);
	if (!e)
		e = switch_of(body, KEY_DND, &r->dnd, why, why_cap);
	if (!e)
		e = switch_of(body, KEY_REGISTERED, &r->registered, why, why_cap);
	if (!e)
		e = state_of(body, r, why, why_cap);
	if (!e)
		e = call_of(form, body, r, why, why_cap);
	if (!e)
		e = profile_of(body, r, why, why_cap);
	if (!e)
		e = hook_order_of(json_object_get(body, keys[KEY_SEQUENCE]),
				  json_object_get(body, keys[KEY_TIME]), r, why, why_cap);
	if (!e && r->call == HOOK_UNSAID && r->dnd == HOOK_NOT_SAID &&
	    r->registered == HOOK_NOT_SAID && r->profile == HOOK_PROFILE_UNSAID && !r->ignored)
		return hook_wrong(why, why_cap,
				  "it says nothing: give state, dnd, registered or profile");
	return e;
}
