/* mivo400sim_control.c - the control API: what happens at the desk phones, and how the switch
 * misbehaves. */
#include "mivo400sim.h"

#include <stdio.h>
#include <string.h>

static const char *const profile_names[PBX_PROFILES] = { "available", "away", "busy", "meeting",
							 "not-available" };
static const char *const state_names[PBX_PHONE_STATES] = { "idle", "ringing", "dialing", "talking",
							   "held" };
static const char *const lamp_modes[MIVO_LAMP_MODES] = { "off", "steady", "wink", "flutter" };
static const char *const lamp_forms[MIVO_LAMP_FORMS] = { "standard", "private", "refused" };
static const char *const form_names[MIVO_PROFILE_FORMS] = { "ed6", "private", "refused" };

static uint32_t phone_of(const struct api *c, const json_t *in, const char *key)
{
	return mivo_find(c->of, control_digits(in, key));
}

static json_t *phone_json(const struct api *c, uint32_t i)
{
	struct pbx_phone ph;

	if (!mivo_phone(c->of, i, &ph))
		return json_null();
	return json_pack("{s:i,s:s,s:i,s:b,s:b,s:s,s:s,s:b,s:I}", "number", (int)ph.number, "state",
			 state_names[ph.state], "calls", (int)ph.calls, "registered", ph.registered,
			 "dnd", ph.dnd, "profile", profile_names[ph.profile], "until",
			 mivo_profile_until(c->of, i), "heard", ph.heard,
			 "for_ms", (json_int_t)(net_now_ms(c->net) - ph.since_ms));
}

static struct reply get_phones(void *arg, const json_t *in)
{
	const struct api *c = arg;
	json_t *list = json_array();

	(void)in;
	for (uint32_t i = 0; i < mivo_phones(c->of); i++)
		json_array_append_new(list, phone_json(c, i));
	return (struct reply){ 200, list };
}

static void put_lamps(const struct api *c, uint32_t phone, json_t *list)
{
	struct pbx_phone ph = { 0 };

	(void)mivo_phone(c->of, phone, &ph);
	for (uint32_t n = 1; n <= MIVO_LAMPS_MAX; n++) {
		enum mivo_lamp lamp = mivo_lamp(c->of, phone, n);

		if (lamp != MIVO_LAMP_OFF)
			json_array_append_new(list, json_pack("{s:i,s:i,s:s}", "phone", (int)ph.number,
							      "lamp", (int)n, "mode", lamp_modes[lamp]));
	}
}

static struct reply get_lamps(void *arg, const json_t *in)
{
	const struct api *c = arg;
	json_t *list = json_array();

	(void)in;
	for (uint32_t i = 0; i < mivo_phones(c->of); i++)
		put_lamps(c, i, list);
	return (struct reply){ 200, list };
}

static struct reply get_counters(void *arg, const json_t *in)
{
	const struct api *c = arg;
	json_t *out = json_object();
	struct mivo_counters n;

	(void)in;
	mivo_count(c->of, &n);
	const struct {
		const char *name;
		uint64_t value;
	} all[] = {
		{ "frames_in", n.frames_in },
		{ "frames_out", n.frames_out },
		{ "malformed", n.malformed },
		{ "requests", n.requests },
		{ "refused", n.refused },
		{ "events", n.events },
		{ "calls", n.calls },
		{ "logins", n.logins },
		{ "writes", n.writes },
		{ "lamps", n.lamps },
		{ "heartbeats", n.heartbeats },
		{ "beats_answered", n.beats_answered },
		{ "links", n.links },
		{ "sessions", n.sessions },
		{ "monitors", n.monitors },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		json_object_set_new(out, all[i].name, json_integer((json_int_t)all[i].value));
	return (struct reply){ 200, out };
}

static struct reply post_call(void *arg, const json_t *in)
{
	const struct api *c = arg;
	struct pbx_call_plan plan = api_call_plan(in, phone_of(c, in, "from"), phone_of(c, in, "to"));

