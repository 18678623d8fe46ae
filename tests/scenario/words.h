/* words.h - one story being told: its world and its sentences. The grammar stands in runner.c. */
#ifndef TESTS_SCENARIO_WORDS_H
#define TESTS_SCENARIO_WORDS_H

#include "world.h"

enum { WORDS_MAX = 12, WORD_LEN = 64 };

struct story {
	struct world w;
	bool started;
	int line;
	int64_t start_ms;
	char word[WORDS_MAX][WORD_LEN];
	int words;
	char why[200];
};

/* False when the sentence is wrong or does not hold; s->why says so. */
bool story_line(struct story *s, const char *text);
bool story_end(struct story *s);

/* ---- between words.c and expect.c ---- */
bool story_fail(struct story *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool word_is(const struct story *s, int i, const char *text);
bool word_time(struct story *s, int i, int64_t *ret_ms);
bool word_user(struct story *s, int i, uint32_t *ret);
bool word_profile(struct story *s, int i, uint8_t *ret);
bool word_text(struct story *s, int i, uint8_t *ret);
bool word_line(struct story *s, int i, uint32_t *ret);
bool word_number(struct story *s, int i, uint64_t *ret);
bool story_expect(struct story *s, int at);

#endif
