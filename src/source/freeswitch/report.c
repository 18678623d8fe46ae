#include <stdio.h>
#include <string.h>

#include "source/freeswitch/fs.h"

static struct obs obs_for(const struct freeswitch *f, uint32_t slot, enum obs_kind kind)
{
	return (struct obs){ .kind = (uint8_t)kind,
			     .account = f->account,
			     .connector = f->connector,
			     .line = line_table_id(&f->table, slot),
			     .user = ID_NONE };
}

static void emit_flag(struct freeswitch *f, uint32_t slot, enum obs_kind kind, bool on)
{
	struct obs o = obs_for(f, slot, kind);

	if (kind == OBS_DND)
		o.on = on;
	else
		o.registered = on;
	outbox_obs(&f->out, &o);
}

/* ---- whose line ---- */

static uint32_t find_user(const struct freeswitch *f, struct slice id)
{
	uint32_t slot = line_table_find(&f->table, id);

	return slot != LINE_NONE
		       ? slot
		       : line_table_find(&f->table, slice_sub(id, 0, slice_find(id, '@')));
}

/* "sofia/internal/1001@pbx", "sofia/internal/sip:1001@192.0.2.7:5060"; what goes out through a
 * gateway or the external profile names the other side. */
static struct slice user_of_channel(struct slice name)
{
	struct slice technology = { 0 }, profile = { 0 };

	slice_split(&name, '/', &technology);
	if (!slice_is(technology, "sofia") || !name.p)
		return SLICE_NONE;
	slice_split(&name, '/', &profile);
	if (!name.p || slice_is(profile, "gateway") || slice_is(profile, "external"))
		return SLICE_NONE;
	return slice_starts(name, "sip:") ? slice_sub(name, 4, name.n) : name;
}

uint32_t fs_line_of(const struct freeswitch *f, const char *presence_id, const char *channel_name)
{
	struct slice id = slice_str(presence_id);

	if (id.n == 0)
		id = user_of_channel(slice_str(channel_name));
	return id.n ? find_user(f, id) : LINE_NONE;
}

/* ---- channels ---- */

/* A channel that the phone opened (inbound) is a call it places, one towards it (outbound) rings
 * there. */
static bool call_of(const char *state, const char *direction, uint8_t *ret)
{
	static const struct {
		const char *state;
		uint8_t in, out;
	} states[] = {
		{ "DOWN", CALL_DIALING, CALL_GONE },
		{ "DIALING", CALL_DIALING, CALL_RINGING },
		{ "RINGING", CALL_DIALING, CALL_RINGING },
		{ "EARLY", CALL_DIALING, CALL_RINGING },
		{ "RING_WAIT", CALL_DIALING, CALL_RINGING },
		{ "ACTIVE", CALL_TALKING, CALL_TALKING },
		{ "UNHELD", CALL_TALKING, CALL_TALKING },
		{ "HELD", CALL_HELD, CALL_HELD },
		{ "HANGUP", CALL_GONE, CALL_GONE },
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (!slice_is_nocase(slice_str(state), states[i].state))
			continue;
		*ret = slice_is_nocase(slice_str(direction), "inbound") ? states[i].in
									: states[i].out;
		return true;
	}
	return false;
}

static uint8_t with_conference(uint8_t state, const char *application)
{
	return state == CALL_TALKING && strcmp(application, "conference") == 0 ? CALL_CONFERENCE
									       : state;
}

static void emit_line(struct freeswitch *f, uint32_t slot)
{
	const struct obs like = obs_for(f, slot, OBS_CALL);

	f->lines[slot].synced = true;
	f->lines[slot].report_ms = f->now_ms;
	call_tell_line(&f->calls, slot, &f->out, &like);
}

static void emit_change(struct freeswitch *f, uint32_t slot, uint64_t key, uint8_t state)
{
	const struct obs like = obs_for(f, slot, OBS_CALL);

	f->lines[slot].report_ms = f->now_ms;
	call_tell_change(&f->out, &like, key, state);
}

