#include "phones.h"

#include "base/check.h"

void phones_init(struct phones *p, uint32_t n, void (*changed)(void *, int64_t, uint32_t), void *arg)
{
	CHECK(n <= PHONES_MAX);
	*p = (struct phones){ .n = n, .changed = changed, .arg = arg };
}

static uint8_t state_of(const struct phones_call *c, int side)
{
	if (!c->answered)
		return side == 0 ? PBX_DIALING : c->ringing ? PBX_RINGING : PBX_IDLE;
	return c->held[side] ? PBX_HELD : PBX_TALKING;
}

static int rank(uint8_t s)
{
	return s == PBX_TALKING ? 4 : s == PBX_HELD ? 3 : s == PBX_DIALING ? 2 : s == PBX_RINGING;
}

static void judge(struct phones *p, int64_t now_ms, uint32_t phone)
{
	uint8_t best = PBX_IDLE;
	bool rings = false;

	if (phone >= p->n)
		return;
	for (size_t i = 0; i < PHONES_CALLS_MAX; i++)
		for (int s = 0; s < 2; s++) {
			if (!p->calls[i].used || p->calls[i].side[s] != phone)
				continue;
			uint8_t state = state_of(&p->calls[i], s);

			rings |= state == PBX_RINGING;
			if (rank(state) > rank(best))
				best = state;
		}
	if (best == p->state[phone] && rings == p->rings[phone])
		return;
	if (best != p->state[phone])
		p->since_ms[phone] = now_ms;
	p->state[phone] = best;
	p->rings[phone] = rings;
	p->changed(p->arg, now_ms, phone);
}

static void judge_both(struct phones *p, int64_t now_ms, const struct phones_call *c)
{
	uint32_t a = c->side[0], b = c->side[1];

	judge(p, now_ms, a);
	judge(p, now_ms, b);
}

static int64_t later(int64_t now_ms, int64_t ms)
{
	return ms == PBX_UNTIL_TOLD ? PBX_NEVER : now_ms + ms;
}

enum err phones_call(struct phones *p, int64_t now_ms, const struct pbx_call_plan *plan)
{
	bool out_a = plan->from == PBX_EXTERNAL, out_b = plan->to == PBX_EXTERNAL;

	if ((out_a && out_b) || (!out_a && plan->from >= p->n) || (!out_b && plan->to >= p->n))
		return ERR_NOT_FOUND;
	for (size_t i = 0; i < PHONES_CALLS_MAX; i++) {
		struct phones_call *c = &p->calls[i];

		if (c->used)
			continue;
		*c = (struct phones_call){ .used = true,
					   .side = { plan->from, plan->to },
					   .unanswered = plan->unanswered,
					   .due_ms = later(now_ms, plan->dial_ms),
					   .ring_ms = plan->ring_ms,
					   .talk_ms = plan->talk_ms };
		judge_both(p, now_ms, c);
		return ERR_OK;
	}
	return ERR_LIMIT;
}

static void end_call(struct phones *p, int64_t now_ms, struct phones_call *c)
{
	c->used = false;
	judge_both(p, now_ms, c);
}

static void answer_call(struct phones *p, int64_t now_ms, struct phones_call *c)
{
	c->answered = true;
	c->ringing = false;
	c->due_ms = later(now_ms, c->talk_ms);
	judge_both(p, now_ms, c);
}

static void go_on(struct phones *p, int64_t now_ms, struct phones_call *c)
{
	if (c->answered || (c->ringing && c->unanswered)) {
		end_call(p, now_ms, c);
	} else if (c->ringing) {
		answer_call(p, now_ms, c);
	} else {
		c->ringing = true;
		c->due_ms = later(now_ms, c->ring_ms);
		judge_both(p, now_ms, c);
	}
}

static int side_of(const struct phones_call *c, uint32_t phone)
{
	return !c->used ? -1 : c->side[0] == phone ? 0 : c->side[1] == phone ? 1 : -1;
}

enum err phones_answer(struct phones *p, int64_t now_ms, uint32_t phone)
{
	enum err e = ERR_NOT_FOUND;

	for (size_t i = 0; i < PHONES_CALLS_MAX; i++) {
		struct phones_call *c = &p->calls[i];

		if (side_of(c, phone) != 1 || !c->ringing)
			continue;
		answer_call(p, now_ms, c);
		e = ERR_OK;
	}
	return e;
}

enum err phones_hangup(struct phones *p, int64_t now_ms, uint32_t phone)
{
	enum err e = ERR_NOT_FOUND;

	for (size_t i = 0; i < PHONES_CALLS_MAX; i++) {
		struct phones_call *c = &p->calls[i];

		if (side_of(c, phone) < 0)
			continue;
		end_call(p, now_ms, c);
		e = ERR_OK;
	}
	return e;
}

enum err phones_hold(struct phones *p, int64_t now_ms, uint32_t phone, bool on)
{
	enum err e = ERR_NOT_FOUND;

	for (size_t i = 0; i < PHONES_CALLS_MAX; i++) {
		struct phones_call *c = &p->calls[i];
		int s = side_of(c, phone);

		if (s < 0 || !c->answered || c->held[s] == on)
			continue;
		c->held[s] = on;
		judge(p, now_ms, phone);
		e = ERR_OK;
	}
	return e;
}

void phones_end_all(struct phones *p, int64_t now_ms)
{
	for (size_t i = 0; i < PHONES_CALLS_MAX; i++)
		if (p->calls[i].used)
			end_call(p, now_ms, &p->calls[i]);
}

void phones_tick(struct phones *p, int64_t now_ms)
{
	for (size_t i = 0; i < PHONES_CALLS_MAX; i++)
		while (p->calls[i].used && p->calls[i].due_ms <= now_ms)
			go_on(p, now_ms, &p->calls[i]);
}

int64_t phones_next(const struct phones *p)
{
	int64_t next = PBX_NEVER;

	for (size_t i = 0; i < PHONES_CALLS_MAX; i++)
		if (p->calls[i].used && p->calls[i].due_ms < next)
			next = p->calls[i].due_ms;
	return next;
}

uint32_t phones_calls(const struct phones *p, uint32_t phone)
{
	uint32_t n = 0;

	for (size_t i = 0; i < PHONES_CALLS_MAX; i++)
		n += side_of(&p->calls[i], phone) >= 0;
	return n;
}
