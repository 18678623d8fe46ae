/* admindoc.c - doc/api.md from routes.def, doc/metrics.md from metrics.def, doc/offhook.1 from
 * verbs.def.
 *
 * admindoc FOLDER writes them; admindoc --check FOLDER compares and says so in TAP. */
#include <stdio.h>
#include <string.h>

#include "admin/metrics.h"
#include "admin/route.h"
#include "base/buf.h"
#include "cli/cli.h"

enum { FILE_BYTES_MAX = 1 << 20 };

static const char api_head[] = "<!-- Made by tools/admindoc.c from src/admin/routes.def; `ninja -C "
			       "build admindoc` makes it anew. -->\n"
			       "# The API\n\n"
			       "HTTP/1.1 on two listeners: `server.listen` (TCP, with TLS when "
			       "`server.tls` is set) and `server.socket` (a\n"
			       "UNIX socket, mode 0660). On TCP people sign in and programs bring "
			       "a token ([sign-in.md](sign-in.md)); the UNIX socket is an\n"
			       "owner of everything. TCP answers 421 to a Host that is neither its address, `localhost` on loopback, "
			       "nor a name of its certificate.\n\n"
			       "Names in paths are percent-encoded. Bodies and answers are JSON; "
			       "instants are RFC 3339 in UTC, null means\n"
			       "none. Errors are `application/problem+json` (RFC 9457) with "
			       "`title`, `status` and `detail`. A sentence for people has its parts "
			       "beside it, in `detail_said` and the like: `code`, which is stable, and "
			       "`args`, for readers of other languages. The same as an "
			       "OpenAPI 3.1 document, with the shape of every body and answer: "
			       "[openapi.md](openapi.md). A whole request\n"
			       "must arrive within 15 s. A change waits for the presence loop: 504 "
			       "when that does not answer within 10 s\n"
			       "(a check: 30 s).\n\n"
			       "A write whose answer was lost may be sent again: PUT and DELETE say what is to be (settings "
			       "that are so already are answered 200, whatever If-Match says, and what is gone 404), imports and "
			       "switches change nothing the second time, and an administrator of that name is 409. Only a new "
			       "token, one-time password or waiting certificate is another one each time: the last is in force, "
			       "and a token that nobody has got is in the list, to be deleted.\n\n"
			       "States: `available away dnd busy offline unknown` (`combined`, "
			       "`seen`, a line's `presence`). Sessions: `none\n"
			       "call conference dnd away`. Profiles: `available away busy "
			       "not-available meeting`.\n\n";

static const char metrics_head[] =
    "<!-- Made by tools/admindoc.c from src/admin/metrics.def; `ninja -C build admindoc` makes it "
    "anew. -->\n"
    "# Metrics\n\n"
    "`/metrics` in Prometheus' text format. Labels are accounts, connectors, routes and classes, "
    "never people.\n"
    "Of an account it tells only who sees it: give Prometheus a viewer's token (sign-in.md); without one there is\n"
    "what concerns the whole daemon. With `server.open_read` everybody gets all.\n"
    "`graph_` metrics stand once for accounts that share a tenant and client id, under the first "
    "one's name.\n\n"
    "| name | type | labels | meaning |\n| --- | --- | --- | --- |\n";

static const char *const authority_words[] = {
	[AUTHORITY_OPEN] = "everybody",
	[AUTHORITY_SELF] = "whoever is signed in",
	[AUTHORITY_VIEWER] = "viewers",
	[AUTHORITY_OPERATOR] = "operators",
	[AUTHORITY_OPERATOR_ANY] = "operators",
	[AUTHORITY_OWNER] = "owners",
	[AUTHORITY_OWNER_ANY] = "owners",
};

/* The verbs that ask for it. The rows of both tables have the same names and the same order. */
static void verbs_of(struct buf *b, int route)
{
	unsigned n = 0;

	for (unsigned i = 0; i < verbs_n; i++)
		if (verb_asks(&verbs[i], (enum cli_route)route))
			buf_fmt(b, "%s`offhook %s`", n++ ? ", " : "\n\nOn the command line: ", verbs[i].name);
	if (n)
		buf_char(b, '.');
}

static void make_api(struct buf *b)
{
	buf_str(b, api_head);
	for (int i = 0; i < ROUTE_COUNT; i++) {
		const struct route *r = &routes[i];

		buf_fmt(b, "### `%s %s`\n", r->method, r->pattern);
		buf_fmt(b, "For: %s. ", authority_words[r->authority]);
		if (r->body_max)
			buf_fmt(b, "Body: %s, at most %zu kB. ", r->body_type, r->body_max / 1024);
		if (*r->query)
			buf_fmt(b, "Parameters: %s. ", r->query);
		buf_str(b, r->help);
		verbs_of(b, i);
		buf_str(b, "\n\n");
	}
}

static void make_metrics(struct buf *b)
{
	buf_str(b, metrics_head);
	for (unsigned i = 0; i < metrics_n; i++)
		buf_fmt(b, "| `offhook_%s` | %s | %s | %s |\n", metrics[i].name, metrics[i].type,
			metrics[i].labels, metrics[i].help);
}

/* roff: a minus must be escaped to stay one, a leading dot is no command. */
static void roff(struct buf *b, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == '-' || *p == '\\')
			buf_char(b, '\\');
		if (*p == '.' && p == text)
			buf_str(b, "\\&");
		buf_char(b, *p);
	}
}

