/* teamsim: a stand-in for Entra's token endpoint and Microsoft Graph on real sockets.
 * doc/teamsim.md says how to use it. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/secret.h"
#include "teamsim.h"

struct options {
	const char *listen, *control, *tls_dir, *tenant, *client_id, *secret_file, *users;
};

static const char usage[] =
	"usage: teamsim [options]\n"
	"  --listen ADDRESS:PORT     Entra and Graph over HTTPS (127.0.0.1:8443; port 0: any)\n"
	"  --control ADDRESS:PORT    control API and page over HTTP (127.0.0.1:8444)\n"
	"  --tls-dir DIR             where the private CA and certificate live (./teamsim-tls)\n"
	"  --tenant GUID             tenant id\n"
	"  --client-id GUID          the app registration\n"
	"  --client-secret-file FILE its secret, one line\n"
	"  --users FILE.csv          email,name one a line\n";

static bool read_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = { { "listen", required_argument, NULL, 'l' },
					       { "control", required_argument, NULL, 'c' },
					       { "tls-dir", required_argument, NULL, 'd' },
					       { "tenant", required_argument, NULL, 't' },
					       { "client-id", required_argument, NULL, 'i' },
					       { "client-secret-file", required_argument, NULL, 's' },
					       { "users", required_argument, NULL, 'u' },
					       { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		const char **field = c == 'l'	? &o->listen
				     : c == 'c' ? &o->control
				     : c == 'd' ? &o->tls_dir
				     : c == 't' ? &o->tenant
				     : c == 'i' ? &o->client_id
				     : c == 's' ? &o->secret_file
				     : c == 'u' ? &o->users
						: NULL;
		if (!field)
			return false;
		*field = optarg;
	}
	return optind == argc && o->secret_file;
}

/* The first line of the file, without its end. */
static bool read_secret(const char *path, struct secret *ret)
{
	char line[SECRET_MAX + 2] = "";
	FILE *f = fopen(path, "re");
	bool ok = f && fgets(line, sizeof line, f) != NULL;

	if (f)
		fclose(f);
	line[strcspn(line, "\r\n")] = '\0';
	ok = ok && line[0] && secret_set(ret, slice_str(line)) == ERR_OK;
	explicit_bzero(line, sizeof line);
	if (!ok)
		fprintf(stderr, "teamsim: %s: no secret to be read\n", path);
	return ok;
}

/* email,name a line; a first line that says so and empty lines are skipped. Quotes are not needed by
 * such lists and not taken. */
static bool add_line(struct cloud *c, char *line, const char *path, int number)
{
	char *comma = strchr(line, ',');
	struct cloud_user_config u = { .email = line };
	uint32_t user;
	enum err e;

	line[strcspn(line, "\r\n")] = '\0';
	if (comma)
		*comma = '\0';
	u.name = comma ? comma + 1 : NULL;
	if (line[0] == '\0' || (number == 1 && strcmp(line, "email") == 0))
		return true;
	e = cloud_user_add(c, &u, &user);
	if (e)
		fprintf(stderr, "teamsim: %s:%d: %s: %s\n", path, number, line, err_name(e));
	return !e;
}

static bool read_users(struct cloud *c, const char *path)
{
	char line[4096];
	FILE *f = fopen(path, "re");
	bool ok = f != NULL;

	if (!f)
		fprintf(stderr, "teamsim: %s: %s\n", path, strerror(errno));
	for (int n = 1; ok && fgets(line, sizeof line, f); n++)
		ok = add_line(c, line, path, n);
	if (f)
		fclose(f);
	return ok;
}

static struct cloud *make_cloud(const struct options *o)
{
	struct timespec t;
	struct secret secret = { 0 };
	struct cloud_config conf = { .tenant = o->tenant,
				     .client_id = o->client_id,
				     .client_secret = &secret,
				     .jwt = true };
	struct cloud *c = NULL;
	enum err e;

	clock_gettime(CLOCK_REALTIME, &t);
	if (!read_secret(o->secret_file, &secret))
		return NULL;
	if (getrandom(&conf.seed, sizeof conf.seed, 0) != sizeof conf.seed)
		conf.seed = (uint64_t)t.tv_nsec;
	e = cloud_new(&c, &conf, (int64_t)t.tv_sec * 1000);
	secret_fini(&secret);
	if (e) {
		fprintf(stderr, "teamsim: --tenant and --client-id must be GUIDs (%s)\n", err_name(e));
		return NULL;
	}
	if (!o->users || read_users(c, o->users))
		return c;
	cloud_free(c);
	return NULL;
}

/* Signals are taken by sigwait only; with the parent gone, SIGTERM comes by itself. */
static void hold_signals(sigset_t *set)
{
	pid_t parent = getppid();

	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigprocmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		raise(SIGTERM);
}

static void say_ready(const struct teamsim_http *h, const struct teamsim_ca *ca, const struct options *o)
{
	printf("LOGIN_URL=https://%s\nGRAPH_URL=https://%s\nCONTROL=http://%s\nCA=%s\nTENANT=%s\n"
	       "CLIENT_ID=%s\nREADY=1\n",
	       teamsim_http_graph(h), teamsim_http_graph(h), teamsim_http_control(h), ca->ca_path,
	       o->tenant, o->client_id);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct options o = { .listen = "127.0.0.1:8443",
			     .control = "127.0.0.1:8444",
			     .tls_dir = "teamsim-tls",
			     .tenant = "11111111-2222-3333-4444-555555555555",
			     .client_id = "99999999-8888-7777-6666-555555555555" };
	struct teamsim_http *http;
	struct teamsim_ca ca = { 0 };
	sigset_t set;
	int sig, code = 1;

	if (!read_options(argc, argv, &o)) {
		fputs(usage, stderr);
		return 2;
	}
	hold_signals(&set);
	struct cloud *cloud = make_cloud(&o);
	if (cloud && teamsim_ca(&ca, o.tls_dir) == ERR_OK) {
		if (teamsim_http_start(&http, cloud, o.listen, o.control, &ca) == ERR_OK) {
			say_ready(http, &ca, &o);
			sigwait(&set, &sig);
			teamsim_http_stop(http);
			code = 0;
		}
		teamsim_ca_fini(&ca);
	}
	cloud_free(cloud);
	return code;
}
