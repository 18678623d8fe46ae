/* ask.c - requests in flight: by invoke id, with a bound, line by line. */
#include "source/csta/machine.h"

/* ---- sending and finding again ---- */

static bool id_in_use(const struct csta *c, uint16_t invoke)
{
	for (uint32_t i = 0; i < c->pending_n; i++)
		if (c->pending[i].invoke == invoke)
			return true;
	return false;
}

static uint16_t take_id(struct csta *c)
{
	do
		c->next_invoke = (uint16_t)(c->next_invoke % CSTA_INVOKE_MAX + 1);
	while (id_in_use(c, c->next_invoke));
	return c->next_invoke;
}

bool cs_ask_send(struct csta *c, enum ask what, uint32_t slot)
{
	struct pending *p = &c->pending[c->pending_n];

	if (c->pending_n == PENDING_MAX || !uplink_open(&c->link))
		return false;
	*p = (struct pending){
		.invoke = take_id(c), .what = (uint8_t)what, .slot = slot, .sent_ms = c->now_ms
	};
	if (slot != NONE) {
		p->serial = c->devices[slot].serial;
		p->generation = c->devices[slot].generation;
	}
	if (csta_frame_end(&c->scratch, p->invoke))
		return false;
	c->pending_n++;
	uplink_send(&c->link, buf_view(&c->scratch));
	return true;
}

static void cut_out(struct csta *c, uint32_t i)
{
	c->pending_n--;
	memmove(&c->pending[i], &c->pending[i + 1], (c->pending_n - i) * sizeof(c->pending[0]));
}

bool cs_ask_take(struct csta *c, uint16_t invoke, struct pending *ret)
{
	for (uint32_t i = 0; i < c->pending_n; i++) {
		if (c->pending[i].invoke != invoke)
			continue;
		*ret = c->pending[i];
		cut_out(c, i);
		return true;
	}
	return false;
}

/* With no room for one more question it goes as one whose answer nobody waits for. */
void cs_ask_stop(struct csta *c, struct slice xref)
{
	csta_put_one(&c->scratch, c->edition, "MonitorStop", "monitorCrossRefID", xref);
	if (!cs_ask_send(c, ASK_STOP, NONE) && csta_frame_end(&c->scratch, 0) == ERR_OK)
		uplink_send(&c->link, buf_view(&c->scratch));
}

/* ---- the queue of lines ---- */

static void enqueue(struct csta *c, uint32_t slot)
{
	struct device *d = &c->devices[slot];

	if (d->queued)
		return;
	d->queued = true;
	d->next = NONE;
	if (c->queue == NONE)
		c->queue = slot;
	else
		c->devices[c->queue_last].next = slot;
	c->queue_last = slot;
}

static uint32_t dequeue(struct csta *c)
{
	uint32_t slot = c->queue;

	c->queue = c->devices[slot].next;
	c->devices[slot].queued = false;
	return slot;
}

void cs_ask_want(struct csta *c, uint32_t slot, uint8_t steps)
{
	struct device *d = &c->devices[slot];

	d->wants |= steps;
	if (steps & 1 << ASK_SNAPSHOT)
		d->again = 0;
	if (!d->in_step)
		enqueue(c, slot);
}

void cs_ask_forget(struct csta *c, uint32_t slot)
{
	struct device *d = &c->devices[slot];

	if (d->in_step)
		c->in_step_n--;
	d->in_step = false;
	d->wants = 0;
	d->serial = ++c->serials;
}

void cs_ask_wait(struct csta *c, uint32_t slot, enum line_link link, int64_t wait_ms,
		 const char *reason)
{
	struct device *d = &c->devices[slot];

	d->link = (uint8_t)link;
	d->retry_ms = c->now_ms + wait_ms;
	if (d->retry_ms < c->retry_due_ms)
		c->retry_due_ms = d->retry_ms;
	if (slice_copy(slice_sub(slice_str(reason), 0, sizeof(d->reason) - 1), d->reason,
		       sizeof(d->reason)))
		d->reason[0] = '\0';
}

