/* peer_ami_talk.c - the manager's words: what it reads, answers and tells. */
#include "peer_ami.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"

enum { TEXT_MAX = 1 << 20 };

static const struct {
	uint8_t profile;
	const char *status, *subtype;
} presences[] = {
	{ PBX_AVAILABLE, "available", "" }, { PBX_AWAY, "away", "" },
	{ PBX_BUSY, "dnd", "busy" },	    { PBX_MEETING, "dnd", "meeting" },
	{ PBX_NOT_AVAILABLE, "unavailable", "" },
};

/* ---- states as text ---- */

static void put_hint(const struct peer *p, struct buf *b, uint32_t i)
{
	uint32_t n = p->first + i;

	buf_fmt(b, "PJSIP/%u", n);
	if (i % 3 == 1)
		buf_fmt(b, "&SIP/9%u", n); /* a soft phone that nobody uses */
	buf_fmt(b, "&Custom:DND%u,CustomPresence:%u", n, n);
}

/* As Asterisk folds a hint's devices, Do Not Disturb's switch among them. */
static int status_of(const struct peer *p, uint32_t i)
{
	const char *device = ami_device(p, i);

	if (!ami_hinted(p, i))
		return -1;
	if (p->phone[i].dnd)
		return p->phones.rings[i] ? 8 | 1 : 2;
	return strcmp(device, "INUSE") == 0	    ? 1
	       : strcmp(device, "RINGINUSE") == 0   ? 9
	       : strcmp(device, "RINGING") == 0	    ? 8
	       : strcmp(device, "ONHOLD") == 0	    ? 16
	       : strcmp(device, "UNAVAILABLE") == 0 && i % 3 != 1 ? 4
								  : 0;
}

static void put_extension(const struct peer *p, struct buf *b, uint32_t i, int status)
{
	buf_fmt(b, "Exten: %u\r\nContext: ext-local\r\nHint: ", p->first + i);
	if (status >= 0)
		put_hint(p, b, i);
	buf_fmt(b, "\r\nStatus: %d\r\nStatusText: x\r\n", status);
}

static void put_presence(const struct peer *p, struct buf *b, uint32_t i)
{
	const struct ami_phone *f = &p->phone[i];
	const char *status = "not_set", *subtype = "";

	for (size_t k = 0; f->has_profile && k < sizeof(presences) / sizeof(presences[0]); k++)
		if (presences[k].profile == f->profile) {
			status = presences[k].status;
			subtype = presences[k].subtype;
		}
	buf_fmt(b, "Status: %s\r\nSubtype: %s\r\nMessage: \r\n", status, subtype);
}

/* ---- events ---- */

void ami_send(struct peer *p, const struct conn *s, struct buf *text, uint8_t mark)
{
	conns_post(&p->conns, p->now_ms, s, text, mark);
}

static void broadcast(struct peer *p, struct buf *text, uint8_t mark)
{
	for (int i = 0; i < CONNS; i++) {
		struct buf copy;

		if (!p->conns.list[i].used || !p->conns.list[i].events)
			continue;
		buf_init(&copy, TEXT_MAX);
		buf_slice(&copy, buf_view(text));
		ami_send(p, &p->conns.list[i], &copy, mark);
	}
	buf_fini(text);
}

void ami_tell_all(struct peer *p, const char *event)
{
	struct buf b;

	buf_init(&b, TEXT_MAX);
	buf_str(&b, event);
	broadcast(p, &b, AMI_NO_MARK);
}

static void put_event(const struct peer *p, struct buf *b, uint32_t i, enum ami_topic topic, bool by_hint)
{
	static const char privilege[] = "Privilege: call,all\r\nTimestamp: 1795484677.052322\r\n";
	uint32_t n = p->first + i;

	if (topic == AMI_PRESENCE && by_hint) {
		buf_fmt(b, "Event: PresenceStatus\r\n%sExten: %u\r\nContext: ext-local\r\nHint: ",
			privilege, n);
		put_hint(p, b, i);
		buf_str(b, "\r\n");
		put_presence(p, b, i);
	} else if (topic == AMI_PRESENCE) {
		buf_fmt(b, "Event: PresenceStateChange\r\n%sPresentity: CustomPresence:%u\r\n", privilege, n);
		put_presence(p, b, i);
	} else if (by_hint) {
		buf_fmt(b, "Event: ExtensionStatus\r\n%s", privilege);
		put_extension(p, b, i, status_of(p, i));
	} else if (topic == AMI_DND) {
		buf_fmt(b, "Event: DeviceStateChange\r\n%sDevice: Custom:DND%u\r\nState: %s\r\n",
			privilege, n, p->phone[i].dnd ? "BUSY" : "UNAVAILABLE");
	} else {
		buf_fmt(b, "Event: DeviceStateChange\r\n%sDevice: PJSIP/%u\r\nState: %s\r\n", privilege, n,
			ami_device(p, i));
	}
	buf_str(b, "\r\n");
}

