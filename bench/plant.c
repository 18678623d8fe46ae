#include "plant.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "proto/sip/msg.h"

enum { PHONE_PORT = 5060, MESSAGE_MAX = 4096, FIRST_NUMBER = 1000000, SENT_MAX = 1 << 28 };

/* ---- the PBX ---- */

static void put_body(uint32_t number, uint32_t version, bool calling, char *dst, size_t cap, size_t *ret_n)
{
	int n = snprintf(dst, cap,
			 "<?xml version=\"1.0\"?>\n"
			 "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"%u\" "
			 "state=\"full\" "
			 "entity=\"sip:%u@127.0.0.1\">\n"
			 "  <dialog id=\"padi-6b04f5aa-%u-1\" call-id=\"1-20080@127.0.0.1\" "
			 "direction=\"initiator\">\n"
			 "    <state>%s</state>\n"
			 "    <remote>\n"
			 "      <identity>sip:1002@127.0.0.1</identity>\n"
			 "      <target uri=\"sip:1002@127.0.0.1\"/>\n"
			 "    </remote>\n"
			 "    <local>\n"
			 "      <identity>sip:%u@127.0.0.1</identity>\n"
			 "      <target uri=\"sip:%u@127.0.0.1:17001;transport=UDP\"/>\n"
			 "    </local>\n"
			 "  </dialog>\n"
			 "</dialog-info>\n",
			 version, number, number, calling ? "confirmed" : "terminated", number,
			 number);

	CHECK(n > 0 && (size_t)n < cap);
	*ret_n = (size_t)n;
}

static size_t put_notify(struct plant *p, uint32_t line, bool calling, const char *state, struct buf *b)
{
	struct subscription *s = &p->subs[line];
	uint32_t number = FIRST_NUMBER + line;
	char body[1024];
	size_t n;

	s->calling = calling;
	s->cseq++;
	put_body(number, s->cseq, calling, body, sizeof(body), &n);
	buf_fmt(b,
		"NOTIFY sip:offhook@127.0.0.1:%u SIP/2.0\r\n"
		"Via: SIP/2.0/UDP "
		"127.0.0.1:%u;branch=z9hG4bK8a42.%08x%08x0000000000000000000000.0\r\n"
		"To: <sip:offhook@127.0.0.1>;tag=%s\r\n"
		"From: <sip:%u@127.0.0.1>;tag=62a8e38824eb2a320f9d06b0beb8e283-204db82d\r\n"
		"CSeq: %u NOTIFY\r\n"
		"Call-ID: %s\r\n"
		"Content-Length: %zu\r\n"
		"User-Agent: kamailio (5.6.3 (x86_64/linux))\r\n"
		"Max-Forwards: 70\r\n"
		"Event: dialog\r\n"
		"Contact: <sip:127.0.0.1:%u>\r\n"
		"Subscription-State: %s\r\n"
		"Content-Type: application/dialog-info+xml\r\n\r\n",
		PHONE_PORT, p->pbx_port, number, s->cseq, s->tag, number, s->cseq, s->call_id, n,
		p->pbx_port, state);
	buf_add(b, body, n);
	CHECK(buf_err(b) == ERR_OK);
	return n;
}

size_t plant_notify(struct plant *p, uint32_t line, bool calling, struct buf *b)
{
	return put_notify(p, line, calling, "active;expires=3598", b);
}

/* Which line a SUBSCRIBE is for: sip:NUMBER@... */
static uint32_t line_of(const struct plant *p, struct slice uri)
{
	uint64_t number;

	CHECK(slice_starts(uri, "sip:"));
	CHECK(slice_u64(slice_sub(uri, 4, slice_find(uri, '@')), UINT32_MAX, &number) == ERR_OK);
	CHECK(number >= FIRST_NUMBER && number - FIRST_NUMBER < p->users);
	return (uint32_t)(number - FIRST_NUMBER);
}

