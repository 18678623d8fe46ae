/* mivo400sim.c - a simulated MiVoice Office 400 on real sockets. Prints NAME=value lines when it is
 * ready. */
#include <stdio.h>
#include <unistd.h>

#include "mivo400sim.h"
#include "options.h"

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

enum {
	O_SESSION = OPTION_OWN,
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
};

static const struct option table[] = {
	OPTIONS_OF_ALL,
	{ "session", no_argument, NULL, O_SESSION },
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
	{ NULL, 0, NULL, 0 },
};

static bool read_i64(const char *text, uint32_t max, int64_t *ret)
{
	uint32_t n;

	if (!options_number(text, max, &n))
		return false;
	*ret = n;
	return true;
}

static bool take_value(struct mivo_config *c, int id, const char *v)
{
	static const char *const forms[MIVO_PROFILE_FORMS] = { "ed6", "private", "refused" };
	struct mivo_switches *s = &c->switches;
	uint32_t n = 0;

	switch (id) {
	case O_LOGIN_ELEMENT:
		c->login_element = v;
		return true;
	case O_PROFILE_FORM:
		return options_word(v, forms, MIVO_PROFILE_FORMS, &s->profile_form);
	case O_PREFIX:
		return slice_copy(slice_str(v), s->prefix, sizeof(s->prefix)) == ERR_OK;
	case O_LICENCES:
		return options_number(v, MIVO_MONITORS_MAX, &s->monitors_max);
	case O_HEARTBEAT:
		return read_i64(v, 86400000, &s->heartbeat_ms);
	case O_ANSWER:
		return read_i64(v, 86400000, &s->answer_ms);
	case O_SLOW:
		return read_i64(v, 86400000, &s->slow_ms);
	case O_SESSION_S:
		return read_i64(v, 86400, &s->session_s);
	case O_EDITION:
		if (!options_number(v, 6, &n) || n < 3)
			return false;
		s->edition = (uint8_t)n;
		return true;
	default:
		return false;
	}
}

static bool take(void *arg, int id, const char *v)
{
	struct mivo_config *c = arg;

	switch (id) {
	case O_SESSION:
		c->session = true;
		return true;
	case O_NO_NAMESPACE:
		c->switches.no_namespace = true;
		return true;
	case O_DIALING_IDS:
		c->switches.dialing_ids = true;
		return true;
	case O_TRANSFERRED:
		c->switches.transferred = true;
		return true;
	default:
		return take_value(c, id, v);
	}
}

static void configure(struct mivo_config *c, const struct program *p)
{
	c->phones = p->phones;
	c->first = p->first;
	c->username = p->username;
	c->password = p->password;
	c->calls_per_hour = p->calls_per_hour;
	c->talk_s = p->talk_s;
	c->seed = p->seed;
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

static int run(const struct program *p, const struct mivo_config *c)
{
	struct mivo *mivo = NULL;
	struct machine machine = { .program = p->name, .feed = feed, .tick = tick, .next = next,
				   .drain = drain };
	int status;

	if (mivo_new(&mivo, c, program_now_ms())) {
		fprintf(stderr, "mivo400sim: cannot start: too many phones or too little memory\n");
		return 1;
	}
	machine.of = mivo;
	status = program_run(p, &machine, mivo400sim_routes);
	mivo_free(mivo);
	return status;
}

int main(int argc, char **argv)
{
	pid_t parent = getppid();
	struct program p = { .name = "mivo400sim", .service = "CSTA",
			     .net = { .listen = { "127.0.0.1", 7001 } },
			     .phones = 36, .phones_max = MIVO_PHONES_MAX, .first = 201, .username = "" };
	struct mivo_config c = { .switches = mivo_switches_default() };
	int status = options_read(&(struct options){ usage, table, take, &c }, &p, argc, argv);

	if (status)
		return status - 1;
	if (!program_die_with_parent(parent))
		return 1;
	configure(&c, &p);
	return run(&p, &c);
}
