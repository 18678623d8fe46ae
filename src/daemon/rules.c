#include "daemon/rules.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/date.h"
#include "daemon/config.h"
#include "daemon/zones.h"
#include "proto/hours/hours.h"

enum { KEY_MAX = 65536, LOOK_MS = 60000, DAY_MS = 86400000 };

/* One set of working hours. */
struct plan {
	char *key; /* all that makes it what it is; NULL: free */
	struct zone *zone;
	struct hours_range *ranges;
	struct hours_date *dates;
	uint32_t ranges_n, dates_n;
	int64_t from_wall_ms, until_wall_ms; /* the stretch for which .open was found */
	bool open, used;
};

struct texts {
	char *key;
	char *words[TEXT_COUNT]; /* within key; NULL: none */
	struct zone *zone;
	bool used;
};

struct rules {
	struct bridge *bridge;
	struct bridge_time now;	      /* of the pass */
	struct plan plans[HOURS_MAX]; /* by the engine's number; 0 is never used */
	struct texts texts[RULES_SETS_MAX];
	uint32_t plans_high, texts_high;
};

enum err rules_new(struct rules **ret, struct bridge *b)
{
	struct rules *r = calloc(1, sizeof(*r));

	if (!r)
		return ERR_NO_MEMORY;
	r->bridge = b;
	r->plans_high = r->texts_high = 1;
	*ret = r;
	return ERR_OK;
}

static void plan_fini(struct plan *p)
{
	free(p->key);
	free(p->ranges);
	free(p->dates);
	zone_free(p->zone);
	*p = (struct plan){ 0 };
}

static void texts_fini(struct texts *x)
{
	free(x->key);
	zone_free(x->zone);
	*x = (struct texts){ 0 };
}

void rules_free(struct rules *r)
{
	if (!r)
		return;
	for (uint32_t i = 0; i < r->plans_high; i++)
		plan_fini(&r->plans[i]);
	for (uint32_t i = 0; i < r->texts_high; i++)
		texts_fini(&r->texts[i]);
	free(r);
}

/* ---- working hours ---- */

static void list_key(struct buf *b, char mark, const struct conf_texts *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		buf_fmt(b, "%c%s\n", mark, t->list[i]);
}

static bool read_dates(struct plan *p, const struct conf_texts *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (p->dates_n < HOURS_DATES_MAX &&
		    hours_date_parse(slice_str(t->list[i]), &p->dates[p->dates_n]))
			p->dates_n++;
	return true;
}

static enum err plan_init(struct plan *p, const struct conf_hours *h)
{
	enum err e = zones_load(h->zone, &p->zone);

	if (e)
		return e;
	p->ranges = calloc(h->open.n, sizeof(*p->ranges));
	p->dates = calloc(HOURS_DATES_MAX, sizeof(*p->dates));
	if (!p->ranges || !p->dates)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < h->open.n; i++)
		if (hours_range_parse(slice_str(h->open.list[i]), &p->ranges[p->ranges_n]))
			p->ranges_n++;
	read_dates(p, &h->holidays);
	if (h->holidays_file)
		read_dates(p, &h->holidays_file->dates);
	return ERR_OK;
}

static int64_t floor_s(int64_t ms)
{
	return ms / 1000 - (ms % 1000 < 0);
}

static void plan_look(struct plan *p, int64_t wall_ms)
{
	const struct hours h = { p->ranges, p->ranges_n, p->dates, p->dates_n, p->zone };

	p->open = hours_open(&h, floor_s(wall_ms));
	p->from_wall_ms = wall_ms;
	p->until_wall_ms = hours_change(&h, floor_s(wall_ms)) * 1000;
}

static void tell(struct rules *r, struct bridge_time t, uint16_t id)
{
	const struct plan *p = &r->plans[id];

	bridge_set_hours(r->bridge, t, id, p->open, p->until_wall_ms);
}

