#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "source/sip/sip.h"

static struct rig r;

static void start(const char *server)
{
	rig_open(&r, &(struct rig_options){ .server = server });
	rig_add(&r, 7, "201");
	rig_connect(&r);
}

static void test_servers(void **state)
{
	static const struct {
		const char *server;
		uint8_t transport;
		bool open;
		uint16_t port;
		const char *host, *uri;
	} rows[] = {
		{ "sip:pbx.test", TRANSPORT_UDP, true, 0, "pbx.test", "sip:201@pbx.test" },
		{ "sip:pbx.test;transport=udp", TRANSPORT_UDP, false, 0, "pbx.test", "sip:201@pbx.test" },
		{ "sip:pbx.test:5062;transport=TCP", TRANSPORT_TCP, false, 5062, "pbx.test",
		  "sip:201@pbx.test:5062" },
		{ "sip:pbx.test;transport=tls", TRANSPORT_TLS, false, 0, "pbx.test", "sip:201@pbx.test" },
		{ "sips:pbx.test", TRANSPORT_TLS, true, 0, "pbx.test", "sips:201@pbx.test" },
		{ "sips:pbx.test:5071", TRANSPORT_TLS, false, 5071, "pbx.test", "sips:201@pbx.test:5071" },
		{ "sip:[2001:db8::1]:5070", TRANSPORT_UDP, false, 5070, "2001:db8::1",
		  "sip:201@[2001:db8::1]:5070" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		start(rows[i].server);
		assert_int_equal(r.transport, rows[i].transport);
		assert_int_equal(r.open_transport, rows[i].open);
		assert_int_equal(r.port, rows[i].port);
		assert_string_equal(r.host, rows[i].host);
		assert_slice(rig_take(&r, "SUBSCRIBE")->m.uri, rows[i].uri);
		rig_close(&r);
	}
}

/* What DNS said counts for this connection, in Via and Contact; but sips: is TLS. */
static void test_open_transport(void **state)
{
	static const struct {
		const char *server;
		uint8_t got;
		const char *via, *contact;
	} rows[] = {
		{ "sip:pbx.test", TRANSPORT_UDP, "SIP/2.0/UDP ", "<sip:offhook@10.0.0.9:5088>" },
		{ "sip:pbx.test", TRANSPORT_TCP, "SIP/2.0/TCP ",
		  "<sip:offhook@10.0.0.9:5088;transport=tcp>" },
		{ "sip:pbx.test", TRANSPORT_TLS, "SIP/2.0/TLS ",
		  "<sip:offhook@10.0.0.9:5088;transport=tls>" },
		{ "sips:pbx.test", TRANSPORT_UDP, "SIP/2.0/TLS ", "<sips:offhook@10.0.0.9:5088>" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		rig_open(&r, &(struct rig_options){ .server = rows[i].server });
		rig_add(&r, 7, "201");
		r.transport = rows[i].got;
		rig_connect(&r);
		struct rig_request *q = rig_take(&r, "SUBSCRIBE");
		assert_true(slice_starts(slice_str(rig_header(q, "Via")), rows[i].via));
		assert_string_equal(rig_header(q, "Contact"), rows[i].contact);
		/* the next connection is asked for anew */
		r.transport = TRANSPORT_TCP;
		rig_drop(&r, "gone");
		rig_run(&r, 120000);
		assert_true(r.connects >= 2 && r.open_transport);
		assert_int_equal(r.transport, strstr(rows[i].server, "sips") ? TRANSPORT_TLS : TRANSPORT_UDP);
		rig_close(&r);
	}
}

static void test_bad_settings(void **state)
{
	static const char *const servers[] = {
		"", "pbx.test", "tel:5", "sip:", "sip:h;transport=sctp", "http://h"
	};
	struct source_config c = {
		.username = "u", .package = "dialog", .listen = "", .lines_max = 4
	};
	struct source *s = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
		c.server = servers[i];
		assert_int_equal(sip_source_ops.open(&s, &c, 0), ERR_MALFORMED);
	}
	c.server = "sip:h";
	c.package = "calendar";
	assert_int_equal(sip_source_ops.open(&s, &c, 0), ERR_MALFORMED);
	c.package = "dialog";
	c.listen = "not an address";
	assert_int_equal(sip_source_ops.open(&s, &c, 0), ERR_MALFORMED);
	c.listen = "";
	c.username = "quo\"te";
	assert_int_equal(sip_source_ops.open(&s, &c, 0), ERR_MALFORMED);
	assert_null(s);
	sip_source_ops.close(NULL);
}

/* Down once, back with a new channel, up when the PBX has answered, then everything anew. */
static void test_lost_and_back(void **state)
{
	(void)state;
	start("sip:pbx.test;transport=tcp");
	struct rig_dialog d = rig_live(&r, rig_info(0, "a", "recipient", "confirmed"));
	uint32_t channel = r.channel;
	rig_idle(&r, 60000);
	rig_drop(&r, "reset by peer");
	assert_int_equal(r.downs, 1);
	assert_int_equal(r.notes[NOTE_DISCONNECTED], 1);
	assert_string_equal(r.note_text[NOTE_DISCONNECTED], "reset by peer");
	assert_false(rig_source(&r).up);
	assert_int_equal(rig_view(&r, 7).link, LINE_IDLE);
	rig_forget(&r);
	rig_run(&r, 1100);
	assert_int_equal(r.connects, 2);
	assert_int_not_equal(r.channel, channel);
	rig_drop(&r, "refused"); /* more attempts, no more words and no second DOWN */
	rig_run(&r, 2100);
	assert_int_equal(r.connects, 3);
	rig_connect(&r);
	assert_int_equal(r.ups, 1);
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	assert_int_equal(q->m.to_tag.n, 0);
	assert_string_not_equal(rig_header(q, "Call-ID"), d.call_id);
	rig_reply(&r, q, 200, "Expires: 3600\r\n");
	assert_int_equal(r.ups, 2);
	assert_int_equal(r.downs, 1);
	assert_int_equal(r.notes[NOTE_DISCONNECTED], 0);
	d = rig_dialog(q, "pbxtag");
	rig_notify_dialog(&r, &d, rig_info(0, "a", "recipient", "confirmed"));
	assert_int_equal(r.obs_n, 1);
	assert_int_equal(r.obs[0].scope, SCOPE_FULL);
	rig_close(&r);
}

static void test_back_off(void **state)
{
	(void)state;
	rig_open(&r, &(struct rig_options){ .server = "sip:pbx.test;transport=tcp" });
	for (int i = 0; i < 10; i++) {
		int64_t begin = r.now, ceiling = i < 6 ? 1000 << i : 60000;

		rig_drop(&r, "refused");
		for (uint32_t n = r.connects; r.connects == n;)
			rig_run(&r, 100);
		assert_in_range(r.now - begin, ceiling / 2, ceiling + 100);
	}
	assert_int_equal(r.notes[NOTE_DISCONNECTED], 1);
	rig_close(&r);
}

/* A PBX that dies without a word is noticed within a minute, over UDP as over a stream. */
static void test_dead_pbx(void **state)
{
	static const char *const servers[] = { "sip:pbx.test", "sip:pbx.test;transport=tls" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
		start(servers[i]);
		rig_live(&r, "");
		rig_idle(&r, 300000);
		assert_int_equal(r.downs, 0);
		int64_t begin = r.now;
		while (r.downs == 0 && r.now < begin + 120000)
			rig_run(&r, 500);
		assert_in_range(r.now - begin, 20000, 60000);
		assert_int_equal(r.closes, 1);
		assert_int_equal(r.notes[NOTE_TIMED_OUT], 1);
		/* it is there again */
		rig_forget(&r);
		while (r.connects == 1)
			rig_run(&r, 500);
		rig_connect(&r);
		rig_live(&r, "");
		assert_int_equal(r.ups, 2);
		rig_close(&r);
	}
}

/* Reports are signs of life: while they come nobody asks. */
static void test_traffic_is_life(void **state)
{
	(void)state;
	start("sip:pbx.test");
	struct rig_dialog d = rig_live(&r, "");
	for (int i = 0; i < 30; i++) {
		rig_run(&r, 10000);
		assert_true(rig_quiet(&r));
		rig_notify_dialog(&r, &d, "");
	}
	rig_close(&r);
}

/* A PBX that ignores OPTIONS, yet answers a refresh, is not dead. */
static void test_deaf_to_options(void **state)
{
	(void)state;
	start("sip:pbx.test");
	rig_live(&r, "");
	for (int64_t end = r.now + 600000; r.now < end;) {
		rig_run(&r, 500);
		while (!rig_quiet(&r)) {
			struct rig_request *q = rig_take(&r, NULL);

			if (slice_is(q->m.method, "SUBSCRIBE"))
				rig_reply(&r, q, 200, "Expires: 3600\r\n");
		}
		rig_forget(&r);
	}
	assert_int_equal(r.downs, 0);
	/* and when it dies, that is still noticed */
	int64_t begin = r.now;
	while (r.downs == 0 && r.now < begin + 120000)
		rig_run(&r, 500);
	assert_in_range(r.now - begin, 20000, 90000);
	rig_close(&r);
}

static void test_no_lines(void **state)
{
	(void)state;
	rig_open(&r, &(struct rig_options){ 0 });
	rig_connect(&r);
	struct rig_request *q = rig_take(&r, "OPTIONS");
	assert_slice(q->m.uri, "sip:pbx.test");
	rig_reply(&r, q, 404, "");
	assert_int_equal(r.ups, 1);
	assert_true(rig_source(&r).up);
	rig_close(&r);
}

static void test_errors_are_no_life(void **state)
{
	(void)state;
	start("sip:pbx.test");
	rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 503, "");
	assert_int_equal(r.ups, 0);
	rig_reply(&r, rig_next_subscribe(&r, 20000), 404, "");
	assert_int_equal(r.ups, 1);
	rig_close(&r);
}

