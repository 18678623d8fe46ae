/* lamp.c - what Teams shows of a person, as lamps of phones: by the configuration's service, on the
 * lamps that its rows name (proto/csta/lamp.h).
 *
 * A lamp that is not known is asked for before it is written, so that after a lost link, or a start
 * of ours, only what differs goes out. A switch that cannot be asked is told everything once.
 *
 * Which lamps of a line are lit is kept outside (OUT_KEEP): whoever comes next, with other rows perhaps, puts
 * out those that no row names any more. */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "source/csta/machine.h"

enum { KEPT_MAX = sizeof(((struct source_out *)0)->text), OLD_MAX = 8 };

struct place {
	uint32_t row; /* of the form; from its .n on: of .old */
	bool lit; /* it may be, by what we have told the switch */
	uint8_t told; /* enum csta_lamp, as the switch took or said it; CSTA_LAMP_UNSAID: not known */
	bool unasked; /* the question was refused: it is written without */
	bool refused; /* nothing is tried before the lamp changes ... */
	bool for_good; /* ... not even then: before the line's next turn */
};

struct line_lamps {
	uint8_t shows; /* enum lamp; LAMP_OFF: the person has none */
	uint8_t asking; /* enum csta_lamp that was sent; CSTA_LAMP_UNSAID: it was asked */
	uint32_t at, n;	/* at: the place that the step under way is about */
	char reason[REASON_MAX]; /* of the last refusal; "": all is well */
	char kept[KEPT_MAX]; /* those that are lit, as OUT_KEEP said */
	struct csta_lamp_row old[OLD_MAX]; /* lit by an earlier connector, in no row now: to be put out */
	uint32_t old_n;
	struct place place[];
};

static bool is_old(const struct csta *c, const struct place *p)
{
	return p->row >= c->lamp_form.n;
}

static const struct csta_lamp_row *row_of(const struct csta *c, uint32_t slot, const struct place *p)
{
	const struct line_lamps *l = c->devices[slot].lamps;

	return is_old(c, p) ? &l->old[p->row - c->lamp_form.n] : &c->lamp_form.rows[p->row];
}

static const char *device_name(const struct csta *c, uint32_t slot, const struct place *p)
{
	const char *device = row_of(c, slot, p)->device;

	return device[0] ? device : line_table_number(&c->table, slot);
}

enum err cs_lamp_add(struct csta *c, uint32_t slot)
{
	const struct csta_lamp_form *f = &c->lamp_form;
	struct slice number = device_of(c, slot);
	struct line_lamps *l;
	uint32_t n = 0;

	for (uint32_t i = csta_lamp_row_of(f, number, 0); c->lamps && i < f->n;
	     i = csta_lamp_row_of(f, number, i + 1))
		n++;
	if (n == 0)
		return ERR_OK;
	l = calloc(1, sizeof(*l) + n * sizeof(l->place[0]));
	if (!l)
		return ERR_NO_MEMORY;
	for (uint32_t i = csta_lamp_row_of(f, number, 0); i < f->n; i = csta_lamp_row_of(f, number, i + 1))
		l->place[l->n++] = (struct place){ .row = i, .told = CSTA_LAMP_UNSAID };
	l->shows = LAMP_OFF;
	c->devices[slot].lamps = l;
	return ERR_OK;
}

static void put(struct csta *c, uint32_t slot, const struct place *p, enum csta_lamp to)
{
	const struct csta_lamp_form *f = &c->lamp_form;

	csta_put_lamp(&c->scratch, c->edition, f->set, slice_str(device_name(c, slot, p)), f->element,
		      slice_str(row_of(c, slot, p)->lamp), slice_str(f->words[to]));
}

/* ---- what is kept ---- */

/* A name that cannot stand between blanks and quotes, or has no room, is not kept. */
static void keep(struct csta *c, uint32_t slot)
{
	struct line_lamps *l = c->devices[slot].lamps;
	char text[KEPT_MAX] = "";
	size_t n = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		const char *device = device_name(c, slot, &l->place[i]);
		const char *lamp = row_of(c, slot, &l->place[i])->lamp;
		size_t more = strlen(device) + strlen(lamp) + 2;

		if (!l->place[i].lit || n + more >= sizeof(text) || strpbrk(device, " \"\\") ||
		    strpbrk(lamp, " \"\\"))
			continue;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s/%s", n ? " " : "", device, lamp);
	}
	if (strcmp(text, l->kept) == 0)
		return;
	memcpy(l->kept, text, sizeof(l->kept));
	outbox_keep(&c->out, line_table_id(&c->table, slot), slice_str(text));
}

static bool is_named(const struct csta *c, struct slice device, struct slice lamp)
{
	const struct csta_lamp_form *f = &c->lamp_form;

	for (uint32_t i = 0; c->lamps && i < f->n; i++)
		if (slice_is(lamp, f->rows[i].lamp) &&
		    (!f->rows[i].device[0] || slice_is(device, f->rows[i].device)))
			return true;
	return false;
}

