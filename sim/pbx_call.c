/* pbx_call.c - phones and calls: the ground truth, and how a call goes on by itself. */
#include "base/check.h"
#include "pbx_own.h"

const char *pbx_phone_state_name(enum pbx_phone_state s)
{
	static const char *const names[] = { "idle", "ringing", "dialing", "talking", "held" };

	return (unsigned)s < PBX_PHONE_STATES ? names[s] : "?";
}

const char *pbx_profile_name(enum pbx_profile s)
{
	static const char *const names[] = { "available", "away", "busy", "meeting", "not-available" };

	return (unsigned)s < PBX_PROFILES ? names[s] : "?";
}

uint32_t pbx_phones(const struct pbx *p)
{
	return p->phones_n;
}

uint32_t pbx_find(const struct pbx *p, uint32_t number)
{
	return number >= p->config.first && number - p->config.first < p->phones_n
		       ? number - p->config.first
		       : PBX_EXTERNAL;
}

static enum side side_of(const struct call *c, uint32_t phone)
{
	return c->phone[CALLER] == phone ? CALLER : CALLEE;
}

static bool live(const struct call *c)
{
	return c->state == CALL_TRYING || c->state == CALL_RINGING || c->state == CALL_TALKING;
}

static enum pbx_phone_state state_in(const struct call *c, enum side side)
{
	switch ((enum call_state)c->state) {
	case CALL_TRYING:
		return side == CALLER ? PBX_DIALING : PBX_IDLE;
	case CALL_RINGING:
		return side == CALLER ? PBX_DIALING : PBX_RINGING;
	case CALL_TALKING:
		return c->held[side] ? PBX_HELD : PBX_TALKING;
	case CALL_FREE:
	case CALL_ENDED:
		break;
	}
	return PBX_IDLE;
}

static enum pbx_phone_state busiest(const struct pbx *p, const struct phone *ph)
{
	static const uint8_t rank[PBX_PHONE_STATES] = {
		[PBX_RINGING] = 1, [PBX_DIALING] = 2, [PBX_HELD] = 3, [PBX_TALKING] = 4,
	};
	enum pbx_phone_state best = PBX_IDLE;

	for (uint8_t i = 0; i < ph->calls_n; i++) {
		const struct call *c = &p->calls[ph->calls[i]];
		enum pbx_phone_state s = state_in(c, side_of(c, (uint32_t)(ph - p->phones)));

		if (rank[s] > rank[best])
			best = s;
	}
	return best;
}

bool pbx_phone(const struct pbx *p, uint32_t index, struct pbx_phone *ret)
{
	const struct phone *ph;

	if (index >= p->phones_n)
		return false;
	ph = &p->phones[index];
	*ret = (struct pbx_phone){
		.number = p->config.first + index,
		.state = ph->state,
		.profile = pbx_profile_shown(p, index),
		.registered = ph->registered,
		.dnd = ph->dnd,
		.subscriptions = ph->subs_n,
		.since_ms = ph->since_ms,
		.misled = ph->withheld > ph->arrived,
	};
	for (uint8_t i = 0; i < ph->calls_n; i++) {
		const struct call *c = &p->calls[ph->calls[i]];

		ret->calls += live(c);
		ret->stuck |= c->ghost[side_of(c, index)] != 0;
	}
	return true;
}

enum call_state pbx_call_shown(const struct pbx *p, const struct sub *s, uint32_t phone,
			       uint32_t call, enum side *ret_side)
{
	const struct call *c = &p->calls[call];
	enum side side = side_of(c, phone);

	*ret_side = side;
	if (c->ghost[side] && s->serial < c->ghost[side])
		return CALL_TALKING;
	if (c->state == CALL_TRYING && side == CALLEE)
		return CALL_FREE;
	return (enum call_state)c->state;
}

/* ---- changes ---- */

void pbx_changed(struct pbx *p, uint32_t phone)
{
	struct phone *ph;
	enum pbx_phone_state now;

	if (phone == PBX_EXTERNAL)
		return;
	ph = &p->phones[phone];
	now = busiest(p, ph);
	if (now != ph->state) {
		ph->state = (uint8_t)now;
		ph->since_ms = p->now_ms;
	}
	ph->published = true;
	pbx_notify_phone(p, phone, false);
}

