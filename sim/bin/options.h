/* options.h - the command line of a program round a simulated PBX: what every one of them takes, and its own.
 *
 * Texts are argv's. What is wrong is said on stderr. */
#ifndef SIM_BIN_OPTIONS_H
#define SIM_BIN_OPTIONS_H

#include <getopt.h>

#include "program.h"

enum {
	OPTION_LISTEN,
	OPTION_TLS_LISTEN,
	OPTION_TLS_CERT,
	OPTION_TLS_KEY,
	OPTION_CONTROL,
	OPTION_PHONES,
	OPTION_FIRST,
	OPTION_USERNAME,
	OPTION_PASSWORD_FILE,
	OPTION_CALLS,
	OPTION_TALK,
	OPTION_SEED,
	OPTION_HELP,
	OPTION_OWN, /* a program's own, from here on */
};

/* Rows of a program's table, before its own and the end. */
#define OPTIONS_OF_ALL                                                                             \
	{ "listen", required_argument, NULL, OPTION_LISTEN },                                      \
		{ "tls-listen", required_argument, NULL, OPTION_TLS_LISTEN },                      \
		{ "tls-cert", required_argument, NULL, OPTION_TLS_CERT },                          \
		{ "tls-key", required_argument, NULL, OPTION_TLS_KEY },                            \
		{ "control", required_argument, NULL, OPTION_CONTROL },                            \
		{ "phones", required_argument, NULL, OPTION_PHONES },                              \
		{ "first", required_argument, NULL, OPTION_FIRST },                                \
		{ "username", required_argument, NULL, OPTION_USERNAME },                          \
		{ "password-file", required_argument, NULL, OPTION_PASSWORD_FILE },                \
		{ "calls-per-hour", required_argument, NULL, OPTION_CALLS },                       \
		{ "talk-s", required_argument, NULL, OPTION_TALK },                                \
		{ "seed", required_argument, NULL, OPTION_SEED },                                  \
	{                                                                                          \
		"help", no_argument, NULL, OPTION_HELP                                             \
	}

struct options {
	const char *usage;
	const struct option *table;
	/* One of the program's own. False: not understood. */
	bool (*take)(void *arg, int id, const char *value);
	void *arg;
};

/* p comes with the program's defaults, and leaves whole. 0: go on; otherwise exit with it less one. */
int options_read(const struct options *o, struct program *p, int argc, char **argv);
/* A whole number, for an own option. */
bool options_number(const char *text, uint64_t max, uint32_t *ret);
/* The place of the word among n. */
bool options_word(const char *text, const char *const *words, uint8_t n, uint8_t *ret);

#endif
