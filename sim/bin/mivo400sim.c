/* mivo400sim.c - a simulated MiVoice Office 400 on real sockets. Prints NAME=value lines when it is
 * ready. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "address.h"
#include "mivo.h"
#include "program.h"

struct options {
	struct program program;
	struct mivo_config mivo;
	bool has_seed;
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

static bool read_i64(const char *text, uint32_t max, int64_t *ret)
{
	uint32_t n;

	if (!program_number(text, max, &n))
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
		return program_number(v, MIVO_PHONES_MAX, &o->mivo.phones);
	case O_FIRST:
		return program_number(v, 1000000000, &o->mivo.first);
	case O_CALLS:
		return program_number(v, 3600000, &o->mivo.calls_per_hour);
	case O_TALK:
		return program_number(v, 86400, &o->mivo.talk_s);
	case O_LICENCES:
		return program_number(v, MIVO_MONITORS_MAX, &s->monitors_max);
	case O_HEARTBEAT:
		return read_i64(v, 86400000, &s->heartbeat_ms);
	case O_ANSWER:
		return read_i64(v, 86400000, &s->answer_ms);
	case O_SLOW:
		return read_i64(v, 86400000, &s->slow_ms);
	case O_SESSION_S:
		return read_i64(v, 86400, &s->session_s);
	case O_EDITION:
		if (!program_number(v, 6, &n) || n < 3)
			return false;
		s->edition = (uint8_t)n;
		return true;
	case O_SEED:
		o->has_seed = program_number(v, UINT32_MAX, &n);
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
		return address_parse(v, &o->program.net.listen) == ERR_OK;
	case O_TLS_LISTEN:
		return address_parse(v, &o->program.net.tls_listen) == ERR_OK;
	case O_CONTROL:
		o->program.with_control = true;
		return address_parse(v, &o->program.control) == ERR_OK;
	case O_TLS_CERT:
		o->program.net.certificate_file = v;
		return true;
	case O_TLS_KEY:
		o->program.net.key_file = v;
		return true;
	case O_USERNAME:
		o->mivo.username = v;
		return true;
	case O_PASSWORD_FILE:
		o->mivo.password = o->password;
		return program_password("mivo400sim", v, o->password, sizeof(o->password));
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

	*o = (struct options){ .program = { .service = "CSTA", .net = { .listen = { "127.0.0.1", 7001 } } },
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
	if (optind < argc) {
		fputs(usage, stderr);
		return 2 + 1;
	}
	if (!program_is_whole(&o->program, "mivo400sim", o->mivo.username, o->mivo.password))
		return 2 + 1;
	o->program.first = o->mivo.first;
	o->program.phones = o->mivo.phones;
	if (!o->has_seed && getrandom(&o->mivo.seed, sizeof(o->mivo.seed), 0) < 0)
		o->mivo.seed = (uint64_t)getpid();
	return 0;
}

/* ---- the machine ---- */

static void feed(void *of, int64_t now_ms, const struct pbx_feed *in)
{
	mivo_feed(of, now_ms, in);
}

static void tick(void *of, int64_t now_ms)
{
	mivo_tick(of, now_ms);
}

static int64_t next(const void *of)
{
	return mivo_next(of);
}

static bool drain(void *of, struct pbx_out *ret)
{
	return mivo_drain(of, ret);
}

int main(int argc, char **argv)
{
	pid_t parent = getppid();
	struct event_base *base;
	struct mivo *mivo = NULL;
	struct machine machine = { .program = "mivo400sim", .feed = feed, .tick = tick, .next = next,
				   .drain = drain };
	struct options o;
	int status = read_options(&o, argc, argv);

	if (status)
		return status - 1;
	if (!program_die_with_parent(parent))
		return 1;
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	if (!base || mivo_new(&mivo, &o.mivo, program_now_ms())) {
		fprintf(stderr, "mivo400sim: cannot start: too many phones or too little memory\n");
		return 1;
	}
	machine.of = mivo;
	status = program_run(&o.program, base, &machine);
	mivo_free(mivo);
	event_base_free(base);
	return status;
}
