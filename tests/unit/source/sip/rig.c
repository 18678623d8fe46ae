#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/conf/conf.h"
#include "source/sip/sip.h"

static const struct source_ops *const ops = &sip_source_ops;

static void gather(struct rig *r, const struct source_out *out)
{
	switch ((enum source_out_kind)out->kind) {
	case OUT_CONNECT:
		r->connects++;
		r->channel = out->channel;
		r->transport = out->transport;
		r->open_transport = out->open_transport;
		r->port = out->port;
		memcpy(r->host, out->host, sizeof(r->host));
		break;
	case OUT_LISTEN:
		r->listens++;
		r->listen_channel = out->channel;
		r->listen_transport = out->transport;
		break;
	case OUT_SEND:
		assert_true(r->sent_n < RIG_SENT);
		r->sent[r->sent_n] = (struct rig_sent){ out->channel, out->peer, out->bytes.n,
							malloc(out->bytes.n + 1) };
		memcpy(r->sent[r->sent_n].bytes, out->bytes.p, out->bytes.n);
		r->sent[r->sent_n++].bytes[out->bytes.n] = '\0';
		break;
	case OUT_CLOSE:
		r->closes++;
		r->closed_channel = out->channel;
		break;
	case OUT_OBS:
		assert_true(r->obs_n < RIG_OBS);
		r->obs[r->obs_n++] = out->obs;
		break;
	case OUT_UP:
		r->ups++;
		break;
	case OUT_DOWN:
		r->downs++;
		break;
	case OUT_WRITTEN:
		assert_true(r->written_n < 64);
		r->written[r->written_n] =
			(struct rig_written){ out->line, out->generation, out->result, "" };
		memcpy(r->written[r->written_n++].text, out->text, sizeof(out->text));
		break;
	case OUT_KEEP:
		assert_int_equal(out->line, 7);
		memcpy(r->kept, out->text, sizeof(r->kept));
		r->kept_n++;
		break;
	case OUT_ANSWER:
		fail_msg("a sip connector has answered a webhook");
		break;
	case OUT_LINE_LOST:
		assert_true(r->lost_n < RIG_SENT);
		r->lost[r->lost_n++] = out->line;
		break;
	case OUT_NOTE:
		r->notes[out->note]++;
		memcpy(r->note_text[out->note], out->text, sizeof(out->text));
		break;
	}
}

static void drain(struct rig *r)
{
	static struct source_out out;

	while (ops->drain(r->s, &out))
		gather(r, &out);
}

static void feed(struct rig *r, const struct source_feed *in)
{
	ops->feed(r->s, r->now, in);
	drain(r);
}

void rig_open(struct rig *r, const struct rig_options *o)
{
	struct secret password = { 0 };
	const char *dnd_while = o->dnd_while, *packages[ARRAY_LEN(o->packages)];
	uint32_t packages_n = 0;
	struct conf_connector settings = { .feature_events = o->feature_events, .lamps = o->lamps,
					   .dnd_while = { &dnd_while, dnd_while != NULL },
					   .packages = { packages, 0 } };
	struct source_config c = {
		.name = "pbx",
		.connector = 3,
		.account = 2,
		.server = o->server ? o->server : "sip:pbx.test",
		.username = o->username ? o->username : "offhook",
		.password = &password,
		.package = o->package ? o->package : "dialog",
		.lists = o->lists,
		.lists_n = o->lists_n,
		.listen = o->listen ? o->listen : "",
		.reads_profile = o->reads_profile,
		.writes_profile = o->writes_profile,
		.settings = &settings,
		.lines_max = o->lines_max ? o->lines_max : 100,
		.seed = 42,
		.tuning = &o->tuning,
	};

	while (packages_n < ARRAY_LEN(packages) && o->packages[packages_n]) {
		packages[packages_n] = o->packages[packages_n];
		packages_n++;
	}
	settings.packages.n = packages_n;
	memset(r, 0, sizeof(*r));
	r->now = 1000000;
	r->presence = o->package && strcmp(o->package, "presence") == 0;
	assert_int_equal(secret_set(&password, slice_str(o->password ? o->password : "geheim")),
			 ERR_OK);
	assert_int_equal(ops->open(&r->s, &c, r->now), ERR_OK);
	secret_fini(&password);
	drain(r);
	assert_int_equal(r->connects, 1);
}

