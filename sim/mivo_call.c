/* mivo_call.c - calls with two parties and more: placed, answered, held, transferred, joined,
 * diverted, ended. */
#include "base/check.h"
#include "mivo_own.h"

int mivo_party_of(const struct call *c, uint32_t phone)
{
	for (int i = 0; c->used && i < c->n; i++)
		if (c->party[i].phone == phone && phone != PBX_EXTERNAL)
			return i;
	return -1;
}

/* ---- what the phone does, of all its calls ---- */

static uint8_t doing_of(uint8_t state)
{
	switch ((enum conn_state)state) {
	case CONN_INITIATED:
	case CONN_FAIL:
		return PBX_DIALING;
	case CONN_ALERTING:
		return PBX_RINGING;
	case CONN_CONNECTED:
		return PBX_TALKING;
	case CONN_HOLD:
		return PBX_HELD;
	case CONN_NULL:
	case CONN_STATES:
		break;
	}
	return PBX_IDLE;
}

static int rank(uint8_t s)
{
	return s == PBX_TALKING ? 4 : s == PBX_HELD ? 3 : s == PBX_DIALING ? 2 : s == PBX_RINGING;
}

static void judge(struct mivo *m, uint32_t phone)
{
	uint8_t best = PBX_IDLE;

	if (phone == PBX_EXTERNAL)
		return;
	for (uint32_t i = 0; i < m->calls_top; i++) {
		const struct call *c = &m->calls[i];
		int at = mivo_party_of(c, phone);
		uint8_t doing = at < 0 ? PBX_IDLE : doing_of(c->party[at].state);

		/* placed and not answered: its own connection is connected all the same */
		if (at == 0 && doing == PBX_TALKING && c->phase != CALL_TALKS)
			doing = PBX_DIALING;
		if (rank(doing) > rank(best))
			best = doing;
	}
	if (best == m->phone[phone].state)
		return;
	m->phone[phone].state = best;
	m->phone[phone].since_ms = m->now_ms;
}

static void judge_all(struct mivo *m, const struct call *c)
{
	for (int i = 0; i < c->n; i++)
		judge(m, c->party[i].phone);
}

/* ---- placing ---- */

static int64_t later(int64_t now_ms, int64_t ms)
{
	return ms == PBX_UNTIL_TOLD ? PBX_NEVER : now_ms + ms;
}

enum err mivo_call(struct mivo *m, int64_t now_ms, const struct pbx_call_plan *plan)
{
	bool out_a = plan->from == PBX_EXTERNAL, out_b = plan->to == PBX_EXTERNAL;
	struct call *c = NULL;

	mivo_tick(m, now_ms);
	if ((out_a && out_b) || (!out_a && plan->from >= m->n) || (!out_b && plan->to >= m->n) ||
	    plan->from == plan->to)
		return ERR_NOT_FOUND;
	for (uint32_t i = 0; i < CALLS_MAX && !c; i++)
		if (!m->calls[i].used)
			c = &m->calls[i];
	if (!c)
		return ERR_LIMIT;
	*c = (struct call){ .used = true,
			    .unanswered = plan->unanswered,
			    .n = 2,
			    .id = m->next_call++,
			    .due_ms = later(now_ms, plan->dial_ms),
			    .ring_ms = plan->ring_ms,
			    .talk_ms = plan->talk_ms };
	c->party[0] = (struct party){ plan->from, c->id, CONN_INITIATED };
	c->party[1] = (struct party){ plan->to, c->id, CONN_NULL };
	if (c == &m->calls[m->calls_top])
		m->calls_top++;
	m->count.calls++;
	judge_all(m, c);
	if (!out_a)
		mivo_tell_party(m, c, EV_INITIATED, &c->party[0], &c->party[0], "newCall");
	return ERR_OK;
}

