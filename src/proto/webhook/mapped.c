/* mapped.c - bodies of other systems, read by the pointers and words of the configuration. */
#include "proto/webhook/hook.h"

/* False when the pointer is not given, or there is nothing (or null) at it. */
static bool text_at(const json_t *body, const struct hook_pointer *p, char *dst, size_t cap,
		    bool *ret_bad)
{
	json_t *owned = NULL;
	const json_t *v = p->text[0] ? hook_at(body, p->text, &owned) : NULL;
	bool there = v && !json_is_null(v);

	if (there && !hook_text_of(v, dst, cap))
		*ret_bad = true;
	json_decref(owned);
	return there;
}

typedef bool word_finder(const char *word, uint8_t *ret);

/* A word of the table, or else one of our own. */
static bool translate(const char *word, const struct hook_word *table, uint32_t n,
		      word_finder *find, uint8_t *ret)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!slice_is_nocase(slice_str(word), table[i].theirs))
			continue;
		*ret = table[i].ours;
		return true;
	}
	return find(word, ret);
}

static enum err dnd_of(const char *text, struct hook_report *r, char *why, size_t why_cap)
{
	static const char *const on[] = { "true", "1", "on", "yes" }, *const off[] = { "false", "0",
										       "off",
										       "no" };

	for (int i = 0; i < 4; i++) {
		if (slice_is_nocase(slice_str(text), on[i]))
			r->dnd = HOOK_ON;
		else if (slice_is_nocase(slice_str(text), off[i]))
			r->dnd = HOOK_OFF;
	}
	return r->dnd != HOOK_NOT_SAID
		       ? ERR_OK
		       : hook_wrong(why, why_cap, "dnd_at: %s is neither true nor false", text);
}

static enum err states(const struct hook_form *form, const json_t *body, struct hook_report *r,
		       char *why, size_t why_cap)
{
	char text[256] = "";
	bool bad = false;
	uint8_t i;

	if (text_at(body, &form->dnd, text, sizeof(text), &bad) && !bad &&
	    dnd_of(text, r, why, why_cap))
		return ERR_PROTOCOL;
	if (!bad && text_at(body, &form->state, text, sizeof(text), &bad) && !bad) {
		if (!translate(text, form->states, form->states_n, hook_state_word, &i))
			return hook_wrong(why, why_cap, "state_at: %s is not in states", text);
		hook_say_state(r, i);
	}
	if (!bad && r->call != HOOK_UNSAID &&
	    text_at(body, &form->call, text, sizeof(text), &bad) && !bad)
		hook_say_call(form, r, text);
	if (!bad && text_at(body, &form->profile, text, sizeof(text), &bad) && !bad) {
		if (!translate(text, form->profiles, form->profiles_n, hook_profile_word, &i))
			return hook_wrong(why, why_cap, "profile_at: %s is not in profiles", text);
		r->profile = i;
	}
	return bad ? hook_wrong(why, why_cap,
				"a state, call, dnd or profile is no text and no number")
		   : ERR_OK;
}

static enum err order(const struct hook_form *form, const json_t *body, struct hook_report *r,
		      char *why, size_t why_cap)
{
	json_t *owned[2] = { NULL, NULL };
	const json_t *sequence =
		form->sequence.text[0] ? hook_at(body, form->sequence.text, &owned[0]) : NULL;
	const json_t *time = form->time.text[0] ? hook_at(body, form->time.text, &owned[1]) : NULL;
	enum err e = hook_order_of(sequence, time, r, why, why_cap);

	json_decref(owned[0]);
	json_decref(owned[1]);
	return e;
}

static bool is_meant(const struct hook_form *form, const json_t *body)
{
	char text[HOOK_WORD_MAX + 1];
	bool bad = false;

	if (!form->only.text[0])
		return true;
	return text_at(body, &form->only, text, sizeof(text), &bad) && !bad &&
	       strcmp(text, form->only_value) == 0;
}

enum err hook_read_mapped(const struct hook_form *form, const json_t *body, struct hook_report *r,
			  char *why, size_t why_cap)
{
	bool bad = false;
	enum err e;

	if (!is_meant(form, body)) {
		r->ignored = true;
		return ERR_OK;
	}
	if (text_at(body, &form->line, r->line, sizeof(r->line), &bad) && bad)
		return hook_wrong(why, why_cap, "line_at: no number of at most %d bytes",
				  HOOK_LINE_MAX);
	e = states(form, body, r, why, why_cap);
	if (!e)
		e = order(form, body, r, why, why_cap);
	r->ignored = !e && r->call == HOOK_UNSAID && r->dnd == HOOK_NOT_SAID &&
		     r->profile == HOOK_PROFILE_UNSAID;
	return e;
}