static uint16_t plan_new(struct rules *r, const struct conf_hours *h, const char *key,
			 const char **why)
{
	uint16_t id = 1;
	enum err e;

	while (id < r->plans_high && r->plans[id].key)
		id++;
	if (id == HOURS_MAX) {
		*why = "more than 1,023 different working hours";
		return 0;
	}
	struct plan *p = &r->plans[id];
	e = plan_init(p, h);
	if (!e && !(p->key = strdup(key)))
		e = ERR_NO_MEMORY;
	if (e) {
		plan_fini(p);
		*why = e == ERR_NO_MEMORY ? err_name(e) : zones_fault(h->zone);
		return 0;
	}
	r->plans_high = id >= r->plans_high ? id + 1u : r->plans_high;
	plan_look(p, r->now.wall_ms);
	tell(r, r->now, id);
	return id;
}

static uint16_t plan_of(struct rules *r, const struct conf_hours *h, const char **why)
{
	struct buf b;
	uint16_t id;

	if (h->open.n == 0)
		return 0;
	buf_init(&b, KEY_MAX);
	buf_fmt(&b, "%s\n", h->zone);
	list_key(&b, '+', &h->open);
	list_key(&b, '-', &h->holidays);
	if (h->holidays_file)
		list_key(&b, '-', &h->holidays_file->dates);
	for (id = 1; id < r->plans_high; id++)
		if (r->plans[id].key && strcmp(r->plans[id].key, buf_cstr(&b)) == 0)
			break;
	if (id == r->plans_high)
		id = buf_err(&b) ? 0 : plan_new(r, h, buf_cstr(&b), why);
	buf_fini(&b);
	r->plans[id].used = true;
	return id;
}

int64_t rules_look(struct rules *r, struct bridge_time t)
{
	int64_t next = TIME_NEVER;

	for (uint16_t id = 1; id < r->plans_high; id++) {
		struct plan *p = &r->plans[id];

		if (!p->key)
			continue;
		if (t.wall_ms < p->from_wall_ms || t.wall_ms >= p->until_wall_ms) {
			plan_look(p, t.wall_ms);
			tell(r, t, id);
		}
		int64_t left = p->until_wall_ms - t.wall_ms;
		int64_t due = t.mono_ms + (left < LOOK_MS ? left : LOOK_MS);
		next = due < next ? due : next;
	}
	return next;
}

bool rules_closed(const struct conf_hours *h, int64_t wall_ms)
{
	struct plan p = { 0 };
	bool closed = false;

	if (h->open.n && plan_init(&p, h) == ERR_OK) {
		plan_look(&p, wall_ms);
		closed = !p.open;
	}
	plan_fini(&p);
	return closed;
}

/* ---- status texts ---- */

/* In the order of core/texts.def. */
const char *rules_template(const struct conf_status_text *t, enum text_cause c)
{
	const char *const words[TEXT_COUNT] = {
		"",	      t->call, t->conference, t->dnd,	  t->forwarded,
		t->voicemail, t->busy, t->away,	      t->meeting, t->not_available
	};

	return words[c] ? words[c] : "";
}

uint16_t rules_text_bits(const struct conf_status_text *t)
{
	uint16_t bits = 0;

	for (int c = TEXT_NONE + 1; c < TEXT_COUNT; c++)
		bits |= (uint16_t)(rules_template(t, (enum text_cause)c)[0] ? 1u << c : 0);
	return bits;
}

static uint16_t texts_new(struct rules *r, const struct conf_policy *p, const struct buf *key,
			  const char **why)
{
	uint16_t id = 1;
	char *at;

	while (id < r->texts_high && r->texts[id].key)
		id++;
	if (id == RULES_SETS_MAX) {
		*why = "more than 4,095 different status texts";
		return 0;
	}
	struct texts *x = &r->texts[id];
	x->key = calloc(1, key->n + 1);
	if (!x->key || zones_load(p->hours.zone, &x->zone)) {
		*why = x->key ? zones_fault(p->hours.zone) : err_name(ERR_NO_MEMORY);
		texts_fini(x);
		return 0;
	}
	memcpy(x->key, key->p, key->n);
	at = strchr(x->key, '\n') + 1;
	for (int c = TEXT_NONE + 1; c < TEXT_COUNT; c++) {
		x->words[c] = at;
		at = strchr(at, '\n');
		*at++ = '\0';
	}
	r->texts_high = id >= r->texts_high ? id + 1u : r->texts_high;
	return id;
}

