/* people.c - the directory, read in pages: everybody at first, then who has changed since
 * (users/delta), and the members of the groups that people are chosen by. One request in flight,
 * one page in memory and a few rows of it a turn, behind every presence request; its units count in
 * the ledger that look-ups share.
 *
 * A delta token that is no longer known (410, and any other refusal of a link) means: everybody
 * again. */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "sink/graph_priv.h"

enum people_phase { PHASE_IDLE, PHASE_PEOPLE, PHASE_GROUPS };
enum people_told { TELL_BEGIN = 1, TELL_END = 2, TELL_FAILED = 4 };

enum {
	PAGE_UNITS = 2,  /* a list; a link names no $select */
	GROUP_UNITS = 5, /* members, transitive; not in our sources for certain: rather too much */
	SOON_MIN = 100,  /* so many look-ups may go out beside the first reading */
	DENIED_REST_MS = 600000,
	TRIES_MAX = 4,
	ROWS_A_TURN = 16, /* a row with all its licences has 10 kB */
};

static bool is_on(const struct people *p)
{
	return p->set.every_ms > 0;
}

bool people_tell_soon(const struct graph *g)
{
	const struct people *p = &g->people;

	return is_on(p) && !p->complete && !p->failed && g->looks.listed_n > SOON_MIN;
}

bool people_keep_watch(const struct graph *g)
{
	return is_on(&g->people) && g->people.complete && !g->people.failed;
}

/* ---- settings ---- */

static void drop_page(struct people *p)
{
	if (p->has_page)
		people_page_fini(&p->page);
	json_decref(p->row);
	p->row = NULL;
	p->has_page = false;
}

void people_fini(struct graph *g)
{
	struct people *p = &g->people;

	drop_page(p);
	buf_fini(&p->link);
	buf_fini(&p->group_link);
	free(p->groups);
	p->groups = NULL;
}

static enum err copy_groups(struct people *p, const struct graph_people *set)
{
	char(*groups)[PERSON_ID_LEN + 1] = calloc(set->groups_n + 1u, sizeof(*groups));

	if (!groups)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < set->groups_n; i++)
		if (!graph_is_guid(slice_str(set->groups[i])) ||
		    slice_copy(slice_str(set->groups[i]), groups[i], sizeof(groups[i]))) {
			free(groups);
			return ERR_MALFORMED;
		}
	free(p->groups);
	p->groups = groups;
	p->set.groups_n = set->groups_n;
	p->set.groups = NULL;
	return ERR_OK;
}

/* A round under way is given up: its rest would be read by other rules. */
static void stop_round(struct people *p)
{
	drop_page(p);
	p->phase = PHASE_IDLE;
	p->told = 0;
	buf_reset(&p->group_link);
}

enum err graph_set_people(struct graph *g, const struct graph_people *set)
{
	struct people *p = &g->people;
	struct slice property = slice_str(set->property ? set->property : "");
	bool same = slice_is(property, p->property) && is_on(p);

	if (property.n >= sizeof(p->property))
		return ERR_LIMIT;
	enum err e = copy_groups(p, set);
	if (e)
		return e;
	CHECK(slice_copy(property, p->property, sizeof(p->property)) == ERR_OK);
	p->set.every_ms = set->every_ms;
	stop_round(p);
	p->next_ms = g->now_ms;
	if (!same)
		graph_people_again(g, true);
	return ERR_OK;
}

void graph_people_link(struct graph *g, struct slice link)
{
	struct people *p = &g->people;

	buf_reset(&p->link);
	buf_slice(&p->link, link);
	if (link.n == 0 || buf_err(&p->link) != ERR_OK)
		buf_reset(&p->link);
	else
		p->complete = true;
	p->full_ms = g->now_ms + DAY_MS;
}

void graph_people_again(struct graph *g, bool at_once)
{
	struct people *p = &g->people;

	if (!at_once) {
		p->full_ms = g->now_ms;
		return;
	}
	if (p->phase == PHASE_PEOPLE)
		stop_round(p);
	buf_reset(&p->link);
	p->complete = false;
	p->next_ms = g->now_ms;
}

