#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "proto/conf/value.h"

enum { SECONDS = 60, SECONDS_MAX = 600, ASK_EVERY_MS = 300 };

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_no)
{
	(void)signal_no;
	interrupted = 1;
}

static int read_seconds(struct cli *c, int *ret)
{
	int64_t ms = SECONDS * 1000;

	if (c->how_long && (!value_duration(slice_str(c->how_long), &ms) || ms < 1000 ||
			    ms > SECONDS_MAX * 1000)) {
		fprintf(c->err, "offhook: --for %s: give a time from 1s to 10m, such as 90s\n",
			c->how_long);
		return EXIT_USAGE_OR_GONE;
	}
	*ret = (int)(ms / 1000);
	return 0;
}

/* Where it goes to; NULL after having said why not. */
static FILE *open_out(struct cli *c)
{
	return c->out_file ? cli_new_file(c, c->out_file) : c->out;
}

static void pause_a_little(void)
{
	const struct timespec t = { 0, ASK_EVERY_MS * 1000000L };

	nanosleep(&t, NULL); /* an interrupt ends it: so it shall */
}

static void say_end(struct cli *c, json_t *doc)
{
	fprintf(c->err, "offhook: %s; %lld messages, %lld bytes", text_of(doc, "ended"),
		number_of(doc, "messages"), number_of(doc, "bytes"));
	if (number_of(doc, "left_out"))
		fprintf(c->err, ", %lld more left out", number_of(doc, "left_out"));
	fprintf(c->err, "\n");
	if (c->out_file)
		fprintf(c->err,
			"offhook: read %s before you send it: names that are words of our list, "
			"and single "
			"digits, stay\n",
			c->out_file);
}

/* Fetches until the daemon says that it has ended. */
static int follow(struct cli *c, const char *account, long long capture, FILE *out)
{
	for (;;) {
		json_t *doc, *ask = json_pack("{s:I,s:b}", "capture", (json_int_t)capture, "stop",
					      interrupted != 0);
		int status = cli_call(c, CLI_CAPTURE_NEXT, account, c->argv[0], ask, &doc);

		json_decref(ask);
		if (status)
			return status;
		fputs(text_of(doc, "text"), out);
		bool ended = *text_of(doc, "ended") || !json_object_get(doc, "ended");
		if (ended)
			say_end(c, doc);
		json_decref(doc);
		if (fflush(out)) {
			fprintf(c->err, "offhook: %s: %s\n", c->out_file ? c->out_file : "output",
				strerror(errno));
			return EXIT_USAGE_OR_GONE;
		}
		if (ended)
			return EXIT_DONE;
		if (!interrupted)
			pause_a_little();
	}
}

static int run(struct cli *c, const char *account, int seconds, FILE *out)
{
	json_t *doc, *ask = json_pack("{s:i,s:b}", "seconds", seconds, "keep_lines", c->keep_lines);
	int status = cli_call(c, CLI_CAPTURE, account, c->argv[0], ask, &doc);

	json_decref(ask);
	if (status)
		return status;
	long long capture = number_of(doc, "capture");
	json_decref(doc);
	fprintf(c->err,
		"offhook: recording %s for %d s; make a call, change a profile; ctrl-c ends it\n",
		c->argv[0], seconds);
	return follow(c, account, capture, out);
}

int verb_capture(struct cli *c)
{
	const struct sigaction act = { .sa_handler = on_interrupt };
	char account[300];
	int seconds, status = read_seconds(c, &seconds);
	FILE *out = NULL;

	if (!status)
		status = cli_one_account(c, account, sizeof(account));
	if (!status)
		status = (out = open_out(c)) ? 0 : EXIT_USAGE_OR_GONE;
	if (!status) {
		interrupted = 0;
		sigaction(SIGINT, &act, NULL);
		sigaction(SIGTERM, &act, NULL);
		status = run(c, account, seconds, out);
	}
	if (out && out != c->out) {
		bool empty = ftell(out) <= 0;

		fclose(out);
		if (status && empty)
			unlink(c->out_file);
	}
	return status;
}