/* ---- streams ---- */

static char notify_text[1024];

static size_t notify_bytes(const struct rig_dialog *d, uint32_t cseq)
{
	return (size_t)snprintf(
		notify_text, sizeof(notify_text),
		"NOTIFY sip:x SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKs%u\r\nFrom: "
		"%s\r\nTo: %s\r\n"
		"Call-ID: %s\r\nCSeq: %u NOTIFY\r\nEvent: dialog\r\nSubscription-State: active\r\n"
		"Content-Length: 0\r\n\r\n",
		cseq, d->own, d->peer, d->call_id, cseq);
}

static void test_stream_cuts_and_pings(void **state)
{
	(void)state;
	start("sip:pbx.test;transport=tcp");
	struct rig_dialog d = rig_live(&r, "");
	rig_forget(&r);
	rig_bytes(&r, "\r\n\r\n", 4);
	assert_int_equal(r.sent_n, 1);
	assert_string_equal(r.sent[0].bytes, "\r\n");
	size_t n = notify_bytes(&d, 200);
	for (size_t i = 0; i < n; i++)
		rig_bytes(&r, notify_text + i, 1);
	assert_int_equal(r.sent_n, 2);
	r.sent_at = 1;
	assert_int_equal(rig_answer(&r), 200);
	rig_close(&r);
}

