#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "io_test.h"

#include "io/clock.h"
#include "io/loop_inside.h"

struct seen {
	struct loop *loop;
	int turns, signals, last_signal;
	int64_t due_ms, now_ms;
	bool go_on;
};

static void turn_until_due(void *arg)
{
	struct seen *s = arg;

	s->turns++;
	s->now_ms = loop_mono_ms(s->loop);
	if (!s->due_ms)
		s->due_ms = s->now_ms + 30;
	if (s->now_ms >= s->due_ms)
		loop_stop(s->loop);
	else
		loop_wake_at(s->loop, s->due_ms);
}

static void wakes_at_the_deadline_and_not_before(void **state)
{
	struct seen s = {0};
	(void)state;

	assert_int_equal(loop_new(&s.loop, &(struct loop_hooks){turn_until_due, NULL, &s}), ERR_OK);
	loop_run(s.loop);
	assert_true(s.now_ms >= s.due_ms);
	/* The start, the deadline, and none in between: nobody polls. */
	assert_int_equal(s.turns, 2);
	loop_free(s.loop);
}

static void a_deadline_in_the_past_means_at_once(void **state)
{
	struct seen s = {0};
	(void)state;

	assert_int_equal(loop_new(&s.loop, &(struct loop_hooks){turn_until_due, NULL, &s}), ERR_OK);
	s.due_ms = loop_mono_ms(s.loop) - 1000;
	loop_run(s.loop);
	assert_int_equal(s.turns, 1);
	loop_free(s.loop);
}

static void turn_three_times_at_once(void *arg)
{
	struct seen *s = arg;

	if (++s->turns == 3)
		loop_stop(s->loop);
	loop_wake_at(s->loop, loop_mono_ms(s->loop));
}

static void a_hook_that_is_due_now_is_called_again(void **state)
{
	struct seen s = {0};
	(void)state;

	assert_int_equal(
	    loop_new(&s.loop, &(struct loop_hooks){turn_three_times_at_once, NULL, &s}), ERR_OK);
	loop_run(s.loop);
	assert_int_equal(s.turns, 3);
	loop_free(s.loop);
}

static void *poke(void *arg)
{
	loop_poke(arg);
	return NULL;
}

static void turn_twice(void *arg)
{
	struct seen *s = arg;
	pthread_t t;

	if (++s->turns == 2) {
		loop_stop(s->loop);
		return;
	}
	assert_int_equal(pthread_create(&t, NULL, poke, s->loop), 0);
	assert_int_equal(pthread_join(t, NULL), 0);
}

static void a_poke_from_another_thread_makes_a_turn(void **state)
{
	struct seen s = {0};
	(void)state;

	assert_int_equal(loop_new(&s.loop, &(struct loop_hooks){turn_twice, NULL, &s}), ERR_OK);
	loop_run(s.loop);
	assert_int_equal(s.turns, 2);
	loop_free(s.loop);
}

static void signalled(void *arg, int signal_no)
{
	struct seen *s = arg;

	s->signals++;
	s->last_signal = signal_no;
	loop_stop(s->loop);
}

static void raise_one(void *arg)
{
	struct seen *s = arg;

	if (++s->turns == 1)
		assert_int_equal(kill(getpid(), s->last_signal), 0);
}

static void signals_arrive_through_the_hook(void **state)
{
	const int signals[] = {SIGHUP, SIGTERM, SIGINT, SIGUSR1};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		struct seen s = {.last_signal = signals[i]};

		assert_int_equal(loop_new(&s.loop, &(struct loop_hooks){raise_one, signalled, &s}),
				 ERR_OK);
		assert_int_equal(loop_watch_signal(s.loop, signals[i]), ERR_OK);
		loop_run(s.loop);
		assert_int_equal(s.signals, 1);
		assert_int_equal(s.last_signal, signals[i]);
		loop_free(s.loop);
	}
}

static void time_stands_still_within_a_turn_and_never_goes_back(void **state)
{
	struct clock_reading a, b;
	struct seen s = {0};
	(void)state;

	assert_int_equal(loop_new(&s.loop, NULL), ERR_OK);
	int64_t first = loop_mono_ms(s.loop);
	clock_take(&a);
	do
		clock_take(&b);
	while (b.mono_ms < a.mono_ms + 5);
	assert_true(loop_mono_ms(s.loop) == first);
	assert_true(a.mono_ms >= first && b.mono_ms > a.mono_ms);
	loop_look_at_clock(s.loop);
	assert_true(loop_mono_ms(s.loop) >= b.mono_ms);
	assert_true(a.wall_ms > 1700000000000);
	loop_free(s.loop);
}

/* ---- tasks ---- */

struct order {
	struct loop *loop;
	struct loop_task later, last, once_more;
	char said[32];
};

static void say(struct order *o, const char *what)
{
	const size_t n = strlen(o->said);

	assert_true(n + 1 < sizeof(o->said));
	memcpy(o->said + n, what, 2);
}

static void say_later(void *arg)
{
	say(arg, "b");
}

static void say_again(void *arg)
{
	say(arg, "l");
}

static void say_last(void *arg)
{
	struct order *o = arg;

	say(o, "L");
	loop_last(o->loop, &o->once_more, say_again, o);
}

static void say_turn(void *arg)
{
	struct order *o = arg;

	say(o, "t");
	if (strlen(o->said) > 1) {
		loop_stop(o->loop);
		return;
	}
	loop_last(o->loop, &o->last, say_last, o);
	loop_later(o->loop, &o->later, say_later, o);
}

/* What the hook hands over leaves behind it in the same turn; what that leads to takes another turn, which
 * comes at once. */
static void tasks_run_before_the_hook_and_behind_it(void **state)
{
	struct order o = {0};
	(void)state;

	assert_int_equal(loop_new(&o.loop, &(struct loop_hooks){say_turn, NULL, &o}), ERR_OK);
	loop_run(o.loop);
	assert_string_equal(o.said, "tLbtl");
	loop_last(o.loop, &o.last, say_last, &o);
	loop_not_later(o.loop, &o.last);
	loop_last(o.loop, &o.once_more, say_again, &o);
	loop_run(o.loop);
	assert_string_equal(o.said, "tLbtltl"); /* taken out again; the other is still the list's end */
	loop_free(o.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wakes_at_the_deadline_and_not_before),
	    cmocka_unit_test(a_deadline_in_the_past_means_at_once),
	    cmocka_unit_test(a_hook_that_is_due_now_is_called_again),
	    cmocka_unit_test(a_poke_from_another_thread_makes_a_turn),
	    cmocka_unit_test(signals_arrive_through_the_hook),
	    cmocka_unit_test(tasks_run_before_the_hook_and_behind_it),
	    cmocka_unit_test(time_stands_still_within_a_turn_and_never_goes_back),
	};
	return cmocka_run_group_tests_name("io/loop", tests, NULL, NULL);
}
