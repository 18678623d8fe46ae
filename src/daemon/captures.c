#include "daemon/captures.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "proto/redact/redact.h"

enum {
	CAPTURES_MAX = 4,
	FLOWS_MAX = 32, /* both ways of sixteen channels */
	TEXT_MAX = 4 << 20,
	TEXT_WAITS_MAX = 1 << 20, /* what nobody has fetched */
	MESSAGES_MAX = 20000,
	BYTES_MAX = 16 << 20,
	FORSAKEN_MS = 10000,
};

/* What has come of one way of a stream, from the beginning of the next message on. */
struct flow {
	bool used;
	uint8_t way; /* enum tap_kind */
	uint32_t channel;
	struct buf in;
};

struct capture {
	uint64_t id; /* 0: free */
	uint32_t connector;
	uint16_t account;
	char name[256]; /* of the connector: its number may become another's */
	enum redact_form form;
	struct redact *redact;
	struct flow flows[FLOWS_MAX];
	int64_t began_ms, end_ms, asked_ms;
	uint64_t messages, bytes, left_out;
	struct buf text;   /* redacted, not yet fetched */
	const char *ended; /* NULL: it records */
};

struct captures {
	struct captures_config c;
	struct tap tap;
	struct capture list[CAPTURES_MAX];
	uint64_t last_id;
};

enum err captures_new(struct captures **ret, const struct captures_config *config)
{
	struct captures *c = calloc(1, sizeof(*c));

	if (!c)
		return ERR_NO_MEMORY;
	c->c = *config;
	c->tap.arg = c;
	c->last_id = config->seed >> 16; /* a client of a daemon of before finds nothing */
	*ret = c;
	return ERR_OK;
}

const struct tap *captures_tap(const struct captures *c)
{
	return &c->tap;
}

static void flow_fini(struct flow *f)
{
	if (f->in.p)
		explicit_bzero(f->in.p, f->in.cap);
	buf_fini(&f->in);
	*f = (struct flow){ 0 };
}

static void release(struct capture *k)
{
	for (int i = 0; i < FLOWS_MAX; i++)
		flow_fini(&k->flows[i]);
	redact_free(k->redact);
	buf_fini(&k->text);
	*k = (struct capture){ 0 };
}

void captures_free(struct captures *c)
{
	if (!c)
		return;
	for (int i = 0; i < CAPTURES_MAX; i++)
		release(&c->list[i]);
	free(c);
}

/* ---- what passes ---- */

static void say(struct captures *c, const struct capture *k, const char *text)
{
	struct slice account = directory_account_name(bridge_directory(c->c.bridge), k->account);

	log_put(c->c.log, c->c.mono_ms(), 5, "capture", "%.*s/%s: %s", SLICE_ARG(account), k->name,
		text);
}

static void see(void *arg, const struct tap_event *ev);

static void watch(struct captures *c)
{
	bool any = false;

	for (int i = 0; i < CAPTURES_MAX; i++)
		any |= c->list[i].id && !c->list[i].ended;
	c->tap.see = any ? see : NULL;
}

static void put_title(struct captures *c, struct capture *k, uint8_t kind, uint32_t channel)
{
	static const char *const kinds[] = { [TAP_RECEIVED] = "received",
					     [TAP_SENT] = "sent",
					     [TAP_OPENED] = "opened",
					     [TAP_CLOSED] = "closed" };
	int64_t at_ms = c->c.mono_ms() - k->began_ms;

	buf_fmt(&k->text, "\n# %lld.%03d s, channel %u: %s", (long long)(at_ms / 1000),
		(int)(at_ms % 1000), channel, kinds[kind]);
}

/* What began and did not end: it may be that messages are cut in another way than we think. */
static void flow_end(struct captures *c, struct capture *k, struct flow *f)
{
	if (f->in.n) {
		put_title(c, k, f->way, f->channel);
		buf_fmt(&k->text, " %zu bytes of a message that did not end; their shape\n", f->in.n);
		redact_shape(buf_view(&f->in), &k->text);
		buf_char(&k->text, '\n');
	}
	flow_fini(f);
}

