/* event.c - call events and snapshots into calls: callID -> state of the monitored device in it. */
#include "base/check.h"
#include "source/csta/machine.h"

/* localConnectionInfo (ECMA-269 12.3.15); LOCAL_SAME: nothing is said. */
enum local {
	LOCAL_NULL,
	LOCAL_INITIATED,
	LOCAL_ALERTING,
	LOCAL_CONNECTED,
	LOCAL_HOLD,
	LOCAL_QUEUED,
	LOCAL_FAIL,
	LOCAL_SAME
};

/* What `connected` is before anybody has answered. */
enum phase { PHASE_BEFORE, PHASE_ANSWERED, PHASE_SAME };

static const struct rule {
	const char *name;	/* without "Event" */
	const char *connection; /* whose device the event is about */
	uint8_t self, other; /* enum local, where the event has no localConnectionInfo: when it is
				ours, or not */
	uint8_t phase;	     /* enum phase */
} rules[] = {
	{ "ServiceInitiated", "initiatedConnection", LOCAL_INITIATED, LOCAL_SAME, PHASE_BEFORE },
	{ "Originated", "originatedConnection", LOCAL_CONNECTED, LOCAL_SAME, PHASE_BEFORE },
	{ "Delivered", "connection", LOCAL_ALERTING, LOCAL_CONNECTED, PHASE_BEFORE },
	{ "Established", "establishedConnection", LOCAL_CONNECTED, LOCAL_CONNECTED,
	  PHASE_ANSWERED },
	{ "Held", "heldConnection", LOCAL_HOLD, LOCAL_SAME, PHASE_SAME },
	{ "Retrieved", "retrievedConnection", LOCAL_CONNECTED, LOCAL_SAME, PHASE_SAME },
	{ "ConnectionCleared", "droppedConnection", LOCAL_NULL, LOCAL_SAME, PHASE_SAME },
	{ "CallCleared", "clearedCall", LOCAL_NULL, LOCAL_NULL, PHASE_SAME },
	{ "Diverted", "connection", LOCAL_NULL, LOCAL_SAME, PHASE_SAME },
	{ "Failed", "failedConnection", LOCAL_FAIL, LOCAL_SAME, PHASE_BEFORE },
	{ "NetworkReached", "connection", LOCAL_CONNECTED, LOCAL_SAME, PHASE_BEFORE },
	{ "Queued", "queuedConnection", LOCAL_QUEUED, LOCAL_SAME, PHASE_BEFORE },
	{ "CallInformation", "connection", LOCAL_SAME, LOCAL_SAME, PHASE_SAME },
	{ "Digitsdialed", "dialingConnection", LOCAL_INITIATED, LOCAL_SAME, PHASE_BEFORE },
	{ "DigitsDialed", "dialingConnection", LOCAL_INITIATED, LOCAL_SAME, PHASE_BEFORE },
	{ "Offered", "offeredConnection", LOCAL_ALERTING, LOCAL_SAME, PHASE_BEFORE },
	{ "Bridged", "bridgedConnection", LOCAL_QUEUED, LOCAL_SAME, PHASE_SAME },
};

struct obs cs_obs(const struct csta *c, uint32_t slot, enum obs_kind kind)
{
	return (struct obs){ .kind = (uint8_t)kind,
			     .account = c->account,
			     .connector = c->connector,
			     .line = line_table_id(&c->table, slot),
			     .user = ID_NONE };
}

/* ---- whose monitor ---- */

uint64_t cs_xref_key(const struct csta *c, struct slice xref)
{
	return slice_hash(xref, c->seed);
}

static bool same_xref(uint32_t slot, const void *key, void *arg)
{
	const struct csta *c = arg;

	return slice_is(*(const struct slice *)key, c->devices[slot].xref);
}