static void dialled(struct mivo *m, struct call *c)
{
	struct party *a = &c->party[0], *b = &c->party[1];
	const struct phone *f = b->phone == PBX_EXTERNAL ? NULL : &m->phone[b->phone];

	a->state = CONN_CONNECTED;
	c->due_ms = later(m->now_ms, c->ring_ms);
	if (a->phone != PBX_EXTERNAL)
		mivo_tell_party(m, c, EV_ORIGINATED, a, a, "newCall");
	if (f && (f->dnd || !f->registered)) {
		a->state = CONN_FAIL;
		b->state = CONN_NULL;
		c->phase = CALL_FAILED;
		judge_all(m, c);
		if (a->phone != PBX_EXTERNAL)
			mivo_tell_party(m, c, EV_FAILED, b, a,
					f->dnd ? "doNotDisturb" : "destNotObtainable");
		return;
	}
	b->state = CONN_ALERTING;
	c->phase = CALL_RINGS;
	judge_all(m, c);
	mivo_tell_call(m, c, EV_DELIVERED, b, "newCall");
}

static void answered(struct mivo *m, struct call *c)
{
	for (int i = 0; i < c->n; i++)
		if (c->party[i].state == CONN_ALERTING)
			c->party[i].state = CONN_CONNECTED;
	c->phase = CALL_TALKS;
	c->due_ms = later(m->now_ms, c->talk_ms);
	judge_all(m, c);
	mivo_tell_call(m, c, EV_ESTABLISHED, &c->party[c->n - 1], "normal");
}

/* ---- ending ---- */

/* One leaves; the last one has nobody to talk to. Every other call ends by CallCleared for the
 * second. */
static void leave(struct mivo *m, struct call *c, int at)
{
	struct party gone = c->party[at];

	gone.state = c->party[at].state = CONN_NULL;
	mivo_tell_call(m, c, EV_CLEARED, &gone, "normalClearing");
	for (int i = at; i + 1 < c->n; i++)
		c->party[i] = c->party[i + 1];
	c->n--;
	if (c->n == 1) {
		struct party *last = &c->party[0];
		bool told = last->state != CONN_NULL && last->phone != PBX_EXTERNAL;

		last->state = CONN_NULL;
		if (told)
			mivo_tell_party(m, c, c->id % 2 ? EV_CALL_CLEARED : EV_CLEARED, last, last,
					"normalClearing");
		c->used = false;
		judge(m, last->phone);
	}
	judge(m, gone.phone);
}

static void end_call(struct mivo *m, struct call *c)
{
	while (c->used)
		leave(m, c, 0);
}

static void go_on(struct mivo *m, struct call *c)
{
	switch ((enum call_phase)c->phase) {
	case CALL_DIALS:
		dialled(m, c);
		break;
	case CALL_RINGS:
		if (c->unanswered)
			end_call(m, c);
		else
			answered(m, c);
		break;
	case CALL_TALKS:
	case CALL_FAILED:
		end_call(m, c);
		break;
	}
}

void mivo_calls_tick(struct mivo *m)
{
	for (uint32_t i = 0; i < m->calls_top; i++)
		while (m->calls[i].used && m->calls[i].due_ms <= m->now_ms)
			go_on(m, &m->calls[i]);
}

int64_t mivo_calls_next(const struct mivo *m)
{
	int64_t due = PBX_NEVER;

	for (uint32_t i = 0; i < m->calls_top; i++)
		if (m->calls[i].used && m->calls[i].due_ms < due)
			due = m->calls[i].due_ms;
	return due;
}

void mivo_calls_forget(struct mivo *m)
{
	for (uint32_t i = 0; i < m->calls_top; i++)
		m->calls[i].used = false;
	for (uint32_t i = 0; i < m->n; i++) {
		if (m->phone[i].state != PBX_IDLE)
			m->phone[i].since_ms = m->now_ms;
		m->phone[i].state = PBX_IDLE;
	}
}

/* ---- what people press ---- */

enum err mivo_answer(struct mivo *m, int64_t now_ms, uint32_t phone)
{
	enum err e = ERR_NOT_FOUND;

	mivo_tick(m, now_ms);
	for (uint32_t i = 0; i < m->calls_top; i++) {
		int at = mivo_party_of(&m->calls[i], phone);

		if (at < 0 || m->calls[i].party[at].state != CONN_ALERTING)
			continue;
		answered(m, &m->calls[i]);
		e = ERR_OK;
	}
	return e;
}

enum err mivo_hangup(struct mivo *m, int64_t now_ms, uint32_t phone)
{
	enum err e = ERR_NOT_FOUND;

	mivo_tick(m, now_ms);
	for (uint32_t i = 0; i < m->calls_top; i++) {
		int at = mivo_party_of(&m->calls[i], phone);

		if (at < 0 || m->calls[i].party[at].state == CONN_NULL)
			continue;
		leave(m, &m->calls[i], at);
		e = ERR_OK;
	}
	return e;
}

