/* rig.h - a store on real files in a directory of its own, and everything that is in it as text. */
#ifndef TESTS_STORE_RIG_H
#define TESTS_STORE_RIG_H

#include "test.h"

#include "store/store.h"

#define RIG_S(text) slice_str(text)

/* The directory of the present test, which is not there yet; the database in it; the last error in words. */
extern char rig_dir[64], rig_path[80], rig_why[STORE_WHY_MAX];

/* Everything that was loaded, one line a row, in the order of the load. */
struct rig_dump {
	char text[8192];
	size_t n;
	uint32_t users, lines, people;
	struct user_record last;
};

/* Of each test. */
int rig_set_up(void **state);
int rig_tear_down(void **state);
/* 0: the store's own limits. */
struct store *rig_opened(uint32_t records_max, uint32_t audits_max);
/* It cannot be opened, and the words name the directory. */
enum err rig_refused(void);
/* To the database, beside the store. */
void rig_sql(const char *text);
void rig_load(struct store *s, struct rig_dump *d);
/* A user into a struct rig_dump, for a load of one's own. */
void rig_on_user(void *arg, struct slice account, struct slice email, const struct user_record *r);
void rig_put_one_of_each(struct store *s);
extern const char rig_one_of_each[]; /* as it is loaded */

#endif
