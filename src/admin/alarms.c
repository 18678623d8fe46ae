#include "admin/alarms.h"

#include <stdio.h>
#include <stdlib.h>

#define INFO SEVERITY_INFO
#define WARNING SEVERITY_WARNING
#define CRITICAL SEVERITY_CRITICAL
const struct alarm_row alarm_rows[ALARM_COUNT] = {
#define ALARM(id, name, severity, after_ms, text, fix)                                             \
	[ALARM_##id] = { name, text, fix, severity, after_ms, NULL, 0 },
#define NOTE_ALARM(id, name, severity, note, hold_ms, text, fix)                                   \
	[ALARM_##id] = { name, text, fix, severity, 0, note, hold_ms },
#include "admin/alarms.def"
};
#undef INFO
#undef WARNING
#undef CRITICAL

const char *severity_name(enum severity s)
{
	static const char *const names[] = { "info", "warning", "critical" };

	return (unsigned)s < SEVERITY_COUNT ? names[s] : "?";
}

enum { FRESH_MS = 60000 };

/* A counter of an account, and when it last rose. */
struct counted {
	char account[ALARM_NAME_MAX];
	uint8_t kind;
	bool seen;
	uint64_t value;
	int64_t rose_mono_ms, rose_wall_ms; /* INT64_MIN: never */
};

struct alarms {
	struct alarm list[ALARMS_MAX];
	uint32_t n;
	struct counted *counted;
	uint32_t counted_n, counted_cap;
	int64_t mono_ms, wall_ms;
	int64_t first_mono_ms; /* of the first pass, INT64_MAX: none yet */
	bool changed;
	uint64_t left_out;
};

enum err alarms_new(struct alarms **ret)
{
	struct alarms *a = calloc(1, sizeof(*a));

	if (!a)
		return ERR_NO_MEMORY;
	a->first_mono_ms = INT64_MAX;
	*ret = a;
	return ERR_OK;
}

void alarms_free(struct alarms *a)
{
	if (!a)
		return;
	free(a->counted);
	free(a);
}

void alarms_begin(struct alarms *a, int64_t mono_ms, int64_t wall_ms)
{
	a->mono_ms = mono_ms;
	a->wall_ms = wall_ms;
	if (mono_ms < a->first_mono_ms)
		a->first_mono_ms = mono_ms;
	for (uint32_t i = 0; i < a->n; i++)
		a->list[i].seen = false;
	for (uint32_t i = 0; i < a->counted_n; i++)
		a->counted[i].seen = false;
}

static void text(char *dst, size_t cap, struct slice s)
{
	snprintf(dst, cap, "%.*s", SLICE_ARG(s));
}

static struct alarm *find(struct alarms *a, enum alarm_kind kind, const char *account,
			  const char *connector)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (a->list[i].kind == kind && strcmp(a->list[i].account, account) == 0 &&
		    strcmp(a->list[i].connector, connector) == 0)
			return &a->list[i];
	return NULL;
}

static struct alarm *add(struct alarms *a, enum alarm_kind kind, const char *account,
			 const char *connector, int64_t since_wall_ms)
{
	if (a->n == ALARMS_MAX) {
		a->left_out++;
		return NULL;
	}
	struct alarm *x = &a->list[a->n++];
	*x = (struct alarm){ .kind = (uint8_t)kind, .since_mono_ms = a->mono_ms };
	x->since_wall_ms = since_wall_ms && since_wall_ms < a->wall_ms ? since_wall_ms : a->wall_ms;
	/* what has been so for long before we looked need not last that long again */
	x->since_mono_ms -= a->wall_ms - x->since_wall_ms;
	memcpy(x->account, account, ALARM_NAME_MAX);
	memcpy(x->connector, connector, ALARM_NAME_MAX);
	return x;
}

void alarms_see(struct alarms *a, enum alarm_kind kind, struct slice account,
		struct slice connector, int64_t since_wall_ms, struct slice detail)
{
	char in[ALARM_NAME_MAX] = "", at[ALARM_NAME_MAX] = "";

	text(in, sizeof(in), account);
	text(at, sizeof(at), connector);
	struct alarm *x = find(a, kind, in, at);
	if (!x)
		x = add(a, kind, in, at, since_wall_ms);
	if (!x)
		return;
	x->seen = true;
	text(x->detail, sizeof(x->detail), detail);
	if (!x->raised && a->mono_ms - x->since_mono_ms >= alarm_rows[kind].after_ms) {
		x->raised = a->changed = true;
		x->told = false;
	}
}

static struct counted *counted_of(struct alarms *a, enum alarm_kind kind, struct slice account,
				  uint64_t value)
{
	for (uint32_t i = 0; i < a->counted_n; i++)
		if (a->counted[i].kind == kind && slice_is(account, a->counted[i].account))
			return &a->counted[i];
	if (a->counted_n == a->counted_cap) {
		uint32_t cap = a->counted_cap ? a->counted_cap * 2 : 64;
		struct counted *more = realloc(a->counted, cap * sizeof(*more));

		if (!more)
			return NULL;
		a->counted = more;
		a->counted_cap = cap;
	}
	struct counted *c = &a->counted[a->counted_n++];
	/* counters begin with the process: what they hold when we begin to look has happened now */
	*c = (struct counted){ .kind = (uint8_t)kind, .rose_mono_ms = INT64_MIN,
			       .value = a->mono_ms - a->first_mono_ms < FRESH_MS ? 0 : value };
	text(c->account, sizeof(c->account), account);
	return c;
}

void alarms_count(struct alarms *a, enum alarm_kind kind, struct slice account, uint64_t value)
{
	struct counted *c = counted_of(a, kind, account, value);

	if (!c)
		return;
	c->seen = true;
	if (value > c->value) {
		if (c->rose_mono_ms == INT64_MIN ||
		    a->mono_ms - c->rose_mono_ms > alarm_rows[kind].hold_ms)
			c->rose_wall_ms = a->wall_ms;
		c->rose_mono_ms = a->mono_ms;
	}
	c->value = value;
	if (c->rose_mono_ms != INT64_MIN &&
	    a->mono_ms - c->rose_mono_ms <= alarm_rows[kind].hold_ms)
		alarms_see(a, kind, account, SLICE_NONE, c->rose_wall_ms, SLICE_NONE);
}

bool alarms_end(struct alarms *a, void (*gone)(void *arg, const struct alarm *x), void *arg)
{
	uint32_t kept = 0;
	bool changed;

	for (uint32_t i = 0; i < a->n; i++) {
		if (a->list[i].seen) {
			if (kept != i)
				a->list[kept] = a->list[i];
			kept++;
			continue;
		}
		if (a->list[i].raised) {
			a->changed = true;
			gone(arg, &a->list[i]);
		}
	}
	a->n = kept;
	kept = 0;
	for (uint32_t i = 0; i < a->counted_n; i++)
		if (a->counted[i].seen)
			a->counted[kept++] = a->counted[i];
	a->counted_n = kept;
	changed = a->changed;
	a->changed = false;
	return changed;
}

struct alarm *alarms_list(struct alarms *a, uint32_t *ret_n)
{
	*ret_n = a->n;
	return a->list;
}

uint32_t alarms_raised(const struct alarms *a, enum severity s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < a->n; i++)
		n += a->list[i].raised && alarm_rows[a->list[i].kind].severity == s;
	return n;
}

int64_t alarms_wall_ms(const struct alarms *a)
{
	return a->wall_ms;
}

uint64_t alarms_left_out(const struct alarms *a)
{
	return a->left_out;
}
