/* Every finite domain of the presence rules against tests/golden/combine.txt, cell by cell, through
 * the engine's own door. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/engine.h"
#include "core/policy.h"

enum { COLUMNS_MAX = 8, ROWS_MAX = 8, TABLES_MAX = 32, WORD = 32 };

struct table {
	char kind[WORD], precedence[WORD], busy[WORD], dnd[WORD], ringing[WORD];
	int columns, rows;
	char column[COLUMNS_MAX][WORD];
	char row[ROWS_MAX][WORD];
	char cell[ROWS_MAX][COLUMNS_MAX][WORD];
};

static struct table tables[TABLES_MAX];
static int tables_n;

/* ---- reading ---- */

static bool next_word(const char **at, char *ret)
{
	size_t n;

	*at += strspn(*at, " \n");
	n = strcspn(*at, " \n");
	assert_true(n < WORD);
	memcpy(ret, *at, n);
	ret[n] = '\0';
	*at += n;
	return n > 0;
}

static void read_option(struct table *t, const char *word)
{
	static const char *const names[] = { "precedence=", "busy=", "dnd=", "ringing=" };
	char *const places[] = { t->precedence, t->busy, t->dnd, t->ringing };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strncmp(word, names[i], strlen(names[i])) == 0) {
			snprintf(places[i], WORD, "%s", word + strlen(names[i]));
			return;
		}
	}
	fail_msg("unknown option %s", word);
}

static void read_heading(const char *text)
{
	struct table *t = &tables[tables_n++];
	char word[WORD];

	assert_true(tables_n <= TABLES_MAX);
	next_word(&text, t->kind);
	while (next_word(&text, word))
		read_option(t, word);
}

static void read_row(struct table *t, const char *text)
{
	int c = 0;

	if (t->columns == 0) {
		while (next_word(&text, t->column[t->columns]))
			assert_true(++t->columns < COLUMNS_MAX);
		return;
	}
	assert_true(t->rows < ROWS_MAX);
	next_word(&text, t->row[t->rows]);
	while (c < t->columns && next_word(&text, t->cell[t->rows][c]))
		c++;
	assert_int_equal(c, t->columns);
	t->rows++;
}

static int read_golden(void **state)
{
	const char *source = getenv("OFFHOOK_SOURCE");
	char path[4096], text[256];
	bool inside = false;
	FILE *f;
	(void)state;

	snprintf(path, sizeof(path), "%s/tests/golden/combine.txt", source ? source : ".");
	f = fopen(path, "r");
	if (!f)
		return -1;
	while (fgets(text, sizeof(text), f)) {
		if (text[0] == '#')
			continue;
		if (text[strspn(text, " \n")] == '\0')
			inside = false;
		else if (!inside && (inside = true))
			read_heading(text);
		else
			read_row(&tables[tables_n - 1], text);
	}
	fclose(f);
	return 0;
}

static uint8_t word_index(const char *word, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(word, names[i]) == 0)
			return (uint8_t)i;
	fail_msg("unknown word '%s'", word);
	return 0;
}

#define INDEX(word, ...) \
	word_index((word), (const char *const[]){ __VA_ARGS__ }, \
		   (int)ARRAY_LEN(((const char *const[]){ __VA_ARGS__ })))

/* ---- one person, one line ---- */

static struct engine *e;
static struct action hold; /* the latest given out; .session none after a clear */

static void step_once(struct event ev, bool *ret_more)
{
	struct actions out;

	ev.mono_ms = 1000;
	ev.wall_ms = 1800000000000;
	engine_step(e, &ev, &out);
	for (uint32_t i = 0; i < out.n; i++) {
		if (out.list[i].kind == ACT_HOLD)
			hold = out.list[i];
		if (out.list[i].kind == ACT_CLEAR)
			hold = (struct action){ 0 };
	}
	*ret_more = out.more;
}

static void step(struct event ev)
{
	bool more;

	step_once(ev, &more);
	while (more)
		step_once((struct event){ .kind = EV_TICK }, &more);
}

static void report(struct obs o)
{
	o.connector = ID_NONE;
	if (o.kind != OBS_PROFILE)
		o.user = ID_NONE;
	step((struct event){ .kind = EV_OBS, .obs = o });
}

/* With no grace a line that was never heard of is unknown and settled at once. */
static void begin(struct policy p)
{
	struct engine_limits l = { 1, 1, 1, 1, 0 };

	p.lease_ms = 600000;
	hold = (struct action){ 0 };
	assert_int_equal(engine_new(&e, &l, 1000, 1800000000000), ERR_OK);
	step((struct event){ .kind = EV_POLICY, .policy_set = { 0, p } });
	step((struct event){ .kind = EV_USER_ADD, .user_add = { .enabled = true } });
	step((struct event){ .kind = EV_LINE_ADD });
	step((struct event){ .kind = EV_CONNECTOR_UP });
}