static void test_stream_oversize(void **state)
{
	static char big[70000];

	(void)state;
	start("sip:pbx.test;transport=tcp");
	rig_live(&r, "");
	memset(big, 'a', sizeof(big));
	memcpy(big, "NOTIFY sip:x SIP/2.0\r\nX: ", 25);
	rig_bytes(&r, big, sizeof(big));
	assert_int_equal(r.notes[NOTE_TOO_LARGE], 1);
	assert_int_equal(r.closes, 1);
	assert_int_equal(r.downs, 1);
	rig_run(&r, 1100);
	assert_int_equal(r.connects, 2);
	rig_close(&r);
}

static void test_too_many_headers(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 65536);
	buf_str(&b, "OPTIONS sip:x SIP/2.0\r\n");
	for (int i = 0; i < 200; i++)
		buf_str(&b, "X: y\r\n");
	buf_str(&b, "\r\n");
	start("sip:pbx.test;transport=tcp");
	rig_live(&r, "");
	rig_bytes(&r, b.p, b.n);
	assert_int_equal(r.closes, 1);
	assert_int_equal(r.notes[NOTE_TOO_LARGE], 1);
	rig_close(&r);
	start("sip:pbx.test"); /* a datagram is dropped, nothing more */
	rig_live(&r, "");
	rig_bytes(&r, b.p, b.n);
	assert_int_equal(r.closes, 0);
	assert_int_equal(r.notes[NOTE_TOO_LARGE], 1);
	rig_close(&r);
	buf_fini(&b);
}

/* ---- the listener ---- */

