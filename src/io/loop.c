#include "io/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/check.h"
#include "io/clock.h"
#include "io/loop_inside.h"

enum { SIGNALS_MAX = 8 };

struct loop {
	struct event_base *base;
	struct loop_hooks hooks;
	struct event *poked, *timed;
	struct event *signals[SIGNALS_MAX];
	int signals_n;
	int poke_fd, timer_fd;
	bool stopping;
	bool clock_known;
	struct clock_reading clock;
	int64_t wake_ms;  /* as asked */
	int64_t armed_ms; /* as the timer has it */
	struct loop_list later, last, rear; /* before the turn's hook, behind it, and behind those */
	char *scratch;
};

/* Both descriptors carry a counter of 8 bytes; reading it makes them quiet again. */
static void quiet(evutil_socket_t fd, short what, void *arg)
{
	uint64_t count;

	(void)what;
	(void)arg;
	while (read(fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}

static void timer_fired(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;

	quiet(fd, what, NULL);
	l->armed_ms = LOOP_NEVER;
}

static void on_signal(evutil_socket_t signal_no, short what, void *arg)
{
	struct loop *l = arg;

	(void)what;
	if (l->hooks.signalled)
		l->hooks.signalled(l->hooks.arg, (int)signal_no);
}

static void no_log(int severity, const char *text)
{
	(void)severity;
	(void)text;
}

static struct event_base *base_new(void)
{
	struct event_config *c = event_config_new();
	struct event_base *base = NULL;

	if (c && event_config_set_flag(c, EVENT_BASE_FLAG_NOLOCK) == 0)
		base = event_base_new_with_config(c);
	if (c)
		event_config_free(c);
	return base;
}

static struct event *reader(struct loop *l, int fd, event_callback_fn fn)
{
	struct event *e = event_new(l->base, fd, EV_READ | EV_PERSIST, fn, l);

	if (e && event_add(e, NULL) != 0) {
		event_free(e);
		return NULL;
	}
	return e;
}

enum err loop_new(struct loop **ret, const struct loop_hooks *hooks)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (!l)
		return ERR_NO_MEMORY;
	l->hooks = hooks ? *hooks : (struct loop_hooks){0};
	l->wake_ms = l->armed_ms = LOOP_NEVER;
	l->later.end = &l->later.first;
	l->last.end = &l->last.first;
	l->rear.end = &l->rear.first;
	signal(SIGPIPE, SIG_IGN);
	event_set_log_callback(no_log);
	l->poke_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	l->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	l->base = base_new();
	if (l->poke_fd >= 0 && l->timer_fd >= 0 && l->base) {
		l->poked = reader(l, l->poke_fd, quiet);
		l->timed = reader(l, l->timer_fd, timer_fired);
	}
	if (!l->poked || !l->timed) {
		loop_free(l);
		return ERR_IO;
	}
	*ret = l;
	return ERR_OK;
}

static void queue(struct loop_list *list, struct loop_task *t, void (*run)(void *arg), void *arg)
{
	if (t->at)
		return;
	t->run = run;
	t->arg = arg;
	t->next = NULL;
	t->list = list;
	t->at = list->end;
	*list->end = t;
	list->end = &t->next;
}

static void run_tasks(struct loop *l, struct loop_list *list)
{
	/* Those that tasks queue wait for the next turn: a turn's work stays bounded. */
	struct loop_task mark = {0}, *t;

	if (!list->first)
		return;
	queue(list, &mark, NULL, NULL);
	while ((t = list->first) != &mark) {
		loop_not_later(l, t);
		t->run(t->arg);
	}
	loop_not_later(l, &mark);
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	while (l->later.first)
		run_tasks(l, &l->later);
	for (int i = 0; i < l->signals_n; i++)
		event_free(l->signals[i]);
	if (l->poked)
		event_free(l->poked);
	if (l->timed)
		event_free(l->timed);
	if (l->base)
		event_base_free(l->base);
	if (l->poke_fd >= 0)
		close(l->poke_fd);
	if (l->timer_fd >= 0)
		close(l->timer_fd);
	free(l->scratch);
	free(l);
}

/* A boot-time timer, not the loop's own: its deadline passes while the machine sleeps. */
static void arm(struct loop *l)
{
	struct itimerspec at = {0};

	if (l->armed_ms == l->wake_ms)
		return;
	if (l->wake_ms != LOOP_NEVER) {
		at.it_value.tv_sec = l->wake_ms / 1000;
		at.it_value.tv_nsec = l->wake_ms % 1000 * 1000000;
	}
	CHECK(timerfd_settime(l->timer_fd, TFD_TIMER_ABSTIME, &at, NULL) == 0);
	l->armed_ms = l->wake_ms;
}

static void end_turn(struct loop *l)
{
	run_tasks(l, &l->later);
	if (l->wake_ms <= loop_mono_ms(l))
		l->wake_ms = LOOP_NEVER;
	if (l->hooks.turn)
		l->hooks.turn(l->hooks.arg);
	run_tasks(l, &l->last);
	run_tasks(l, &l->rear);
}

void loop_run(struct loop *l)
{
	l->stopping = false;
	end_turn(l);
	while (!l->stopping) {
		bool at_once = l->later.first || l->last.first || l->rear.first ||
			       l->wake_ms <= loop_mono_ms(l);

		if (!at_once)
			arm(l);
		l->clock_known = false;
		event_base_loop(l->base, at_once ? EVLOOP_ONCE | EVLOOP_NONBLOCK : EVLOOP_ONCE);
		end_turn(l);
	}
}

void loop_stop(struct loop *l)
{
	l->stopping = true;
}

/* The first who asks after the sleep reads the clock for all of this turn. */
static const struct clock_reading *now(struct loop *l)
{
	if (!l->clock_known)
		clock_take(&l->clock);
	l->clock_known = true;
	return &l->clock;
}

void loop_look_at_clock(struct loop *l)
{
	l->clock_known = false;
}

int64_t loop_mono_ms(struct loop *l)
{
	return now(l)->mono_ms;
}

int64_t loop_wall_ms(struct loop *l)
{
	return now(l)->wall_ms;
}

void loop_wake_at(struct loop *l, int64_t mono_ms)
{
	l->wake_ms = mono_ms > 0 ? mono_ms : 1; /* 0 would switch the timer off */
}

void loop_poke(struct loop *l)
{
	const uint64_t one = 1;
	int saved = errno;

	/* EAGAIN: the counter is full, so a turn is due anyway. */
	while (write(l->poke_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	errno = saved;
}

enum err loop_watch_signal(struct loop *l, int signal_no)
{
	struct event *e;

	if (l->signals_n == SIGNALS_MAX)
		return ERR_LIMIT;
	e = evsignal_new(l->base, signal_no, on_signal, l);
	if (!e || event_add(e, NULL) != 0) {
		if (e)
			event_free(e);
		return ERR_IO;
	}
	l->signals[l->signals_n++] = e;
	return ERR_OK;
}

struct event_base *loop_base(struct loop *l)
{
	return l->base;
}

void loop_later(struct loop *l, struct loop_task *t, void (*run)(void *arg), void *arg)
{
	queue(&l->later, t, run, arg);
}

void loop_last(struct loop *l, struct loop_task *t, void (*run)(void *arg), void *arg)
{
	queue(&l->last, t, run, arg);
}

void loop_rear(struct loop *l, struct loop_task *t, void (*run)(void *arg), void *arg)
{
	queue(&l->rear, t, run, arg);
}

void loop_not_later(struct loop *l, struct loop_task *t)
{
	(void)l;
	if (!t->at)
		return;
	*t->at = t->next;
	if (t->next)
		t->next->at = t->at;
	else
		t->list->end = t->at;
	t->at = NULL;
}

char *loop_scratch(struct loop *l)
{
	if (!l->scratch)
		l->scratch = malloc(LOOP_SCRATCH_SIZE);
	return l->scratch;
}