/* False: no row of this line names it. */
static bool mark_lit(struct csta *c, uint32_t slot, struct slice device, struct slice lamp)
{
	struct line_lamps *l = c->devices[slot].lamps;

	for (uint32_t i = 0; i < l->n; i++) {
		if (!slice_is(device, device_name(c, slot, &l->place[i])) ||
		    !slice_is(lamp, row_of(c, slot, &l->place[i])->lamp))
			continue;
		l->place[i].lit = true;
		return true;
	}
	return false;
}

static void add_old(struct csta *c, uint32_t slot, struct slice device, struct slice lamp)
{
	struct line_lamps *l = c->devices[slot].lamps;
	struct csta_lamp_row *row = &l->old[l->old_n];

	if (l->old_n == OLD_MAX || slice_copy(device, row->device, sizeof(row->device)) ||
	    slice_copy(lamp, row->lamp, sizeof(row->lamp)))
		return;
	l = realloc(l, sizeof(*l) + (l->n + 1) * sizeof(l->place[0]));
	if (!l)
		return;
	c->devices[slot].lamps = l;
	l->place[l->n++] = (struct place){ .row = c->lamp_form.n + l->old_n++, .lit = true,
					   .told = CSTA_LAMP_UNSAID };
}

void cs_lamp_restore(struct csta *c, uint32_t slot, struct slice names)
{
	struct slice name, rest = names;

	if (!c->devices[slot].lamps)
		c->devices[slot].lamps = calloc(1, sizeof(struct line_lamps));
	while (c->devices[slot].lamps && slice_split(&rest, ' ', &name)) {
		size_t slash = 0;

		for (size_t i = 0; i < name.n; i++)
			slash = name.p[i] == '/' ? i : slash;
		struct slice device = slice_sub(name, 0, slash), lamp = slice_sub(name, slash + 1, name.n);
		if (slash && !mark_lit(c, slot, device, lamp) && !is_named(c, device, lamp))
			add_old(c, slot, device, lamp);
	}
	if (c->devices[slot].lamps) {
		if (slice_copy(names, c->devices[slot].lamps->kept, KEPT_MAX) != ERR_OK)
			return;
		cs_ask_want(c, slot, 1 << ASK_LAMP);
	}
}

/* A lamp of nobody would stay lit for good. Nobody waits for the answers. */
void cs_lamp_drop(struct csta *c, uint32_t slot)
{
	struct line_lamps *l = c->devices[slot].lamps;

	for (uint32_t i = 0; l && i < l->n && c->stage == STAGE_UP; i++) {
		struct place *p = &l->place[i];

		if (p->told >= CSTA_LAMP_COUNT || p->told == CSTA_LAMP_DARK)
			continue;
		put(c, slot, p, CSTA_LAMP_DARK);
		(void)cs_ask_send(c, ASK_STOP, NONE);
	}
	free(l);
	c->devices[slot].lamps = NULL;
}

/* ---- what is to be done ---- */

static enum csta_lamp wanted(const struct csta *c, const struct line_lamps *l, const struct place *p)
{
	return l->shows == LAMP_OFF || is_old(c, p) ? CSTA_LAMP_DARK : (enum csta_lamp)(l->shows - LAMP_DARK);
}

static bool can_ask(const struct csta *c, const struct place *p)
{
	return c->lamp_form.get[0] && !p->unasked;
}

static bool stands(const struct csta *c, const struct line_lamps *l, const struct place *p)
{
	if (p->refused || (l->shows == LAMP_OFF && p->told == CSTA_LAMP_UNSAID && !is_old(c, p)))
		return true;
	return csta_lamp_same(&c->lamp_form, wanted(c, l, p), (enum csta_lamp)p->told);
}

static struct place *next_place(const struct csta *c, struct line_lamps *l)
{
	for (l->at = 0; l->at < l->n; l->at++)
		if (!stands(c, l, &l->place[l->at]))
			return &l->place[l->at];
	return NULL;
}

void cs_lamp_show(struct csta *c, uint32_t slot, enum lamp lamp)
{
	struct line_lamps *l = c->devices[slot].lamps;

	if (!l || l->shows == lamp)
		return;
	l->shows = (uint8_t)lamp;
	for (uint32_t i = 0; i < l->n; i++)
		l->place[i].refused = l->place[i].for_good;
	cs_ask_want(c, slot, 1 << ASK_LAMP);
}

/* fresh: the link is new, and so may be the switch; else it is the line's turn, and only what can
 * be asked for is looked at again. */