/* What nobody asked for comes in between, from a manager without a filter. */
static void noise(struct peer *p)
{
	struct buf b;

	buf_init(&b, TEXT_MAX);
	buf_fmt(&b, "Event: Newchannel\r\nPrivilege: call,all\r\nChannel: PJSIP/x-%u\r\nExten: 201\r\n"
		    "Status: 1\r\nState: INUSE\r\nDevice: PJSIP/201x\r\nLinkedid: 1\r\n\r\n", p->first);
	for (int i = 0; i < CONNS; i++) {
		struct buf copy;

		if (!p->conns.list[i].used || !p->conns.list[i].events || p->conns.list[i].filtered)
			continue;
		buf_init(&copy, TEXT_MAX);
		buf_slice(&copy, buf_view(&b));
		ami_send(p, &p->conns.list[i], &copy, AMI_NO_MARK);
	}
	buf_fini(&b);
}

void ami_tell(struct peer *p, uint32_t phone, enum ami_topic topic)
{
	bool hint_first = prng_below(&p->prng, 2);
	struct buf b;

	if (!ami_hinted(p, phone))
		return;
	if (p->skip_events) {
		p->skip_events--;
		p->phone[phone].withheld |= (uint8_t)topic;
		return;
	}
	p->phone[phone].withheld &= (uint8_t)~topic;
	noise(p);
	buf_init(&b, TEXT_MAX);
	put_event(p, &b, phone, topic, hint_first);
	put_event(p, &b, phone, topic, !hint_first);
	broadcast(p, &b, AMI_NO_MARK);
}

void ami_tell_gone(struct peer *p, uint32_t phone)
{
	struct buf b;

	buf_init(&b, TEXT_MAX);
	buf_fmt(&b, "Event: ExtensionStatus\r\nPrivilege: call,all\r\n");
	put_extension(p, &b, phone, -1);
	buf_str(&b, "\r\n");
	broadcast(p, &b, (uint8_t)(AMI_GONE + phone));
}

/* ---- actions ---- */

struct action {
	struct slice text, name, id;
};

static struct slice field(const struct action *a, const char *key)
{
	struct slice rest = a->text, line;

	while (slice_split(&rest, '\n', &line)) {
		size_t colon = slice_find(line, ':');

		if (slice_is(slice_sub(line, 0, colon), key))
			return slice_trim(slice_sub(line, colon + 1, line.n));
	}
	return SLICE_NONE;
}

