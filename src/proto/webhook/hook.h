/* hook.h - bodies of webhook requests: JSON in, reports on lines out. Pure.
 *
 * Three forms: our own (doc/pbx-webhook-yeastar-3cx.md), Yeastar P-Series events 30007, 30008 and
 * 30009, and a mapping given in the configuration by JSON pointers (RFC 6901) and tables of words.
 * A pointer also goes on into a text that is itself a JSON document, as Yeastar's `msg`.
 *
 * Limits: a body of HOOK_BODY_MAX bytes and HOOK_DEPTH_MAX levels, an array of HOOK_REPORTS_MAX
 * reports, a line's name of HOOK_LINE_MAX bytes. Duplicate keys are refused. */
#ifndef PROTO_WEBHOOK_HOOK_H
#define PROTO_WEBHOOK_HOOK_H

#include <jansson.h>

#include "base/secret.h"
#include "base/slice.h"

enum {
	HOOK_BODY_MAX = 65536,
	HOOK_DEPTH_MAX = 32,
	HOOK_REPORTS_MAX = 256,
	HOOK_LINE_MAX = 127,
	HOOK_WORD_MAX = 63,
	HOOK_WORDS_MAX = 64,
	HOOK_POINTER_MAX = 255,
};

/* What a report says about calls; HOOK_UNSAID: nothing. */
enum hook_call {
	HOOK_UNSAID,
	HOOK_IDLE,
	HOOK_RINGING,
	HOOK_DIALING,
	HOOK_TALKING,
	HOOK_HELD,
	HOOK_CONFERENCE,
};

enum hook_switch { HOOK_NOT_SAID, HOOK_OFF, HOOK_ON };

/* In the order of the words of core/names.def, which a test holds. */
enum hook_profile {
	HOOK_AVAILABLE,
	HOOK_AWAY,
	HOOK_BUSY,
	HOOK_NOT_AVAILABLE,
	HOOK_MEETING,
	HOOK_PROFILE_UNSAID,
};

struct hook_report {
	char line[HOOK_LINE_MAX + 1]; /* "": the request's path names it */
	uint8_t call;		      /* enum hook_call */
	bool full; /* states the whole line; a report without a call's name always does */
	bool has_key;
	uint64_t key;	    /* hash of the call's name */
	uint8_t dnd;	    /* enum hook_switch */
	uint8_t registered; /* enum hook_switch */
	bool dnd_by_word, registered_by_word; /* said by the state's word only: the next word ends it */
	uint8_t endpoint; /* 1..8: the registration is of this one of the line's endpoints; 0: of
			     the line */
	uint8_t profile;  /* enum hook_profile */
	int64_t until_wall_ms; /* INT64_MAX: no end */
	bool has_sequence, has_time;
	uint64_t sequence;
	int64_t time_wall_ms;
	bool ignored; /* well-formed, and nothing for us */
};

enum hook_form_kind { HOOK_OWN, HOOK_YEASTAR, HOOK_MAPPED };

struct hook_word {
	char theirs[HOOK_WORD_MAX + 1];
	uint8_t ours; /* index into the table of words */
};

struct hook_pointer {
	char text[HOOK_POINTER_MAX + 1]; /* "": not given */
};

/* How bodies are to be read. Made once, by hook_form_init; no pointers inside. */
struct hook_form {
	uint8_t kind;  /* enum hook_form_kind */
	uint64_t seed; /* for the hashes of calls */
	struct hook_pointer line, state, call, dnd, profile, sequence, time, only;
	char only_value[HOOK_WORD_MAX + 1];
	struct hook_word states[HOOK_WORDS_MAX], profiles[HOOK_WORDS_MAX];
	uint32_t states_n, profiles_n;
};

/* As in the configuration; NULL and "" alike are absent. Words are "theirs=ours". */
struct hook_mapping {
	const char *line, *state, *call, *dnd, *profile, *sequence, *time;
	const char *only; /* "/pointer=value": other bodies are ignored */
	const char *const *states, *const *profiles;
	uint32_t states_n, profiles_n;
};

/* ERR_MALFORMED with the reason in `why` (cut to why_cap, closed). mapping: HOOK_MAPPED only. */
MUST_CHECK enum err hook_form_init(struct hook_form *ret, enum hook_form_kind kind,
				   const struct hook_mapping *mapping, uint64_t seed, char *why,
				   size_t why_cap);

/* One object, or an array of them, as at most `cap` reports. All of the body is good, or none of it
 * is used: ERR_MALFORMED (no JSON), ERR_PROTOCOL (JSON, but not of this form), ERR_LIMIT. `why`
 * says what is wrong, naming key and value, in words for the sender; only printable bytes. */
MUST_CHECK enum err hook_read(const struct hook_form *form, struct slice body,
			      struct hook_report *reports, uint32_t cap, uint32_t *ret_n, char *why,
			      size_t why_cap);

/* ---- who sends: both in a time that does not tell how much was right ---- */

bool hook_token_is(const struct secret *token, struct slice presented);
/* signature: base64 of HMAC-SHA256 of the body under the token (Yeastar's X-Signature). */
bool hook_signature_is(const struct secret *token, struct slice body, struct slice signature);

/* ---- private to this folder ---- */

/* The value at the pointer, or NULL. *owned gets what a text inside was parsed into, to be given
 * back with json_decref after use (or NULL). */
const json_t *hook_at(const json_t *root, const char *pointer, json_t **owned);
bool hook_pointer_is_good(const char *pointer);
bool hook_text_of(const json_t *v, char *dst, size_t cap);
/* Our word for a state, or false. */
bool hook_state_word(const char *word, uint8_t *ret_index);
void hook_say_state(struct hook_report *r, uint8_t index);
bool hook_profile_word(const char *word, uint8_t *ret);
void hook_say_call(const struct hook_form *form, struct hook_report *r, const char *name);
void hook_report_init(struct hook_report *r);
enum err hook_read_yeastar(const json_t *body, struct hook_report *r, char *why, size_t why_cap);
enum err hook_read_mapped(const struct hook_form *form, const json_t *body, struct hook_report *r,
			  char *why, size_t why_cap);
enum err hook_read_own(const struct hook_form *form, const json_t *body, struct hook_report *r,
		       char *why, size_t why_cap);
enum err hook_order_of(const json_t *sequence, const json_t *time, struct hook_report *r, char *why,
		       size_t why_cap);
enum err hook_wrong(char *why, size_t why_cap, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
