/* What the simulated switch's events say and what its snapshots say is the same, whatever its
 * people press; and what is sent to it, however broken, does it no harm. */
#include "base/prng.h"
#include "mivo_help.h"

enum { PHONES = 6, KNOWN_MAX = 32, STEPS = 4000 };

/* What an observer knows of one phone by events alone. */
static struct known {
	int n;
	struct {
		uint32_t call;
		char state[16];
	} at[KNOWN_MAX];
} known[PHONES];

static int joined, retrieved; /* events of these kinds: the test must not pass for want of them */

static void forget_call(struct known *k, uint32_t call)
{
	for (int i = 0; i < k->n; i++)
		if (k->at[i].call == call)
			k->at[i--] = k->at[--k->n];
}

static uint32_t number_after(const char *xml, const char *tag)
{
	const char *p = xml ? strstr(xml, tag) : NULL;

	return p ? (uint32_t)strtoul(p + strlen(tag), NULL, 10) : 0;
}

static void note_state(struct known *k, uint32_t call, const char *xml)
{
	const char *p = strstr(xml, "<localConnectionInfo>");
	size_t n;

	forget_call(k, call);
	assert_non_null(p);
	p += strlen("<localConnectionInfo>");
	n = strcspn(p, "<");
	assert_true(call && n < sizeof(k->at[0].state) && k->n < KNOWN_MAX);
	if (strncmp(p, "null", n) == 0)
		return;
	k->at[k->n].call = call;
	snprintf(k->at[k->n++].state, sizeof(k->at[0].state), "%.*s", (int)n, p);
}

/* Monitor n is phone n - 1. */
static void learn(void)
{
	hear();
	for (; w.read < w.n; w.read++) {
		const char *xml = w.said[w.read].xml;
		uint32_t xref = number_after(xml, "<monitorCrossRefID>");
		struct known *k;

		if (!strstr(xml, "<localConnectionInfo>"))
			continue;
		assert_true(xref >= 1 && xref <= PHONES);
		k = &known[xref - 1];
		joined += strstr(xml, "<primaryOldCall>") != NULL;
		retrieved += strstr(xml, "<retrievedConnection>") != NULL;
		if (strstr(xml, "<primaryOldCall>")) {
			forget_call(k, number_after(xml, "<primaryOldCall><callID>"));
			forget_call(k, number_after(xml, "<secondaryOldCall><callID>"));
			note_state(k, number_after(xml, "<newConnection><callID>"), xml);
		} else {
			note_state(k, number_after(xml, "<callID>"), xml);
		}
	}
	forget_said();
}

static void compare(uint32_t phone, int step)
{
	const struct known *k = &known[phone];
	const char *xml;
	char ask_xml[128], want[256];
	int n = 0;

	snprintf(ask_xml, sizeof(ask_xml),
		 "<SnapshotDevice><snapshotObject>%u</snapshotObject></SnapshotDevice>",
		 201 + phone);
	xml = ask(ask_xml);
	assert_says(xml, "<snapshotData>");
	for (const char *p = xml; (p = strstr(p, "<connectionIdentifier>")); p++)
		n++;
	for (int i = 0; i < k->n; i++) {
		snprintf(want, sizeof(want),
			 "<callID>%u</callID><deviceID>%u</deviceID></"
			 "connectionIdentifier><localCallState>"
			 "<compoundCallState><localConnectionState>%s<",
			 k->at[i].call, 201 + phone, k->at[i].state);
		if (!strstr(xml, want))
			fail_msg("step %d: no %s in %s", step, want, xml);
	}
	if (n != k->n)
		fail_msg("step %d: events left %d calls, the snapshot has %d: %s", step, k->n, n,
			 xml);
}

/* What cannot be done just now is refused, and that is all. */
static enum err press(struct prng *r)
{
	uint32_t a = (uint32_t)prng_below(r, PHONES), b = (uint32_t)prng_below(r, PHONES + 2);
	struct pbx_call_plan plan = { a,
				      b < PHONES ? b : PBX_EXTERNAL,
				      prng_range(r, 0, 100),
				      prng_range(r, -1, 300),
				      prng_range(r, -1, 60000),
				      prng_below(r, 8) == 0 };
	struct pbx_phone ph;