/* A channel that serves another line now (a transfer) has left its first. */
static uint32_t move_call(struct freeswitch *f, uint32_t call, uint32_t slot)
{
	uint64_t key = f->calls.list[call].key;

	emit_change(f, f->calls.list[call].slot, key, CALL_GONE);
	call_drop(&f->calls, call);
	return fs_call_add(f, key, slot);
}

static void channel_event(struct freeswitch *f, const struct esl_frame *frame)
{
	char uuid[80], state[24], id[ESL_VALUE_MAX + 1], name[ESL_VALUE_MAX + 1], direction[16],
		seen_as[16], application[64];
	const struct esl_want wants[] = {
		{ "Unique-ID", uuid, sizeof(uuid) },
		{ "Channel-Call-State", state, sizeof(state) },
		{ "Channel-Presence-ID", id, sizeof(id) },
		{ "Channel-Name", name, sizeof(name) },
		{ "Call-Direction", direction, sizeof(direction) },
		{ "Presence-Call-Direction", seen_as, sizeof(seen_as) },
		{ "variable_current_application", application, sizeof(application) },
	};
	uint32_t slot, call;
	uint64_t key;
	uint8_t now;

	if (esl_event_read(frame->body, frame->json, wants, sizeof(wants) / sizeof(wants[0])) ||
	    !uuid[0] || !call_of(state, seen_as[0] ? seen_as : direction, &now)) {
		outbox_note(&f->out, NOTE_BAD_BODY, ID_NONE, "channel event");
		return;
	}
	key = fs_key(f, uuid);
	call = call_find(&f->calls, key);
	slot = fs_line_of(f, id, name);
	if (slot == LINE_NONE && call != CALL_NONE && now == CALL_GONE)
		slot = f->calls.list[call].slot; /* a channel's end may have lost its names */
	if (slot == LINE_NONE)
		return;
	if (call != CALL_NONE && f->calls.list[call].slot != slot)
		call = move_call(f, call, slot);
	else if (call == CALL_NONE)
		call = fs_call_add(f, key, slot);
	if (call == CALL_NONE) {
		fs_ask_snapshot(f, 0); /* no room: what there is, is told as a whole */
		return;
	}
	f->calls.list[call].state = with_conference(now, application);
	f->calls.list[call].event_ms = f->now_ms;
	emit_change(f, slot, key, f->calls.list[call].state);
}

/* The sum of a phone, as FreeSWITCH sees it: a check on ours, not a source of its own. */
static void device_event(struct freeswitch *f, const struct esl_frame *frame)
{
	char id[ESL_VALUE_MAX + 1], state[24];
	const struct esl_want wants[] = { { "Device-ID", id, sizeof(id) },
					  { "Device-State", state, sizeof(state) } };
	uint32_t slot;
	bool busy;

	if (esl_event_read(frame->body, frame->json, wants, 2) || !id[0])
		return;
	slot = find_user(f, slice_str(id));
	busy = strcmp(state, "DOWN") != 0 && strcmp(state, "HANGUP") != 0;
	if (slot != LINE_NONE && busy != call_line_busy(&f->calls, slot))
		fs_ask_snapshot(f, 2 * FRESH_MS);
}

/* ---- presence and registration ---- */

static bool says(const char *text, const char *word)
{
	for (size_t n = strlen(word); *text; text++)
		if (slice_starts_nocase(slice_str(text), word) && n)
			return true;
	return false;
}

/* PROFILE_COUNT: it says nothing of the user. */
static uint8_t profile_of(const char *rpid, const char *status, bool *ret_dnd)
{
	*ret_dnd = slice_is_nocase(slice_str(rpid), "dnd") || says(status, "do not disturb") ||
		   slice_is_nocase(slice_str(status), "dnd");
	if (*ret_dnd)
		return PROFILE_AVAILABLE;
	if (slice_is_nocase(slice_str(rpid), "away") || says(status, "away") ||
	    says(status, "be right back") || says(status, "out to lunch"))
		return PROFILE_AWAY;
	if (slice_is_nocase(slice_str(rpid), "busy") || slice_is_nocase(slice_str(status), "busy"))
		return PROFILE_BUSY;
	if (slice_is_nocase(slice_str(status), "available") ||
	    slice_is_nocase(slice_str(status), "online"))
		return PROFILE_AVAILABLE;
	return PROFILE_COUNT;
}

