/* program.c - see program.h */
#include "program.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/check.h"

bool program_die_with_parent(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent;
}

int64_t program_now_ms(void)
{
	struct evutil_monotonic_timer *clock = evutil_monotonic_timer_new();
	struct timeval tv = { 0 };

	CHECK(clock && evutil_configure_monotonic_time(clock, 0) == 0);
	evutil_gettime_monotonic(clock, &tv);
	evutil_monotonic_timer_free(clock);
	return (int64_t)tv.tv_sec * 1000 + tv.tv_usec / 1000;
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	(void)number;
	(void)what;
	event_base_loopbreak(arg);
}

/* ---- the control API ---- */

static void answered(void *arg)
{
	const struct api *a = arg;

	net_pump(a->net);
}

struct pbx_call_plan api_call_plan(const json_t *in, uint32_t from, uint32_t to)
{
	return (struct pbx_call_plan){
		.from = from,
		.to = to,
		.dial_ms = control_number(in, "dial_ms", 100),
		.ring_ms = control_number(in, "ring_ms", 1000),
		.talk_ms = control_number(in, "talk_ms", PBX_UNTIL_TOLD),
		.unanswered = control_flag(in, "unanswered", false),
	};
}

/* ---- its life ---- */

static void tell_ready(const struct program *p, const struct api *api)
{
	struct pbx_address a = net_address(api->net), t = net_tls_address(api->net);

	printf("%s=%s:%u\n", p->service, a.host, a.port);
	if (t.port)
		printf("%sS=%s:%u\n", p->service, t.host, t.port);
	printf("PHONES=%u-%u\n", p->first, p->first + p->phones - 1);
	if (api->control) {
		a = control_address(api->control);
		printf("CONTROL=%s:%u\n", a.host, a.port);
	}
	printf("READY=1\n");
	fflush(stdout);
}

static int serve(const struct program *p, struct event_base *base, const struct machine *m,
		 const struct route *routes)
{
	struct event *term = evsignal_new(base, SIGTERM, on_signal, base);
	struct event *intr = evsignal_new(base, SIGINT, on_signal, base);
	struct api api = { .of = m->of };
	int status = 1;

	if (term && intr && !event_add(term, NULL) && !event_add(intr, NULL) &&
	    !net_open(&api.net, base, m, &p->net) &&
	    (!p->with_control ||
	     !control_open(&api.control, base, p->name, &p->control, routes, answered, &api))) {
		tell_ready(p, &api);
		net_pump(api.net);
		status = event_base_dispatch(base) < 0;
	}
	control_close(api.control);
	net_close(api.net);
	if (term)
		event_free(term);
	if (intr)
		event_free(intr);
	return status;
}

int program_run(const struct program *p, const struct machine *m, const struct route *routes)
{
	struct event_base *base;
	int status;

	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	if (!base)
		return 1;
	status = serve(p, base, m, routes);
	event_base_free(base);
	return status;
}