/* ---- steps ---- */

static void put_step(struct csta *c, uint32_t slot, enum ask what)
{
	const char *const services[ASK_SET_PROFILE] = { [ASK_DND] = "GetDoNotDisturb",
							[ASK_PROFILE] = c->form.get,
							[ASK_FORWARD] = "GetForwarding",
							[ASK_SNAPSHOT] = "SnapshotDevice" };

	if (what == ASK_MONITOR)
		csta_put_monitor_start(&c->scratch, c->edition, device_of(c, slot));
	else
		csta_put_one(&c->scratch, c->edition, services[what],
			     what == ASK_SNAPSHOT ? "snapshotObject" : "device",
			     device_of(c, slot));
}

enum { ASKED_ALL_THE_SAME = 1 << ASK_SNAPSHOT | 1 << ASK_MONITOR | 1 << ASK_LAMP };

/* Its next step, or ASK_LINE_COUNT. What the switch has said it cannot is not asked again, but for
 * the two without which there is nothing, and lamps: one phone may be refused what the next one is not. */
static enum ask next_step(const struct csta *c, const struct device *d)
{
	uint8_t wants = d->wants & (uint8_t) ~(c->denied & ~ASKED_ALL_THE_SAME);

	if (!c->form.get[0] || !c->reads_profile)
		wants &= (uint8_t) ~(1 << ASK_PROFILE);
	for (int a = 0; a < ASK_LINE_COUNT; a++)
		if (wants >> a & 1)
			return (enum ask)a;
	return ASK_LINE_COUNT;
}

static bool step(struct csta *c, uint32_t slot)
{
	struct device *d = &c->devices[slot];
	enum ask what;

	while ((what = next_step(c, d)) != ASK_LINE_COUNT) {
		d->wants &= (uint8_t) ~(1 << what);
		if (what == ASK_SET_PROFILE || what == ASK_SET_DND) {
			if (!cs_profile_put(c, slot, what))
				continue;
		} else if (what == ASK_LAMP) {
			if (!cs_lamp_put(c, slot))
				continue;
		} else {
			put_step(c, slot, what);
		}
		if (what == ASK_MONITOR)
			d->link = LINE_ASKING;
		if (what == ASK_SNAPSHOT)
			d->overtaken = false;
		if (cs_ask_send(c, what, slot))
			return true;
		if (what == ASK_SET_PROFILE || what == ASK_SET_DND)
			cs_profile_written(c, slot, what, d->generation, WRITE_UNSURE,
					   "it could not be sent");
	}
	d->wants = 0;
	return false;
}

static bool can_begin(const struct csta *c)
{
	return c->stage == STAGE_UP && c->queue != NONE && c->in_step_n < c->outstanding &&
	       c->pending_n < PENDING_MAX;
}

void cs_ask_pump(struct csta *c)
{
	while (can_begin(c)) {
		uint32_t slot = dequeue(c);
		struct device *d = &c->devices[slot];

		if (!d->used || d->in_step || !step(c, slot))
			continue;
		d->in_step = true;
		c->in_step_n++;
	}
}

void cs_ask_done(struct csta *c, uint32_t slot)
{
	struct device *d = &c->devices[slot];

	if (!d->in_step)
		return;
	if (c->stage == STAGE_UP && step(c, slot))
		return;
	d->in_step = false;
	c->in_step_n--;
}

void cs_ask_resync_all(struct csta *c)
{
	int64_t due = c->resynced_ms + RESYNC_GAP_MS;

	if (c->resync_due_ms == TIME_NEVER)
		c->resync_due_ms = due > c->now_ms ? due : c->now_ms;
}