static void end(struct captures *c, struct capture *k, const char *why)
{
	char text[200];

	if (k->ended)
		return;
	k->ended = why;
	for (int i = 0; i < FLOWS_MAX; i++)
		flow_end(c, k, &k->flows[i]);
	snprintf(text, sizeof(text), "capture ended: %s; %llu messages, %llu bytes", why,
		 (unsigned long long)k->messages, (unsigned long long)k->bytes);
	say(c, k, text);
	watch(c);
}

static bool room(struct captures *c, struct capture *k, size_t n)
{
	if (k->messages >= MESSAGES_MAX || k->bytes + n > BYTES_MAX) {
		end(c, k, "it holds as much as a capture may");
		return false;
	}
	if (k->text.n < TEXT_WAITS_MAX)
		return true;
	k->left_out++;
	return false;
}

static void record(struct captures *c, struct capture *k, const struct tap_event *ev,
		   struct slice message, bool readable)
{
	if (!room(c, k, message.n))
		return;
	k->messages++;
	k->bytes += message.n;
	put_title(c, k, ev->kind, ev->channel);
	buf_fmt(&k->text, " %zu bytes%s\n", message.n,
		readable ? "" : ", in no form that is known; their shape");
	if (readable)
		redact_message(k->redact, k->form, message, &k->text);
	else
		redact_shape(message, &k->text);
	buf_char(&k->text, '\n');
	if (buf_err(&k->text)) {
		buf_reset(&k->text);
		k->left_out++;
	}
}

static struct flow *flow_of(struct capture *k, const struct tap_event *ev)
{
	struct flow *unused = NULL;

	for (int i = 0; i < FLOWS_MAX; i++) {
		struct flow *f = &k->flows[i];

		if (f->used && f->channel == ev->channel && f->way == ev->kind)
			return f;
		if (!f->used && !unused)
			unused = f;
	}
	if (unused) {
		*unused = (struct flow){ .used = true, .way = ev->kind, .channel = ev->channel };
		buf_init(&unused->in, 2 * REDACT_MESSAGE_MAX);
	}
	return unused;
}

/* What is no message is shown by its shape, and what comes next may begin one again. */
static void take(struct captures *c, struct capture *k, struct flow *f, const struct tap_event *ev)
{
	while (f->in.n && !k->ended) {
		size_t n;
		enum err e = redact_cut(k->form, buf_view(&f->in), &n);

		if (e == ERR_AGAIN)
			return;
		n = e ? f->in.n : n;
		if (e || slice_trim(slice_sub(buf_view(&f->in), 0, n)).n) /* keep-alives are none */
			record(c, k, ev, slice_sub(buf_view(&f->in), 0, n), e == ERR_OK);
		if (!k->ended)
			buf_eat(&f->in, n);
	}
}

static void take_stream(struct captures *c, struct capture *k, const struct tap_event *ev)
{
	struct flow *f = flow_of(k, ev);

	if (!f) {
		k->left_out++;
		return;
	}
	buf_slice(&f->in, ev->bytes);
	if (buf_err(&f->in)) {
		buf_reset(&f->in);
		k->left_out++;
	}
	take(c, k, f, ev);
}

static void take_state(struct captures *c, struct capture *k, const struct tap_event *ev)
{
	for (int i = 0; i < FLOWS_MAX && ev->kind == TAP_CLOSED; i++)
		if (k->flows[i].used && k->flows[i].channel == ev->channel)
			flow_end(c, k, &k->flows[i]);
	if (!room(c, k, 0))
		return;
	put_title(c, k, ev->kind, ev->channel);
	buf_char(&k->text, '\n');
}

static void see(void *arg, const struct tap_event *ev)
{
	struct captures *c = arg;

	for (int i = 0; i < CAPTURES_MAX; i++) {
		struct capture *k = &c->list[i];

		if (!k->id || k->ended || k->connector != ev->connector)
			continue;
		if (ev->kind == TAP_OPENED || ev->kind == TAP_CLOSED)
			take_state(c, k, ev);
		else if (ev->datagram)
			record(c, k, ev, ev->bytes, true);
		else
			take_stream(c, k, ev);
	}
}