static bool texts_same(const struct texts *x, const struct conf_policy *p)
{
	if (!x->key ||
	    !slice_is(slice_sub(slice_str(x->key), 0, slice_find(slice_str(x->key), '\n')),
		      p->hours.zone ? p->hours.zone : ""))
		return false;
	for (int c = TEXT_NONE + 1; c < TEXT_COUNT; c++)
		if (strcmp(x->words[c], rules_template(&p->status_text, (enum text_cause)c)) != 0)
			return false;
	return true;
}

static uint16_t texts_of(struct rules *r, const struct conf_policy *p, uint16_t *ret_bits,
			 const char **why)
{
	struct buf key;
	uint16_t id;

	*ret_bits = rules_text_bits(&p->status_text);
	if (*ret_bits == 0)
		return 0;
	for (id = 1; id < r->texts_high && !texts_same(&r->texts[id], p); id++)
		continue;
	if (id == r->texts_high) {
		buf_init(&key, KEY_MAX);
		buf_fmt(&key, "%s\n", p->hours.zone ? p->hours.zone : "");
		for (int c = TEXT_NONE + 1; c < TEXT_COUNT; c++)
			buf_fmt(&key, "%s\n", rules_template(&p->status_text, (enum text_cause)c));
		id = buf_err(&key) ? 0 : texts_new(r, p, &key, why);
		buf_fini(&key);
	}
	r->texts[id].used = true;
	*ret_bits = id ? *ret_bits : 0;
	return id;
}

/* 14:00, and with its date when that is not today. */
static void put_until(const struct texts *x, int64_t until_wall_ms, int64_t wall_ms, struct buf *b)
{
	int64_t until_s = floor_s(until_wall_ms),
		local_ms = (until_s + zone_offset(x->zone, until_s)) * 1000;
	int64_t here_ms = (floor_s(wall_ms) + zone_offset(x->zone, floor_s(wall_ms))) * 1000;
	unsigned minute = hours_minute(x->zone, until_s);
	char date[DATE_LEN + 1];

	date_format(local_ms, date);
	if (local_ms / DAY_MS != here_ms / DAY_MS)
		buf_fmt(b, "%.10s ", date);
	buf_fmt(b, "%02u:%02u", minute / 60, minute % 60);
}

void rules_text(const struct rules *r, const struct action *a, int64_t wall_ms, struct buf *ret)
{
	const struct texts *x = a->text.set < r->texts_high ? &r->texts[a->text.set] : NULL;
	bool known = a->text.until_wall_ms != TIME_NEVER, skip = false;

	if (!x || !x->key || a->text.cause == TEXT_NONE || a->text.cause >= TEXT_COUNT)
		return;
	for (const char *p = x->words[a->text.cause]; *p; p++) {
		if (*p == '[' || *p == ']') {
			skip = *p == '[' && !known;
		} else if (skip) {
			continue;
		} else if (strncmp(p, "{until}", 7) == 0) {
			if (known)
				put_until(x, a->text.until_wall_ms, wall_ms, ret);
			p += 6;
		} else {
			buf_char(ret, *p);
		}
	}
}

/* ---- a pass over the configuration ---- */

void rules_begin(struct rules *r, struct bridge_time t)
{
	r->now = t;
	for (uint32_t i = 0; i < r->plans_high; i++)
		r->plans[i].used = false;
	for (uint32_t i = 0; i < r->texts_high; i++)
		r->texts[i].used = false;
}

void rules_end(struct rules *r)
{
	for (uint16_t i = 1; i < r->plans_high; i++) {
		if (!r->plans[i].key || r->plans[i].used)
			continue;
		bridge_set_hours(r->bridge, r->now, i, true, TIME_NEVER);
		plan_fini(&r->plans[i]);
	}
	for (uint32_t i = 1; i < r->texts_high; i++)
		if (!r->texts[i].used)
			texts_fini(&r->texts[i]);
}

void rules_policy(struct rules *r, const struct conf_account *a, const struct conf_user *user,
		  struct policy *ret, struct buf *said)
{
	const struct conf_policy *p = user && user->policy ? user->policy : &a->policy;
	const char *why = "";

	conf_policy_of(a, user, ret);
	ret->outside = p->hours.outside;
	ret->hours = plan_of(r, &p->hours, &why);
	ret->text_set = texts_of(r, p, &ret->texts, &why);
	if (why[0])
		buf_fmt(said, "account %s: working hours and status texts: %s\n", a->name, why);
}
