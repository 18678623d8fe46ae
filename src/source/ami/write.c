/* write.c - the user's profile as the PBX writes it, and FreePBX's Do Not Disturb along with it.
 *
 * Asterisk's user presence knows available, chat, away, xa, dnd and unavailable, with a word of one's own
 * beside it, the subtype. Busy and Meeting are told as dnd with such a word; a subtype that ends in "dnd"
 * says that we switched Do Not Disturb on as well, so that it is known after a restart whose it is. */
#include "source/ami/machine.h"

enum { RELEASE_MS = 1000 };

static const struct {
	uint8_t profile;
	const char *status, *subtype;
} words[] = {
	{ PROFILE_AVAILABLE, "available", "" },
	{ PROFILE_AVAILABLE, "chat", NULL }, /* NULL: read only, whatever the subtype */
	{ PROFILE_AWAY, "away", "" },
	{ PROFILE_AWAY, "xa", NULL },
	{ PROFILE_BUSY, "dnd", "busy" },
	{ PROFILE_MEETING, "dnd", "meeting" },
	{ PROFILE_NOT_AVAILABLE, "unavailable", "" },
};

static const struct slice mark = { "dnd", 3 };

static struct slice unmarked(struct slice subtype, bool *ret_marked)
{
	size_t n = subtype.n;

	*ret_marked = n >= mark.n && slice_eq(slice_sub(subtype, n - mark.n, n), mark);
	if (!*ret_marked)
		return subtype;
	n -= mark.n;
	return slice_sub(subtype, 0, n && subtype.p[n - 1] == '-' ? n - 1 : n);
}

static bool is_inside_character(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* At most its first n bytes, fewer where a character of UTF-8 would be cut in two. */
static struct slice clip(struct slice text, size_t n)
{
	size_t end = n;

	if (text.n <= n)
		return text;
	while (end > 0 && n - end < 3 && is_inside_character(text.p[end]))
		end--;
	/* what is no UTF-8 has no characters to keep whole */
	return slice_sub(text, 0, is_inside_character(text.p[end]) ? n : end);
}

void presence_read(struct thing *t, struct slice status, struct slice subtype, struct slice message)
{
	bool dnd = slice_is_nocase(status, "dnd");
	struct slice word = unmarked(slice_trim(subtype), &t->marked);

	message = clip(slice_trim(message), sizeof(t->message) - 1);
	if (slice_copy(message, t->message, sizeof(t->message)))
		t->message[0] = '\0';
	t->state = dnd ? PROFILE_AVAILABLE : PROFILE_NONE;
	t->bare_dnd = dnd;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!slice_is_nocase(status, words[i].status) || (dnd && !slice_is(word, words[i].subtype)))
			continue;
		t->state = words[i].profile;
		t->bare_dnd = false;
		return;
	}
}

/* ---- the queue ---- */

static void enqueue(struct ami *m, uint32_t slot)
{
	struct extension *l = &m->lines[slot];

	if (l->queued)
		return;
	l->queued = true;
	l->next_write = NONE;
	if (m->writes == NONE)
		m->writes = slot;
	else
		m->lines[m->writes_last].next_write = slot;
	m->writes_last = slot;
}

static uint32_t dequeue(struct ami *m)
{
	uint32_t slot = m->writes;

	m->writes = m->lines[slot].next_write;
	if (m->writes == NONE)
		m->writes_last = NONE;
	m->lines[slot].queued = false;
	return slot;
}

/* A queued line stays in its place; what it wanted is forgotten. */
void write_forget(struct ami *m, uint32_t slot)
{
	m->lines[slot].writing = false;
}

static void done(struct ami *m, uint32_t slot, enum write_result result, const char *what,
		 struct slice reason)
{
	struct extension *l = &m->lines[slot];
	char text[80];

	if (!l->writing)
		return;
	l->writing = false;
	if (l->releasing)
		return;
	if (slice_copy(slice_sub(reason, 0, sizeof(text) - 1), text, sizeof(text)))
		text[0] = '\0';
	outbox_written(&m->out, line_table_id(&m->table, slot), l->generation, result, "%s%s", what, text);
}

/* ---- the steps of one write ---- */

