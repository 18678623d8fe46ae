#include "proto/csta/profile.h"

#include <stdio.h>

#include "base/check.h"
#include "base/date.h"

/* The first row of a profile is the word that is written. */
static const char *const standard[] = {
	"available=available",	 "away=away",	      "busy=busy",     "meeting=meeting",
	"offline=not-available", "dnd=not-available", "vacation=away", "calling=busy",
	"unknown=none",
};

static const char *const words[] = {
	[CSTA_AVAILABLE] = "available", [CSTA_AWAY] = "away",
	[CSTA_BUSY] = "busy",		[CSTA_NOT_AVAILABLE] = "not-available",
	[CSTA_MEETING] = "meeting",	[CSTA_IGNORED] = "ignore",
	[CSTA_NO_STATEMENT] = "none",
};

/* ---- making one ---- */

bool csta_element_is(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

		if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '.')))
			return false;
	}
	return s.n > 0;
}

bool csta_path_is(struct slice s, size_t least)
{
	struct slice step;
	size_t n = 0;

	while (slice_split(&s, '/', &step)) {
		if (!csta_element_is(step))
			return false;
		n++;
	}
	return n >= least;
}

static enum err wrong(char *why, size_t cap, const char *what, struct slice text)
{
	snprintf(why, cap, "%s: %.*s", what, (int)(text.n < 80 ? text.n : 80),
		 text.p ? text.p : "");
	return ERR_MALFORMED;
}

static bool ours_of(struct slice word, uint8_t *ret)
{
	for (uint8_t i = 0; i < ARRAY_LEN(words); i++)
		if (slice_is(word, words[i])) {
			*ret = i;
			return true;
		}
	return false;
}

static bool is_double(const struct csta_form *f, const struct csta_row *row)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (strcmp(f->rows[i].path, row->path) == 0 && f->rows[i].ours != row->ours &&
		    slice_is_nocase(slice_str(f->rows[i].theirs), row->theirs))
			return true;
	return false;
}

static enum err add_row(struct csta_form *f, struct slice text, char *why, size_t cap)
{
	struct csta_row *row = &f->rows[f->n];
	size_t at = slice_find(text, '@'), eq = text.n;
	struct slice path = SLICE_NONE;
	bool has_path = at < text.n;

	while (eq && text.p[eq - 1] != '=')
		eq--;
	if (eq == 0)
		return wrong(why, cap, "profiles must be words like Absent=away, and this is not",
			     text);
	struct slice theirs = slice_trim(slice_sub(text, has_path ? at + 1 : 0, eq - 1));
	if (has_path)
		path = slice_sub(text, 0, at);
	if (has_path && !csta_path_is(path, 2))
		return wrong(why, cap,
			     "profiles: no path of elements such as Event/element stands before @",
			     text);
	if (theirs.n == 0 || slice_copy(theirs, row->theirs, sizeof(row->theirs)) ||
	    slice_copy(path, row->path, sizeof(row->path)))
		return wrong(why, cap, "profiles: a word is empty or too long", text);
	if (!ours_of(slice_trim(slice_sub(text, eq, text.n)), &row->ours))
		return wrong(why, cap,
			     "profiles must end in available, away, busy, not-available, meeting, "
			     "none or ignore, "
			     "and this does not",
			     text);
	if (is_double(f, row))
		return wrong(why, cap, "profiles: the word stands in two rows", text);
	f->n++;
	return ERR_OK;
}

static enum err put_path(char *dst, size_t dst_cap, const char *given, const char *otherwise,
			 size_t least, const char *key, char *why, size_t cap)
{
	struct slice s = slice_trim(slice_str(given ? given : otherwise));
	char what[80];

	if (!slice_copy(s, dst, dst_cap) && (s.n == 0 || csta_path_is(s, least)))
		return ERR_OK;
	snprintf(what, sizeof(what), "%s must be element names with / between, and this is not",
		 key);
	return wrong(why, cap, what, s);
}

enum err csta_form_init(struct csta_form *ret, const struct csta_mapping *mapping, char *why,
			size_t cap)
{
	static const struct csta_mapping none;
	const struct csta_mapping *m = mapping ? mapping : &none;
	const char *const *rows = m->rows_n ? m->rows : standard;
	uint32_t n = m->rows_n ? m->rows_n : (uint32_t)ARRAY_LEN(standard);
	enum err e;

	*ret = (struct csta_form){ 0 };
	e = put_path(ret->at, sizeof(ret->at), m->at, "PresenceStateEvent/presenceState", 2,
		     "profile_at", why, cap);
	if (!e)
		e = put_path(ret->get, sizeof(ret->get), m->get, "GetPresenceState", 1,
			     "profile_get", why, cap);
	if (!e)
		e = put_path(ret->set, sizeof(ret->set), m->set,
			     "SetPresenceState/requestedPresenceState", 2, "profile_set", why, cap);
	if (!e)
		e = put_path(ret->until, sizeof(ret->until), m->until, "untilTime", 1, "profile_until",
			     why, cap);
	if (!e && strchr(ret->get, '/'))
		e = wrong(why, cap, "profile_get must be one element", slice_str(ret->get));
	if (!e && strchr(ret->until, '/'))
		e = wrong(why, cap, "profile_until must be one element", slice_str(ret->until));
	if (!e && n > CSTA_ROWS_MAX) {
		snprintf(why, cap, "profiles has more than %d rows", CSTA_ROWS_MAX);
		e = ERR_LIMIT;
	}
	for (uint32_t i = 0; i < n && !e; i++)
		e = add_row(ret, slice_trim(slice_str(rows[i])), why, cap);
	return e;
}