/* ---- begin ---- */

static enum redact_form form_of(const char *type)
{
	static const struct {
		const char *type;
		enum redact_form form;
	} forms[] = { { "sip", REDACT_SIP },
		      { "ami", REDACT_AMI },
		      { "csta", REDACT_CSTA },
		      { "freeswitch", REDACT_ESL },
		      { "webhook", REDACT_BODY } };

	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (strcmp(forms[i].type, type) == 0)
			return forms[i].form;
	CHECK(!"a type of connectors that captures do not know");
	return REDACT_BODY;
}

static enum err learn_secrets(struct captures *c, struct capture *k)
{
	const struct conf_connector *s = apply_connector(c->c.apply, k->connector);
	enum err e = s ? redact_secret(k->redact, secret_expose(&s->password_file.value)) : ERR_OK;

	return s && !e ? redact_secret(k->redact, secret_expose(&s->token_file.value)) : e;
}

static enum err learn_words(struct captures *c, struct capture *k)
{
	const struct conf_connector *s = apply_connector(c->c.apply, k->connector);
	enum err e = ERR_OK;

	for (uint32_t i = 0; s && i < s->profiles.n && !e; i++)
		e = redact_keep_words(k->redact, slice_str(s->profiles.list[i]));
	for (uint32_t i = 0; s && i < s->states.n && !e; i++)
		e = redact_keep_words(k->redact, slice_str(s->states.list[i]));
	return e;
}

static enum err learn_lines(struct captures *c, struct capture *k, bool keep)
{
	const struct directory *d = bridge_directory(c->c.bridge);
	enum err e = ERR_OK;

	for (uint32_t l = directory_next_line(d, 0); l != ID_NONE && !e;
	     l = directory_next_line(d, l + 1))
		if (directory_line_connector(d, l) == k->connector)
			e = redact_line(k->redact, directory_number(d, l), keep);
	return e == ERR_LIMIT ? ERR_OK : e; /* the rest is replaced like any number */
}

static enum err learn(struct captures *c, struct capture *k, bool keep_lines)
{
	enum err e = redact_new(&k->redact, c->c.seed);

	if (!e)
		e = learn_secrets(c, k);
	if (!e)
		e = learn_words(c, k);
	return e ? e : learn_lines(c, k, keep_lines);
}

static void answer(struct captures *c, uint64_t command, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	if (text)
		admin_answer(c->c.admin, command, 200, text);
	else
		admin_refuse(c->c.admin, command, 500, "out of memory", "try again");
	free(text);
	json_decref(json);
}

static void begin(struct captures *c, struct bridge_time t, struct capture *k,
		  const struct admin_command *cmd)
{
	const char *type = bridge_connector_type(c->c.bridge, k->connector);
	char text[100];

	k->form = form_of(type);
	k->began_ms = k->asked_ms = t.mono_ms;
	k->end_ms = t.mono_ms + cmd->seconds * INT64_C(1000);
	buf_init(&k->text, TEXT_MAX);
	if (learn(c, k, cmd->keep_lines)) {
		release(k);
		admin_refuse(c->c.admin, cmd->id, 503, "no capture", "out of memory; try again");
		return;
	}
	k->id = ++c->last_id;
	buf_fmt(&k->text,
		"# offhook %s: capture of a connector of type %s, %u s, redacted; doc/capture.md "
		"says how.\n"
		"# Numbers of lines are %s.\n",
		OFFHOOK_VERSION, type, cmd->seconds, cmd->keep_lines ? "as they are" : "replaced");
	snprintf(text, sizeof(text), "capture began, for %u s, line numbers %s", cmd->seconds,
		 cmd->keep_lines ? "kept" : "replaced");
	say(c, k, text);
	watch(c);
	answer(c, cmd->id, json_pack("{s:I,s:s}", "capture", (json_int_t)k->id, "type", type));
}

