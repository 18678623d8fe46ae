/* alarms.h - which alarms are raised, since when. Pure: the owner looks at the snapshot and says
 * what is so, one pass at a time; here it becomes raised, stays, or is over. The table is
 * alarms.def.
 *
 * At most ALARMS_MAX objects at a time are remembered; more are counted and left out. */
#ifndef ADMIN_ALARMS_H
#define ADMIN_ALARMS_H

#include "base/slice.h"

enum alarm_kind {
#define ALARM(id, name, severity, after_ms, text, fix) ALARM_##id,
#define NOTE_ALARM(id, name, severity, note, hold_ms, text, fix) ALARM_##id,
#include "admin/alarms.def"
	ALARM_COUNT
};

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL, SEVERITY_COUNT };

enum { ALARMS_MAX = 1024, ALARM_NAME_MAX = 80, ALARM_DETAIL_MAX = 200 };

struct alarm_row {
	const char *name, *text, *fix;
	uint8_t severity;
	int32_t after_ms;
	const char *note; /* NULL: not by a note */
	int32_t hold_ms;
};
extern const struct alarm_row alarm_rows[ALARM_COUNT];
const char *severity_name(enum severity s);

struct alarm {
	uint8_t kind; /* enum alarm_kind */
	bool raised;  /* else it has not lasted long enough yet */
	bool seen;    /* in the pass under way */
	bool told;    /* to those who are told of it: cleared by alarms.c when raised, set by the
			 teller */
	char account[ALARM_NAME_MAX], connector[ALARM_NAME_MAX]; /* "" : none */
	char detail[ALARM_DETAIL_MAX];
	int64_t since_wall_ms, since_mono_ms, told_mono_ms;
};

struct alarms;

MUST_CHECK enum err alarms_new(struct alarms **ret);
void alarms_free(struct alarms *a);

void alarms_begin(struct alarms *a, int64_t mono_ms, int64_t wall_ms);
/* It is so, now; since_wall_ms 0: since now. detail is for people. */
void alarms_see(struct alarms *a, enum alarm_kind kind, struct slice account,
		struct slice connector, int64_t since_wall_ms, struct slice detail);
/* A counter of a note as it stands; it is so while it rose within the row's hold_ms. The first look
 * only learns. */
void alarms_count(struct alarms *a, enum alarm_kind kind, struct slice account, uint64_t value);
/* What was not seen in this pass is over: gone(arg, alarm) for each that was raised. True when a
 * raised one came or went. */
bool alarms_end(struct alarms *a, void (*gone)(void *arg, const struct alarm *x), void *arg);

/* All that are remembered, worst first within no order; *ret_n of them. Changeable for the teller's
 * marks only. */
struct alarm *alarms_list(struct alarms *a, uint32_t *ret_n);
uint32_t alarms_raised(const struct alarms *a, enum severity s);
/* Of this pass. */
int64_t alarms_wall_ms(const struct alarms *a);
uint64_t alarms_left_out(const struct alarms *a);

#endif
