#include "proto/conf/schema.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"

#define conf_root conf
#define FIELD(scope, key) ((struct conf_##scope *)0)->key

/* The field of every row has the C type that its kind's decoder writes. */
#define SETTING(scope, key, kind, def, lo, hi, words, flags, example, help)                        \
	_Static_assert(sizeof(FIELD(scope, key)) == sizeof(type_of_##kind), #scope "." #key);
#define KIND(name, type) typedef type type_of_##name;
CONF_KINDS(KIND)
#undef KIND
#include "proto/conf/settings.def"

static const struct setting settings[] = {
#define SETTING(s_, key_, kind_, def_, lo_, hi_, words_, flags_, example_, help_)                  \
	{.key = #key_,                                                                             \
	 .scope = SCOPE_##s_,                                                                      \
	 .kind = KIND_##kind_,                                                                     \
	 .flags = (flags_),                                                                        \
	 .offset = offsetof(struct conf_##s_, key_),                                               \
	 .lo = (lo_),                                                                              \
	 .hi = (hi_),                                                                              \
	 .words = (words_),                                                                        \
	 .def = (def_),                                                                            \
	 .example = (example_),                                                                    \
	 .help = (help_)},
#define GROUP(s_, key_, sub_, flags_, help_)                                                       \
	{.key = #key_,                                                                             \
	 .scope = SCOPE_##s_,                                                                      \
	 .kind = KIND_GROUP,                                                                       \
	 .sub = SCOPE_##sub_,                                                                      \
	 .flags = (flags_),                                                                        \
	 .offset = offsetof(struct conf_##s_, key_),                                               \
	 .help = (help_)},
#define LIST(s_, key_, sub_, max_, help_)                                                          \
	{.key = #key_,                                                                             \
	 .scope = SCOPE_##s_,                                                                      \
	 .kind = KIND_LIST,                                                                        \
	 .sub = SCOPE_##sub_,                                                                      \
	 .offset = offsetof(struct conf_##s_, key_),                                               \
	 .offset_n = offsetof(struct conf_##s_, key_##_n),                                         \
	 .hi = (max_),                                                                             \
	 .help = (help_)},
#include "proto/conf/settings.def"
};

static const size_t sizes[SCOPE_N] = {
    [SCOPE_root] = sizeof(struct conf),
    [SCOPE_server] = sizeof(struct conf_server),
    [SCOPE_alarms] = sizeof(struct conf_alarms),
    [SCOPE_tls] = sizeof(struct conf_tls),
    [SCOPE_lamps] = sizeof(struct conf_lamps),
    [SCOPE_account] = sizeof(struct conf_account),
    [SCOPE_teams] = sizeof(struct conf_teams),
    [SCOPE_policy] = sizeof(struct conf_policy),
    [SCOPE_hours] = sizeof(struct conf_hours),
    [SCOPE_status_text] = sizeof(struct conf_status_text),
    [SCOPE_group] = sizeof(struct conf_group),
    [SCOPE_matching] = sizeof(struct conf_matching),
    [SCOPE_sign_in] = sizeof(struct conf_sign_in),
    [SCOPE_connector] = sizeof(struct conf_connector),
    [SCOPE_user] = sizeof(struct conf_user),
};

static const char *const scope_names[SCOPE_N] = {
    "",
    "server",
    "server.alarms",
    "tls",
    "lamps",
    "accounts[]",
    "accounts[].teams",
    "policy",
    "policy.hours",
    "policy.status_text",
    "accounts[].groups[]",
    "accounts[].matching",
    "accounts[].sign_in",
    "accounts[].connectors[]",
    "accounts[].users[]",
};

struct schema schema_of(enum conf_scope scope)
{
	struct schema s = {NULL, 0, sizes[scope]};

	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		if (settings[i].scope != scope)
			continue;
		if (!s.rows)
			s.rows = &settings[i];
		s.n++;
	}
	return s;
}

bool schema_is_secret(const struct setting *s)
{
	return s->kind == KIND_SECRET || s->kind == KIND_PEM || s->kind == KIND_PEM_HELD;
}

void schema_plain_name(const struct setting *s, char dst[static SCHEMA_PLAIN_MAX])
{
	size_t n = strlen(s->key);

	if (n > 5 && n < SCHEMA_PLAIN_MAX && strcmp(s->key + n - 5, "_file") == 0)
		n -= 5;
	snprintf(dst, SCHEMA_PLAIN_MAX, "%.*s", (int)n, s->key);
}

const char *schema_scope_name(enum conf_scope scope)
{
	return scope_names[scope];
}

const struct setting *schema_elsewhere(enum conf_scope not, struct slice key)
{
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (settings[i].scope != not &&slice_is(key, settings[i].key))
			return &settings[i];
	return NULL;
}

/* Levenshtein's distance; keys longer than a row are far from everything. */
static size_t distance(struct slice a, struct slice b)
{
	enum { MAX = 32 };
	size_t row[MAX + 1];

	if (a.n > MAX || b.n > MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t best = diagonal + (a.p[i - 1] != b.p[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b.n];
}

const struct setting *schema_nearest(enum conf_scope scope, struct slice key)
{
	struct schema s = schema_of(scope);
	const struct setting *best = NULL;
	size_t best_distance = key.n / 3 + 2;

	for (size_t i = 0; i < s.n; i++) {
		size_t d = distance(key, slice_str(s.rows[i].key));

		if (d < best_distance && d < key.n) {
			best_distance = d;
			best = &s.rows[i];
		}
	}
	return best;
}

void schema_duration(int64_t ms, struct buf *out)
{
	static const struct {
		int64_t ms;
		const char *unit;
	} units[] = {{3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (ms && ms % units[i].ms == 0) {
			buf_fmt(out, "%lld%s", (long long)(ms / units[i].ms), units[i].unit);
			return;
		}
	}
	buf_str(out, "0s");
}

static void wants_duration(const struct setting *s, struct buf *out)
{
	buf_str(out, "a duration from ");
	schema_duration(s->lo, out);
	buf_str(out, " to ");
	schema_duration(s->hi, out);
	if (s->kind == KIND_DURATION_OR_OFF)
		buf_str(out, ", or off");
	buf_fmt(out, ", such as %s", s->def);
}

/* "a|b|c" -> "a, b or c" */
static void wants_words(struct slice words, struct buf *out)
{
	struct slice word;
	const char *before = "";

	while (slice_split(&words, '|', &word)) {
		buf_str(out, before);
		buf_slice(out, word);
		before = words.p && slice_find(words, '|') < words.n ? ", " : " or ";
	}
}

static void wants_type(struct buf *out)
{
	const char *before = "";

	for (int t = 0; t < CONF_TYPE_COUNT; t++) {
		if (!conf_type_built((enum conf_type)t))
			continue;
		buf_fmt(out, "%s%s", before, conf_type_name((enum conf_type)t));
		before = ", ";
	}
}

static const char *const wants[KIND_COUNT_] = {
    [KIND_GROUP] = "a mapping",
    [KIND_LIST] = "a list",
    [KIND_NAME] = "letters, digits, dot, dash and underscore, at most 64",
    [KIND_PATH] = "a path",
    [KIND_URL] = "an address such as https://graph.microsoft.com",
    [KIND_PROXY] = "a proxy such as http://proxy.acme.example:3128",
    [KIND_EMAIL] = "an e-mail address such as ana@acme.example",
    [KIND_GUID] = "an id such as 11111111-2222-3333-4444-555555555555",
    [KIND_TENANT] =
	"an id such as 11111111-2222-3333-4444-555555555555, or a domain such as acme.example",
    [KIND_SWITCH] = "yes or no",
    [KIND_QUOTA] = "requests per time, such as 1500/30s",
    [KIND_ADDRESS] = "address and port, such as 127.0.0.1:8470 or [::1]:8470",
    [KIND_SECRET] = "a file name",
    [KIND_PEM] = "a file name",
    [KIND_PEM_HELD] = "a file name",
    [KIND_LOGINS] = "a file name",
    [KIND_USERS] = "a file name",
    [KIND_TEXTS] = "a list of texts",
    [KIND_LINES] = "a list of connector/number",
    [KIND_TLS] = "yes, no, or a mapping with certificate_file and key_file",
    [KIND_ZONE] = "a time zone such as Europe/Berlin",
    [KIND_PACKAGES] = "a list of lines' numbers, or how they begin and *, with dialog or "
		      "presence, such as 201=presence or 7*=dialog",
    [KIND_RANGES] = "a list of days and times such as mon-fri 08:00-17:30",
    [KIND_DATES] = "a list of dates such as 2026-12-25, or 12-25 for every year",
    [KIND_HOLIDAYS] = "a file name",
    [KIND_OWN_POLICY] = "a mapping with keys of policy",
};

void schema_wants(const struct setting *s, struct buf *out)
{
	if (s->kind == KIND_WORD)
		wants_words(slice_str(s->words), out);
	else if (s->kind == KIND_TYPE)
		wants_type(out);
	else if (s->kind == KIND_DURATION || s->kind == KIND_DURATION_OR_OFF)
		wants_duration(s, out);
	else if (s->kind == KIND_COUNT)
		buf_fmt(out, "a number from %lld to %lld", (long long)s->lo, (long long)s->hi);
	else if (s->kind == KIND_TEXT)
		buf_fmt(out, "a text of at most %lld bytes", (long long)s->hi);
	else
		buf_str(out, wants[s->kind] ? wants[s->kind] : "something else");
}