void graph_people_view(const struct graph *g, struct graph_people_view *ret)
{
	const struct people *p = &g->people;
	struct ledger l = g->looks.ledger; /* forgets old sends in the copy only */

	*ret = (struct graph_people_view){ .on = is_on(p),
					   .complete = p->complete,
					   .failed = p->failed,
					   .reading = p->phase != PHASE_IDLE,
					   .rounds = p->rounds,
					   .full_rounds = p->full_rounds,
					   .pages = p->pages,
					   .rows = p->rows,
					   .restarts = p->restarts,
					   .last_ms = p->last_ms,
					   .units_in_window = ledger_used(&l, g->now_ms),
					   .units_max = l.cap };
}

/* ---- what is told ---- */

static void tell(const struct people *p, enum graph_read_stage people, struct graph_out *ret)
{
	bool groups = p->phase == PHASE_GROUPS;

	ret->kind = GRAPH_READ;
	ret->stage = (uint8_t)(people + (groups ? READ_GROUP_BEGIN - READ_PEOPLE_BEGIN : 0));
	ret->full = p->full;
	ret->group = p->group;
	ret->link = SLICE_NONE;
}

static bool pop_row(struct graph *g, struct graph_out *ret)
{
	struct people *p = &g->people;
	bool groups = p->phase == PHASE_GROUPS;

	do {
		json_decref(p->row);
		p->row = people_page_row(&p->page);
	} while (p->row && !person_read(p->row, p->property, &p->person));
	if (!p->row)
		return false;
	p->budget--;
	p->rows++;
	ret->kind = groups ? GRAPH_MEMBER : GRAPH_PERSON;
	ret->full = p->full;
	ret->group = p->group;
	ret->person = &p->person;
	memcpy(ret->id, p->person.id, sizeof(ret->id));
	return true;
}

static void next_group(struct graph *g, uint32_t group)
{
	struct people *p = &g->people;

	buf_reset(&p->group_link);
	p->group = group;
	p->phase = group < p->set.groups_n ? PHASE_GROUPS : PHASE_IDLE;
	if (p->phase == PHASE_GROUPS)
		p->told |= TELL_BEGIN;
	else
		p->last_ms = g->now_ms;
}

/* The phase is over: told, and the next one begins. */
static void end_phase(struct graph *g, enum graph_read_stage how, struct graph_out *ret)
{
	struct people *p = &g->people;
	bool people = p->phase == PHASE_PEOPLE;
	char text[80];

	tell(p, how, ret);
	if (people && how == READ_PEOPLE_END) {
		ret->link = buf_view(&p->link);
		p->complete = true;
		p->failed = false;
		p->rounds++;
		p->full_rounds += p->full;
		p->again_n = 0;
		snprintf(text, sizeof(text), "%llu people in %llu pages",
			 (unsigned long long)(p->rows - p->rows_before),
			 (unsigned long long)(p->pages - p->pages_before));
		if (p->full)
			note(g, GRAPH_NOTE_PEOPLE_READ, ID_NONE, text);
	}
	next_group(g, people ? 0 : p->group + 1);
}

bool people_pop(struct graph *g, struct graph_out *ret)
{
	struct people *p = &g->people;

	if (p->told & TELL_BEGIN) {
		p->told &= (uint8_t)~TELL_BEGIN;
		tell(p, READ_PEOPLE_BEGIN, ret);
		return true;
	}
	if (p->has_page && p->budget == 0)
		return false; /* the rest in the next turn */
	if (p->has_page && pop_row(g, ret))
		return true;
	drop_page(p);
	if (!(p->told & (TELL_END | TELL_FAILED)))
		return false;
	enum graph_read_stage how = p->told & TELL_END ? READ_PEOPLE_END : READ_PEOPLE_FAILED;
	p->told &= (uint8_t)~(TELL_END | TELL_FAILED);
	end_phase(g, how, ret);
	return true;
}

void people_tick(struct graph *g)
{
	g->people.budget = ROWS_A_TURN;
}

/* ---- requests ---- */

static uint32_t units(const struct people *p)
{
	return p->phase == PHASE_GROUPS ? GROUP_UNITS : PAGE_UNITS;
}

static bool may_send(struct graph *g)
{
	struct people *p = &g->people;
	struct ledger *l = &g->looks.ledger;

	return is_on(p) && !p->flying && !p->has_page && !p->told && g->now_ms >= p->rest_ms &&
	       token_is_usable(g) && gate_is_open(&p->gate, g->now_ms) &&
	       ledger_used(l, g->now_ms) + units(p) <= l->cap;
}