static void option_entry(struct buf *b, const struct option_row *o)
{
	buf_str(b, ".TP\n\\fB");
	if (o->global)
		buf_fmt(b, "\\-%c\\fR, \\fB", o->letter);
	buf_str(b, "\\-\\-");
	roff(b, o->name);
	buf_str(b, "\\fR");
	if (*o->argument)
		buf_fmt(b, " \\fI%s\\fR", o->argument);
	buf_char(b, '\n');
	roff(b, o->help);
	buf_char(b, '\n');
}

static void verb_entry(struct buf *b, const struct verb *v)
{
	buf_str(b, ".TP\n\\fB");
	roff(b, v->name);
	buf_str(b, "\\fR \\fI");
	roff(b, v->arguments);
	buf_str(b, "\\fR");
	for (unsigned i = 0; i < option_rows_n; i++)
		if (!option_rows[i].global && strchr(v->options, option_rows[i].letter)) {
			buf_str(b, " [\\fB\\-\\-");
			roff(b, option_rows[i].name);
			buf_fmt(b, "\\fR%s%s]", *option_rows[i].argument ? " " : "",
				option_rows[i].argument);
		}
	buf_char(b, '\n');
	roff(b, v->help);
	buf_char(b, '\n');
}

static const char man_head[] =
    ".\\\" Made by tools/admindoc.c from src/cli/verbs.def and options.def.\n"
    ".TH OFFHOOK 1 2026-11-24 \"Offhook 0.1\" \"User commands\"\n.SH NAME\n"
    "offhook \\- asks and tells the presence daemon offhookd\n.SH SYNOPSIS\n.B offhook\n"
    "[\\fIoptions\\fR] \\fIverb\\fR [\\fIarguments\\fR]\n.SH DESCRIPTION\n.B offhook\n"
    "talks to a running\n.BR offhookd (8)\nover its UNIX socket: that of \\fB\\-\\-socket\\fR, "
    "else the one that\n"
    "the configuration names (\\fB\\-\\-config\\fR, /etc/offhook/offhook.yaml), else "
    "/run/offhook/api.sock.\n"
    "Who may read and write the socket may do everything. Colours and progress appear on a "
    "terminal only and\n"
    "colours not when NO_COLOR is set. An address that several accounts know is refused without\n"
    "\\fB\\-\\-account\\fR.\n.SH VERBS\n";

static const char man_tail[] =
    ".SH EXIT STATUS\n.TP\n.B 0\nDone, or all well.\n.TP\n.B 1\nThe daemon said no, or something "
    "is wrong (check,\n"
    "status, rows of an import).\n.TP\n.B 2\nWrong usage, or the daemon is not there.\n"
    ".SH EXAMPLES\n.nf\noffhook set ana@acme.example away \\-\\-until 14:00\n"
    "offhook explain ana@acme.example\noffhook users \\-\\-state busy \\-\\-json\n"
    "offhook users import people.csv \\-\\-dry\\-run\n.fi\n.SH SEE ALSO\n.BR offhookd (8)\n";

static void make_man(struct buf *b)
{
	buf_str(b, man_head);
	for (unsigned i = 0; i < verbs_n; i++)
		verb_entry(b, &verbs[i]);
	buf_str(b, ".SH OPTIONS\n");
	for (unsigned i = 0; i < option_rows_n; i++)
		option_entry(b, &option_rows[i]);
	buf_str(b, man_tail);
}

static const struct page {
	const char *name;
	void (*make)(struct buf *b);
} pages[] = {{"api.md", make_api}, {"metrics.md", make_metrics}, {"offhook.1", make_man}};

static bool same(const char *path, struct slice wanted)
{
	FILE *f = fopen(path, "re");
	char piece[4096];
	size_t n, at = 0;
	bool ok = f != NULL;

	while (ok && (n = fread(piece, 1, sizeof(piece), f)) > 0) {
		ok = at + n <= wanted.n && memcmp(wanted.p + at, piece, n) == 0;
		at += n;
	}
	if (f)
		fclose(f);
	return ok && at == wanted.n;
}

static bool write_file(const char *path, struct slice text)
{
	FILE *f = fopen(path, "we");
	bool ok = f && fwrite(text.p, 1, text.n, f) == text.n;

	return f && fclose(f) == 0 && ok;
}

int main(int argc, char **argv)
{
	bool check = argc == 3 && strcmp(argv[1], "--check") == 0;
	size_t n = sizeof(pages) / sizeof(pages[0]);
	int bad = 0;

	if (argc != 2 && !check) {
		fprintf(stderr, "usage: admindoc [--check] FOLDER\n");
		return 2;
	}
	if (check)
		printf("1..%zu\n", n);
	for (size_t i = 0; i < n; i++) {
		char path[4096];
		struct buf b;
		bool ok;

		buf_init(&b, FILE_BYTES_MAX);
		pages[i].make(&b);
		snprintf(path, sizeof(path), "%s/%s", argv[argc - 1], pages[i].name);
		ok = check ? same(path, buf_view(&b)) : write_file(path, buf_view(&b));
		if (check)
			printf("%sok %zu - doc/%s is what the tables say\n", ok ? "" : "not ",
			       i + 1, pages[i].name);
		bad += !ok;
		buf_fini(&b);
	}
	return bad ? 1 : 0;
}