/* An event is a change. Only Available, which phones say whenever they start, may have stood before: at first
 * it is what the line holds, and takes nobody's earlier word away. */
static void emit_profile(struct freeswitch *f, uint32_t slot, uint8_t profile)
{
	struct obs o = obs_for(f, slot, OBS_PROFILE);
	bool first = f->lines[slot].profile == PROFILE_COUNT;

	o.scope = first && profile == PROFILE_AVAILABLE ? SCOPE_FULL : SCOPE_PARTIAL;
	f->lines[slot].profile = profile;
	o.profile.state = profile;
	o.profile.until_wall_ms = TIME_NEVER;
	outbox_obs(&f->out, &o);
}

/* What a phone publishes or a script sends about the user; what it says of calls, channels say
 * better. */
static void presence_event(struct freeswitch *f, const struct esl_frame *frame)
{
	char from[ESL_VALUE_MAX + 1], rpid[32], status[64], uuid[80], answer[24];
	const struct esl_want wants[] = { { "from", from, sizeof(from) },
					  { "rpid", rpid, sizeof(rpid) },
					  { "status", status, sizeof(status) },
					  { "unique-id", uuid, sizeof(uuid) },
					  { "answer-state", answer, sizeof(answer) } };
	uint32_t slot;
	uint8_t profile;
	bool dnd;

	if (esl_event_read(frame->body, frame->json, wants, 5) || uuid[0] || answer[0])
		return;
	profile = profile_of(rpid, status, &dnd);
	slot = from[0] ? find_user(f, slice_str(from)) : LINE_NONE;
	if (slot == LINE_NONE || profile == PROFILE_COUNT)
		return;
	f->lines[slot].dnd = dnd;
	f->lines[slot].report_ms = f->now_ms;
	if (dnd)
		emit_flag(f, slot, OBS_DND, true);
	if (f->reads_profile)
		emit_profile(f, slot, profile);
	if (!dnd)
		emit_flag(f, slot, OBS_DND, false);
}

/* One contact less need not be the last: the table is asked. */
static void registration_event(struct freeswitch *f, const struct esl_frame *frame)
{
	char subclass[40], user[ESL_VALUE_MAX + 1], host[ESL_VALUE_MAX + 1],
		user2[ESL_VALUE_MAX + 1], host2[ESL_VALUE_MAX + 1], id[2 * ESL_VALUE_MAX + 2];
	const struct esl_want wants[] = { { "Event-Subclass", subclass, sizeof(subclass) },
					  { "from-user", user, sizeof(user) },
					  { "from-host", host, sizeof(host) },
					  { "user", user2, sizeof(user2) }, /* sofia::expire */
					  { "host", host2, sizeof(host2) } };
	uint32_t slot;

	if (esl_event_read(frame->body, frame->json, wants, 5) ||
	    !slice_starts(slice_str(subclass), "sofia::"))
		return;
	snprintf(id, sizeof(id), "%s@%s", user[0] ? user : user2, user[0] ? host : host2);
	slot = find_user(f, slice_str(id));
	if (slot == LINE_NONE)
		return;
	if (strcmp(subclass, "sofia::register") == 0) {
		f->lines[slot].registered = true;
		emit_flag(f, slot, OBS_REGISTRATION, true);
	} else if (f->registrations_due_ms == TIME_NEVER && !f->registrations_denied) {
		f->registrations_due_ms = f->now_ms + REGISTRATIONS_GAP_MS;
	}
}

void fs_event(struct freeswitch *f, const struct esl_frame *frame)
{
	static const struct {
		const char *name;
		void (*take)(struct freeswitch *f, const struct esl_frame *frame);
	} takers[] = {
		{ "CHANNEL_CALLSTATE", channel_event },
		{ "DEVICE_STATE", device_event },
		{ "PRESENCE_IN", presence_event },
		{ "CUSTOM", registration_event },
	};
	char name[32];
	const struct esl_want want = { "Event-Name", name, sizeof(name) };

	if (esl_event_read(frame->body, frame->json, &want, 1)) {
		outbox_note(&f->out, NOTE_BAD_BODY, ID_NONE, "event");
		return;
	}
	for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++)
		if (strcmp(name, takers[i].name) == 0)
			takers[i].take(f, frame);
}