static void test_listener(void **state)
{
	(void)state;
	rig_open(&r, &(struct rig_options){ .server = "sip:pbx.test;transport=tls",
					    .listen = "0.0.0.0:5071" });
	assert_int_equal(r.listens, 1);
	assert_int_equal(r.listen_transport, TRANSPORT_TLS);
	rig_add(&r, 7, "201");
	rig_connect(&r);
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	assert_string_equal(rig_header(q, "Contact"), "<sip:offhook@10.0.0.9:5071;transport=tls>");
	rig_reply(&r, q, 200, "Expires: 3600\r\n");
	struct rig_dialog d = rig_dialog(q, "pbxtag");
	rig_forget(&r);
	/* the PBX connects back and notifies there; the answer goes there too */
	rig_accept(&r, 0x40000001, "10.0.0.1");
	size_t n = notify_bytes(&d, 5);
	rig_bytes_from(&r, 0x40000001, "10.0.0.1", notify_text, n / 2);
	rig_bytes_from(&r, 0x40000001, "10.0.0.1", notify_text + n / 2, n - n / 2);
	assert_int_equal(r.obs_n, 1);
	assert_int_equal(r.sent_n, 1);
	assert_int_equal(r.sent[0].channel, 0x40000001);
	/* somebody else may not */
	rig_accept(&r, 0x40000002, "10.6.6.6");
	assert_int_equal(r.closed_channel, 0x40000002);
	assert_int_equal(r.notes[NOTE_FORGED], 1);
	/* garbage closes that connection, not the link */
	rig_bytes_from(&r, 0x40000001, "10.0.0.1", "OPTIONS x SIP/2.0\r\nContent-Length: x\r\n\r\n",
		       41);
	assert_int_equal(r.closed_channel, 0x40000001);
	assert_int_equal(r.downs, 0);
	rig_close(&r);
}

static void test_listener_limit_and_retry(void **state)
{
	(void)state;
	rig_open(&r, &(struct rig_options){ .server = "sip:pbx.test;transport=tcp",
					    .listen = "10.0.0.9:5071" });
	rig_add(&r, 7, "201");
	rig_connect(&r);
	for (uint32_t i = 0; i < 17; i++)
		rig_accept(&r, 0x40000000 + i, "10.0.0.1");
	assert_int_equal(r.closed_channel, 0x40000010);
	const struct source_feed closed = { .kind = FEED_CLOSED,
					    .channel = r.listen_channel,
					    .text = "in use" };
	sip_source_ops.feed(r.s, r.now, &closed);
	rig_run(&r, 31000);
	assert_int_equal(r.listens, 2);
	rig_close(&r);
}

static void test_listener_udp(void **state)
{
	(void)state;
	rig_open(&r, &(struct rig_options){ .server = "sip:pbx.test",
					    .listen = "sip:10.0.0.8:5090;transport=udp" });
	rig_add(&r, 7, "201");
	rig_connect(&r);
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	assert_string_equal(rig_header(q, "Contact"), "<sip:offhook@10.0.0.8:5090>");
	struct rig_dialog d = rig_dialog(q, "pbxtag");
	rig_forget(&r);
	rig_bytes_from(&r, r.listen_channel, "10.0.0.1", notify_text, notify_bytes(&d, 5));
	assert_int_equal(r.obs_n, 1);
	assert_int_equal(r.sent[0].channel, r.listen_channel);
	assert_string_equal(r.sent[0].peer.host, "10.0.0.1");
	rig_close(&r);
}

static void test_close_is_silent(void **state)
{
	(void)state;
	start("sip:pbx.test");
	rig_live(&r, "");
	sip_source_ops.resync_line(r.s, 7);
	rig_close(&r); /* leaks nothing, says nothing: the sanitizer looks */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_open_transport),
		cmocka_unit_test(test_bad_settings),
		cmocka_unit_test(test_lost_and_back),
		cmocka_unit_test(test_back_off),
		cmocka_unit_test(test_dead_pbx),
		cmocka_unit_test(test_traffic_is_life),
		cmocka_unit_test(test_deaf_to_options),
		cmocka_unit_test(test_no_lines),
		cmocka_unit_test(test_errors_are_no_life),
		cmocka_unit_test(test_stream_cuts_and_pings),
		cmocka_unit_test(test_stream_oversize),
		cmocka_unit_test(test_too_many_headers),
		cmocka_unit_test(test_listener),
		cmocka_unit_test(test_listener_limit_and_retry),
		cmocka_unit_test(test_listener_udp),
		cmocka_unit_test(test_close_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
