/* hook_source.h - private to this folder: what a webhook connector keeps.
 *
 * webhook.c is the vtable and the requests, report.c turns reports into obs. The connector is up
 * while it is open: the shell's listener stands as long as the daemon runs. A line is synchronised
 * by its first report that says something of its calls, and lost when it is silent for longer than
 * `silence`; a line in a call of which nothing was heard for CALL_SILENCE_MS is lost in any case
 * when the engine asks for it. */
#ifndef SOURCE_WEBHOOK_HOOK_SOURCE_H
#define SOURCE_WEBHOOK_HOOK_SOURCE_H

#include "base/secret.h"
#include "proto/webhook/hook.h"
#include "source/lines.h"
#include "source/outbox.h"

enum {
	SCANS = 8, /* the lines are looked at so often per `silence` */
	SCAN_LEAST_MS = 1000,
	CALL_SILENCE_MS = 8 * 3600 * 1000,
	SET_BACK_MS =
		10 * 60 * 1000, /* an older number or time after so long: the sender began anew */
};

/* Zeroed but for what line_fresh sets. */
struct hook_line {
	bool synced, lost, in_call;
	bool dnd_by_word, offline_by_word;
	bool has_order, has_sequence, has_time;
	uint8_t endpoints; /* registered ones, a bit each */
	uint8_t profile;   /* last told, PROFILE_COUNT: none */
	uint16_t status;   /* last answer */
	uint64_t sequence;
	int64_t time_wall_ms;
	int64_t order_ms;  /* when sequence and time were taken */
	int64_t report_ms; /* 0: none */
};

struct webhook {
	uint32_t connector;
	uint16_t account;
	bool reads_profile;
	bool token_refused; /* by the last request */
	int32_t silence_ms; /* 0: never */
	int64_t now_ms, scan_ms;
	int64_t told_ms; /* a request was taken; 0: none */
	uint64_t received;
	struct secret token;
	struct hook_form form;
	struct outbox out;
	struct line_table table;
	struct hook_line *lines;     /* by slot */
	struct hook_report *reports; /* of one request */
};

enum hook_result { HOOK_APPLIED, HOOK_STALE, HOOK_IGNORED, HOOK_RESULTS };

void hook_line_fresh(struct hook_line *l);
enum hook_result hook_apply(struct webhook *w, uint32_t slot, const struct hook_report *r);
/* Its reports have ended; why stays to be shown. */
void hook_lose(struct webhook *w, uint32_t slot);

#endif
