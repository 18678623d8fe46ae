/* main.c - offhookd: options, the configuration check, and the way into the daemon. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "daemon/app.h"
#include "daemon/config.h"
#include "daemon/places.h"

enum { EXIT_USAGE = 2, EXIT_BAD_CONFIG = 78 /* EX_CONFIG of sysexits.h: systemd shows it as such */ };

static const char default_path[] = "/etc/offhook/offhook.yaml";

static int usage(FILE *out, int status)
{
	fprintf(out,
		"usage: offhookd [-c FILE] [-n] [-V] [-h]\n"
		"  -c, --config FILE  the configuration (default %s)\n"
		"  -n, --check        check the configuration and everything it names, then end\n"
		"  -V, --version      print versions\n"
		"  -h, --help         print this\n"
		"signals: HUP reloads the configuration, TERM and INT end (leases stand for a "
		"restart)\n",
		default_path);
	return status;
}

static void print_errors(const struct conf_errors *errs)
{
	char text[800];

	for (uint32_t i = 0; i < errs->n; i++) {
		conf_error_text(&errs->list[i], text, sizeof(text));
		fprintf(stderr, "%s\n", text);
	}
	if (errs->errors + errs->warnings > errs->n)
		fprintf(stderr, "and %u more\n", errs->errors + errs->warnings - errs->n);
}

/* NULL, with everything that is wrong on stderr, when it cannot be used. */
static struct conf *load(const char *path, bool also_places)
{
	static struct conf_errors errs;
	struct conf *conf = NULL;
	enum err e = conf_load(path, &conf, &errs);

	if (!e && also_places)
		e = places_check(conf, path, &errs);
	print_errors(&errs);
	if (e && errs.errors == 0)
		fprintf(stderr, "%s: %s\n", path, err_name(e));
	if (!e)
		return conf;
	conf_free(conf);
	return NULL;
}

static int check(const char *path)
{
	struct conf *conf = load(path, true);
	uint32_t people = 0, connectors = 0;

	if (!conf)
		return EXIT_BAD_CONFIG;
	for (uint32_t i = 0; i < conf->accounts_n; i++) {
		people += conf->accounts[i].users_n;
		connectors += conf->accounts[i].connectors_n;
	}
	printf("%s: good: %u accounts, %u connectors, %u people\n", path, conf->accounts_n,
	       connectors, people);
	conf_free(conf);
	return EXIT_SUCCESS;
}

static int versions(void)
{
	printf("offhookd %s\n%s\n", OFFHOOK_VERSION, curl_version());
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'n' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *path = default_path;
	bool only_check = false;

	for (int c; (c = getopt_long(argc, argv, "c:nVh", options, NULL)) != -1;) {
		switch (c) {
		case 'c':
			path = optarg;
			break;
		case 'n':
			only_check = true;
			break;
		case 'V':
			return versions();
		case 'h':
			return usage(stdout, EXIT_SUCCESS);
		default:
			return usage(stderr, EXIT_USAGE);
		}
	}
	if (optind < argc)
		return usage(stderr, EXIT_USAGE);
	if (only_check)
		return check(path);
	struct conf *conf = load(path, false);
	return conf ? app_run(path, conf) : EXIT_BAD_CONFIG;
}
