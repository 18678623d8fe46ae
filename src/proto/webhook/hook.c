#include "proto/webhook/hook.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"

/* ---- our words for states ---- */

static const struct {
	const char *word;
	uint8_t call, dnd, registered;
} words[] = {
	{ "idle", HOOK_IDLE, HOOK_OFF, HOOK_ON },
	{ "available", HOOK_IDLE, HOOK_OFF, HOOK_ON },
	{ "ringing", HOOK_RINGING, HOOK_OFF, HOOK_ON },
	{ "dialing", HOOK_DIALING, HOOK_OFF, HOOK_ON },
	{ "busy", HOOK_TALKING, HOOK_OFF, HOOK_ON },
	{ "held", HOOK_HELD, HOOK_OFF, HOOK_ON },
	{ "conference", HOOK_CONFERENCE, HOOK_OFF, HOOK_ON },
	{ "dnd", HOOK_IDLE, HOOK_ON, HOOK_ON },
	{ "offline", HOOK_IDLE, HOOK_OFF, HOOK_OFF },
	{ "ignore", HOOK_UNSAID, HOOK_NOT_SAID, HOOK_NOT_SAID },
};

static const char *const profiles[] = { "available",	 "away",    "busy",
					"not-available", "meeting", "ignore" };

bool hook_state_word(const char *word, uint8_t *ret_index)
{
	for (uint8_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!slice_is_nocase(slice_str(word), words[i].word))
			continue;
		*ret_index = i;
		return true;
	}
	return false;
}

bool hook_profile_word(const char *word, uint8_t *ret)
{
	for (uint8_t i = 0; i < ARRAY_LEN(profiles); i++) {
		if (!slice_is_nocase(slice_str(word), profiles[i]))
			continue;
		*ret = i;
		return true;
	}
	return false;
}

/* The word says everything about its line, but what the report says in a key of its own stands. */
void hook_say_state(struct hook_report *r, uint8_t index)
{
	r->call = words[index].call;
	if (r->call == HOOK_UNSAID)
		return;
	r->dnd_by_word = r->dnd == HOOK_NOT_SAID;
	r->registered_by_word = r->registered == HOOK_NOT_SAID;
	if (r->dnd_by_word)
		r->dnd = words[index].dnd;
	if (r->registered_by_word)
		r->registered = words[index].registered;
}

void hook_say_call(const struct hook_form *form, struct hook_report *r, const char *name)
{
	uint64_t key = slice_hash(slice_str(name), form->seed);

	r->has_key = true;
	r->key = key ? key : 1; /* 0 is the line as a whole */
	r->full = false;
}

void hook_report_init(struct hook_report *r)
{
	*r = (struct hook_report){ .full = true,
				   .profile = HOOK_PROFILE_UNSAID,
				   .until_wall_ms = INT64_MAX };
}

enum err hook_wrong(char *why, size_t why_cap, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, why_cap, fmt, ap);
	va_end(ap);
	/* the sender's words come back to a terminal */
	for (char *p = why; *p; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = '?';
	return ERR_PROTOCOL;
}

/* ---- the configuration ---- */

static enum err put_pointer(struct hook_pointer *dst, const char *key, const char *src, char *why,
			    size_t why_cap)
{
	*dst = (struct hook_pointer){ 0 };
	if (!src || !*src)
		return ERR_OK;
	if (hook_pointer_is_good(src) &&
	    slice_copy(slice_str(src), dst->text, sizeof(dst->text)) == ERR_OK)
		return ERR_OK;
	hook_wrong(why, why_cap, "%s: must be a json pointer such as /call/state, not %s", key,
		   src);
	return ERR_MALFORMED;
}

typedef bool word_finder(const char *word, uint8_t *ret);

static enum err put_words(struct hook_word *dst, uint32_t *ret_n, const char *key,
			  const char *const *list, uint32_t n, word_finder *find, char *why,
			  size_t why_cap)
{
	if (n > HOOK_WORDS_MAX) {
		hook_wrong(why, why_cap, "%s: at most %d words", key, HOOK_WORDS_MAX);
		return ERR_LIMIT;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct slice all = slice_str(list[i]), theirs;
		char ours[HOOK_WORD_MAX + 1];
		size_t eq = all.n; /* the last one: theirs may hold some */

		while (eq > 0 && all.p[eq - 1] != '=')
			eq--;
		theirs = slice_trim(slice_sub(all, 0, eq ? eq - 1 : 0));
		if (eq == 0 || theirs.n == 0 ||
		    slice_copy(theirs, dst[i].theirs, sizeof(dst[i].theirs)) ||
		    slice_copy(slice_trim(slice_sub(all, eq, all.n)), ours, sizeof(ours)) ||
		    !find(ours, &dst[i].ours)) {
			hook_wrong(why, why_cap,
				   "%s: must be theirs=ours with one of our words, not %s", key,
				   list[i]);
			return ERR_MALFORMED;
		}
	}
	*ret_n = n;
	return ERR_OK;
}

static enum err put_only(struct hook_form *f, const char *only, char *why, size_t why_cap)
{
	struct slice all = slice_str(only), pointer = slice_sub(all, 0, slice_find(all, '='));
	char text[HOOK_POINTER_MAX + 1];

