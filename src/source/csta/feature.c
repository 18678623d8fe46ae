/* feature.c - Do Not Disturb, forwarding and whether the phone is there. */
#include "base/check.h"
#include "source/csta/machine.h"

void cs_feature_dnd(struct csta *c, uint32_t slot, bool on)
{
	struct obs o = cs_obs(c, slot, OBS_DND);

	c->devices[slot].dnd = on;
	c->devices[slot].dnd_heard = true;
	if (!on)
		c->devices[slot].dnd_ours = false;
	o.on = on;
	outbox_obs(&c->out, &o);
}

void cs_feature_dnd_unasked(struct csta *c, uint32_t slot)
{
	if (!c->devices[slot].dnd_heard)
		cs_feature_dnd(c, slot, false);
}

void cs_feature_registered(struct csta *c, uint32_t slot, bool on)
{
	struct obs o = cs_obs(c, slot, OBS_REGISTRATION);

	c->devices[slot].registered = on;
	o.registered = on;
	outbox_obs(&c->out, &o);
}

static uint8_t target_of(const struct csta *c, struct slice to)
{
	return line_table_find(&c->table, csta_device_number(to)) != LINE_NONE ? FORWARD_INTERNAL
									       : FORWARD_EXTERNAL;
}

/* The element `item` holds forwardingType, forwardStatus and the destination under one of two
 * names. Where calls go only when the phone is busy or silent is nobody's absence. False: it says
 * nothing for us. */
static bool forward_of(const struct csta *c, const struct csta_message *m, uint32_t item,
		       uint8_t *ret)
{
	struct slice type = csta_get(m, item, "forwardingType"),
		     to = csta_get(m, item, "forwardTo");
	bool on;

	if (type.n && !slice_is_nocase(type, "forwardImmediate"))
		return false;
	if (!csta_flag(csta_get(m, item, "forwardStatus"), &on))
		return false;
	if (to.n == 0)
		to = csta_get(m, item, "forwardDN");
	*ret = on ? target_of(c, to) : FORWARD_NONE;
	return true;
}

static void tell_forward(struct csta *c, uint32_t slot, uint8_t forward)
{
	struct obs o = cs_obs(c, slot, OBS_FORWARD);

	o.forward = forward;
	outbox_obs(&c->out, &o);
}

/* What is not in the list is off. */
void cs_feature_forward_answer(struct csta *c, uint32_t slot, const struct csta_message *m)
{
	uint8_t forward = FORWARD_NONE, one;

	for (uint32_t i = CSTA_NONE; (i = csta_find_next(m, 0, "forwardListItem", i)) != CSTA_NONE;)
		if (forward_of(c, m, i, &one) && one != FORWARD_NONE)
			forward = one;
	tell_forward(c, slot, forward);
}

static void dnd_event(struct csta *c, uint32_t slot, const struct csta_message *m)
{
	bool on;

	if (csta_flag(csta_get(m, 0, "doNotDisturbOn"), &on))
		cs_feature_dnd(c, slot, on);
	else
		outbox_count(&c->out, NOTE_BAD_BODY);
}

static void forward_event(struct csta *c, uint32_t slot, const struct csta_message *m)
{
	uint8_t forward;

	if (forward_of(c, m, 0, &forward))
		tell_forward(c, slot, forward);
}

static void back_in_service(struct csta *c, uint32_t slot, const struct csta_message *m)
{
	(void)m;
	cs_feature_registered(c, slot, true);
}

static void out_of_service(struct csta *c, uint32_t slot, const struct csta_message *m)
{
	(void)m;
	cs_feature_registered(c, slot, false);
}

void cs_feature_event(struct csta *c, uint32_t slot, const struct csta_message *m)
{
	static const struct {
		const char *name;
		void (*take)(struct csta *c, uint32_t slot, const struct csta_message *m);
	} takers[] = {
		{ "DoNotDisturbEvent", dnd_event },
		{ "ForwardingEvent", forward_event },
		{ "BackInServiceEvent", back_in_service },
		{ "OutOfServiceEvent", out_of_service },
	};

	for (size_t i = 0; i < ARRAY_LEN(takers); i++)
		if (csta_root_is(m, takers[i].name))
			takers[i].take(c, slot, m);
}
