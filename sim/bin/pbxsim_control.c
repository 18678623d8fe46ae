/* pbxsim_control.c - the control API: what the phones do in truth, and how the PBX misbehaves. */
#include "pbxsim.h"

#include <string.h>

/* A phone by its number; PBX_EXTERNAL when missing or not ours. */
static uint32_t phone_of(const struct api *c, const json_t *in, const char *key)
{
	return pbx_find(c->of, control_digits(in, key));
}

static json_t *phone_json(const struct api *c, uint32_t i)
{
	struct pbx_phone ph;

	if (!pbx_phone(c->of, i, &ph))
		return json_null();
	return json_pack("{s:i,s:s,s:i,s:b,s:b,s:s,s:b,s:i,s:I}", "number", (int)ph.number, "state",
			 pbx_phone_state_name(ph.state), "calls", (int)ph.calls, "registered",
			 ph.registered, "dnd", ph.dnd, "profile", pbx_profile_name(ph.profile),
			 "stuck", ph.stuck, "subscriptions", (int)ph.subscriptions, "for_ms",
			 (json_int_t)(net_now_ms(c->net) - ph.since_ms));
}

static struct reply get_phones(void *arg, const json_t *in)
{
	const struct api *c = arg;
	json_t *list = json_array();

	(void)in;
	for (uint32_t i = 0; i < pbx_phones(c->of); i++)
		json_array_append_new(list, phone_json(c, i));
	return (struct reply){ 200, list };
}

static struct reply get_counters(void *arg, const json_t *in)
{
	const struct api *c = arg;
	struct pbx_counters n;

	(void)in;
	pbx_count(c->of, &n);
	return (struct reply){
		200,
		json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:i,s:i}",
			  "received", (json_int_t)n.received, "sent", (json_int_t)n.sent,
			  "malformed", (json_int_t)n.malformed, "subscribes",
			  (json_int_t)n.subscribes, "refreshes", (json_int_t)n.refreshes,
			  "unsubscribes", (json_int_t)n.unsubscribes, "challenges",
			  (json_int_t)n.challenges, "refused", (json_int_t)n.refused, "notifies",
			  (json_int_t)n.notifies, "retransmissions", (json_int_t)n.retransmissions,
			  "notify_answers", (json_int_t)n.notify_answers, "notify_failures",
			  (json_int_t)n.notify_failures, "calls", (json_int_t)n.calls, "answered",
			  (json_int_t)n.answered, "publishes", (json_int_t)n.publishes,
			  "subscriptions", (int)n.subscriptions, "busy_phones", (int)n.busy_phones)
	};
}

static struct reply post_call(void *arg, const json_t *in)
{
	const struct api *c = arg;
	struct pbx_call_plan plan = api_call_plan(in, phone_of(c, in, "from"), phone_of(c, in, "to"));

	return control_done(pbx_call(c->of, net_now_ms(c->net), &plan, NULL));
}

static struct reply post_hangup(void *arg, const json_t *in)
{
	const struct api *c = arg;

	return control_done(pbx_hangup(c->of, net_now_ms(c->net), phone_of(c, in, "phone")));
}

static struct reply post_answer(void *arg, const json_t *in)
{
	const struct api *c = arg;

	return control_done(pbx_answer(c->of, net_now_ms(c->net), phone_of(c, in, "phone")));
}

static struct reply post_hold(void *arg, const json_t *in)
{
	const struct api *c = arg;

	return control_done(pbx_hold(c->of, net_now_ms(c->net), phone_of(c, in, "phone"),
				     control_flag(in, "on", true)));
}

static struct reply post_dnd(void *arg, const json_t *in)
{
	const struct api *c = arg;
	uint32_t phone = phone_of(c, in, "phone");

	if (phone == PBX_EXTERNAL)
		return control_done(ERR_NOT_FOUND);
	pbx_set_dnd(c->of, net_now_ms(c->net), phone, control_flag(in, "on", true));
	return control_done(ERR_OK);
}

static struct reply post_registered(void *arg, const json_t *in)
{
	const struct api *c = arg;
	uint32_t phone = phone_of(c, in, "phone");

	if (phone == PBX_EXTERNAL)
		return control_done(ERR_NOT_FOUND);
	pbx_set_registered(c->of, net_now_ms(c->net), phone, control_flag(in, "on", true));
	return control_done(ERR_OK);
}

static struct reply post_profile(void *arg, const json_t *in)
{
	const struct api *c = arg;
	uint32_t phone = phone_of(c, in, "phone");
	const char *word = json_string_value(json_object_get(in, "profile"));

	if (phone == PBX_EXTERNAL)
		return control_done(ERR_NOT_FOUND);
	for (int i = 0; word && i < PBX_PROFILES; i++) {
		if (strcmp(word, pbx_profile_name((enum pbx_profile)i)) != 0)
			continue;
		pbx_set_profile(c->of, net_now_ms(c->net), phone, (enum pbx_profile)i);
		return control_done(ERR_OK);
	}
	return control_refused(400, "profile: available, away, busy or meeting");
}

static struct reply post_fault(void *arg, const json_t *in)
{
	const struct api *c = arg;
	const char *kind = json_string_value(json_object_get(in, "kind"));
	struct pbx_fault f = {
		.kind = PBX_FAULT_COUNT,
		.phone = phone_of(c, in, "phone"),
		.count = (uint32_t)control_number(in, "count", 1),
		.ms = control_number(in, "ms", 10000),
		.retry_after_s = (uint32_t)control_number(in, "retry_after_s", 0),
		.status = (uint16_t)control_number(in, "status", 500),
		.reason = json_string_value(json_object_get(in, "reason")),
	};

	for (uint8_t i = 0; kind && i < PBX_FAULT_COUNT; i++)
		if (strcmp(kind, pbx_fault_name(i)) == 0)
			f.kind = i;
	if (f.kind == PBX_FAULT_COUNT)
		return control_refused(400, "kind: no such fault");
	if (json_object_get(in, "phone") && f.phone == PBX_EXTERNAL)
		return control_done(ERR_NOT_FOUND);
	pbx_fault(c->of, net_now_ms(c->net), &f);
	return control_done(ERR_OK);
}

static struct reply post_restart(void *arg, const json_t *in)
{
	const struct api *c = arg;
	static const char *const modes[] = { "forget", "keep", "step-back" };
	int mode = json_is_string(json_object_get(in, "mode")) ? control_word(in, "mode", modes, 3)
								: PBX_RESTART_FORGET;

	if (mode >= 0) {
		pbx_restart(c->of, net_now_ms(c->net), (enum pbx_restart_mode)mode,
			    control_number(in, "down_ms", 1000), control_flag(in, "end_calls", false));
		return control_done(ERR_OK);
	}
	return control_refused(400, "mode: forget, keep or step-back");
}

const struct route pbxsim_routes[] = {
	{ "GET", "/phones", get_phones },	     { "GET", "/counters", get_counters },
	{ "POST", "/call", post_call },		     { "POST", "/hangup", post_hangup },
	{ "POST", "/answer", post_answer },	     { "POST", "/hold", post_hold },
	{ "POST", "/dnd", post_dnd },		     { "POST", "/registered", post_registered },
	{ "POST", "/profile", post_profile },	     { "POST", "/fault", post_fault },
	{ "POST", "/restart", post_restart },
	{ NULL, NULL, NULL },
};
