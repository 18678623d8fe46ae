#include <getopt.h>
#include <string.h>

#include "base/check.h"
#include "cli/cli.h"

const struct verb verbs[] = {
#define VERB(id, name, arguments, least, most, options, routes, handler, help)                     \
	{#id, name, arguments, least, most, options, routes, handler, help},
#include "cli/verbs.def"
};
const unsigned verbs_n = ARRAY_LEN(verbs);

const struct option_row option_rows[] = {
#define OPTION(letter, name, argument, global, help) {letter, name, argument, global, help},
#include "cli/options.def"
};
const unsigned option_rows_n = ARRAY_LEN(option_rows);

static void help_options(FILE *out, const struct verb *v, bool global)
{
	for (unsigned i = 0; i < option_rows_n; i++) {
		const struct option_row *o = &option_rows[i];
		char text[64];

		if (o->global != global || (!global && v && !strchr(v->options, o->letter)))
			continue;
		snprintf(text, sizeof(text), "%s%s%s", o->name, *o->argument ? " " : "",
			 o->argument);
		if (global)
			fprintf(out, "  -%c, --%-18s %s\n", o->letter, text, o->help);
		else
			fprintf(out, "      --%-18s %s\n", text, o->help);
	}
}

static void help_verb(FILE *out, const struct verb *v)
{
	fprintf(out, "usage: offhook [options] %s%s%s\n\n%s\n", v->name, *v->arguments ? " " : "",
		v->arguments, v->help);
	if (*v->options) {
		fprintf(out, "\nOptions:\n");
		help_options(out, v, false);
	}
	fprintf(out, "\nGlobal options:\n");
	help_options(out, NULL, true);
}

void cli_help(FILE *out, const struct verb *v)
{
	if (v) {
		help_verb(out, v);
		return;
	}
	fprintf(out, "usage: offhook [options] verb [arguments]\n\nVerbs:\n");
	for (unsigned i = 0; i < verbs_n; i++) {
		char text[80];

		snprintf(text, sizeof(text), "%s %s", verbs[i].name, verbs[i].arguments);
		if (strlen(text) > 24)
			fprintf(out, "  %s\n  %-24s %s\n", text, "", verbs[i].help);
		else
			fprintf(out, "  %-24s %s\n", text, verbs[i].help);
	}
	fprintf(out, "\nGlobal options:\n");
	help_options(out, NULL, true);
	fprintf(out, "\nOptions of some verbs:\n");
	help_options(out, NULL, false);
	fprintf(out, "\nExit status: 0 done, or all well; 1 refused, or something is wrong; 2 "
		     "wrong usage, or no "
		     "daemon.\n");
}

static void take(struct cli *c, int letter, const char *value)
{
	switch (letter) {
	case 'c':
		c->config = value;
		break;
	case 'S':
		c->socket = value;
		break;
	case 'a':
		c->account = value;
		break;
	case 's':
		c->state = value;
		break;
	case 'q':
		c->search = value;
		break;
	case 'u':
		c->until = value;
		break;
	case 'j':
		c->json = true;
		break;
	case 'h':
		c->help = true;
		break;
	case 'n':
		c->dry_run = true;
		break;
	case 'A':
		c->all = true;
		break;
	case 'y':
		c->yes = true;
		break;
	case 'f':
		c->how_long = value;
		break;
	case 'o':
		c->out_file = value;
		break;
	case 'r':
		c->role = value;
		break;
	case 'k':
		c->keep_lines = true;
		break;
	default:
		CHECK(!"an option of options.def without a place");
	}
}

static bool is_own(int letter)
{
	for (unsigned i = 0; i < option_rows_n; i++)
		if (option_rows[i].letter == letter)
			return !option_rows[i].global;
	return false;
}

/* Letters of the verbs' own options seen, for the check against the verb. */
static int read_options(struct cli *c, int argc, char **argv, char own[static 16])
{
	struct option longs[ARRAY_LEN(option_rows) + 1] = {0};
	size_t n = 0;
	int letter;

	for (unsigned i = 0; i < option_rows_n; i++)
		longs[i] = (struct option){
		    option_rows[i].name, *option_rows[i].argument ? required_argument : no_argument,
		    NULL, option_rows[i].letter};
	optind = 0; /* GNU: start anew, also in tests */
	opterr = 0;
	while ((letter = getopt_long(argc, argv, ":c:S:a:jh", longs, NULL)) != -1) {
		if (letter == '?' || letter == ':') {
			fprintf(c->err, "offhook: %s%s\n",
				letter == ':' ? "this option needs a value: " : "no such option: ",
				argv[optind - 1]);
			return EXIT_USAGE_OR_GONE;
		}
		take(c, letter, optarg);
		if (is_own(letter) && n < 15)
			own[n++] = (char)letter;
	}
	return 0;
}

/* "users import" is looked for before "users". */
static const struct verb *find_verb(int argc, char **argv, int *words)
{
	char two[64];

	snprintf(two, sizeof(two), "%s %s", argv[0], argc > 1 ? argv[1] : "");
	for (unsigned i = 0; i < verbs_n; i++) {
		*words = strchr(verbs[i].name, ' ') ? 2 : 1;
		if (strcmp(verbs[i].name, *words == 2 ? two : argv[0]) == 0)
			return &verbs[i];
	}
	return NULL;
}

static int check_usage(struct cli *c, const struct verb *v, const char *own)
{
	for (; *own; own++)
		if (!strchr(v->options, *own)) {
			for (unsigned i = 0; i < option_rows_n; i++)
				if (option_rows[i].letter == *own)
					fprintf(c->err, "offhook: %s takes no --%s\n", v->name,
						option_rows[i].name);
			return EXIT_USAGE_OR_GONE;
		}
	if (c->help || (c->argc >= v->least && c->argc <= v->most))
		return 0;
	fprintf(c->err, "offhook: usage: offhook %s%s%s\n", v->name, *v->arguments ? " " : "",
		v->arguments);
	return EXIT_USAGE_OR_GONE;
}

int cli_parse(struct cli *c, int argc, char **argv, const struct verb **ret_verb)
{
	char own[16] = "";
	const struct verb *v;
	int words = 0, status = read_options(c, argc, argv, own);

	*ret_verb = NULL;
	if (status)
		return status;
	argc -= optind;
	argv += optind;
	if (argc && strcmp(argv[0], "help") == 0) {
		c->help = true;
		argc--;
		argv++;
	}
	if (!argc) {
		if (!c->help)
			cli_help(c->err, NULL);
		return c->help ? 0 : EXIT_USAGE_OR_GONE;
	}
	v = find_verb(argc, argv, &words);
	if (!v) {
		fprintf(c->err, "offhook: no such verb: %s; `offhook help` lists them\n", argv[0]);
		return EXIT_USAGE_OR_GONE;
	}
	c->verb = v;
	c->argc = argc - words;
	c->argv = argv + words;
	*ret_verb = v;
	return check_usage(c, v, own);
}