/* ---- using it ---- */

static const char *tail_of(const char *path)
{
	const char *slash = strchr(path, '/');

	return slash ? slash + 1 : "";
}

static bool root_is_first(struct slice event, const char *path)
{
	struct slice root = slice_str(path);

	return slice_eq(event, slice_sub(root, 0, slice_find(root, '/')));
}

/* path "" stands for the form's own. */
static enum csta_profile word_of(const struct csta_form *f, const char *path, struct slice theirs)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (strcmp(f->rows[i].path, path) == 0 &&
		    slice_is_nocase(theirs, f->rows[i].theirs))
			return (enum csta_profile)f->rows[i].ours;
	return CSTA_STRANGE;
}

static enum csta_profile read_at(const struct csta_form *f, const struct csta_message *m,
				 const char *path, const char *row_path, struct slice *word)
{
	struct slice theirs = csta_get(m, 0, tail_of(path));

	if (!theirs.p || theirs.n == 0)
		return CSTA_UNSAID;
	*word = theirs;
	return word_of(f, row_path, theirs);
}

static enum csta_profile read_as(const struct csta_form *f, const struct csta_message *m,
				 struct slice event, struct slice *word)
{
	if (f->at[0] && root_is_first(event, f->at))
		return read_at(f, m, f->at, "", word);
	for (uint32_t i = 0; i < f->n; i++) {
		enum csta_profile p;

		if (!f->rows[i].path[0] || !root_is_first(event, f->rows[i].path))
			continue;
		p = read_at(f, m, f->rows[i].path, f->rows[i].path, word);
		if (p != CSTA_UNSAID && p != CSTA_STRANGE)
			return p;
	}
	return CSTA_UNSAID;
}

enum csta_profile csta_form_event(const struct csta_form *f, const struct csta_message *m,
				  struct slice *word)
{
	return read_as(f, m, csta_name(m, 0), word);
}

enum csta_profile csta_form_as(const struct csta_form *f, const struct csta_message *m, const char *event,
			       struct slice *word)
{
	return read_as(f, m, slice_str(event), word);
}

enum csta_profile csta_form_answer(const struct csta_form *f, const struct csta_message *m,
				   struct slice *word)
{
	return f->at[0] ? read_at(f, m, f->at, "", word) : CSTA_UNSAID;
}

enum err csta_form_until(const struct csta_form *f, const struct csta_message *m,
			 int64_t *ret_wall_ms, struct slice *word)
{
	struct slice said = f->until[0] ? csta_get(m, 0, f->until) : SLICE_NONE;
	int64_t ms = INT64_MAX;

	*word = said;
	if (said.n && date_parse(said, &ms))
		return ERR_MALFORMED;
	*ret_wall_ms = ms;
	return ERR_OK;
}

/* true or 1, false or 0, at a path from DoNotDisturbEvent to doNotDisturbOn. */
static bool reads_dnd(const struct csta_form *f, const struct csta_row *row, bool on)
{
	struct slice path = slice_str(row->path[0] ? row->path : f->at), step = SLICE_NONE;
	bool said;

	if (!slice_split(&path, '/', &step) || !slice_is(step, "DoNotDisturbEvent"))
		return false;
	while (slice_split(&path, '/', &step))
		continue;
	return slice_is(step, "doNotDisturbOn") && csta_flag(slice_str(row->theirs), &said) &&
	       said == on;
}

enum csta_profile csta_form_dnd(const struct csta_form *f, bool on)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (reads_dnd(f, &f->rows[i], on) && f->rows[i].ours < CSTA_IGNORED)
			return (enum csta_profile)f->rows[i].ours;
	return CSTA_UNSAID;
}

const char *csta_profile_name(enum csta_profile p)
{
	return words[p <= CSTA_NO_STATEMENT ? p : CSTA_NO_STATEMENT];
}

const char *csta_form_word(const struct csta_form *f, enum csta_profile ours)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (!f->rows[i].path[0] && f->rows[i].ours == ours)
			return f->rows[i].theirs;
	return NULL;
}