static bool is_due(const struct people *p, int64_t now_ms)
{
	return p->phase != PHASE_IDLE || now_ms >= p->next_ms;
}

static void begin_round(struct graph *g)
{
	struct people *p = &g->people;

	if (g->now_ms >= p->full_ms)
		buf_reset(&p->link);
	p->full = p->link.n == 0;
	if (p->full)
		p->full_ms = g->now_ms + DAY_MS;
	p->rows_before = p->rows;
	p->pages_before = p->pages;
	p->phase = PHASE_PEOPLE;
	p->told = TELL_BEGIN;
	p->next_ms = g->now_ms + p->set.every_ms;
}

static void write_url(struct graph *g)
{
	const struct people *p = &g->people;

	if (p->phase == PHASE_GROUPS && p->group_link.n)
		buf_slice(&g->url, buf_view(&p->group_link));
	else if (p->phase == PHASE_GROUPS)
		people_group_query(&g->url, g->graph_url, p->groups[p->group]);
	else if (p->link.n)
		buf_slice(&g->url, buf_view(&p->link));
	else
		people_query(&g->url, g->graph_url, p->property);
}

bool people_request(struct graph *g, struct graph_out *ret)
{
	struct people *p = &g->people;

	if (!may_send(g) || !is_due(p, g->now_ms))
		return false;
	if (p->phase == PHASE_IDLE) {
		begin_round(g);
		return people_pop(g, ret);
	}
	struct flight *f = flight_take(g, REQ_PEOPLE, ID_NONE);
	CHECK(f); /* one flight is kept for the directory */
	p->flying = true;
	for (uint32_t n = units(p); n > 0; n--)
		ledger_note(&g->looks.ledger, g->now_ms);
	request_begin(g, f, ret);
	write_url(g);
	request_finish(g, false, ret);
	return true;
}

/* With too few units left the oldest ones are waited for, one after the other. */
static int64_t units_ms(const struct graph *g)
{
	struct ledger l = g->looks.ledger;

	if (ledger_used(&l, g->now_ms) + units(&g->people) <= l.cap)
		return g->now_ms;
	return l.times[l.head] + l.window_ms + 1;
}

int64_t people_next(const struct graph *g)
{
	const struct people *p = &g->people;

	if (p->told || p->has_page)
		return g->now_ms;
	if (!is_on(p) || p->flying || !token_is_usable(g))
		return TIME_NEVER;
	int64_t due = p->phase == PHASE_IDLE ? p->next_ms : g->now_ms;
	due = later(later(due, p->rest_ms), p->gate.until_ms);
	return later(due, units_ms(g));
}

/* ---- answers ---- */

/* People are not to wait for what does not come, and are told so. */
static void missed(struct graph *g, int64_t wait_ms, const char *text)
{
	struct people *p = &g->people;

	if (p->attempts < UINT8_MAX)
		p->attempts++;
	if (p->attempts < TRIES_MAX && wait_ms < DENIED_REST_MS)
		return;
	if (p->phase == PHASE_PEOPLE)
		note_seldom(g, GRAPH_NOTE_PEOPLE_FAILED, ID_NONE, text, HOUR_MS);
	p->failed = true;
}

static void rest(struct graph *g, int64_t wait_ms, const char *text)
{
	struct people *p = &g->people;

	if (wait_ms < 0)
		wait_ms = backoff_ms(p->attempts, RETRY_BASE_MS, RETRY_MAX_MS, &g->prng);
	p->rest_ms = g->now_ms + wait_ms;
	missed(g, wait_ms, text);
}

/* Not permitted, or refused: said, and tried again after a while; what was known stands. Everybody is
 * read from the start then: the rest alone would not show who is gone. */
static void fail(struct graph *g, const char *text)
{
	struct people *p = &g->people;
	bool groups = p->phase == PHASE_GROUPS;

	note_seldom(g, groups ? GRAPH_NOTE_GROUP_FAILED : GRAPH_NOTE_PEOPLE_FAILED, ID_NONE, text, HOUR_MS);
	p->told |= TELL_FAILED;
	p->attempts = 0;
	if (groups)
		return;
	p->failed = true;
	if (p->full)
		buf_reset(&p->link);
	if (p->next_ms < g->now_ms + DENIED_REST_MS)
		p->next_ms = g->now_ms + DENIED_REST_MS;
}