static void unlist(struct pbx *p, struct call *c, enum side side)
{
	struct phone *ph;

	if (c->phone[side] == PBX_EXTERNAL || c->ghost[side])
		return;
	ph = &p->phones[c->phone[side]];
	for (uint8_t i = 0; i < ph->calls_n; i++) {
		if (ph->calls[i] != (uint32_t)(c - p->calls))
			continue;
		ph->calls_n--;
		memmove(&ph->calls[i], &ph->calls[i + 1], (ph->calls_n - i) * sizeof(ph->calls[0]));
		c->refs--;
		break;
	}
	if (!c->refs)
		c->state = CALL_FREE;
}

/* An ended call of Kamailio stays in the documents for a while; Asterisk knows none. */
static void end(struct pbx *p, struct call *c)
{
	c->state = CALL_ENDED;
	for (int side = 0; side < 2; side++) {
		uint32_t phone = c->phone[side];

		if (phone == PBX_EXTERNAL || !p->phones[phone].stuck_next)
			continue;
		p->phones[phone].stuck_next = false;
		c->ghost[side] = ++p->serials;
		pbx_mislead(p, phone, NONE, ++p->reports);
	}
	wheel_set(p->wheel, wheel_call(p, (uint32_t)(c - p->calls)), p->now_ms + LINGER_MS);
	pbx_changed(p, c->phone[CALLER]);
	pbx_changed(p, c->phone[CALLEE]);
}

static void in_ms(struct pbx *p, const struct call *c, int64_t ms)
{
	wheel_set(p->wheel, wheel_call(p, (uint32_t)(c - p->calls)), ms < 0 ? WHEEL_NEVER : p->now_ms + ms);
}

static void ring(struct pbx *p, struct call *c)
{
	c->state = CALL_RINGING;
	in_ms(p, c, c->ring_ms);
	pbx_changed(p, c->phone[CALLER]);
	if (c->swapped) {
		/* Kamailio's workers took the two publications in the wrong order. */
		c->state = CALL_TRYING;
		pbx_changed(p, c->phone[CALLER]);
		c->state = CALL_RINGING;
		p->phones[c->phone[CALLER]].state = PBX_DIALING;
	}
	pbx_changed(p, c->phone[CALLEE]);
}

static void answer(struct pbx *p, struct call *c)
{
	c->state = CALL_TALKING;
	p->counters.answered++;
	in_ms(p, c, c->talk_ms);
	pbx_changed(p, c->phone[CALLER]);
	pbx_changed(p, c->phone[CALLEE]);
}

void pbx_call_due(struct pbx *p, uint32_t call)
{
	struct call *c = &p->calls[call];

	switch ((enum call_state)c->state) {
	case CALL_TRYING:
		ring(p, c);
		break;
	case CALL_RINGING:
		if (c->unanswered)
			end(p, c);
		else
			answer(p, c);
		break;
	case CALL_TALKING:
		end(p, c);
		break;
	case CALL_ENDED:
		unlist(p, c, CALLER);
		if (c->state != CALL_FREE)
			unlist(p, c, CALLEE);
		break;
	case CALL_FREE:
		break;
	}
}

/* ---- what people do ---- */

static struct call *free_call(struct pbx *p, uint32_t *ret)
{
	for (uint32_t i = 0; i < p->calls_max; i++) {
		uint32_t at = (p->call_scan + i) % p->calls_max;

		if (p->calls[at].state == CALL_FREE) {
			p->call_scan = at + 1;
			*ret = at;
			return &p->calls[at];
		}
	}
	return NULL;
}

/* Room in the phone's list; an ended call makes way for a new one. */
static bool make_room(struct pbx *p, uint32_t phone)
{
	struct phone *ph;

	if (phone == PBX_EXTERNAL)
		return true;
	ph = &p->phones[phone];
	for (uint8_t i = ph->calls_n; ph->calls_n == PHONE_CALLS_MAX && i-- > 0;) {
		struct call *c = &p->calls[ph->calls[i]];

		if (c->state == CALL_ENDED)
			unlist(p, c, side_of(c, phone));
	}
	return ph->calls_n < PHONE_CALLS_MAX;
}

static void enlist(struct pbx *p, struct call *c, enum side side)
{
	struct phone *ph;

	if (c->phone[side] == PBX_EXTERNAL)
		return;
	ph = &p->phones[c->phone[side]];
	memmove(&ph->calls[1], &ph->calls[0], ph->calls_n * sizeof(ph->calls[0]));
	ph->calls[0] = (uint32_t)(c - p->calls);
	ph->calls_n++;
	c->refs++;
}