void rig_forget(struct rig *r)
{
	for (uint32_t i = 0; i < r->sent_n; i++)
		free(r->sent[i].bytes);
	r->sent_n = r->sent_at = r->obs_n = r->lost_n = r->written_n = 0;
	memset(r->notes, 0, sizeof(r->notes));
}

void rig_close(struct rig *r)
{
	ops->close(r->s);
	rig_forget(r);
	for (int i = 0; i < 8; i++)
		free(r->requests[i].bytes);
}

void rig_add(struct rig *r, uint32_t line, const char *number)
{
	assert_int_equal(ops->add_line(r->s, line, slice_str(number)), ERR_OK);
	drain(r);
	rig_run(r, 0);
}

void rig_remove(struct rig *r, uint32_t line)
{
	ops->remove_line(r->s, line);
	drain(r);
	rig_run(r, 0);
}

void rig_probe(struct rig *r)
{
	ops->probe(r->s, r->now);
	drain(r);
}

void rig_resync(struct rig *r, uint32_t line)
{
	ops->resync_line(r->s, line);
	drain(r);
	rig_run(r, 0);
}

void rig_connect(struct rig *r)
{
	const struct source_feed in = { .kind = FEED_CONNECTED,
					.channel = r->channel,
					.transport = r->transport,
					.local = { "10.0.0.9", 5088 },
					.peer = { "10.0.0.1", 5060 } };

	feed(r, &in);
}

void rig_drop(struct rig *r, const char *why)
{
	const struct source_feed in = { .kind = FEED_CLOSED, .channel = r->channel, .text = why };

	feed(r, &in);
}

void rig_bytes_from(struct rig *r, uint32_t channel, const char *host, const char *bytes, size_t n)
{
	char *copy = malloc(n ? n : 1); /* exact, for the sanitizer */
	struct source_feed in = { .kind = FEED_BYTES,
				  .channel = channel,
				  .peer = { .port = 5060 },
				  .bytes = slice_of(copy, n) };

	memcpy(copy, bytes, n);
	snprintf(in.peer.host, sizeof(in.peer.host), "%s", host);
	feed(r, &in);
	free(copy);
}

void rig_bytes(struct rig *r, const char *bytes, size_t n)
{
	rig_bytes_from(r, r->channel, "10.0.0.1", bytes, n);
}

void rig_accept(struct rig *r, uint32_t channel, const char *host)
{
	struct source_feed in = { .kind = FEED_ACCEPTED,
				  .channel = r->listen_channel,
				  .accepted = channel,
				  .local = { "10.0.0.9", 5061 },
				  .peer = { .port = 33333 } };

	snprintf(in.peer.host, sizeof(in.peer.host), "%s", host);
	feed(r, &in);
}

void rig_run(struct rig *r, int64_t ms)
{
	int64_t end = r->now + ms, due;
	int turns = 0;

	while ((due = ops->next(r->s)) <= end) {
		assert_true(++turns < 200000);
		if (due > r->now)
			r->now = due;
		ops->tick(r->s, r->now);
		drain(r);
	}
	r->now = end;
}

bool rig_quiet(const struct rig *r)
{
	return r->sent_at == r->sent_n;
}

struct rig_request *rig_take(struct rig *r, const char *method)
{
	struct rig_request *q = &r->requests[r->requests_n++ % 8];

	assert_true(r->sent_at < r->sent_n);
	const struct rig_sent *s = &r->sent[r->sent_at++];
	free(q->bytes);
	q->bytes = malloc(s->n + 1);
	memcpy(q->bytes, s->bytes, s->n + 1);
	assert_int_equal(sip_msg_parse(slice_of(q->bytes, s->n), &q->m), ERR_OK);
	assert_null(q->m.defect);
	assert_true(q->m.request);
	if (method)
		assert_slice(q->m.method, method);
	assert_int_equal(s->channel, r->channel);
	return q;
}