/* 200 and the first NOTIFY; OPTIONS gets its 200 only. */
static void serve(struct plant *p, struct slice bytes)
{
	static struct sip_msg m;
	struct buf b;

	CHECK(sip_msg_parse(bytes, &m) == ERR_OK && !m.defect);
	if (!m.request)
		return;
	buf_init(&b, MESSAGE_MAX);
	sip_put_answer(&b, &m, 200, NULL, "62a8e38824eb2a320f9d06b0beb8e283-204db82d",
		       (struct sip_origin){ 0 });
	sip_put_fmt(&b, "Contact", "<sip:127.0.0.1:%u>", p->pbx_port);
	sip_put(&b, "Expires", SLICE_LIT("3600"));
	sip_put_end(&b, NULL, SLICE_NONE);
	plant_feed(p, buf_view(&b));
	buf_reset(&b);
	if (slice_is(m.method, "SUBSCRIBE")) {
		uint32_t line = line_of(p, m.uri);
		struct subscription *s = &p->subs[line];

		CHECK(slice_copy(m.call_id, s->call_id, sizeof(s->call_id)) == ERR_OK);
		CHECK(slice_copy(m.from_tag, s->tag, sizeof(s->tag)) == ERR_OK);
		p->live += s->cseq == 0; /* a line may ask again */
		plant_notify(p, line, false, &b);
		plant_feed(p, buf_view(&b));
	}
	buf_fini(&b);
}

/* ---- the turn ---- */

void plant_feed(struct plant *p, struct slice datagram)
{
	struct source_feed in = { .kind = FEED_BYTES, .channel = p->channel, .bytes = datagram,
				  .peer = { "127.0.0.1", p->pbx_port } };

	bridge_feed_source(p->bridge, p->t, p->connector, &in);
}

void plant_answer(struct plant *p, const struct graph_response *r)
{
	bridge_feed_graph(p->bridge, p->t, 0, r);
}

void plant_drain(struct plant *p)
{
	struct bridge_out *out = &p->out;

	while (bridge_drain(p->bridge, p->t, out)) {
		if (out->kind == BRIDGE_SOURCE && out->source.kind == OUT_SEND)
			p->sip(p, &out->source);
		else if (out->kind == BRIDGE_GRAPH && out->graph.kind == GRAPH_HTTP)
			p->http(p, &out->graph.request);
	}
}

/* ---- life ---- */

static void connect(struct plant *p, const struct source_out *out)
{
	const struct source_feed in = { .kind = FEED_CONNECTED,
					.channel = out->channel,
					.local = { "127.0.0.1", PHONE_PORT },
					.peer = { "127.0.0.1", p->pbx_port } };

	p->channel = out->channel;
	bridge_feed_source(p->bridge, p->t, p->connector, &in);
}

static void give_token(struct plant *p, const struct graph_request *r)
{
	const struct graph_response answer = {
		.id = r->id, .failure = HTTP_ANSWERED, .status = 200,
		.body = SLICE_LIT("{\"token_type\":\"Bearer\",\"expires_in\":86400,\"access_token\":\""
				  "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.a-token-of-some-length.signature\"}"),
	};

	CHECK(r->secret);
	plant_answer(p, &answer);
}

/* What a turn has sent, each datagram behind its length, is answered when the turn is over: an outbox is
 * emptied before anything is fed, as in the daemon, or what it holds grows without end. */
static void serve_all(struct plant *p, struct buf *sent)
{
	for (size_t at = 0, n; at < sent->n; at += sizeof(n) + n) {
		memcpy(&n, sent->p + at, sizeof(n));
		serve(p, slice_of(sent->p + at + sizeof(n), n));
	}
	buf_reset(sent);
}

/* A turn: what the bridge has to send leaves, the PBX and the token service answer, time goes on. */
static void pass(struct plant *p)
{
	struct bridge_out *out = &p->out;
	struct buf sent;

	buf_init(&sent, SENT_MAX);
	while (bridge_drain(p->bridge, p->t, out)) {
		if (out->kind == BRIDGE_SOURCE && out->source.kind == OUT_CONNECT) {
			connect(p, &out->source);
		} else if (out->kind == BRIDGE_SOURCE && out->source.kind == OUT_SEND) {
			buf_add(&sent, (const char *)&out->source.bytes.n, sizeof(out->source.bytes.n));
			buf_slice(&sent, out->source.bytes);
			CHECK(buf_err(&sent) == ERR_OK);
		} else if (out->kind == BRIDGE_GRAPH && out->graph.kind == GRAPH_HTTP) {
			give_token(p, &out->graph.request);
		}
	}
	p->script_bytes = p->script_bytes > sent.cap ? p->script_bytes : sent.cap;
	serve_all(p, &sent);
	buf_fini(&sent);
	p->t.mono_ms++, p->t.wall_ms++;
	bridge_tick(p->bridge, p->t);
}