/* The link leads nowhere any more. */
static void start_over(struct graph *g, const char *text)
{
	struct people *p = &g->people;

	note_seldom(g, GRAPH_NOTE_PEOPLE_AGAIN, ID_NONE, text, 60000);
	p->restarts++;
	stop_round(p);
	graph_people_again(g, true);
	rest(g, p->again_n ? backoff_ms(p->again_n, RETRY_BASE_MS, DENIED_REST_MS, &g->prng) : 0, text);
	if (p->again_n < UINT8_MAX)
		p->again_n++;
}

/* The link to where it goes on, at our own address; false when it is none of ours. */
static bool take_link(struct graph *g, struct buf *to, const char *link)
{
	struct buf b;

	if (!link) {
		buf_reset(to);
		return true;
	}
	buf_init(&b, PEOPLE_LINK_MAX + 1024);
	bool ok = people_link(&b, slice_str(link), g->graph_url, g->resource) == ERR_OK;
	if (ok) {
		buf_reset(to);
		buf_slice(to, buf_view(&b));
		ok = buf_err(to) == ERR_OK;
	}
	buf_fini(&b);
	return ok;
}

/* A page of people ends with one of two links; without any the list could never be kept fresh. */
static void on_page(struct graph *g, const struct graph_response *r)
{
	struct people *p = &g->people;
	static const char unreadable[] = "a page of the directory is unreadable";
	bool groups = p->phase == PHASE_GROUPS;
	struct people_page page;

	if (people_page_parse(r->body, &page) != ERR_OK) {
		note_seldom(g, GRAPH_NOTE_BAD_ANSWER, ID_NONE, unreadable, HOUR_MS);
		rest(g, -1, unreadable);
		return;
	}
	const char *link = page.next ? page.next : groups ? NULL : page.delta;
	if ((!groups && !link) || !take_link(g, groups ? &p->group_link : &p->link, link)) {
		people_page_fini(&page);
		fail(g, "a page of the directory has no link that leads on within Microsoft Graph");
		return;
	}
	p->attempts = 0;
	p->pages++;
	p->page = page;
	p->has_page = true;
	p->budget = ROWS_A_TURN;
	if (!page.next)
		p->told |= TELL_END;
}

static void on_forbidden(struct graph *g, const struct flight *f, const char *text)
{
	if (token_forbidden(g, f->token_serial))
		rest(g, 0, text);
	else
		fail(g, text);
}

static void on_refused(struct graph *g, const char *text)
{
	const struct people *p = &g->people;

	if (p->phase == PHASE_PEOPLE && p->link.n)
		start_over(g, text);
	else
		fail(g, text);
}

void people_throttled(struct graph *g, int64_t sent_ms, int64_t wait_ms)
{
	gate_close(&g->people.gate, g->now_ms, sent_ms, wait_ms, &g->prng);
}

void people_feed(struct graph *g, const struct flight *f, const struct graph_response *r)
{
	enum reaction how = react(answer_class(r->failure, r->status), REQ_PEOPLE);
	struct people *p = &g->people;
	char text[160];

	p->flying = false;
	if (how == REACT_ACCEPT || how == REACT_DENY)
		gate_pass(&p->gate, f->sent_ms);
	if (p->phase == PHASE_IDLE)
		return; /* given up meanwhile */
	answer_text(r, text, sizeof(text));
	switch (how) {
	case REACT_ACCEPT:
		on_page(g, r);
		break;
	case REACT_FORBIDDEN:
		on_forbidden(g, f, text);
		break;
	case REACT_NEW_TOKEN:
		token_refused(g, f->token_serial, r);
		rest(g, -1, text);
		break;
	case REACT_GATE:
	case REACT_GATE_UNSURE:
		people_throttled(g, f->sent_ms, wait_of(g, r));
		gate_close(&g->looks.gate, g->now_ms, f->sent_ms, wait_of(g, r), &g->prng);
		missed(g, wait_of(g, r), text);
		break;
	case REACT_RETRY:
		rest(g, wait_of(g, r), text);
		break;
	case REACT_DENY:
	case REACT_COUNT:
	default:
		on_refused(g, text);
		break;
	}
}