uint16_t rig_answer(struct rig *r)
{
	static struct sip_msg m;

	assert_true(r->sent_at < r->sent_n);
	const struct rig_sent *s = &r->sent[r->sent_at++];
	assert_int_equal(sip_msg_parse(slice_of(s->bytes, s->n), &m), ERR_OK);
	assert_false(m.request);
	return m.status;
}

void rig_reply(struct rig *r, const struct rig_request *q, uint16_t status, const char *headers)
{
	struct buf b;

	buf_init(&b, RIG_BYTES);
	sip_put_answer(&b, &q->m, status, NULL, "pbxtag", (struct sip_origin){ SLICE_NONE, 0 });
	if (status < 300)
		buf_str(&b, "Contact: <sip:10.0.0.1:5060>\r\n");
	buf_str(&b, headers);
	sip_put_end(&b, NULL, SLICE_NONE);
	rig_bytes(r, b.p, b.n);
	buf_fini(&b);
}

struct rig_dialog rig_dialog(const struct rig_request *q, const char *tag)
{
	struct rig_dialog d = { .cseq = 100 };

	snprintf(d.call_id, sizeof(d.call_id), "%.*s", SLICE_ARG(q->m.call_id));
	snprintf(d.peer, sizeof(d.peer), "%.*s", SLICE_ARG(sip_msg_header(&q->m, SIP_FROM)));
	snprintf(d.own, sizeof(d.own), "%.*s", SLICE_ARG(sip_msg_header(&q->m, SIP_TO)));
	if (!strstr(d.own, ";tag="))
		snprintf(d.own + strlen(d.own), sizeof(d.own) - strlen(d.own), ";tag=%s", tag);
	return d;
}

static uint16_t notify(struct rig *r, struct rig_dialog *d, const char *event,
		       const char *substate, const char *type, const char *body)
{
	struct buf b;

	buf_init(&b, RIG_BYTES);
	d->branch = ++r->branch;
	buf_str(&b, "NOTIFY sip:offhook@10.0.0.9:5088 SIP/2.0\r\n");
	buf_fmt(&b, "Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKpbx%u\r\n", d->branch);
	buf_fmt(&b, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u NOTIFY\r\n", d->own, d->peer,
		d->call_id, ++d->cseq);
	buf_fmt(&b, "Contact: <sip:10.0.0.1:5060>\r\nMax-Forwards: 70\r\nEvent: %s\r\n",
		event);
	if (substate[0])
		buf_fmt(&b, "Subscription-State: %s\r\n", substate);
	sip_put_end(&b, type, slice_str(body));
	uint32_t before = r->sent_n;
	rig_bytes(r, b.p, b.n);
	buf_fini(&b);
	/* the answer comes after what the report set off, and before what its news set off */
	for (uint32_t i = before; i < r->sent_n; i++) {
		static struct sip_msg m;

		assert_int_equal(sip_msg_parse(slice_of(r->sent[i].bytes, r->sent[i].n), &m),
				 ERR_OK);
		if (m.request)
			continue;
		struct rig_sent answer = r->sent[i];
		uint16_t status = m.status;

		memmove(&r->sent[i], &r->sent[i + 1], (r->sent_n - i - 1) * sizeof(r->sent[0]));
		r->sent_n--;
		free(answer.bytes);
		return status;
	}
	return 0;
}

uint16_t rig_notify(struct rig *r, struct rig_dialog *d, const char *substate, const char *type,
		    const char *body)
{
	return notify(r, d, r->presence ? "presence" : "dialog", substate, type, body);
}

uint16_t rig_notify_event(struct rig *r, struct rig_dialog *d, const char *event, const char *type,
			  const char *body)
{
	return notify(r, d, event, SUBSTATE, body[0] ? type : NULL, body);
}

struct rig_dialog rig_live_side(struct rig *r, const char *event, const char *type, const char *body)
{
	struct rig_request *q = rig_take(r, "SUBSCRIBE");

	assert_string_equal(rig_header(q, "Event"), event);
	rig_reply(r, q, 200, "Expires: 3600\r\n");
	struct rig_dialog d = rig_dialog(q, "pbxtag");
	assert_int_equal(rig_notify_event(r, &d, event, type, body), 200);
	return d;
}