	return control_done(mivo_call(c->of, net_now_ms(c->net), &plan));
}

static struct reply post_hangup(void *arg, const json_t *in)
{
	const struct api *c = arg;

	return control_done(mivo_hangup(c->of, net_now_ms(c->net), phone_of(c, in, "phone")));
}

static struct reply post_answer(void *arg, const json_t *in)
{
	const struct api *c = arg;

	return control_done(mivo_answer(c->of, net_now_ms(c->net), phone_of(c, in, "phone")));
}

static struct reply post_hold(void *arg, const json_t *in)
{
	const struct api *c = arg;

	return control_done(mivo_hold(c->of, net_now_ms(c->net), phone_of(c, in, "phone"),
				      control_flag(in, "on", true)));
}

static struct reply post_transfer(void *arg, const json_t *in)
{
	const struct api *c = arg;

	return control_done(mivo_transfer(c->of, net_now_ms(c->net), phone_of(c, in, "phone")));
}

static struct reply post_conference(void *arg, const json_t *in)
{
	const struct api *c = arg;

	return control_done(mivo_conference(c->of, net_now_ms(c->net), phone_of(c, in, "phone")));
}

static struct reply post_divert(void *arg, const json_t *in)
{
	const struct api *c = arg;

	return control_done(mivo_divert(c->of, net_now_ms(c->net), phone_of(c, in, "phone"),
					phone_of(c, in, "to")));
}

static struct reply post_dnd(void *arg, const json_t *in)
{
	const struct api *c = arg;
	uint32_t phone = phone_of(c, in, "phone");

	if (phone == PBX_EXTERNAL)
		return control_done(ERR_NOT_FOUND);
	mivo_set_dnd(c->of, net_now_ms(c->net), phone, control_flag(in, "on", true));
	return control_done(ERR_OK);
}

static struct reply post_registered(void *arg, const json_t *in)
{
	const struct api *c = arg;
	uint32_t phone = phone_of(c, in, "phone");

	if (phone == PBX_EXTERNAL)
		return control_done(ERR_NOT_FOUND);
	mivo_set_registered(c->of, net_now_ms(c->net), phone, control_flag(in, "on", true));
	return control_done(ERR_OK);
}

static struct reply post_forward(void *arg, const json_t *in)
{
	const struct api *c = arg;
	uint32_t phone = phone_of(c, in, "phone");
	const char *to = json_string_value(json_object_get(in, "to"));

	if (phone == PBX_EXTERNAL)
		return control_done(ERR_NOT_FOUND);
	mivo_set_forward(c->of, net_now_ms(c->net), phone, to ? to : "");
	return control_done(ERR_OK);
}

static struct reply post_profile(void *arg, const json_t *in)
{
	const struct api *c = arg;
	uint32_t phone = phone_of(c, in, "phone");
	const char *until = json_string_value(json_object_get(in, "until"));
	int to = control_word(in, "profile", profile_names, PBX_PROFILES);

	if (phone == PBX_EXTERNAL)
		return control_done(ERR_NOT_FOUND);
	if (to < 0)
		return control_refused(400,
				       "profile: available, away, busy, meeting or not-available");
	mivo_set_profile(c->of, net_now_ms(c->net), phone, (enum pbx_profile)to, until ? until : "");
	return control_done(ERR_OK);
}

/* Somebody else, or the phone itself. */
static struct reply post_lamp(void *arg, const json_t *in)
{
	const struct api *c = arg;
	uint32_t phone = phone_of(c, in, "phone"), lamp = (uint32_t)control_number(in, "lamp", 0);
	int to = control_word(in, "mode", lamp_modes, MIVO_LAMP_MODES);

	if (mivo_lamp(c->of, phone, lamp) == MIVO_LAMP_MODES)
		return control_done(ERR_NOT_FOUND);
	if (to < 0)
		return control_refused(400, "mode: off, steady, wink or flutter");
	mivo_set_lamp(c->of, net_now_ms(c->net), phone, lamp, (enum mivo_lamp)to);
	return control_done(ERR_OK);
}

/* Only what is named changes. */
static struct reply post_switch(void *arg, const json_t *in)
{
	const struct api *c = arg;
	struct mivo_switches *s = mivo_switches(c->of);
	const char *prefix = json_string_value(json_object_get(in, "prefix"));
	int64_t edition = control_number(in, "edition", s->edition);
	int form = control_word(in, "profile_form", form_names, MIVO_PROFILE_FORMS);
	int lamps = control_word(in, "lamp_form", lamp_forms, MIVO_LAMP_FORMS);

