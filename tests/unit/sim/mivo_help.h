/* mivo_help.h - a switch, links to it, and what it said; time is passed by hand. */
#ifndef TESTS_UNIT_SIM_MIVO_HELP_H
#define TESTS_UNIT_SIM_MIVO_HELP_H

#include <stdio.h>
#include <stdlib.h>

#include "mivo.h"
#include "test.h"

enum { SAID_MAX = 256 };

struct said {
	uint32_t channel;
	char invoke[5];
	char *xml;
};

static struct {
	struct mivo *mivo;
	int64_t now_ms;
	struct said said[SAID_MAX];
	int n, read; /* read: where the next look begins */
	uint32_t closed;
	int next_invoke;
} w;

static inline void forget_said(void)
{
	for (int i = 0; i < w.n; i++)
		free(w.said[i].xml);
	w.n = w.read = 0;
}

static inline void hear(void)
{
	struct pbx_out out;

	while (mivo_drain(w.mivo, &out)) {
		struct said *s = &w.said[w.n];

		if (out.kind == PBX_CLOSE) {
			w.closed = out.channel;
			continue;
		}
		assert_true(w.n < SAID_MAX && out.bytes.n > 8);
		w.n++;
		s->channel = out.channel;
		memcpy(s->invoke, out.bytes.p + 4, 4);
		s->invoke[4] = '\0';
		s->xml = strndup(out.bytes.p + 8, out.bytes.n - 8);
		assert_int_equal((unsigned char)out.bytes.p[2] << 8 | (unsigned char)out.bytes.p[3],
				 out.bytes.n);
	}
}

static inline void open_link(uint32_t channel)
{
	mivo_feed(w.mivo, w.now_ms, &(struct pbx_feed){ .kind = PBX_OPENED, .channel = channel });
	hear();
}

static inline void feed_bytes(uint32_t channel, const char *p, size_t n)
{
	mivo_feed(w.mivo, w.now_ms,
		  &(struct pbx_feed){
			  .kind = PBX_BYTES, .channel = channel, .bytes = slice_of(p, n) });
	hear();
}

static inline size_t frame(char *to, size_t cap, const char *xml, int invoke)
{
	size_t n = strlen(xml) + 8;

	assert_true(n < cap);
	to[0] = to[1] = 0;
	to[2] = (char)(n >> 8);
	to[3] = (char)(n & 0xff);
	snprintf(to + 4, cap - 4, "%04d%s", invoke, xml);
	return n;
}

/* Asks on channel 1; the answer to it. */
static inline const char *ask(const char *xml)
{
	static char bytes[8192];
	char invoke[12];
	int before = w.n;

	w.next_invoke = (w.next_invoke + 1) % 9999;
	snprintf(invoke, sizeof(invoke), "%04d", w.next_invoke);
	feed_bytes(1, bytes, frame(bytes, sizeof(bytes), xml, w.next_invoke));
	for (int i = before; i < w.n; i++)
		if (strcmp(w.said[i].invoke, invoke) == 0)
			return w.said[i].xml;
	return "";
}

static inline void pass(int64_t ms)
{
	int64_t end = w.now_ms + ms, next;

	while ((next = mivo_next(w.mivo)) <= end) {
		w.now_ms = next > w.now_ms ? next : w.now_ms;
		mivo_tick(w.mivo, w.now_ms);
		hear();
	}
	w.now_ms = end;
	mivo_tick(w.mivo, end);
	hear();
}

/* The next message not looked at yet that has the word; NULL: none. Those before it are passed
 * over. */
static inline const char *next_said(const char *word)
{
	hear();
	while (w.read < w.n)
		if (strstr(w.said[w.read++].xml, word))
			return w.said[w.read - 1].xml;
	return NULL;
}

#define assert_says(xml, word)                                                                     \
	do {                                                                                       \
		const char *says_ = (xml);                                                         \
		if (!says_ || !strstr(says_, word))                                                \
			fail_msg("no %s in %s", word, says_ ? says_ : "nothing");                  \
	} while (0)

/* config NULL: six phones from 201, no session, no heartbeat */
static inline void begin(const struct mivo_config *config)
{
	struct mivo_config c = config ? *config : (struct mivo_config){ 0 };

	if (!c.switches.edition)
		c.switches = mivo_switches_default();
	if (!config)
		c.switches.heartbeat_ms = 0;
	c.phones = 6;
	c.first = 201;
	w.now_ms = 1000;
	assert_int_equal(mivo_new(&w.mivo, &c, w.now_ms), ERR_OK);
	open_link(1);
}

static inline int end(void **state)
{
	(void)state;
	forget_said();
	mivo_free(w.mivo);
	memset(&w, 0, sizeof(w));
	return 0;
}

static inline const char *monitor(const char *device)
{
	char xml[256];

	snprintf(xml, sizeof(xml),
		 "<MonitorStart><monitorObject><deviceObject>%s</deviceObject></monitorObject></"
		 "MonitorStart>",
		 device);
	return ask(xml);
}

static inline void call(uint32_t from, uint32_t to)
{
	struct pbx_call_plan plan = { from, to, 100, 100, PBX_UNTIL_TOLD, false };

	assert_int_equal(mivo_call(w.mivo, w.now_ms, &plan), ERR_OK);
	hear();
}

#endif
