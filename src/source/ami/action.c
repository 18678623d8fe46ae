/* action.c - actions under way: a manager answers them in order, each with our ActionID. */
#include "source/ami/machine.h"

#include "base/check.h"

bool action_room(const struct ami *m)
{
	return m->pending_n < PENDING_MAX && uplink_open(&m->link);
}

void action_begin(struct ami *m, struct ami_action *a, const char *name)
{
	m->last_id = m->last_id < INT32_MAX ? m->last_id + 1 : 1;
	ami_begin(a, &m->scratch, name, m->last_id);
}

bool action_send(struct ami *m, struct ami_action *a, enum ask ask, uint32_t slot)
{
	CHECK(m->pending_n < PENDING_MAX);
	if (ami_end(a))
		return false;
	uplink_send(&m->link, buf_view(&m->scratch));
	m->pending[m->pending_n++] = (struct pending){
		.id = m->last_id, .slot = slot, .sent_ms = m->now_ms, .ask = (uint8_t)ask,
		.generation = ask == ASK_WRITE ? m->lines[slot].generation : 0,
	};
	return true;
}

static uint32_t find(const struct ami *m, const struct ami_packet *k)
{
	uint32_t id;

	if (!ami_get_u32(k, "ActionID", INT32_MAX, &id))
		return NONE;
	for (uint32_t i = 0; i < m->pending_n; i++)
		if (m->pending[i].id == id)
			return i;
	return NONE;
}

static void forget(struct ami *m, uint32_t i)
{
	m->pending_n--;
	memmove(&m->pending[i], &m->pending[i + 1], (m->pending_n - i) * sizeof(m->pending[0]));
}

static void answered(struct ami *m, uint32_t i, const struct ami_packet *k)
{
	struct pending p = m->pending[i];

	if (p.ask >= ASK_PING)
		uplink_answered(&m->link);
	bool list = p.ask == ASK_HINTS || p.ask == ASK_DEVICES || p.ask == ASK_PRESENCES;

	if (list && slice_is_nocase(k->name, "Success")) {
		m->pending[i].listing = true;
		return;
	}
	forget(m, i);
	switch ((enum ask)p.ask) {
	case ASK_CHALLENGE:
	case ASK_LOGIN:
	case ASK_RIGHTS:
	case ASK_FILTER:
	case ASK_EVENTS:
	case ASK_PING:
		session_answer(m, &p, k);
		break;
	case ASK_HINTS:
	case ASK_HINT:
	case ASK_DEVICES:
	case ASK_PRESENCES:
		sync_answer(m, &p, k);
		break;
	case ASK_WRITE:
		write_answer(m, &p, k);
		break;
	case ASK_LAMP:
		lamp_answer(m, &p, k);
		break;
	}
}

/* "Event: ExtensionStateListComplete, EventList: Complete"; old ones end with "EventList: cancelled". */
static bool ends_list(const struct ami_packet *k)
{
	struct slice word = ami_get(k, "EventList");

	return slice_is_nocase(word, "Complete") || slice_is_nocase(word, "cancelled");
}

void action_packet(struct ami *m, const struct ami_packet *k)
{
	uint32_t i = find(m, k);

	m->received++;
	if (k->kind == AMI_RESPONSE) {
		if (i != NONE)
			answered(m, i, k);
		return;
	}
	if (k->kind != AMI_EVENT)
		return;
	if (i == NONE || !m->pending[i].listing) {
		event_take(m, k, NULL);
	} else if (!ends_list(k)) {
		event_take(m, k, &m->pending[i]);
	} else {
		struct pending p = m->pending[i];

		forget(m, i);
		sync_complete(m, &p);
	}
}

/* When the oldest action counts as never answered. */
int64_t action_deadline(const struct ami *m)
{
	if (m->pending_n == 0)
		return TIME_NEVER;
	int64_t sent = m->pending[0].sent_ms, heard = m->link.heard_ms;
	int64_t quiet = (sent > heard ? sent : heard) + ANSWER_MS;

	return quiet < sent + ANSWER_MAX_MS ? quiet : sent + ANSWER_MAX_MS;
}