void cs_lamp_anew(struct csta *c, uint32_t slot, bool fresh)
{
	struct line_lamps *l = c->devices[slot].lamps;

	if (!l)
		return;
	for (uint32_t i = 0; i < l->n; i++) {
		struct place *p = &l->place[i];

		p->unasked = !fresh && p->unasked;
		p->refused = p->for_good = false;
		if (fresh || can_ask(c, p))
			p->told = CSTA_LAMP_UNSAID;
	}
	cs_ask_want(c, slot, 1 << ASK_LAMP);
}

bool cs_lamp_put(struct csta *c, uint32_t slot)
{
	struct line_lamps *l = c->devices[slot].lamps;
	const struct csta_lamp_form *f = &c->lamp_form;
	struct place *p = l ? next_place(c, l) : NULL;

	if (!p)
		return false;
	l->asking = CSTA_LAMP_UNSAID;
	if (p->told == CSTA_LAMP_UNSAID && can_ask(c, p)) {
		csta_put_get_lamp(&c->scratch, c->edition, f->get, slice_str(device_name(c, slot, p)),
				  f->element, slice_str(row_of(c, slot, p)->lamp));
		return true;
	}
	l->asking = (uint8_t)wanted(c, l, p);
	if (l->asking != CSTA_LAMP_DARK) {
		p->lit = true;
		keep(c, slot);
	}
	put(c, slot, p, wanted(c, l, p));
	return true;
}

/* ---- what comes back ---- */

static void say(struct csta *c, uint32_t slot, const struct place *p, const char *refusal)
{
	struct line_lamps *l = c->devices[slot].lamps;
	char why[REASON_MAX];

	snprintf(why, sizeof(why), "lamp %.31s of %.40s: %s", row_of(c, slot, p)->lamp,
		 device_name(c, slot, p), refusal);
	if (strcmp(why, l->reason) != 0)
		outbox_note(&c->out, NOTE_WRITE_REFUSED, line_table_id(&c->table, slot), "%s", why);
	memcpy(l->reason, why, sizeof(l->reason));
}

static bool all_well(const struct line_lamps *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (l->place[i].refused)
			return false;
	return true;
}

/* One that cannot be had by asking is written. */
static void asked(const struct csta *c, uint32_t slot, struct place *p, const struct csta_message *m,
		  const char *refusal)
{
	p->told = CSTA_LAMP_UNSAID;
	if (!refusal[0])
		p->told = (uint8_t)csta_lamp_answer(&c->lamp_form, m, row_of(c, slot, p)->lamp);
	p->unasked = p->told == CSTA_LAMP_UNSAID;
}

bool cs_lamp_answer(struct csta *c, uint32_t slot, const struct csta_message *m, const char *refusal,
		    bool for_good)
{
	struct line_lamps *l = c->devices[slot].lamps;
	struct place *p;
	bool setting;

	if (!l || l->at >= l->n)
		return false;
	p = &l->place[l->at];
	setting = l->asking != CSTA_LAMP_UNSAID;
	if (!setting) {
		asked(c, slot, p, m, refusal);
	} else if (refusal[0]) {
		p->refused = true;
		p->for_good = for_good;
		say(c, slot, p, refusal);
	} else {
		p->told = l->asking;
	}
	if (p->told != CSTA_LAMP_UNSAID) {
		p->lit = p->told != CSTA_LAMP_DARK;
		keep(c, slot);
		if (!p->lit && is_old(c, p)) /* done; its name stays for what else stands in .old */
			*p = l->place[--l->n];
	}
	if (next_place(c, l))
		cs_ask_want(c, slot, 1 << ASK_LAMP);
	else if (all_well(l))
		l->reason[0] = '\0';
	return setting;
}

/* It may have been done, or not. */
void cs_lamp_late(struct csta *c, uint32_t slot)
{
	struct line_lamps *l = c->devices[slot].lamps;

	if (!l || l->at >= l->n)
		return;
	l->place[l->at].told = CSTA_LAMP_UNSAID;
	l->place[l->at].refused = true;
	say(c, slot, &l->place[l->at], "no answer from the pbx");
}

/* ---- for people ---- */

void cs_lamp_view(const struct csta *c, uint32_t slot, char *shown, size_t shown_cap, char *refusal,
		  size_t refusal_cap)
{
	const struct line_lamps *l = c->devices[slot].lamps;
	size_t n = 0;

	if (!l)
		return;
	for (uint32_t i = 0; i < l->n && n < shown_cap; i++) {
		const struct place *p = &l->place[i];
		const char *word = p->told < CSTA_LAMP_COUNT	   ? c->lamp_form.words[p->told]
				   : p->told == CSTA_LAMP_STRANGE ? "otherwise"
								   : "not known";

		if (l->shows != LAMP_OFF || p->told != CSTA_LAMP_UNSAID)
			n += (size_t)snprintf(shown + n, shown_cap - n, "%s%s of %s: %s", n ? ", " : "",
					      row_of(c, slot, p)->lamp, device_name(c, slot, p), word);
	}
	snprintf(refusal, refusal_cap, "%s", l->reason);
}