static void answer(struct peer *p, struct conn *s, const struct action *a, bool good,
		   const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static void answer(struct peer *p, struct conn *s, const struct action *a, bool good,
		   const char *fmt, ...)
{
	char text[4096];
	struct buf b;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	buf_init(&b, TEXT_MAX);
	buf_fmt(&b, "Response: %s\r\nActionID: %.*s\r\n%s\r\n", good ? "Success" : "Error",
		SLICE_ARG(a->id), text);
	ami_send(p, s, &b, AMI_NO_MARK);
}

static bool key_is_right(const struct peer *p, const struct conn *s, struct slice key)
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	char text[128], hex[33];
	int n = snprintf(text, sizeof(text), "%u%s", s->challenge, p->password);

	CHECK(EVP_Digest(text, (size_t)n, raw, NULL, EVP_md5(), NULL) == 1);
	for (int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", raw[i]);
	return slice_is(key, hex);
}

static void log_in(struct peer *p, struct conn *s, const struct action *a)
{
	bool right = s->challenged && slice_is(field(a, "Username"), p->username) &&
		     slice_is(field(a, "AuthType"), "MD5") && key_is_right(p, s, field(a, "Key"));

	if (p->refuse_logins) {
		p->refuse_logins--;
		right = false;
	}
	s->in = right;
	answer(p, s, a, right, "Message: Authentication %s\r\n", right ? "accepted" : "failed");
	if (!right)
		conns_drop(&p->conns, p->now_ms, s);
}

static void list_commands(struct peer *p, struct conn *s, const struct action *a)
{
	answer(p, s, a, true,
	       "DBDel: x\r\nDBPut: x\r\nDeviceStateList: x\r\nEvents: x\r\nExtensionState: x\r\n"
	       "ExtensionStateList: x\r\n%sPing: x\r\nPresenceStateList: x\r\nSetvar: x\r\n",
	       prng_below(&p->prng, 2) ? "Filter: x\r\n" : "");
}

/* The list's members one by one; a list that is to be cut ends in the middle of one, and with it the link. */
static void list(struct peer *p, struct conn *s, const struct action *a, const char *event,
		 const char *complete, enum ami_topic topic)
{
	bool cut = p->cut_lists > 0;
	struct buf b;

	answer(p, s, a, true, "EventList: start\r\nMessage: will follow\r\n");
	buf_init(&b, TEXT_MAX);
	for (uint32_t i = 0; i < p->n; i++) {
		if (topic == AMI_DEVICE ? !p->phone[i].listed || !ami_hinted(p, i) : false)
			continue;
		if (topic == AMI_DND) {
			buf_fmt(&b, "%s\r\nActionID: %.*s\r\nDevice: PJSIP/%u\r\nState: %s\r\n\r\n", event,
				SLICE_ARG(a->id), p->first + i, ami_device(p, i));
			buf_fmt(&b,
				"%s\r\nActionID: %.*s\r\nDevice: Custom:DND%u\r\nState: %s\r\n\r\n",
				event, SLICE_ARG(a->id), p->first + i,
				p->phone[i].dnd ? "BUSY" : "UNAVAILABLE");
			p->phone[i].withheld &= (uint8_t)~(AMI_DEVICE | AMI_DND);
			continue;
		}
		buf_fmt(&b, "%s\r\nActionID: %.*s\r\n", event, SLICE_ARG(a->id));
		if (topic == AMI_DEVICE) {
			put_extension(p, &b, i, status_of(p, i));
		} else {
			buf_fmt(&b, "Presentity: CustomPresence:%u\r\n", p->first + i);
			put_presence(p, &b, i);
			p->phone[i].withheld &= (uint8_t)~AMI_PRESENCE;
		}
		buf_str(&b, "\r\n");
	}
	if (cut) {
		p->cut_lists--;
		b.n = b.n / 2;
		ami_send(p, s, &b, AMI_NO_MARK);
		conns_drop(&p->conns, p->now_ms, s);
		return;
	}
	buf_fmt(&b, "Event: %s\r\nActionID: %.*s\r\nEventList: Complete\r\nListItems: %u\r\n\r\n", complete,
		SLICE_ARG(a->id), p->n);
	ami_send(p, s, &b, topic == AMI_PRESENCE ? AMI_ENDS_LISTS : AMI_NO_MARK);
}

static uint32_t phone_of(const struct peer *p, struct slice number)
{
	uint64_t n;

	if (slice_u64(number, UINT32_MAX, &n) || n < p->first || n >= p->first + p->n)
		return PBX_EXTERNAL;
	return (uint32_t)n - p->first;
}

static void extension_state(struct peer *p, struct conn *s, const struct action *a)
{
	uint32_t i = phone_of(p, field(a, "Exten"));
	struct buf b;

	buf_init(&b, TEXT_MAX);
	buf_fmt(&b, "Response: Success\r\nActionID: %.*s\r\nMessage: Extension Status\r\n", SLICE_ARG(a->id));
	if (i == PBX_EXTERNAL || !slice_is(field(a, "Context"), "ext-local")) {
		buf_str(&b, "Exten: x\r\nContext: x\r\nHint: \r\nStatus: -1\r\nStatusText: Unknown\r\n");
	} else {
		p->phone[i].listed = true;
		put_extension(p, &b, i, status_of(p, i));
	}
	buf_str(&b, "\r\n");
	ami_send(p, s, &b, AMI_NO_MARK);
}

/* PRESENCE_STATE(CustomPresence:201), "dnd,busy," */
static bool set_presence(struct peer *p, struct slice variable, struct slice value)
{
	static const char head[] = "PRESENCE_STATE(CustomPresence:";
	struct slice status, subtype = SLICE_NONE;
	uint32_t i;

	if (!slice_starts(variable, head) || variable.p[variable.n - 1] != ')')
		return false;
	i = phone_of(p, slice_sub(variable, sizeof(head) - 1, variable.n - 1));
	if (i == PBX_EXTERNAL || !slice_split(&value, ',', &status))
		return false;
	slice_split(&value, ',', &subtype);
	for (size_t k = 0; k < sizeof(presences) / sizeof(presences[0]); k++) {
		if (!slice_is(status, presences[k].status) || !slice_is(subtype, presences[k].subtype))
			continue;
		bool changed = !p->phone[i].has_profile || p->phone[i].profile != presences[k].profile;
		p->phone[i].has_profile = true;
		p->phone[i].profile = presences[k].profile;
		if (changed)
			ami_tell(p, i, AMI_PRESENCE);
		return true;
	}
	return false;
}

static void setvar(struct peer *p, struct conn *s, const struct action *a)
{
	bool late = prng_below(&p->prng, 2); /* the event and the answer come in either order */

	if (p->refuse_writes) {
		p->refuse_writes--;
		answer(p, s, a, false, "Message: Permission denied\r\n");
		return;
	}
	if (late)
		answer(p, s, a, true, "Message: Variable Set\r\n");
	bool good = set_presence(p, field(a, "Variable"), field(a, "Value"));
	CHECK(good);
	if (!late)
		answer(p, s, a, true, "Message: Variable Set\r\n");
}

static void do_action(struct peer *p, struct conn *s, const struct action *a)
{
	if (slice_is(a->name, "Challenge")) {
		s->challenged = true;
		answer(p, s, a, true, "Challenge: %u\r\n", s->challenge);
	} else if (slice_is(a->name, "Login")) {
		log_in(p, s, a);
	} else if (!s->in) {
		answer(p, s, a, false, "Message: Permission denied\r\n");
	} else if (slice_is(a->name, "ListCommands")) {
		list_commands(p, s, a);
	} else if (slice_is(a->name, "Filter")) {
		s->filtered = true;
		answer(p, s, a, true, "Message: Filter added successfully\r\n");
	} else if (slice_is(a->name, "Events")) {
		s->events = true;
		answer(p, s, a, true, "Events: On\r\n");
	} else if (slice_is(a->name, "Ping")) {
		answer(p, s, a, true, "Ping: Pong\r\nTimestamp: 1.0\r\n");
	} else if (slice_is(a->name, "ExtensionStateList")) {
		list(p, s, a, "Event: ExtensionStatus", "ExtensionStateListComplete", AMI_DEVICE);
	} else if (slice_is(a->name, "DeviceStateList")) {
		list(p, s, a, "Event: DeviceStateChange", "DeviceStateListComplete", AMI_DND);
	} else if (slice_is(a->name, "PresenceStateList")) {
		list(p, s, a, "Event: PresenceStateChange", "PresenceStateListComplete", AMI_PRESENCE);
	} else if (slice_is(a->name, "ExtensionState")) {
		extension_state(p, s, a);
	} else if (slice_is(a->name, "Setvar")) {
		setvar(p, s, a);
	} else {
		answer(p, s, a, false, "Message: Invalid/unknown command\r\n");
	}
}

void ami_read(struct peer *p, struct conn *s)
{
	uint32_t channel = s->channel;

	for (;;) {
		struct slice all = buf_view(&s->bytes);
		size_t n = slice_find_str(all, SLICE_LIT("\r\n\r\n"));

		if (n == all.n)
			return;
		struct action a = { .text = slice_sub(all, 0, n) };
		a.name = field(&a, "Action");
		a.id = field(&a, "ActionID");
		do_action(p, s, &a);
		if (!s->used || s->channel != channel)
			return;
		buf_eat(&s->bytes, n + 4);
	}
}
