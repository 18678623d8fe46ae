/* What of a watcher outlives the process and the socket. */
#include "rig.h"

static void through_a_restart(void **state)
{
	struct rig r, then;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	rig_live(&r, (struct rig_ask){ 0 });
	rig_live(&r, (struct rig_ask){ .call_id = "c2", .user = "202" });
	rig_show(&r, LAMP_MEETING);
	rig_run(&r, 30);
	uint32_t cseq = rig_notify(&r)->cseq;
	rig_answer(&r, 200, "");
	assert_true(r.kept[0].is && r.kept[1].is);

	rig_open(&then, LAMP_UDP, 10);
	for (int i = 0; i < 2; i++)
		assert_int_equal(lamps_restore(then.l, then.now, &r.kept[i].r), ERR_OK);
	assert_int_equal(lamps_restore(then.l, then.now, &r.kept[0].r), ERR_EXISTS);
	rig_run(&then, 1000);
	assert_true(rig_quiet(&then)); /* nothing is known yet */
	rig_show(&then, LAMP_MEETING);
	rig_run(&then, 30);
	const struct sip_msg *m = rig_notify(&then);
	assert_true(m->cseq > cseq && rig_has(m, "confirmed"));
	assert_true(slice_is(m->call_id, "c1"));
	rig_answer(&then, 200, "");
	rig_show(&then, LAMP_DARK);
	rig_run(&then, 30);
	assert_true(rig_has(rig_notify(&then), "terminated"));
	rig_run(&then, 700000);
	struct lamp_record old = r.kept[0].r;
	old.expires_ms = then.now - 1;
	assert_int_equal(lamps_restore(then.l, then.now, &old), ERR_NOT_FOUND);
	old = r.kept[0].r;
	old.tag++;
	old.expires_ms = then.now + 1000;
	old.fields[2] = SLICE_LIT("<sip:999@x>"); /* whom nobody knows any more */
	rig_forget(&then);
	assert_int_equal(lamps_restore(then.l, then.now, &old), ERR_OK);
	rig_run(&then, 30);
	assert_true(slice_is(sip_msg_header(rig_notify(&then), SIP_SUBSCRIPTION_STATE),
			     "terminated;reason=noresource"));
	rig_close(&r);
	rig_close(&then);
}

/* After a reload the socket is at another address: what is sent from then on says so. */
static void the_socket_moves(void **state)
{
	const struct lamps_feed moved = { .kind = LAMPS_OPENED, .local = { "10.0.0.9", 5070 } };
	struct rig r;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	lamps_feed(r.l, r.now, &moved);
	rig_drain(&r);
	assert_int_equal(r.closed, 0);
	rig_subscribe(&r, (struct rig_ask){ 0 });
	assert_true(slice_is(sip_msg_header(rig_take(&r), SIP_CONTACT), "<sip:10.0.0.9:5070>"));
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(through_a_restart),
		cmocka_unit_test(the_socket_moves),
	};

	return cmocka_run_group_tests_name("sink/lamp/kept", tests, NULL, NULL);
}