	if (edition < 3 || edition > 6)
		return control_refused(400, "edition: 3 to 6");
	if (json_object_get(in, "profile_form") && form < 0)
		return control_refused(400, "profile_form: ed6, private or refused");
	if (json_object_get(in, "lamp_form") && lamps < 0)
		return control_refused(400, "lamp_form: standard, private or refused");
	s->edition = (uint8_t)edition;
	if (lamps >= 0)
		s->lamp_form = (uint8_t)lamps;
	if (form >= 0)
		s->profile_form = (uint8_t)form;
	if (prefix)
		snprintf(s->prefix, sizeof(s->prefix), "%s", prefix);
	s->no_namespace = control_flag(in, "no_namespace", s->no_namespace);
	s->dialing_ids = control_flag(in, "dialing_ids", s->dialing_ids);
	s->transferred = control_flag(in, "transferred", s->transferred);
	s->no_until = control_flag(in, "no_until", s->no_until);
	s->monitors_max = (uint32_t)control_number(in, "licences", s->monitors_max);
	s->slow_ms = control_number(in, "slow_ms", s->slow_ms);
	s->heartbeat_ms = control_number(in, "heartbeat_ms", s->heartbeat_ms);
	s->answer_ms = control_number(in, "answer_ms", s->answer_ms);
	s->session_s = control_number(in, "session_s", s->session_s);
	return control_done(ERR_OK);
}

static struct reply post_fault(void *arg, const json_t *in)
{
	const struct api *c = arg;
	const char *kind = json_string_value(json_object_get(in, "kind"));
	struct mivo_fault f = {
		.kind = MIVO_FAULT_COUNT,
		.phone = phone_of(c, in, "phone"),
		.count = (uint32_t)control_number(in, "count", 1),
		.ms = control_number(in, "ms", 10000),
	};

	for (uint8_t i = 0; kind && i < MIVO_FAULT_COUNT; i++)
		if (strcmp(kind, mivo_fault_name(i)) == 0)
			f.kind = i;
	if (f.kind == MIVO_FAULT_COUNT)
		return control_refused(400, "kind: no such fault");
	if (json_object_get(in, "phone") && f.phone == PBX_EXTERNAL)
		return control_done(ERR_NOT_FOUND);
	mivo_fault(c->of, net_now_ms(c->net), &f);
	return control_done(ERR_OK);
}

static struct reply post_restart(void *arg, const json_t *in)
{
	const struct api *c = arg;

	mivo_restart(c->of, net_now_ms(c->net), control_number(in, "down_ms", 1000),
		     control_flag(in, "forget", false) ? MIVO_FORGET : MIVO_KEEP);
	return control_done(ERR_OK);
}

const struct route mivo400sim_routes[] = {
	{ "GET", "/phones", get_phones },
	{ "GET", "/lamps", get_lamps },
	{ "GET", "/counters", get_counters },
	{ "POST", "/call", post_call },
	{ "POST", "/hangup", post_hangup },
	{ "POST", "/answer", post_answer },
	{ "POST", "/hold", post_hold },
	{ "POST", "/transfer", post_transfer },
	{ "POST", "/conference", post_conference },
	{ "POST", "/divert", post_divert },
	{ "POST", "/dnd", post_dnd },
	{ "POST", "/registered", post_registered },
	{ "POST", "/forward", post_forward },
	{ "POST", "/profile", post_profile },
	{ "POST", "/lamp", post_lamp },
	{ "POST", "/switch", post_switch },
	{ "POST", "/fault", post_fault },
	{ "POST", "/restart", post_restart },
	{ NULL, NULL, NULL },
};