	assert_true(mivo_phone(w.mivo, a, &ph));
	switch (ph.calls > 4 ? 4 : prng_below(r, 12)) {
	case 0:
	case 1:
		return mivo_call(w.mivo, w.now_ms, &plan);
	case 2:
		plan.from = plan.to;
		plan.to = a;
		return mivo_call(w.mivo, w.now_ms, &plan);
	case 3:
		return mivo_answer(w.mivo, w.now_ms, a);
	case 4:
		return mivo_hangup(w.mivo, w.now_ms, a);
	case 5:
	case 9:
	case 10:
		return mivo_hold(w.mivo, w.now_ms, a, prng_below(r, 3));
	case 6:
	case 11:
		return prng_below(r, 2) ? mivo_transfer(w.mivo, w.now_ms, a)
					: mivo_conference(w.mivo, w.now_ms, a);
	case 7:
		return mivo_divert(w.mivo, w.now_ms, a, b);
	default:
		mivo_set_dnd(w.mivo, w.now_ms, a, prng_below(r, 8) == 0);
		return ERR_OK;
	}
}

static void events_and_snapshots_agree(void **state)
{
	struct prng r = { .state = 11 };
	struct mivo_counters n;
	char device[8];

	(void)state;
	memset(known, 0, sizeof(known));
	begin(NULL);
	for (int i = 0; i < PHONES; i++) {
		snprintf(device, sizeof(device), "%d", 201 + i);
		monitor(device);
	}
	for (int step = 0; step < STEPS; step++) {
		enum err e = press(&r);

		assert_true(e == ERR_OK || e == ERR_NOT_FOUND || e == ERR_LIMIT);
		learn();
		pass(prng_range(&r, 0, 400));
		learn();
		for (uint32_t i = 0; i < PHONES; i++)
			compare(i, step);
		learn();
	}
	mivo_count(w.mivo, &n);
	assert_true(n.calls > STEPS / 8 && n.events > STEPS);
	assert_true(joined > STEPS / 100 && retrieved > STEPS / 100);
}

static void broken_bytes_do_no_harm(void **state)
{
	static const char *const good[] = {
		"<MonitorStart><monitorObject><deviceObject>N&lt;201&gt;</deviceObject></"
		"monitorObject></MonitorStart>",
		"<SetDoNotDisturb><device>201</device><doNotDisturbOn>true</doNotDisturbOn></"
		"SetDoNotDisturb>",
		"<SetForwarding><device>202</device><activateForward>1</"
		"activateForward><forwardDN>9</forwardDN>"
		"</SetForwarding>",
		"<StartApplicationSession><requestedSessionDuration>99</requestedSessionDuration>"
		"</StartApplicationSession>",
	};
	struct prng r = { .state = 12 };
	struct mivo_counters n;
	char bytes[512];

	(void)state;
	begin(NULL);
	for (uint32_t i = 0; i < 5000; i++) {
		size_t length = frame(bytes, sizeof(bytes), good[i % 4], (int)(i % 9999));

		for (uint64_t k = prng_below(&r, 4); k > 0; k--)
			bytes[prng_below(&r, length)] = (char)prng_below(&r, 256);
		open_link(10 + i);
		feed_bytes(10 + i, bytes, prng_below(&r, 8) ? length : prng_below(&r, length));
		mivo_feed(w.mivo, w.now_ms,
			  &(struct pbx_feed){ .kind = PBX_CLOSED, .channel = 10 + i });
		hear();
		forget_said();
	}
	mivo_count(w.mivo, &n);
	assert_int_equal(n.links, 1);
	assert_int_equal(n.monitors, 0);
	assert_int_equal(n.sessions, 0);
	assert_true(n.malformed > 500 && n.requests > 500);
	assert_says(ask("<RequestSystemStatus/>"), "normal");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(events_and_snapshots_agree, end),
		cmocka_unit_test_teardown(broken_bytes_do_no_harm, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
