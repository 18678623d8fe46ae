/* runner.c - runs the scenarios: stories about people, phones and Teams, with simulated time.
 *
 * One line, one sentence; `#` starts a comment. Times are 250ms, 1.5s, 10m, 2h. A line is `201` (of
 * connector hq) or `branch/202`. A session is `none` or Availability/Activity.
 *
 *   policy settle 2s | grace T | lease T | precedence cloudlink|call-first | ringing ignore|busy |
 *          busy in-a-call|dnd | dnd presenting|preferred | not-available offline|away|dnd |
 *          hours | outside clear|nothing | texts call dnd away ... |
 *          direction to-teams|to-phones|both | lend busy call meeting dnd |
 *          mode live|dry-run|off          at any time; before `start` it is the initial one
 *   user ana 201 branch/202               before `start`; lines are made as they are named
 *   start                                 connectors are down, nobody has been heard of
 *   answers accept | none | deny 404      how Teams answers from now on; default accept
 *   at T ... | after T ...                moves the time (since start; from now), then the sentence
 *   connector hq up | down
 *   line 201 call a talking               full report: this call and no other
 *   line 201 partial a talking | gone a | idle | lost | dnd on|off | registered | unregistered
 *   line 201 moves to bea | to nobody | removed | given to ana
 *   profile ana away [until T] [changed T ago]
 *   connector hq profile ignore|read|write|both
 *   line 201 holds away | nothing         found at the start of a link or by a resync
 *   line 201 profile away [until T]       a change at the phone, or the echo of our write
 *   written 201 accepted|refused|unsure   the PBX's answer to the last write
 *   line 201 forward none|voicemail|internal|external
 *   hours open | closed                   of everybody, once `policy hours` was said
 *   text ana ours | gone                  the sink: Teams may show a text of ours, or none
 *   user ana disabled | enabled | removed
 *   outcome ana accepted [404] | withdrawn | unsure | denied 404 [retry T] | late | preferred-gone
 *   seen ana busy session|hand|either|nobody|unknown [call|conference|meeting|presenting|dnd]
 *            [asked T]  what Teams shows, who can have made it, what it is about; asked T ago
 *   known ana                             Teams has given a clear answer for her since the start
 *   wall +2h | -2h                        the wall clock jumps
 *   crash [for T] [without store]         the daemon dies, stays away, starts; connectors down
 *   expect hold ana Busy/InACall [preferred] [drops-preferred] [life T] [within T]
 *   expect clear ana | renew ana [life T] | resync 201 | write 201 away | audit ana KIND
 *   expect text ana CAUSE|none | gone ana [within T]
 *   expect nothing [for T]                no hold, clear or resync that was not expected
 *   expect no-renewal for T
 *   expect combined ana busy | held ana S | teams ana S | desired ana S | profile ana away
 *   expect publish ana in-flight | settled ana yes|no | winner ana line 201|profile|nothing
 *   expect shown ana as-sent|masked|hidden|… | conflict ana yes|no
 *   expect lamp ana off|dark|call|meeting|dnd | read-again ana yes|no (since last asked)
 *   expect line 201 synced|standing|expired busy [calls N] | preferred ana yes|no
 *   expect counter ringing_aged N | saves-of-lines N | changed ana yes|no (since last asked)
 *
 * Every hold and clear must be expected; renewals only where a scenario asks for them. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "words.h"

static int scn_only(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 4 && strcmp(d->d_name + n - 4, ".scn") == 0;
}

static bool run_lines(struct story *s, FILE *f)
{
	char text[256];

	while (fgets(text, sizeof(text), f)) {
		s->line++;
		text[strcspn(text, "#\n")] = '\0';
		if (!story_line(s, text))
			return false;
	}
	return story_end(s);
}

static bool run_file(const char *path, int number, const char *name)
{
	static struct story s;
	FILE *f = fopen(path, "r");
	bool ok;

	s = (struct story){ 0 };
	world_init(&s.w);
	ok = f && run_lines(&s, f);
	printf("%s %d - %.*s\n", ok ? "ok" : "not ok", number, (int)strlen(name) - 4, name);
	if (!ok)
		printf("# %s:%d: %s\n", path, s.line, f ? s.why : "cannot be read");
	if (f)
		fclose(f);
	world_fini(&s.w);
	return ok;
}

int main(int argc, char **argv)
{
	struct dirent **names;
	char path[4096];
	bool ok = true;
	int n;

	if (argc != 2)
		return 2;
	n = scandir(argv[1], &names, scn_only, alphasort);
	if (n <= 0) {
		printf("1..1\nnot ok 1 - no scenario in %s\n", argv[1]);
		return 1;
	}
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", argv[1], names[i]->d_name);
		ok &= run_file(path, i + 1, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return ok ? 0 : 1;
}