enum err mivo_hold(struct mivo *m, int64_t now_ms, uint32_t phone, bool on)
{
	enum err e = ERR_NOT_FOUND;

	mivo_tick(m, now_ms);
	for (uint32_t i = 0; i < m->calls_top; i++) {
		struct call *c = &m->calls[i];
		int at = mivo_party_of(c, phone);

		if (at < 0 || c->phase != CALL_TALKS ||
		    c->party[at].state != (on ? CONN_CONNECTED : CONN_HOLD))
			continue;
		c->party[at].state = on ? CONN_HOLD : CONN_CONNECTED;
		judge(m, phone);
		mivo_tell_call(m, c, on ? EV_HELD : EV_RETRIEVED, &c->party[at], "normal");
		e = ERR_OK;
	}
	return e;
}

/* The held call of the phone and another one that it is in. */
static bool two_calls(struct mivo *m, uint32_t phone, struct call **held, struct call **other)
{
	*held = *other = NULL;
	for (uint32_t i = 0; i < m->calls_top; i++) {
		struct call *c = &m->calls[i];
		int at = mivo_party_of(c, phone);

		if (at < 0)
			continue;
		if (c->party[at].state == CONN_HOLD && !*held)
			*held = c;
		else if (c->party[at].state == CONN_CONNECTED)
			*other = c;
	}
	return *held && *other;
}

/* They talk to each other twice: one call of it would hold somebody two times. */
static bool share_another(const struct call *a, const struct call *b, uint32_t but)
{
	for (int i = 0; i < a->n; i++)
		if (a->party[i].phone != but && mivo_party_of(b, a->party[i].phone) >= 0)
			return true;
	return false;
}

static void take_parties(struct call *now, struct move *moves, const struct call *old, uint32_t but)
{
	for (int i = 0; i < old->n; i++) {
		if (old->party[i].phone == but && but != PBX_EXTERNAL)
			continue;
		CHECK(now->n < PARTIES_MAX);
		moves[now->n] = (struct move){ old->party[i], old->id };
		now->party[now->n++] = old->party[i];
	}
}

static enum err join(struct mivo *m, int64_t now_ms, uint32_t phone, bool conference)
{
	struct move moves[PARTIES_MAX];
	struct call *held, *other, now;
	uint32_t primary;

	mivo_tick(m, now_ms);
	if (!two_calls(m, phone, &held, &other))
		return ERR_NOT_FOUND;
	if (held->n + other->n > PARTIES_MAX || share_another(held, other, phone))
		return ERR_LIMIT;
	now = *other;
	now.n = 0;
	now.id = m->next_call++;
	take_parties(&now, moves, held, phone);
	take_parties(&now, moves, other, conference ? PBX_EXTERNAL : phone);
	primary = held->id;
	held->used = false;
	mivo_tell_joined(m, conference, &now, primary, other->id, phone, moves, now.n);
	*other = now;
	judge(m, phone);
	judge_all(m, other);
	return ERR_OK;
}

enum err mivo_transfer(struct mivo *m, int64_t now_ms, uint32_t phone)
{
	return join(m, now_ms, phone, false);
}

enum err mivo_conference(struct mivo *m, int64_t now_ms, uint32_t phone)
{
	return join(m, now_ms, phone, true);
}

enum err mivo_divert(struct mivo *m, int64_t now_ms, uint32_t phone, uint32_t to)
{
	mivo_tick(m, now_ms);
	for (uint32_t i = 0; i < m->calls_top; i++) {
		struct call *c = &m->calls[i];
		int at = mivo_party_of(c, phone);

		if (at < 0 || c->party[at].state != CONN_ALERTING || to >= m->n ||
		    mivo_party_of(c, to) >= 0)
			continue;
		c->party[at].state = CONN_NULL;
		mivo_tell_call(m, c, EV_DIVERTED, &c->party[at], "redirected");
		c->party[at] = (struct party){ to, c->id, CONN_ALERTING };
		judge(m, phone);
		judge(m, to);
		mivo_tell_call(m, c, EV_DELIVERED, &c->party[at], "redirected");
		return ERR_OK;
	}
	return ERR_NOT_FOUND;
}
