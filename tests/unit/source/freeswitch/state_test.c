/* What a line is besides its calls: Do Not Disturb, profile, registration. */
#include "rig.h"

static void dnd_and_profile(void **state)
{
	struct rig r;
	(void)state;

	rig_up(&r, true);
	rig_presence(&r, "away", "Away", "");
	rig_presence(&r, "dnd", "", "");
	rig_presence(&r, "unknown", "Do%20Not%20Disturb", "");
	rig_presence(&r, "", "Available", "");
	rig_presence(&r, "busy", "", "");
	rig_presence(&r, "busy", "On The Phone", "answer-state: confirmed\n");
	rig_presence(&r, "unknown", "CS_ROUTING", "unique-id: u1\n");
	rig_presence(&r, "unknown", "Registered", "");
	rig_said(&r, "profile:away:partial dnd:off dnd:on profile:available:partial dnd:on "
		 "profile:available:partial "
		 "profile:available:partial dnd:off profile:busy:partial dnd:off");
	rig_close(&r);
	rig_up(&r, true);
	rig_presence(&r, "", "Available", ""); /* as every phone says when it starts */
	rig_presence(&r, "away", "", "");
	rig_said(&r, "profile:available:full dnd:off profile:away:partial dnd:off");
	rig_close(&r);
	rig_up(&r, false);
	rig_presence(&r, "away", "Away", "");
	rig_said(&r, "dnd:off");
	rig_frame(&r, "text/event-json",
		  "{\"Event-Name\":\"PRESENCE_IN\",\"from\":\"1001@a\",\"rpid\":\"dnd\"}");
	rig_said(&r, "dnd:on");
	rig_close(&r);
}

static void registrations(void **state)
{
	struct rig r;
	(void)state;

	rig_up(&r, false);
	rig_frame(&r, "text/event-plain",
		  "Event-Name: CUSTOM\nEvent-Subclass: sofia%3A%3Aregister\nfrom-user: "
		  "1001\nfrom-host: a\n\n");
	rig_said(&r, "registered:yes");
	rig_frame(&r, "text/event-plain",
		  "Event-Name: CUSTOM\nEvent-Subclass: sofia%3A%3Aexpire\nuser: 1001\nhost: a\n\n");
	rig_said(&r, "");
	r.now_ms += 2000;
	freeswitch_source_ops.tick(r.s, r.now_ms);
	rig_said(&r, "<api show registrations as json>");
	rig_frame(&r, "api/response", "{\"row_count\":0}\n");
	rig_said(&r, "registered:no");
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dnd_and_profile),
		cmocka_unit_test(registrations),
	};

	return cmocka_run_group_tests_name("source/freeswitch/state", tests, NULL, NULL);
}