/* Until the lines are live. */
static void subscribe(struct plant *p)
{
	for (int idle = 0; idle < 2; idle += p->live == p->users)
		pass(p);
}

void plant_storm(struct plant *p)
{
	enum { BATCH = 64 }; /* as many as io takes from a socket in a turn */
	struct buf b;

	buf_init(&b, MESSAGE_MAX);
	p->live = 0;
	for (uint32_t line = 0; line < p->users; line++) {
		buf_reset(&b);
		put_notify(p, line, false, "terminated;reason=deactivated", &b);
		p->subs[line].cseq = 0; /* a dialog that comes has its own */
		plant_feed(p, buf_view(&b));
		if (line % BATCH == BATCH - 1)
			pass(p);
	}
	buf_fini(&b);
	subscribe(p);
}

static void add_users(struct plant *p, uint16_t account)
{
	for (uint32_t i = 0; i < p->users; i++) {
		char email[64], id[64], number[16];
		uint32_t user, line;

		snprintf(email, sizeof(email), "first.last%07u@acme.example", i);
		snprintf(id, sizeof(id), "%08x-aaaa-bbbb-cccc-0123456789ab", i);
		snprintf(number, sizeof(number), "%u", FIRST_NUMBER + i);
		const struct bridge_user u = { .email = slice_str(email), .teams_id = id, .enabled = true };

		CHECK(bridge_add_user(p->bridge, p->t, account, &u, &user) == ERR_OK);
		CHECK(bridge_add_line(p->bridge, p->t, p->connector, slice_str(number), user,
				      &line) == ERR_OK);
	}
}

static void add_connector(struct plant *p, uint16_t account)
{
	struct secret password = { 0 };
	char server[64];

	snprintf(server, sizeof(server), "sip:127.0.0.1:%u;transport=udp", p->pbx_port);
	struct source_config c = { .name = "hq",
				   .server = server,
				   .username = "offhook",
				   .password = &password,
				   .package = "dialog",
				   .listen = "",
				   .lines_max = p->users,
				   .seed = 5 };
	CHECK(bridge_add_connector(p->bridge, p->t, account, SLICE_LIT("hq"), source_find("sip"), &c,
				   &p->connector) == ERR_OK);
}

void plant_open(struct plant *p)
{
	const struct bridge_limits l = { .accounts = 1, .connectors = 1, .users = p->users, .lines = p->users,
					 .realms = 1, .seed = 1 };
	const struct policy policy = { .mode = MODE_LIVE, .grace_ms = 120000, .lease_ms = 600000 };
	const struct graph_config gc = { .tenant = "11111111-2222-3333-4444-555555555555",
					 .client_id = "99999999-8888-7777-6666-555555555555",
					 .credential.secret = &p->secret,
					 .login_url = "https://login.example",
					 .graph_url = p->graph_url ? p->graph_url
								   : "https://graph.example",
					 .quota = p->quota,
					 .window_ms = p->window_ms,
					 .users_max = p->users,
					 .seed = 1 };
	uint32_t realm;
	uint16_t account;

	p->subs = calloc(p->users, sizeof(*p->subs));
	CHECK(p->subs && secret_set(&p->secret, SLICE_LIT("secret")) == ERR_OK);
	CHECK(bridge_new(&p->bridge, &l, p->t) == ERR_OK);
	CHECK(bridge_add_realm(p->bridge, p->t, &gc, &realm) == ERR_OK);
	CHECK(bridge_add_account(p->bridge, p->t, SLICE_LIT("acme"), realm, &policy, &account) == ERR_OK);
	add_connector(p, account);
	add_users(p, account);
	subscribe(p);
	CHECK(engine_census(bridge_engine(p->bridge), account)[PRESENCE_AVAILABLE] == p->users);
}

void plant_close(struct plant *p)
{
	bridge_free(p->bridge);
	secret_fini(&p->secret);
	free(p->subs);
}