	if (all.n == 0)
		return ERR_OK;
	if (pointer.n == all.n || slice_copy(pointer, text, sizeof(text)) ||
	    slice_copy(slice_sub(all, pointer.n + 1, all.n), f->only_value,
		       sizeof(f->only_value))) {
		hook_wrong(why, why_cap, "only: must be /pointer=value, not %s", only);
		return ERR_MALFORMED;
	}
	return put_pointer(&f->only, "only", text, why, why_cap);
}

static enum err take_mapping(struct hook_form *f, const struct hook_mapping *m, char *why,
			     size_t why_cap)
{
	const struct {
		const char *key, *text;
		struct hook_pointer *at;
	} pointers[] = {
		{ "line_at", m->line, &f->line },
		{ "state_at", m->state, &f->state },
		{ "call_at", m->call, &f->call },
		{ "dnd_at", m->dnd, &f->dnd },
		{ "profile_at", m->profile, &f->profile },
		{ "sequence_at", m->sequence, &f->sequence },
		{ "time_at", m->time, &f->time },
	};
	enum err e = ERR_OK;

	for (size_t i = 0; i < ARRAY_LEN(pointers) && !e; i++)
		e = put_pointer(pointers[i].at, pointers[i].key, pointers[i].text, why, why_cap);
	if (!e)
		e = put_words(f->states, &f->states_n, "states", m->states, m->states_n,
			      hook_state_word, why, why_cap);
	if (!e)
		e = put_words(f->profiles, &f->profiles_n, "profiles", m->profiles, m->profiles_n,
			      hook_profile_word, why, why_cap);
	if (!e)
		e = put_only(f, m->only, why, why_cap);
	if (!e && !f->state.text[0] && !f->dnd.text[0] && !f->profile.text[0]) {
		hook_wrong(why, why_cap, "format mapped needs state_at, dnd_at or profile_at");
		e = ERR_MALFORMED;
	}
	return e;
}

enum err hook_form_init(struct hook_form *ret, enum hook_form_kind kind,
			const struct hook_mapping *mapping, uint64_t seed, char *why,
			size_t why_cap)
{
	struct hook_form f = { .kind = (uint8_t)kind, .seed = seed };
	enum err e = kind == HOOK_MAPPED ? take_mapping(&f, mapping, why, why_cap) : ERR_OK;

	if (!e)
		*ret = f;
	return e;
}

/* ---- bodies ---- */

/* Levels of nesting, counted before the parser sees them. */
static bool is_deep(struct slice body)
{
	int depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < body.n; i++) {
		char c = body.p[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '['))
			depth++;
		else if (!quoted && (c == '}' || c == ']'))
			depth--;
		if (depth > HOOK_DEPTH_MAX)
			return true;
	}
	return false;
}

static enum err read_one(const struct hook_form *form, const json_t *body, struct hook_report *r,
			 char *why, size_t why_cap)
{
	hook_report_init(r);
	if (!json_is_object(body))
		return hook_wrong(why, why_cap, "a report must be a json object");
	switch ((enum hook_form_kind)form->kind) {
	case HOOK_YEASTAR:
		return hook_read_yeastar(body, r, why, why_cap);
	case HOOK_MAPPED:
		return hook_read_mapped(form, body, r, why, why_cap);
	case HOOK_OWN:
		break;
	}
	return hook_read_own(form, body, r, why, why_cap);
}

static enum err read_all(const struct hook_form *form, const json_t *root,
			 struct hook_report *reports, uint32_t cap, uint32_t *ret_n, char *why,
			 size_t why_cap)
{
	size_t n = json_is_array(root) ? json_array_size(root) : 1;
	char inner[120];

	if (n > cap) {
		hook_wrong(why, why_cap, "at most %u reports in a body", cap);
		return ERR_LIMIT;
	}
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_is_array(root) ? json_array_get(root, i) : root;
		enum err e = read_one(form, one, &reports[i], inner, sizeof(inner));

		if (e) {
			if (json_is_array(root))
				hook_wrong(why, why_cap, "report %zu: %s", i, inner);
			else
				hook_wrong(why, why_cap, "%s", inner);
			return e;
		}
	}
	*ret_n = (uint32_t)n;
	return ERR_OK;
}

enum err hook_read(const struct hook_form *form, struct slice body, struct hook_report *reports,
		   uint32_t cap, uint32_t *ret_n, char *why, size_t why_cap)
{
	json_error_t error;
	json_t *root;
	enum err e;

	if (body.n > HOOK_BODY_MAX || is_deep(body)) {
		hook_wrong(why, why_cap, "the body is over %d bytes or %d levels", HOOK_BODY_MAX,
			   HOOK_DEPTH_MAX);
		return ERR_LIMIT;
	}
	root = body.n ? json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, &error) : NULL;
	if (!root && body.n == 0) {
		hook_wrong(why, why_cap, "the body is empty");
		return ERR_MALFORMED;
	}
	if (!root) {
		hook_wrong(why, why_cap, "line %d, column %d: %s", error.line, error.column,
			   error.text);
		return ERR_MALFORMED;
	}
	e = read_all(form, root, reports, cap, ret_n, why, why_cap);
	json_decref(root);
	return e;
}