uint32_t cs_xref_find(const struct csta *c, struct slice xref)
{
	uint32_t slot =
		map_find(&c->by_xref, cs_xref_key(c, xref), same_xref, &xref, (void *)(uintptr_t)c);

	return slot == MAP_NONE ? LINE_NONE : slot;
}

/* ---- one call ---- */

/* Both ends of a call may be lines of ours, so the line is part of the name. */
static uint64_t key_of(const struct csta *c, uint32_t slot, struct slice call_id)
{
	uint64_t key = slice_hash(call_id, c->seed ^ ((uint64_t)slot + 1) * 0x9e3779b97f4a7c15u);

	return key ? key : 1;
}

static enum local local_of(struct slice word)
{
	static const char *const words[] = {
		[LOCAL_NULL] = "null",	       [LOCAL_INITIATED] = "initiated",
		[LOCAL_ALERTING] = "alerting", [LOCAL_CONNECTED] = "connected",
		[LOCAL_HOLD] = "hold",	       [LOCAL_QUEUED] = "queued",
		[LOCAL_FAIL] = "fail"
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (slice_is_nocase(word, words[i]))
			return (enum local)i;
	return LOCAL_SAME;
}

static uint8_t connected(uint8_t was, enum phase phase)
{
	bool answered = was == CALL_TALKING || was == CALL_HELD || was == CALL_CONFERENCE;

	if (was == CALL_CONFERENCE)
		return CALL_CONFERENCE;
	if (phase == PHASE_ANSWERED || answered)
		return CALL_TALKING;
	return phase == PHASE_BEFORE || was == CALL_DIALING ? CALL_DIALING : CALL_TALKING;
}

static uint8_t state_of(enum local local, uint8_t was, enum phase phase)
{
	switch (local) {
	case LOCAL_NULL:
		return CALL_GONE;
	case LOCAL_ALERTING:
		return CALL_RINGING;
	case LOCAL_HOLD:
	case LOCAL_QUEUED:
		return CALL_HELD;
	case LOCAL_CONNECTED:
		return connected(was, phase);
	case LOCAL_INITIATED:
	case LOCAL_FAIL:
		return CALL_DIALING;
	case LOCAL_SAME:
		break;
	}
	return was;
}

static uint8_t state_now(const struct csta *c, uint64_t key)
{
	uint32_t call = call_find(&c->calls, key);

	return call == CALL_NONE ? CALL_GONE : c->calls.list[call].state;
}

/* False: there is nothing to tell. */
static bool keep(struct csta *c, uint32_t slot, uint64_t key, uint8_t state)
{
	uint32_t call = call_find(&c->calls, key);

	if (call == CALL_NONE && state == CALL_GONE)
		return c->devices[slot].crowded;
	if (call == CALL_NONE)
		call = call_add(&c->calls, key, slot);
	else if (c->calls.list[call].state == state)
		return false;
	if (call == CALL_NONE) {
		c->devices[slot].crowded = true;
		outbox_count(&c->out, NOTE_TOO_LARGE);
	} else if (state == CALL_GONE) {
		call_drop(&c->calls, call);
	} else {
		c->calls.list[call].state = state;
	}
	return true;
}

/* Before the line is synchronised it is only noted. A call without room is told all the same. */
static void update(struct csta *c, uint32_t slot, uint64_t key, uint8_t state)
{
	const struct obs like = cs_obs(c, slot, OBS_CALL);

	c->devices[slot].overtaken = true;
	if (keep(c, slot, key, state) && c->devices[slot].synced)
		call_tell_change(&c->out, &like, key, state);
}

static bool is_own(const struct csta *c, uint32_t slot, const struct csta_message *m,
		   uint32_t connection)
{
	return csta_device_same(csta_get(m, connection, "deviceID"), device_of(c, slot));
}

static void call_event(struct csta *c, uint32_t slot, const struct csta_message *m,
		       const struct rule *r)
{
	uint32_t connection = csta_child(m, 0, r->connection, CSTA_NONE);
	struct slice info = csta_get(m, 0, "localConnectionInfo");
	enum local local = local_of(info);
	uint64_t key;

	if (connection == CSTA_NONE)
		connection = csta_find(m, 0, "callID") == CSTA_NONE
				     ? 0
				     : m->items[csta_find(m, 0, "callID")].parent;
	if (local == LOCAL_SAME)
		local = (enum local)(is_own(c, slot, m, connection) ? r->self : r->other);
	if (strcmp(r->name, "CallCleared") == 0)
		local = LOCAL_NULL;
	key = key_of(c, slot, csta_get(m, connection, "callID"));
	update(c, slot, key, state_of(local, state_now(c, key), (enum phase)r->phase));
}

/* ---- two calls become one ---- */

/* The call that the line is in from now on. */
static struct slice new_call(const struct csta *c, uint32_t slot, const struct csta_message *m)
{
	struct slice any = SLICE_NONE;

