/* g5.c - a PBX ends every subscription at once, and all are asked for anew: the most memory that takes,
 * beside what the same subscriptions need when they rest. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "bench.h"
#include "plant.h"

enum { LINES = 100000, PBX_PORT = 5060 };

/* The most that was resident since the mark was last forgotten (proc(5), clear_refs). */
static double most_resident(void)
{
	unsigned long kb = 0;
	char line[128];
	FILE *f = fopen("/proc/self/status", "r");

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, "VmHWM:", 6) == 0)
			kb = strtoul(line + 6, NULL, 10);
	fclose(f);
	CHECK(kb > 0);
	return (double)kb * 1024;
}

static void forget_most(void)
{
	FILE *f = fopen("/proc/self/clear_refs", "w");

	CHECK(f && fputs("5", f) >= 0 && fclose(f) == 0);
}

/* Without what the process had before and what the PBX's script keeps, which would flatter. */
static double peak_by_rest(uint32_t lines)
{
	static struct plant p;
	double before = resident_bytes(), script = (double)lines * sizeof(struct subscription), rest, peak;

	p = (struct plant){ .users = lines, .quota = 1500, .window_ms = 30000, .pbx_port = PBX_PORT,
			    .t = { 1000, 1790000000000 } };
	plant_open(&p);
	malloc_trim(0); /* opening was a storm, too */
	rest = resident_bytes() - before - script;
	forget_most();
	p.script_bytes = 0;
	plant_storm(&p);
	peak = most_resident() - before - script - (double)p.script_bytes;
	return peak / rest;
}

void bench_g5(void)
{
	double ratio = in_child(peak_by_rest, LINES);

	row(ratio <= 2 ? VERDICT_MET : VERDICT_MISSED, "G5 peak RAM, 100000 lines subscribed anew",
	    "<= 2.00x", "at rest; Kamailio 5.6: about 20x", "%.2fx", ratio);
}
