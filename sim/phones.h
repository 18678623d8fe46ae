/* phones.h - phones that call each other, as a switch knows them: the truth behind a simulated PBX that
 * tells of states rather than of calls. Sans-I/O; time comes in and must not decrease. */
#ifndef SIM_PHONES_H
#define SIM_PHONES_H

#include "pbx.h"

enum { PHONES_MAX = 256, PHONES_CALLS_MAX = 128 };

struct phones_call {
	bool used, answered, ringing, unanswered;
	uint32_t side[2]; /* caller, called; PBX_EXTERNAL */
	bool held[2];     /* by that side */
	int64_t due_ms;   /* when it goes on by itself, PBX_NEVER: it does not */
	int64_t ring_ms, talk_ms;
};

struct phones {
	uint32_t n;
	struct phones_call calls[PHONES_CALLS_MAX];
	int64_t since_ms[PHONES_MAX];
	uint8_t state[PHONES_MAX]; /* enum pbx_phone_state: the busiest doing */
	bool rings[PHONES_MAX];    /* a call rings, beside whatever else */
	void (*changed)(void *arg, int64_t now_ms, uint32_t phone); /* state or rings */
	void *arg;
};

void phones_init(struct phones *p, uint32_t n, void (*changed)(void *, int64_t, uint32_t), void *arg);
MUST_CHECK enum err phones_call(struct phones *p, int64_t now_ms, const struct pbx_call_plan *plan);
/* ERR_NOT_FOUND: no call of the phone that this can be done to. */
MUST_CHECK enum err phones_answer(struct phones *p, int64_t now_ms, uint32_t phone);
MUST_CHECK enum err phones_hangup(struct phones *p, int64_t now_ms, uint32_t phone);
MUST_CHECK enum err phones_hold(struct phones *p, int64_t now_ms, uint32_t phone, bool on);
/* The switch has forgotten every call. */
void phones_end_all(struct phones *p, int64_t now_ms);
void phones_tick(struct phones *p, int64_t now_ms);
int64_t phones_next(const struct phones *p);
uint32_t phones_calls(const struct phones *p, uint32_t phone);

#endif