static void set_line(const char *state)
{
	struct obs o = { .kind = OBS_CALL, .scope = SCOPE_FULL, .call_key = 9 };

	if (strcmp(state, "unknown") == 0)
		return;
	if (strcmp(state, "busy") == 0)
		o.call = CALL_TALKING;
	if (strcmp(state, "conference") == 0)
		o.call = CALL_CONFERENCE;
	report(o);
	if (strcmp(state, "dnd") == 0)
		report((struct obs){ .kind = OBS_DND, .on = true });
	if (strcmp(state, "offline") == 0)
		report((struct obs){ .kind = OBS_REGISTRATION });
}

static struct policy policy_for(const struct table *t, const char *row)
{
	const char *na = strchr(row, ',');
	struct policy p = { 0 };

	p.precedence = INDEX(t->precedence, "cloudlink", "call-first");
	if (t->busy[0])
		p.busy = INDEX(t->busy, "in-a-call", "dnd");
	if (t->dnd[0])
		p.dnd = INDEX(t->dnd, "presenting", "preferred");
	if (na)
		p.not_available = INDEX(na + 1, "offline", "away", "dnd");
	return p;
}

static void set_profile(const char *row)
{
	struct obs o = { .kind = OBS_PROFILE, .line = ID_NONE };
	char word[WORD];
	enum profile p = PROFILE_COUNT;

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(row, ","), row);
	assert_true(profile_parse(word, &p));
	o.profile.state = (uint8_t)p;
	o.profile.until_wall_ms = TIME_NEVER;
	report(o);
}

static void is_cell(const struct table *t, int r, int c, const char *got)
{
	if (strcmp(got, t->cell[r][c]) != 0)
		fail_msg("%s %s %s %s: %s + %s is %s, the table says %s", t->kind, t->precedence,
			 t->busy, t->dnd, t->row[r], t->column[c], got, t->cell[r][c]);
}

/* ---- the tables ---- */

static int for_each(const char *kind, void (*cell)(const struct table *, int, int))
{
	int n = 0;

	for (int i = 0; i < tables_n; i++) {
		const struct table *t = &tables[i];

		for (int r = 0; strcmp(t->kind, kind) == 0 && r < t->rows; r++)
			for (int c = 0; c < t->columns; c++, n++)
				cell(t, r, c);
	}
	return n;
}

static void pair_cell(const struct table *t, int r, int c)
{
	enum precedence precedence = INDEX(t->precedence, "cloudlink", "call-first");
	enum presence a = PRESENCE_UNKNOWN, b = PRESENCE_UNKNOWN;

	assert_true(presence_parse(t->row[r], &a) && presence_parse(t->column[c], &b));
	is_cell(t, r, c,
		presence_name(policy_rank(precedence, a) >= policy_rank(precedence, b) ? a : b));
}

static void line_cell(const struct table *t, int r, int c)
{
	struct policy p = { .ringing = INDEX(t->ringing, "ignore", "busy") };
	uint8_t call = INDEX(t->row[r], "gone", "ringing", "dialing", "talking", "held", "conference");
	struct line_view v;

	begin(p);
	report((struct obs){ .kind = OBS_CALL, .scope = SCOPE_FULL, .call_key = 9, .call = call });
	if (strstr(t->column[c], "dnd"))
		report((struct obs){ .kind = OBS_DND, .on = true });
	report((struct obs){ .kind = OBS_REGISTRATION,
			     .registered = strstr(t->column[c], "unregistered") == NULL });
	assert_true(engine_line(e, 0, &v));
	is_cell(t, r, c, presence_name(v.presence));
	engine_free(e);
}

static void person_cell(const struct table *t, int r, int c, struct user_view *ret)
{
	begin(policy_for(t, t->row[r]));
	set_profile(t->row[r]);
	set_line(t->column[c]);
	assert_true(engine_user(e, 0, ret));
	engine_free(e);
}

static void combined_cell(const struct table *t, int r, int c)
{
	struct user_view v;

	person_cell(t, r, c, &v);
	is_cell(t, r, c, presence_name(v.combined));
}

/* What was given out to the sink, not what the engine says it wants. */
static void session_cell(const struct table *t, int r, int c)
{
	struct user_view v;
	char got[WORD];

	person_cell(t, r, c, &v);
	assert_int_equal(v.desired, hold.session);
	snprintf(got, sizeof(got), "%s%s", session_name(hold.session), hold.preferred ? "+" : "");
	is_cell(t, r, c, got);
}

static void pairs(void **state)
{
	(void)state;
	assert_int_equal(for_each("pair", pair_cell), 2 * PRESENCE_COUNT * PRESENCE_COUNT);
}

static void call_states(void **state)
{
	(void)state;
	assert_int_equal(for_each("line", line_cell), 2 * CALL_COUNT * 4);
}

/* Profiles: not-available stands thrice, once for each meaning. */
static void combined(void **state)
{
	(void)state;
	assert_int_equal(for_each("combined", combined_cell), 2 * (PROFILE_COUNT + 2) * 6);
}

static void sessions(void **state)
{
	(void)state;
	assert_int_equal(for_each("session", session_cell), 8 * (PROFILE_COUNT + 2) * 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs),
		cmocka_unit_test(call_states),
		cmocka_unit_test(combined),
		cmocka_unit_test(sessions),
	};
	return cmocka_run_group_tests_name("core/combine", tests, read_golden, NULL);
}
