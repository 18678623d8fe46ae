/* mivo400sim.c - a simulated MiVoice Office 400 on real sockets. Prints NAME=value lines when it is
 * ready. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "address.h"
#include "base/check.h"
#include "mivo400sim.h"

struct options {
	struct net_config net;
	struct mivo_config mivo;
	struct pbx_address control;
	bool with_control, has_seed;
	char password[256];
};

static const char usage[] =
	"usage: mivo400sim [options]\n"
	"  --listen HOST:PORT          TCP, port 0: any (default 127.0.0.1:7001)\n"
	"  --tls-listen HOST:PORT      with --tls-cert and --tls-key (default port 0 of the same "
	"host)\n"
	"  --tls-cert FILE --tls-key FILE\n"
	"  --control HOST:PORT         HTTP control API (GET /phones, POST /call ...)\n"
	"  --phones N --first NUMBER   (default 36 from 201)\n"
	"  --session                   no service without a session\n"
	"  --username NAME --password-file FILE   log-in asked for; without them none\n"
	"  --login-element NAME        where name and password stand (default SessionLoginInfo)\n"
	"  --session-s N               a session lasts so long when not renewed (default 600)\n"
	"  --edition 3..6              of the namespace (default 5)\n"
	"  --prefix NAME               of element names (default none)\n"
	"  --no-namespace\n"
	"  --dialing-ids               N<201> rather than 201\n"
	"  --transferred               TransferredEvent, with both letters\n"
	"  --profile-form ed6|private|refused     (default ed6)\n"
	"  --licences N                monitors at once (default no limit)\n"
	"  --heartbeat-ms N --answer-ms N         SystemStatus so often (default 30000), answered "
	"within (10000)\n"
	"  --slow-ms N                 every message is that late\n"
	"  --calls-per-hour N --talk-s N --seed N   random calls (default none)\n";

enum option_id {
	O_LISTEN,
	O_TLS_LISTEN,
	O_TLS_CERT,
	O_TLS_KEY,
	O_CONTROL,
	O_PHONES,
	O_FIRST,
	O_SESSION,
	O_USERNAME,
	O_PASSWORD_FILE,
	O_LOGIN_ELEMENT,
	O_SESSION_S,
	O_EDITION,
	O_PREFIX,
	O_NO_NAMESPACE,
	O_DIALING_IDS,
	O_TRANSFERRED,
	O_PROFILE_FORM,
	O_LICENCES,
	O_HEARTBEAT,
	O_ANSWER,
	O_SLOW,
	O_CALLS,
	O_TALK,
	O_SEED,
	O_HELP,
};

static const struct option long_options[] = {
	{ "listen", required_argument, NULL, O_LISTEN },
	{ "tls-listen", required_argument, NULL, O_TLS_LISTEN },
	{ "tls-cert", required_argument, NULL, O_TLS_CERT },
	{ "tls-key", required_argument, NULL, O_TLS_KEY },
	{ "control", required_argument, NULL, O_CONTROL },
	{ "phones", required_argument, NULL, O_PHONES },
	{ "first", required_argument, NULL, O_FIRST },
	{ "session", no_argument, NULL, O_SESSION },
	{ "username", required_argument, NULL, O_USERNAME },
	{ "password-file", required_argument, NULL, O_PASSWORD_FILE },
	{ "login-element", required_argument, NULL, O_LOGIN_ELEMENT },
	{ "session-s", required_argument, NULL, O_SESSION_S },
	{ "edition", required_argument, NULL, O_EDITION },
	{ "prefix", required_argument, NULL, O_PREFIX },
	{ "no-namespace", no_argument, NULL, O_NO_NAMESPACE },
	{ "dialing-ids", no_argument, NULL, O_DIALING_IDS },
	{ "transferred", no_argument, NULL, O_TRANSFERRED },
	{ "profile-form", required_argument, NULL, O_PROFILE_FORM },
	{ "licences", required_argument, NULL, O_LICENCES },
	{ "heartbeat-ms", required_argument, NULL, O_HEARTBEAT },
	{ "answer-ms", required_argument, NULL, O_ANSWER },
	{ "slow-ms", required_argument, NULL, O_SLOW },
	{ "calls-per-hour", required_argument, NULL, O_CALLS },
	{ "talk-s", required_argument, NULL, O_TALK },
	{ "seed", required_argument, NULL, O_SEED },
	{ "help", no_argument, NULL, O_HELP },
	{ NULL, 0, NULL, 0 },
};

static bool read_number(const char *text, uint64_t max, uint32_t *ret)
{
	uint64_t n;

	if (slice_u64(slice_str(text), max, &n))
		return false;
	*ret = (uint32_t)n;
	return true;
}

static bool read_password(struct options *o, const char *path)
{
	FILE *f = fopen(path, "re");
	bool good = f && fgets(o->password, sizeof(o->password), f);

	if (f)
		fclose(f);
	if (!good) {
		fprintf(stderr, "mivo400sim: cannot read a line from %s\n", path);
		return false;
	}
	o->password[strcspn(o->password, "\r\n")] = '\0';
	o->mivo.password = o->password;
	return true;
}

static bool read_i64(const char *text, uint32_t max, int64_t *ret)
{
	uint32_t n;

	if (!read_number(text, max, &n))
		return false;
	*ret = n;
	return true;
}

static bool take_number(struct options *o, int id, const char *v)
{
	struct mivo_switches *s = &o->mivo.switches;
	uint32_t n = 0;

	switch (id) {
	case O_PHONES:
		return read_number(v, MIVO_PHONES_MAX, &o->mivo.phones);
	case O_FIRST:
		return read_number(v, 1000000000, &o->mivo.first);
	case O_CALLS:
		return read_number(v, 3600000, &o->mivo.calls_per_hour);
	case O_TALK:
		return read_number(v, 86400, &o->mivo.talk_s);
	case O_LICENCES:
		return read_number(v, MIVO_MONITORS_MAX, &s->monitors_max);
	case O_HEARTBEAT:
		return read_i64(v, 86400000, &s->heartbeat_ms);
	case O_ANSWER:
		return read_i64(v, 86400000, &s->answer_ms);
	case O_SLOW:
		return read_i64(v, 86400000, &s->slow_ms);
	case O_SESSION_S:
		return read_i64(v, 86400, &s->session_s);
	case O_EDITION:
		if (!read_number(v, 6, &n) || n < 3)
			return false;
		s->edition = (uint8_t)n;
		return true;
	case O_SEED:
		o->has_seed = read_number(v, UINT32_MAX, &n);
		o->mivo.seed = n;
		return o->has_seed;
	default:
		return false;
	}
}

static bool take_form(struct options *o, const char *v)
{
	static const char *const forms[MIVO_PROFILE_FORMS] = { "ed6", "private", "refused" };

	for (uint8_t i = 0; i < MIVO_PROFILE_FORMS; i++)
		if (strcmp(v, forms[i]) == 0) {
			o->mivo.switches.profile_form = i;
			return true;
		}
	return false;
}

static bool take_text(struct options *o, int id, const char *v)
{
	switch (id) {
	case O_LISTEN:
		return address_parse(v, &o->net.listen) == ERR_OK;
	case O_TLS_LISTEN:
		return address_parse(v, &o->net.tls_listen) == ERR_OK;
	case O_CONTROL:
		o->with_control = true;
		return address_parse(v, &o->control) == ERR_OK;
	case O_TLS_CERT:
		o->net.certificate_file = v;
		return true;
	case O_TLS_KEY:
		o->net.key_file = v;
		return true;
	case O_USERNAME:
		o->mivo.username = v;
		return true;
	case O_PASSWORD_FILE:
		return read_password(o, v);
	case O_LOGIN_ELEMENT:
		o->mivo.login_element = v;
		return true;
	case O_PROFILE_FORM:
		return take_form(o, v);
	case O_PREFIX:
		return slice_copy(slice_str(v), o->mivo.switches.prefix,
				  sizeof(o->mivo.switches.prefix)) == ERR_OK;
	default:
		return take_number(o, id, v);
	}
}

static bool take(struct options *o, int id, const char *v)
{
	switch (id) {
	case O_SESSION:
		o->mivo.session = true;
		return true;
	case O_NO_NAMESPACE:
		o->mivo.switches.no_namespace = true;
		return true;
	case O_DIALING_IDS:
		o->mivo.switches.dialing_ids = true;
		return true;
	case O_TRANSFERRED:
		o->mivo.switches.transferred = true;
		return true;
	default:
		return take_text(o, id, v);
	}
}

/* 0: go on; otherwise exit with it less one. */
static int read_options(struct options *o, int argc, char **argv)
{
	int id;

	*o = (struct options){ .net = { .listen = { "127.0.0.1", 7001 } },
			       .mivo = { .phones = 36,
					 .first = 201,
					 .username = "",
					 .password = "",
					 .switches = mivo_switches_default() } };
	while ((id = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (id == O_HELP) {
			fputs(usage, stdout);
			return 1;
		}
		if (id == '?' || !take(o, id, optarg)) {
			if (id != '?')
				fprintf(stderr, "mivo400sim: --%s %s: not understood\n",
					long_options[id].name, optarg);
			fputs(usage, stderr);
			return 2 + 1;
		}
	}
	if (!o->net.certificate_file != !o->net.key_file || optind < argc) {
		fputs(usage, stderr);
		return 2 + 1;
	}
	if (!o->net.tls_listen.host[0])
		memcpy(o->net.tls_listen.host, o->net.listen.host, sizeof(o->net.listen.host));
	if (!o->has_seed && getrandom(&o->mivo.seed, sizeof(o->mivo.seed), 0) < 0)
		o->mivo.seed = (uint64_t)getpid();
	return 0;
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	(void)number;
	(void)what;
	event_base_loopbreak(arg);
}

static void tell_ready(const struct options *o, const struct net *net, const struct api *api)
{
	struct pbx_address a = net_address(net), t = net_tls_address(net);

	printf("CSTA=%s:%u\n", a.host, a.port);
	if (t.port)
		printf("CSTAS=%s:%u\n", t.host, t.port);
	printf("PHONES=%u-%u\n", o->mivo.first, o->mivo.first + o->mivo.phones - 1);
	if (api) {
		a = api_address(api);
		printf("CONTROL=%s:%u\n", a.host, a.port);
	}
	printf("READY=1\n");
	fflush(stdout);
}

static int serve(const struct options *o, struct event_base *base, struct mivo *mivo)
{
	struct event *term = evsignal_new(base, SIGTERM, on_signal, base);
	struct event *intr = evsignal_new(base, SIGINT, on_signal, base);
	struct api *api = NULL;
	struct net *net = NULL;
	int status = 1;

	if (term && intr && !event_add(term, NULL) && !event_add(intr, NULL) &&
	    !net_open(&net, base, mivo, &o->net) &&
	    (!o->with_control || !api_open(&api, base, net, mivo, &o->control))) {
		tell_ready(o, net, api);
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

/* Nothing is left behind by a parent that was killed. */
static bool die_with_parent(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent;
}

static int64_t monotonic_ms(void)
{
	struct evutil_monotonic_timer *clock = evutil_monotonic_timer_new();
	struct timeval tv = { 0 };

	CHECK(clock && evutil_configure_monotonic_time(clock, 0) == 0);
	evutil_gettime_monotonic(clock, &tv);
	evutil_monotonic_timer_free(clock);
	return (int64_t)tv.tv_sec * 1000 + tv.tv_usec / 1000;
}

int main(int argc, char **argv)
{
	pid_t parent = getppid();
	struct event_base *base;
	struct mivo *mivo = NULL;
	struct options o;
	int status = read_options(&o, argc, argv);

	if (status)
		return status - 1;
	if (!die_with_parent(parent))
		return 1;
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	if (!base || mivo_new(&mivo, &o.mivo, monotonic_ms())) {
		fprintf(stderr, "mivo400sim: cannot start: too many phones or too little memory\n");
		return 1;
	}
	status = serve(&o, base, mivo);
	mivo_free(mivo);
	event_base_free(base);
	return status;
}