static const char *find_switch(const struct ami *m, uint32_t slot, bool *ret_on)
{
	const char *name = NULL;

	*ret_on = false;
	for (uint32_t r = m->lines[slot].first_ref; r != NONE; r = m->refs[r].next_of_line) {
		const struct thing *t = &m->things[m->refs[r].thing];

		if (t->kind != THING_DND)
			continue;
		*ret_on |= t->known && (t->state == DEVICE_BUSY || t->state == DEVICE_INUSE);
		if (slice_starts_nocase(slice_str(t->name), "Custom:DND"))
			name = t->name;
	}
	return name;
}

static bool is_marked(const struct ami *m, uint32_t slot)
{
	for (uint32_t r = m->lines[slot].first_ref; r != NONE; r = m->refs[r].next_of_line)
		if (m->things[m->refs[r].thing].kind == THING_PRESENCE)
			return m->things[m->refs[r].thing].marked;
	return false;
}

/* Do Not Disturb that a person has switched on is left alone. */
static bool plan_dnd(const struct ami *m, uint32_t slot, bool *ret_change)
{
	bool want = m->dnd_while >> m->lines[slot].write_state & 1, on;

	(void)find_switch(m, slot, &on);
	*ret_change = want ? !on : m->lines[slot].dnd_ours;
	return want;
}

static bool put_presence(struct ami *m, struct ami_action *a, uint32_t slot)
{
	const struct extension *l = &m->lines[slot];
	bool marked = l->dnd_on && (l->dnd_change || l->dnd_ours);
	char own[THING_NAME_MAX];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].profile != l->write_state || !words[i].subtype)
			continue;
		ami_put_fmt(a, "Variable", "PRESENCE_STATE(%s)", hint_presence(m, slot, own, sizeof(own)));
		ami_put_fmt(a, "Value", "%s,%s%s%s,", words[i].status, words[i].subtype,
			    marked && words[i].subtype[0] ? "-" : "", marked ? mark.p : "");
		return true;
	}
	return false;
}

static void put_custom(struct ami *m, struct ami_action *a, uint32_t slot)
{
	bool on;
	const char *name = find_switch(m, slot, &on);

	if (name)
		ami_put_fmt(a, "Variable", "DEVICE_STATE(%s)", name);
	else
		ami_put_fmt(a, "Variable", "DEVICE_STATE(Custom:DND%.*s)", SLICE_ARG(hint_exten(m, slot)));
}

/* The phones' own switches are named after the phone: PJSIP/201 -> Custom:DEVDND201. */
static bool put_device(struct ami *m, struct ami_action *a, uint32_t slot)
{
	struct extension *l = &m->lines[slot];
	uint32_t nth = l->devices_done;

	for (uint32_t r = l->first_ref; r != NONE; r = m->refs[r].next_of_line) {
		const struct thing *t = &m->things[m->refs[r].thing];
		struct slice name = slice_str(t->name);
		size_t slash = slice_find(name, '/');

		if (t->kind != THING_PHONE || slash + 1 >= name.n || nth-- > 0)
			continue;
		name = slice_sub(name, slash + 1, name.n);
		ami_put_fmt(a, "Variable", "DEVICE_STATE(Custom:DEVDND%.*s)", SLICE_ARG(name));
		l->devices_done++;
		return true;
	}
	return false;
}

/* False when the step has nothing to send. */
static bool put_step(struct ami *m, struct ami_action *a, uint32_t slot)
{
	const struct extension *l = &m->lines[slot];
	const char *on = l->dnd_on ? "BUSY" : "UNAVAILABLE";

	switch ((enum write_step)l->step) {
	case STEP_PRESENCE:
		action_begin(m, a, "Setvar");
		return put_presence(m, a, slot);
	case STEP_DB:
		action_begin(m, a, l->dnd_on ? "DBPut" : "DBDel");
		ami_put(a, "Family", SLICE_LIT("DND"));
		ami_put(a, "Key", hint_exten(m, slot));
		if (l->dnd_on)
			ami_put(a, "Val", SLICE_LIT("YES"));
		return true;
	case STEP_CUSTOM:
		action_begin(m, a, "Setvar");
		put_custom(m, a, slot);
		ami_put(a, "Value", slice_str(on));
		return true;
	case STEP_DEVICES:
		action_begin(m, a, "Setvar");
		if (!put_device(m, a, slot))
			return false;
		ami_put(a, "Value", slice_str(on));
		return true;
	}
	return false;
}