static void ask_begin(struct captures *c, struct bridge_time t, uint32_t connector,
		      const struct admin_command *cmd)
{
	struct capture *unused = NULL;

	for (int i = 0; i < CAPTURES_MAX; i++) {
		struct capture *k = &c->list[i];

		if (k->id && k->connector == connector) {
			admin_refuse(c->c.admin, cmd->id, 409,
				     "a capture of this connector runs already",
				     "wait until it has ended");
			return;
		}
		if (!k->id)
			unused = k;
	}
	if (!unused) {
		admin_refuse(c->c.admin, cmd->id, 503, "too many captures",
			     "wait until one has ended");
		return;
	}
	*unused = (struct capture){ .connector = connector, .account = cmd->account };
	snprintf(unused->name, sizeof(unused->name), "%s", cmd->connector);
	begin(c, t, unused, cmd);
}

/* ---- fetch ---- */

static void fetch(struct captures *c, struct bridge_time t, struct capture *k,
		  const struct admin_command *cmd)
{
	k->asked_ms = t.mono_ms;
	if (cmd->stop)
		end(c, k, "it was told to");
	answer(c, cmd->id,
	       json_pack("{s:s,s:I,s:I,s:I,s:s}", "text", buf_cstr(&k->text), "messages",
			 (json_int_t)k->messages, "bytes", (json_int_t)k->bytes, "left_out",
			 (json_int_t)k->left_out, "ended", k->ended ? k->ended : ""));
	buf_reset(&k->text);
	if (k->ended)
		release(k);
}

void captures_command(struct captures *c, struct bridge_time t, const struct admin_command *cmd)
{
	const struct directory *d = bridge_directory(c->c.bridge);
	uint32_t connector = directory_connector(d, cmd->account, slice_str(cmd->connector));

	if (!cmd->capture && connector == ID_NONE) {
		admin_refuse(c->c.admin, cmd->id, 404, "not found",
			     "no such connector in this account; offhook connectors lists them");
		return;
	}
	if (!cmd->capture) {
		ask_begin(c, t, connector, cmd);
		return;
	}
	for (int i = 0; i < CAPTURES_MAX; i++)
		if (c->list[i].id == cmd->capture && c->list[i].account == cmd->account &&
		    strcmp(c->list[i].name, cmd->connector) == 0) {
			fetch(c, t, &c->list[i], cmd);
			return;
		}
	admin_refuse(c->c.admin, cmd->id, 404, "not found", "no such capture; it has ended");
}

/* ---- time ---- */

static bool gone(const struct captures *c, const struct capture *k)
{
	const struct directory *d = bridge_directory(c->c.bridge);

	return directory_connector(d, k->account, slice_str(k->name)) != k->connector;
}

void captures_reloaded(struct captures *c, struct bridge_time t)
{
	(void)t;
	for (int i = 0; i < CAPTURES_MAX; i++) {
		struct capture *k = &c->list[i];

		if (!k->id || k->ended)
			continue;
		if (gone(c, k))
			end(c, k, "the connector was removed");
		else if (learn_secrets(c, k) || learn_words(c, k))
			end(c, k, "the configuration changed too often");
	}
}

int64_t captures_turn(struct captures *c, struct bridge_time t)
{
	int64_t next = TIME_NEVER;

	for (int i = 0; i < CAPTURES_MAX; i++) {
		struct capture *k = &c->list[i];
		int64_t forsaken_ms = k->asked_ms + FORSAKEN_MS;

		if (!k->id)
			continue;
		if (t.mono_ms >= k->end_ms)
			end(c, k, "its time is over");
		if (t.mono_ms >= forsaken_ms) {
			end(c, k, "nobody asks for it any more");
			release(k);
			continue;
		}
		int64_t due = !k->ended && k->end_ms < forsaken_ms ? k->end_ms : forsaken_ms;
		next = due < next ? due : next;
	}
	return next;
}