	for (uint32_t i = CSTA_NONE; (i = csta_find_next(m, 0, "newConnection", i)) != CSTA_NONE;) {
		struct slice id = csta_get(m, i, "callID");

		if (is_own(c, slot, m, i) && id.n)
			return id;
		any = any.n ? any : id;
	}
	return any.n ? any : csta_get(m, 0, "primaryOldCall/callID");
}

static uint8_t busiest_old(const struct csta *c, uint32_t slot)
{
	uint8_t state = CALL_GONE;

	for (uint32_t i = c->calls.first[slot]; i != CALL_NONE; i = c->calls.list[i].next)
		if (c->calls.list[i].state > state)
			state = c->calls.list[i].state;
	return state;
}

static void end_old(struct csta *c, uint32_t slot, const struct csta_message *m, const char *path,
		    uint64_t now)
{
	for (uint32_t i = CSTA_NONE; (i = csta_find_next(m, 0, path, i)) != CSTA_NONE;) {
		uint64_t old = key_of(c, slot, csta_text(m, i));

		if (old != now)
			update(c, slot, old, CALL_GONE);
	}
}

/* The new call first, then the old ones go: no state in between is lower. */
static void joined(struct csta *c, uint32_t slot, const struct csta_message *m, bool conference)
{
	enum local local = local_of(csta_get(m, 0, "localConnectionInfo"));
	uint64_t key = key_of(c, slot, new_call(c, slot, m));
	uint8_t state;

	if (local == LOCAL_SAME) {
		const char *by = conference ? "conferencingDevice/deviceIdentifier"
					    : "transferringDevice/deviceIdentifier";
		bool own = csta_device_same(csta_get(m, 0, by), device_of(c, slot));

		local = own && !conference ? LOCAL_NULL : LOCAL_CONNECTED;
	}
	state = state_of(local, busiest_old(c, slot), PHASE_SAME);
	if (conference && local == LOCAL_CONNECTED)
		state = CALL_CONFERENCE;
	update(c, slot, key, state);
	end_old(c, slot, m, "primaryOldCall/callID", state == CALL_GONE ? 0 : key);
	end_old(c, slot, m, "secondaryOldCall/callID", state == CALL_GONE ? 0 : key);
	end_old(c, slot, m, "oldConnection/callID", state == CALL_GONE ? 0 : key);
}

/* ---- events ---- */

static const struct rule *rule_of(struct slice root)
{
	struct slice name = slice_sub(root, 0, root.n - 5); /* without "Event" */

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (slice_is(name, rules[i].name))
			return &rules[i];
	return NULL;
}

/* Vendor events may come without a cross reference. */
static uint32_t slot_of(const struct csta *c, const struct csta_message *m)
{
	struct slice xref = csta_get(m, 0, "monitorCrossRefID"), device;
	uint32_t slot;

	if (xref.n)
		return cs_xref_find(c, xref);
	device = csta_get(m, 0, "device");
	if (device.n == 0)
		device = csta_get(m, 0, "device/deviceIdentifier");
	slot = line_table_find(&c->table, device);
	return slot != LINE_NONE ? slot : line_table_find(&c->table, csta_device_number(device));
}

void cs_event_take(struct csta *c, const struct csta_message *m)
{
	struct slice root = csta_name(m, 0);
	const struct rule *r = rule_of(root);
	uint32_t slot = slot_of(c, m);

	if (c->stage != STAGE_UP || slot == LINE_NONE) { /* nothing is heard before the log-in */
		outbox_count(&c->out, NOTE_LINE_STRANGE);
		return;
	}
	c->devices[slot].report_ms = c->now_ms;
	if (r)
		call_event(c, slot, m, r);
	else if (slice_is(root, "TransferedEvent") || slice_is(root, "TransferredEvent"))
		joined(c, slot, m, false);
	else if (slice_is(root, "ConferencedEvent"))
		joined(c, slot, m, true);
	else
		cs_feature_event(c, slot, m);
	cs_profile_event(c, slot, m);
}

/* ---- snapshots ---- */

/* The first state is the device's own; `connected` without another one that has answered is
 * dialing. */
static uint8_t state_in_snapshot(const struct csta_message *m, uint32_t info, uint8_t was)
{
	bool others = false, answered = false;
	enum local own = LOCAL_SAME;

	for (uint32_t i = CSTA_NONE;
	     (i = csta_find_next(m, info, "localConnectionState", i)) != CSTA_NONE;) {
		enum local l = local_of(csta_text(m, i));

		if (own == LOCAL_SAME) {
			own = l;
			continue;
		}
		others = true;
		answered |= l == LOCAL_CONNECTED || l == LOCAL_HOLD;
	}
	if (own == LOCAL_SAME)
		return CALL_TALKING; /* a call whose state is not said is a call */
	return state_of(own, was, others && !answered ? PHASE_BEFORE : PHASE_SAME);
}

static void take_call(struct csta *c, uint32_t slot, const struct csta_message *m, uint32_t info)
{
	uint64_t key = key_of(c, slot, csta_get(m, info, "connectionIdentifier/callID"));
	uint8_t state = state_in_snapshot(m, info, state_now(c, key));
	uint32_t call = call_find(&c->calls, key);

	if (call == CALL_NONE && state != CALL_GONE) {
		call = call_add(&c->calls, key, slot);
		c->devices[slot].crowded |= call == CALL_NONE;
	}
	if (call == CALL_NONE)
		return;
	c->calls.list[call].state = state;
	c->calls.list[call].listed = state != CALL_GONE;
}

static void drop_unlisted(struct csta *c, uint32_t slot)
{
	for (uint32_t i = c->calls.first[slot], next; i != CALL_NONE; i = next) {
		next = c->calls.list[i].next;
		if (!c->calls.list[i].listed)
			call_drop(&c->calls, i);
		else
			c->calls.list[i].listed = false;
	}
}

void cs_event_snapshot(struct csta *c, uint32_t slot, const struct csta_message *m)
{
	const struct obs like = cs_obs(c, slot, OBS_CALL);
	struct device *d = &c->devices[slot];

	if (d->overtaken && d->again < SNAPSHOTS_AGAIN) {
		d->again++;
		d->wants |= 1 << ASK_SNAPSHOT;
		return;
	}
	d->crowded = false;
	for (uint32_t i = CSTA_NONE;
	     (i = csta_find_next(m, 0, "snapshotDeviceResponseInfo", i)) != CSTA_NONE;)
		take_call(c, slot, m, i);
	drop_unlisted(c, slot);
	cs_feature_dnd_unasked(c, slot);
	cs_profile_unasked(c, slot);
	d->probed = false;
	d->synced = true;
	d->link = LINE_LIVE;
	d->report_ms = c->now_ms;
	call_tell_line(&c->calls, slot, &c->out, &like);
}