enum err pbx_call(struct pbx *p, int64_t now_ms, const struct pbx_call_plan *plan,
		  uint32_t *ret_call)
{
	bool known = (plan->from == PBX_EXTERNAL || plan->from < p->phones_n) &&
		     (plan->to == PBX_EXTERNAL || plan->to < p->phones_n);
	struct call *c;
	uint32_t id;

	if (!known || plan->from == plan->to)
		return ERR_NOT_FOUND;
	p->now_ms = now_ms;
	if (!make_room(p, plan->from) || !make_room(p, plan->to) || !(c = free_call(p, &id)))
		return ERR_LIMIT;
	*c = (struct call){
		.state = CALL_TRYING,
		.serial = (uint32_t)++p->serials,
		.phone = { plan->from, plan->to },
		.unanswered = plan->unanswered,
		.ring_ms = plan->ring_ms,
		.talk_ms = plan->talk_ms,
	};
	enlist(p, c, CALLER);
	enlist(p, c, CALLEE);
	p->counters.calls++;
	in_ms(p, c, plan->dial_ms);
	c->swapped = plan->from != PBX_EXTERNAL && pbx_fault_take(p, PBX_FAULT_SWAPPED, plan->from);
	if (c->swapped)
		p->phones[plan->from].state = PBX_DIALING, p->phones[plan->from].since_ms = now_ms;
	else
		pbx_changed(p, plan->from);
	if (ret_call)
		*ret_call = id;
	return ERR_OK;
}

enum err pbx_answer(struct pbx *p, int64_t now_ms, uint32_t phone)
{
	if (phone >= p->phones_n)
		return ERR_NOT_FOUND;
	p->now_ms = now_ms;
	for (uint8_t i = 0; i < p->phones[phone].calls_n; i++) {
		struct call *c = &p->calls[p->phones[phone].calls[i]];

		if (c->state == CALL_RINGING && c->phone[CALLEE] == phone) {
			answer(p, c);
			return ERR_OK;
		}
	}
	return ERR_NOT_FOUND;
}

enum err pbx_hangup(struct pbx *p, int64_t now_ms, uint32_t phone)
{
	enum err e = ERR_NOT_FOUND;

	if (phone >= p->phones_n)
		return e;
	p->now_ms = now_ms;
	for (uint8_t i = 0; i < p->phones[phone].calls_n; i++) {
		struct call *c = &p->calls[p->phones[phone].calls[i]];

		if (!live(c))
			continue;
		end(p, c);
		e = ERR_OK;
	}
	return e;
}

enum err pbx_hold(struct pbx *p, int64_t now_ms, uint32_t phone, bool on)
{
	enum err e = ERR_NOT_FOUND;

	if (phone >= p->phones_n)
		return e;
	p->now_ms = now_ms;
	for (uint8_t i = 0; i < p->phones[phone].calls_n; i++) {
		struct call *c = &p->calls[p->phones[phone].calls[i]];

		if (c->state != CALL_TALKING)
			continue;
		c->held[side_of(c, phone)] = on;
		e = ERR_OK;
	}
	if (!e)
		pbx_changed(p, phone);
	return e;
}

void pbx_set_registered(struct pbx *p, int64_t now_ms, uint32_t phone, bool on)
{
	CHECK(phone < p->phones_n);
	p->now_ms = now_ms;
	p->phones[phone].registered = on;
	pbx_changed(p, phone);
}

void pbx_set_dnd(struct pbx *p, int64_t now_ms, uint32_t phone, bool on)
{
	CHECK(phone < p->phones_n);
	p->now_ms = now_ms;
	p->phones[phone].dnd = on;
	pbx_changed(p, phone);
}

void pbx_set_profile(struct pbx *p, int64_t now_ms, uint32_t phone, enum pbx_profile profile)
{
	CHECK(phone < p->phones_n && profile < PBX_PROFILES);
	p->now_ms = now_ms;
	p->phones[phone].profile = (uint8_t)profile;
	p->phones[phone].profile_order = ++p->changes;
	pbx_changed(p, phone);
}

void pbx_calls_end_all(struct pbx *p)
{
	for (uint32_t i = 0; i < p->calls_max; i++)
		if (live(&p->calls[i]))
			end(p, &p->calls[i]);
}

void pbx_ghosts_end(struct pbx *p)
{
	for (uint32_t i = 0; i < p->calls_max; i++) {
		struct call *c = &p->calls[i];

		for (int side = 0; side < 2 && c->state != CALL_FREE; side++) {
			if (!c->ghost[side])
				continue;
			c->ghost[side] = 0;
			unlist(p, c, (enum side)side);
			pbx_changed(p, c->phone[side]);
		}
	}
}