static void send_step(struct ami *m, uint32_t slot)
{
	struct ami_action a;

	if (!m->lines[slot].writing)
		return;
	if (!put_step(m, &a, slot))
		done(m, slot, WRITE_ACCEPTED, "", SLICE_NONE);
	else if (!action_send(m, &a, ASK_WRITE, slot))
		done(m, slot, WRITE_REFUSED, "this extension cannot be named to the pbx", SLICE_NONE);
}

void write_pump(struct ami *m)
{
	while (m->stage == STAGE_UP && m->writes != NONE && m->pending_n + 4 < PENDING_MAX)
		send_step(m, dequeue(m));
}

/* Functions are called as NAME(argument): an argument must not end the call. */
static bool can_be_named(struct slice exten)
{
	for (size_t i = 0; i < exten.n; i++)
		if (strchr("(),&$\"' ", exten.p[i]))
			return false;
	return exten.n > 0;
}

void write_start(struct ami *m, uint32_t slot, const struct profile_write *w)
{
	struct extension *l = &m->lines[slot];
	bool on;

	done(m, slot, WRITE_UNSURE, "a newer one took its place", SLICE_NONE);
	(void)find_switch(m, slot, &on);
	l->dnd_ours |= w->dnd_ours && on;
	l->writing = true;
	l->releasing = false;
	l->generation = w->generation;
	l->write_state = w->state;
	l->step = STEP_PRESENCE;
	l->devices_done = 0;
	l->dnd_on = plan_dnd(m, slot, &l->dnd_change);
	if (m->stage != STAGE_UP)
		done(m, slot, WRITE_UNSURE, "not connected", SLICE_NONE);
	else if (!m->rights.setvar)
		done(m, slot, WRITE_REFUSED, "the account lacks the right write=call", SLICE_NONE);
	else if (!can_be_named(hint_exten(m, slot)))
		done(m, slot, WRITE_REFUSED, "this extension cannot be named to the pbx", SLICE_NONE);
	else
		enqueue(m, slot);
}

/* A person ended at the phone what had switched Do Not Disturb on. */
static void release(struct ami *m, uint32_t slot)
{
	struct extension *l = &m->lines[slot];
	bool on;

	(void)find_switch(m, slot, &on);
	if (!on) {
		l->dnd_ours = false;
		return;
	}
	l->writing = l->releasing = l->dnd_change = true;
	l->dnd_on = false;
	l->generation++;
	l->step = STEP_DB;
	l->devices_done = 0;
	enqueue(m, slot);
}

/* An event may be older than our last write; only a list tells for sure that a word of ours has gone. */
void write_presence_told(struct ami *m, uint32_t slot, bool listed)
{
	struct extension *l = &m->lines[slot];

	if (is_marked(m, slot))
		l->dnd_ours = m->dnd_while != 0;
	else if (l->dnd_ours && !l->writing && listed)
		release(m, slot);
	else if (l->dnd_ours && !l->writing)
		sync_want(m, RELEASE_MS);
}

/* The event that tells of it may come long after. */
static void switched(struct ami *m, uint32_t slot)
{
	struct extension *l = &m->lines[slot];

	l->dnd_ours = l->dnd_on;
	for (uint32_t r = l->first_ref; r != NONE; r = m->refs[r].next_of_line) {
		struct thing *t = &m->things[m->refs[r].thing];

		if (t->kind != THING_DND)
			continue;
		t->state = l->dnd_on ? DEVICE_BUSY : DEVICE_UNAVAILABLE;
		t->known = true;
	}
	report_line(m, slot);
}

void write_answer(struct ami *m, const struct pending *p, const struct ami_packet *k)
{
	struct extension *l = p->slot == NONE ? NULL : &m->lines[p->slot];

	if (!l || !l->writing || p->generation != l->generation)
		return;
	/* a database entry that is not there need not be deleted */
	bool ok = slice_is_nocase(k->name, "Success") || (l->step == STEP_DB && !l->dnd_on);

	if (!ok) {
		done(m, p->slot, WRITE_REFUSED,
		     l->step == STEP_PRESENCE ? "" : "profile set, Do Not Disturb refused: ",
		     ami_get(k, "Message"));
	} else if (!l->dnd_change) {
		done(m, p->slot, WRITE_ACCEPTED, "", SLICE_NONE);
	} else {
		if (l->step == STEP_CUSTOM)
			switched(m, p->slot);
		l->step += l->step != STEP_DEVICES;
		enqueue(m, p->slot);
	}
}