void rig_write(struct rig *r, uint32_t line, int profile, uint32_t generation)
{
	const struct profile_write w = { .state = (uint8_t)profile, .until_wall_ms = TIME_NEVER,
					 .generation = generation, .dnd_ours = r->dnd_ours };

	ops->write_profile(r->s, line, &w);
	drain(r);
	rig_run(r, 0);
}

void rig_restore_lamp(struct rig *r, uint32_t line, const char *name)
{
	ops->restore_lamp(r->s, line, slice_str(name));
}

void rig_lamp(struct rig *r, uint32_t line, int lamp)
{
	ops->show_lamp(r->s, line, (enum lamp)lamp);
	drain(r);
	rig_run(r, 0);
}

const struct rig_written *rig_written(const struct rig *r)
{
	assert_int_equal(r->written_n, 1);
	return &r->written[0];
}

uint16_t rig_notify_dialog(struct rig *r, struct rig_dialog *d, const char *body)
{
	const char *type = r->presence ? "application/pidf+xml" : "application/dialog-info+xml";

	return rig_notify(r, d, SUBSTATE, body[0] ? type : NULL, body);
}

struct rig_dialog rig_live(struct rig *r, const char *body)
{
	struct rig_request *q = rig_take(r, "SUBSCRIBE");

	rig_reply(r, q, 200, "Expires: 3600\r\n");
	struct rig_dialog d = rig_dialog(q, "pbxtag");
	assert_int_equal(rig_notify_dialog(r, &d, body), 200);
	return d;
}

const char *rig_info(unsigned version, const char *id, const char *direction, const char *state)
{
	static char text[4][2048];
	static unsigned at;
	char *p = text[at++ % 4];
	int n = snprintf(p, 2048,
			 "<?xml version=\"1.0\"?>\r\n<dialog-info "
			 "xmlns=\"urn:ietf:params:xml:ns:dialog-info\" "
			 "version=\"%u\" state=\"full\" entity=\"sip:201@pbx.test\">",
			 version);

	if (state)
		n += snprintf(p + n, (size_t)(2048 - n),
			      "<dialog id=\"%s\"%s%s%s><state>%s</state></dialog>", id,
			      direction ? " direction=\"" : "", direction ? direction : "",
			      direction ? "\"" : "", state);
	snprintf(p + n, (size_t)(2048 - n), "</dialog-info>\r\n");
	return p;
}

const char *rig_header(const struct rig_request *q, const char *name)
{
	static char text[4][512];
	static unsigned at;
	char *p = text[at++ % 4];

	snprintf(p, 512, "%.*s", SLICE_ARG(sip_msg_header_named(&q->m, name)));
	return p;
}

struct source_line_view rig_view(struct rig *r, uint32_t line)
{
	struct source_line_view v;

	assert_true(ops->line_view(r->s, line, &v));
	return v;
}

struct source_view rig_source(struct rig *r)
{
	struct source_view v;

	ops->view(r->s, &v);
	return v;
}

int rig_call(const struct rig *r, uint32_t line)
{
	for (uint32_t i = r->obs_n; i-- > 0;)
		if (r->obs[i].kind == OBS_CALL && r->obs[i].line == line)
			return r->obs[i].call;
	return -1;
}

struct rig_request *rig_next_subscribe(struct rig *r, int64_t limit_ms)
{
	for (int64_t end = r->now + limit_ms; r->now <= end;) {
		while (!rig_quiet(r)) {
			struct rig_request *q = rig_take(r, NULL);

			if (slice_is(q->m.method, "SUBSCRIBE"))
				return q;
			rig_reply(r, q, 200, "");
		}
		rig_run(r, 500);
	}
	fail_msg("no SUBSCRIBE in %lld ms", (long long)limit_ms);
	return NULL;
}

void rig_idle(struct rig *r, int64_t ms)
{
	for (int64_t end = r->now + ms; r->now < end;) {
		rig_run(r, end - r->now < 500 ? end - r->now : 500);
		while (!rig_quiet(r))
			rig_reply(r, rig_take(r, "OPTIONS"), 200, "");
	}
}
