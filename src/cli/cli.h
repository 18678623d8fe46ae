/* cli.h - what every verb of `offhook` gets: the options, a way to ask the daemon, a way to print.
 *
 * Exit status: 0 done, or all well; 1 the daemon said no, or something is wrong; 2 wrong usage, or
 * the daemon is not there. Words for people go to stdout, errors to stderr. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <jansson.h>
#include <stdio.h>

#include "base/buf.h"

enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE_OR_GONE = 2 };

struct verb;

struct cli {
	const char *config, *socket, *account; /* NULL: not given */
	const char *state, *search, *until;
	const char *how_long, *out_file, *role;
	bool json, help, dry_run, yes, all, keep_lines;
	bool colour;	  /* stdout is a terminal and NO_COLOR is not set */
	bool interactive; /* stdin and stderr are terminals */
	const struct verb *verb;
	int argc;
	char **argv; /* the words after the verb */
	char socket_path[256];
	FILE *out, *err;
};

/* What verbs ask for are the rows of admin/routes.def: method, path and type of the body come from there. */
enum cli_route {
#define ROUTE(id, method, pattern, authority, body_max, body_type, handler, query, help) CLI_##id,
#include "admin/routes.def"
};

struct verb {
	const char *id, *name, *arguments;
	int least, most;
	const char *options, *routes;
	int (*run)(struct cli *c);
	const char *help;
};

extern const struct verb verbs[];
extern const unsigned verbs_n;

struct option_row {
	char letter;
	const char *name, *argument;
	bool global;
	const char *help;
};
extern const struct option_row option_rows[];
extern const unsigned option_rows_n;

/* args.c: pure but for the words to err. 0, or the exit status; *ret_verb NULL: help was asked for.
 */
int cli_parse(struct cli *c, int argc, char **argv, const struct verb **ret_verb);
void cli_help(FILE *out, const struct verb *v); /* NULL: all of it */

/* locate.c */
MUST_CHECK enum err cli_locate(struct cli *c, char *why, size_t why_cap);

/* route.c */
const char *cli_method(enum cli_route route);
const char *cli_type(enum cli_route route); /* of the body; NULL: it takes none */
/* Appends the path, first and second percent-encoded in place of its {...}; NULL where it has none. */
void cli_path(struct buf *b, enum cli_route route, const char *first, const char *second);
/* Whether verbs.def says that the verb asks for it. */
bool verb_asks(const struct verb *v, enum cli_route route);

/* client.c: one request. *ret is the parsed answer (to be freed with json_decref). 0, or the exit
 * status after having said why: unreachable, refused (problem+json's words), unreadable.
 * first, second: as cli_path; body: NULL for none. */
int cli_call(struct cli *c, enum cli_route route, const char *first, const char *second, json_t *body,
	     json_t **ret);
/* path: of the route, made by cli_path, with the parameters. */
int cli_get(struct cli *c, enum cli_route route, const char *path, json_t **ret);
/* A body as it is, of the type that the route takes. */
int cli_send_text(struct cli *c, enum cli_route route, const char *path, struct slice body, json_t **ret);
/* With a precondition: if_match is the ETag of what it is about, "": only when there is none yet, NULL: in
 * any case. etag: of the answer, "" without one. */
enum { CLI_ETAG_MAX = 64 };
int cli_ask_if(struct cli *c, enum cli_route route, const char *path, const char *if_match, json_t *body,
	       json_t **ret, char etag[static CLI_ETAG_MAX]);
/* Files as they are, of any size, by a route without names. `to` gets nothing of a refusal. */
int cli_send_file(struct cli *c, enum cli_route route, FILE *from, json_t **ret);
int cli_get_file(struct cli *c, enum cli_route route, FILE *to);
/* file.c */
/* "-": standard input. too_much is said when it does not fit b. The exit status of a failure, 0 for none. */
int cli_read_file(struct cli *c, const char *name, const char *too_much, struct buf *b);
/* For writing, readable by oneself only; NULL: it was said why not, as when it exists already. */
FILE *cli_new_file(struct cli *c, const char *name);
/* path.c */
void path_segment(struct buf *b, const char *text);
/* The account in which the address is known: --account, or the only one. 0 or the exit status. */
int cli_account_of(struct cli *c, const char *email, char *account, size_t cap);
/* Leaves in the array under `key` of doc only the rows whose `name` is --account's; all without one. */
void cli_keep_account(const struct cli *c, json_t *doc, const char *key, const char *name);
/* 0 when --account is not given or names an account; else the exit status, after having said so. */
int cli_known_account(struct cli *c);
/* --account, or the only account there is. */
int cli_one_account(struct cli *c, char *account, size_t cap);

/* verb_set.c: --until as an instant under `key`. 0 or the exit status. */
int cli_until(struct cli *c, json_t *body, const char *key);

/* text.c */
/* Asks on a terminal, unless --yes is given; a script is not asked. */
bool cli_sure(struct cli *c, const char *question);
const char *text_of(json_t *object, const char *key); /* "" when absent */
long long number_of(json_t *object, const char *key);
bool bool_of(json_t *object, const char *key);
void print_json(struct cli *c, json_t *doc);
/* Foreign text on the terminal: control characters become question marks. */
void print_clean(struct cli *c, const char *text);
/* Colours by meaning; nothing when off. */
const char *colour_of(const struct cli *c, const char *state);
const char *colour_end(const struct cli *c);
/* "2026-11-24T14:00:00Z" as local time, or "" */
void local_time(const char *instant, char *dst, size_t cap);
/* "in 9:12", "12 min ago" */
void relative_time(const char *instant, char *dst, size_t cap);
int64_t cli_now_ms(void);

/* Rows of cells, columns as wide as their widest; the last one is not padded. */
enum { TABLE_COLUMNS_MAX = 8 };
struct table {
	unsigned columns;
	char **cells;
	const char **colours; /* one a cell, may be NULL */
	size_t n, cap;
};
void table_init(struct table *t, unsigned columns);
void table_cell(struct table *t, const char *colour, const char *text);
void table_print(struct table *t, struct cli *c);
void table_fini(struct table *t);
/* The end of a verb: the table, or with --json the answer that it was made of. Both are given up; 0. */
int table_answer(struct table *t, struct cli *c, json_t *doc);

#define VERB(id, name, arguments, least, most, options, routes, handler, help) int handler(struct cli *c);
#include "cli/verbs.def"

#endif
