/* program.c - see program.h */
#include "program.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/check.h"

bool program_number(const char *text, uint64_t max, uint32_t *ret)
{
	uint64_t n;

	if (slice_u64(slice_str(text), max, &n))
		return false;
	*ret = (uint32_t)n;
	return true;
}

bool program_password(const char *program, const char *path, char *ret, size_t cap)
{
	FILE *f = fopen(path, "re");
	bool good = f && fgets(ret, (int)cap, f);

	if (f)
		fclose(f);
	if (good)
		ret[strcspn(ret, "\r\n")] = '\0';
	else
		fprintf(stderr, "%s: cannot read a line from %s\n", program, path);
	return good;
}

bool program_is_whole(struct program *p, const char *program, const char *username, const char *password)
{
	const char *halves = !username[0] != !password[0] ? "--username and --password-file"
			     : !p->net.certificate_file != !p->net.key_file ? "--tls-cert and --tls-key"
									    : NULL;

	if (halves)
		fprintf(stderr, "%s: %s go together, and neither is empty\n", program, halves);
	if (!p->net.tls_listen.host[0])
		memcpy(p->net.tls_listen.host, p->net.listen.host, sizeof(p->net.listen.host));
	return !halves;
}

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

static void tell_ready(const struct program *p, const struct net *net, const struct api *api)
{
	struct pbx_address a = net_address(net), t = net_tls_address(net);

	printf("%s=%s:%u\n", p->service, a.host, a.port);
	if (t.port)
		printf("%sS=%s:%u\n", p->service, t.host, t.port);
	printf("PHONES=%u-%u\n", p->first, p->first + p->phones - 1);
	if (api) {
		a = api_address(api);
		printf("CONTROL=%s:%u\n", a.host, a.port);
	}
	printf("READY=1\n");
	fflush(stdout);
}

int program_run(const struct program *p, struct event_base *base, const struct machine *m)
{
	struct event *term = evsignal_new(base, SIGTERM, on_signal, base);
	struct event *intr = evsignal_new(base, SIGINT, on_signal, base);
	struct api *api = NULL;
	struct net *net = NULL;
	int status = 1;

	if (term && intr && !event_add(term, NULL) && !event_add(intr, NULL) &&
	    !net_open(&net, base, m, &p->net) &&
	    (!p->with_control || !api_open(&api, base, net, m->of, &p->control))) {
		tell_ready(p, net, api);
		net_pump(net);
		status = event_base_dispatch(base) < 0;
	}
	api_close(api);
	net_close(net);
	if (term)
		event_free(term);
	if (intr)
		event_free(intr);
	return status;
}