/* ---- snapshots ---- */

static void channel_row(const struct esl_row *row, void *arg)
{
	struct freeswitch *f = arg;
	uint32_t slot = fs_line_of(f, row->presence_id, row->name), call;
	uint8_t state;

	if (slot == LINE_NONE || !row->uuid[0] || !call_of(row->callstate, row->direction, &state))
		return;
	state = with_conference(state, row->application);
	call = call_find(&f->calls, fs_key(f, row->uuid));
	if (call != CALL_NONE && fs_call_is_fresh(f, &f->calls.list[call])) {
		f->calls.list[call].listed = true;
		f->contradicted |= f->calls.list[call].state != state || f->calls.list[call].slot != slot;
		return;
	}
	if (call != CALL_NONE && f->calls.list[call].slot != slot) {
		call_drop(&f->calls, call);
		call = CALL_NONE;
	}
	if (call == CALL_NONE)
		call = fs_call_add(f, fs_key(f, row->uuid), slot);
	if (call == CALL_NONE)
		return;
	f->calls.list[call].state = state;
	f->calls.list[call].listed = true;
}

/* What the table does not have has ended, unless an event has only just told of it. */
static void drop_absent(struct freeswitch *f)
{
	for (uint32_t i = 0; i < f->calls.high; i++) {
		struct line_call *c = &f->calls.list[i];

		if (!c->key)
			continue;
		if (!c->listed && fs_call_is_fresh(f, c))
			f->contradicted |= c->state != CALL_GONE;
		else if (!c->listed || c->state == CALL_GONE)
			call_drop(&f->calls, i);
		c->listed = false;
	}
}

/* DND is told once after a link-up, and once of a line that came later. */
static void emit_all(struct freeswitch *f)
{
	for (uint32_t i = line_table_next(&f->table, 0); i != LINE_NONE;
	     i = line_table_next(&f->table, i + 1)) {
		bool first = !f->lines[i].synced;

		if (first && f->lines[i].dnd)
			emit_flag(f, i, OBS_DND, true);
		emit_line(f, i);
		if (first && !f->lines[i].dnd)
			emit_flag(f, i, OBS_DND, false);
	}
}

static void forget_table(struct freeswitch *f)
{
	for (uint32_t i = 0; i < f->calls.high; i++)
		f->calls.list[i].listed = false;
}

enum err fs_take_channels(struct freeswitch *f, struct slice body)
{
	enum err e;

	f->contradicted = false;
	e = esl_rows_read(body, channel_row, f);
	if (e) {
		forget_table(f);
		return e;
	}
	drop_absent(f);
	emit_all(f);
	if (f->contradicted)
		fs_ask_snapshot(f, 2 * FRESH_MS);
	return ERR_OK;
}

static void registration_row(const struct esl_row *row, void *arg)
{
	struct freeswitch *f = arg;
	char id[2 * ESL_VALUE_MAX + 2];
	uint32_t slot;

	f->rows++;
	snprintf(id, sizeof(id), "%s@%s", row->reg_user, row->realm);
	slot = find_user(f, slice_str(id));
	if (slot != LINE_NONE)
		f->lines[slot].in_table = true;
}

/* A FreeSWITCH with nothing registered has its phones elsewhere: then nothing is said of them. */
enum err fs_take_registrations(struct freeswitch *f, struct slice body)
{
	enum err e;

	f->rows = 0;
	e = esl_rows_read(body, registration_row, f);
	for (uint32_t i = line_table_next(&f->table, 0); i != LINE_NONE;
	     i = line_table_next(&f->table, i + 1)) {
		struct fs_line *l = &f->lines[i];

		if (!e && (f->rows || l->registered))
			emit_flag(f, i, OBS_REGISTRATION, l->in_table);
		if (!e)
			l->registered = l->in_table;
		l->in_table = false;
	}
	return e;
}
