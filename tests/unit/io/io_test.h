/* io_test.h - a loop under test that runs until a condition holds, never for a duration. */
#ifndef TESTS_IO_TEST_H
#define TESTS_IO_TEST_H

#include "test.h"

#include "io/channel.h"
#include "io/loop.h"

enum { GUARD_MS = 180000 }; /* nothing waits for this; it turns a hang into a failure */

struct bench {
	struct loop *loop;
	bool (*until)(void *arg);
	void *arg;
	int64_t guard_ms;
	bool held;
	int turns;
};

static void bench_turn(void *arg)
{
	struct bench *b = arg;

	b->turns++;
	loop_wake_at(b->loop, loop_mono_ms(b->loop) + 1000);
	b->held = b->until && b->until(b->arg);
	if (b->held || loop_mono_ms(b->loop) > b->guard_ms)
		loop_stop(b->loop);
}

static inline void bench_open(struct bench *b)
{
	*b = (struct bench){0};
	assert_int_equal(loop_new(&b->loop, &(struct loop_hooks){.turn = bench_turn, .arg = b}),
			 ERR_OK);
}

#define RUN_UNTIL(b, condition, context)                                                           \
	do {                                                                                       \
		(b)->until = (condition);                                                          \
		(b)->arg = (context);                                                              \
		(b)->guard_ms = loop_mono_ms((b)->loop) + GUARD_MS;                                \
		loop_run((b)->loop);                                                               \
		assert_true((b)->held);                                                            \
	} while (0)

/* One side of a conversation: what its handlers saw. */
struct side {
	struct channel *c;
	struct channel *accepted[512];
	int accepted_n, refused_n, connected_n, closed_n;
	struct endpoint local, peer, from;
	char got[1 << 16];
	size_t got_n, bytes_n, calls;
	bool echo;
	char why[256], refused[256];
};

static void side_connected(void *arg, struct channel *c, const struct endpoint *local,
			   const struct endpoint *peer)
{
	struct side *s = arg;

	assert_ptr_equal(s->c, c);
	s->connected_n++;
	s->local = *local;
	s->peer = *peer;
}

static void side_bytes(void *arg, struct channel *c, struct slice bytes,
		       const struct endpoint *peer)
{
	struct side *s = arg;
	size_t room = sizeof(s->got) - s->got_n;

	assert_true(bytes.n <= CHANNEL_OUTPUT_MAX);
	s->from = *peer;
	s->calls++;
	s->bytes_n += bytes.n;
	if (bytes.n)
		memcpy(s->got + s->got_n, bytes.p, bytes.n < room ? bytes.n : room);
	s->got_n += bytes.n < room ? bytes.n : room;
	if (s->echo)
		channel_send(c, bytes, peer);
}

static void side_accepted(void *arg, struct channel *listener, struct channel *c,
			  const struct endpoint *local, const struct endpoint *peer)
{
	struct side *s = arg;

	assert_ptr_equal(s->c, listener);
	assert_int_equal(local->port, s->local.port);
	s->peer = *peer;
	s->accepted[s->accepted_n++] = c;
}

static void side_refused(void *arg, struct channel *listener, const struct endpoint *peer,
			 const char *why)
{
	struct side *s = arg;

	(void)peer;
	assert_ptr_equal(s->c, listener);
	s->refused_n++;
	assert_int_equal(slice_copy(slice_str(why), s->refused, sizeof(s->refused)), ERR_OK);
}

static void side_closed(void *arg, struct channel *c, const char *why)
{
	struct side *s = arg;

	s->closed_n++;
	if (s->c == c)
		s->c = NULL;
	for (int i = 0; i < s->accepted_n; i++)
		if (s->accepted[i] == c)
			s->accepted[i] = NULL;
	assert_int_equal(slice_copy(slice_str(why), s->why, sizeof(s->why)), ERR_OK);
}

static const struct channel_handlers side_handlers = {side_connected, side_bytes, side_accepted,
						      side_refused, side_closed};

static inline void side_close(struct side *s)
{
	for (int i = 0; i < s->accepted_n; i++)
		channel_close(s->accepted[i]);
	channel_close(s->c);
	s->c = NULL;
	s->accepted_n = 0;
}

static inline bool side_is_up(void *arg)
{
	return ((struct side *)arg)->connected_n > 0;
}

static inline bool side_is_closed(void *arg)
{
	return ((struct side *)arg)->closed_n > 0;
}

static inline void side_listen(struct bench *b, struct side *s, enum channel_transport transport,
			       const struct channel_tls *tls)
{
	struct channel_spec spec = {.transport = transport, .host = "127.0.0.1"};

	if (tls)
		spec.tls = *tls;
	assert_int_equal(channel_listen(&s->c, b->loop, &spec, &side_handlers, s), ERR_OK);
	RUN_UNTIL(b, side_is_up, s);
	assert_true(s->local.port != 0);
}

#endif
