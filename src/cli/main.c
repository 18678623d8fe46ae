#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"

int main(int argc, char **argv)
{
	struct cli c = {.out = stdout, .err = stderr};
	const struct verb *v;
	const char *no_colour = getenv("NO_COLOR");
	char why[400];
	int status;

	setlocale(LC_CTYPE, "");
	c.colour = isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
	c.interactive = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	status = cli_parse(&c, argc, argv, &v);
	if (status)
		return status;
	if (c.help) {
		cli_help(stdout, v);
		return EXIT_DONE;
	}
	if (cli_locate(&c, why, sizeof(why))) {
		fprintf(stderr, "offhook: %s\n", why);
		return EXIT_USAGE_OR_GONE;
	}
	status = v->run(&c);
	if (fflush(stdout) && !status)
		return EXIT_USAGE_OR_GONE;
	return status;
}