static void probe_line(struct csta *c, uint32_t slot)
{
	struct device *d = &c->devices[slot];

	d->probed = d->monitored;
	cs_lamp_anew(c, slot, false);
	if (d->monitored) {
		cs_ask_want(c, slot, SYNC_STEPS);
	} else if (d->retry_ms != TIME_NEVER) {
		d->retry_ms = TIME_NEVER;
		cs_ask_want(c, slot, 1 << ASK_MONITOR);
	}
}

void cs_ask_probe(struct csta *c)
{
	for (uint32_t i = line_table_next(&c->table, 0); c->stage == STAGE_UP && i != LINE_NONE;
	     i = line_table_next(&c->table, i + 1))
		probe_line(c, i);
	cs_ask_pump(c);
}

/* ---- time ---- */

static void retry(struct csta *c)
{
	int64_t due = TIME_NEVER;

	for (uint32_t i = line_table_next(&c->table, 0); i != LINE_NONE;
	     i = line_table_next(&c->table, i + 1)) {
		struct device *d = &c->devices[i];

		if (d->retry_ms <= c->now_ms) {
			d->retry_ms = TIME_NEVER;
			cs_ask_want(c, i, d->monitored ? SYNC_STEPS : 1 << ASK_MONITOR);
		} else if (d->retry_ms < due) {
			due = d->retry_ms;
		}
	}
	c->retry_due_ms = due;
}

static void resync(struct csta *c)
{
	c->resync_due_ms = TIME_NEVER;
	c->resynced_ms = c->now_ms;
	for (uint32_t i = line_table_next(&c->table, 0); i != LINE_NONE;
	     i = line_table_next(&c->table, i + 1))
		if (c->devices[i].monitored)
			cs_ask_want(c, i, SYNC_STEPS);
}

/* One line's turn. */
static void sweep(struct csta *c)
{
	uint32_t slot = line_table_next(&c->table, c->sweep_slot);

	if (slot == LINE_NONE)
		slot = line_table_next(&c->table, 0);
	if (slot != LINE_NONE && c->devices[slot].monitored)
		cs_ask_want(c, slot, SYNC_STEPS);
	if (slot != LINE_NONE)
		cs_lamp_anew(c, slot, false);
	c->sweep_slot = slot == LINE_NONE ? 0 : slot + 1;
	c->sweep_due_ms = c->now_ms + SWEEP_MS / (c->table.n ? c->table.n : 1);
}

static int64_t oldest_ms(const struct csta *c)
{
	return c->pending_n ? c->pending[0].sent_ms : TIME_NEVER;
}

/* Nothing at all was heard since: the link is dead. Else only that answer is missing. */
static void late(struct csta *c)
{
	while (oldest_ms(c) <= c->now_ms - ANSWER_MS) {
		struct pending p = c->pending[0];

		if (p.what != ASK_STOP && c->link.heard_ms <= p.sent_ms) {
			cs_session_drop(c, NOTE_TIMED_OUT, "the switch does not answer", 0);
			return;
		}
		cut_out(c, 0);
		cs_answer_late(c, &p);
	}
}

void cs_ask_tick(struct csta *c)
{
	late(c);
	if (c->stage != STAGE_UP)
		return;
	if (c->now_ms >= c->retry_due_ms)
		retry(c);
	if (c->now_ms >= c->resync_due_ms)
		resync(c);
	if (c->now_ms >= c->sweep_due_ms)
		sweep(c);
	cs_ask_pump(c);
}

int64_t cs_ask_next(const struct csta *c)
{
	int64_t next = oldest_ms(c);

	if (next != TIME_NEVER)
		next += ANSWER_MS;
	if (c->stage != STAGE_UP)
		return next;
	if (can_begin(c))
		return c->now_ms;
	next = c->retry_due_ms < next ? c->retry_due_ms : next;
	next = c->resync_due_ms < next ? c->resync_due_ms : next;
	return c->sweep_due_ms < next ? c->sweep_due_ms : next;
}
