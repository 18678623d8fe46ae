/* store.h - what must outlive the process: SQLite behind a queue.
 *
 * The loop calls the put functions and never waits: they copy into a queue that is coalesced by key
 * (the latest value wins) and return. One writer thread commits the queue as one transaction every
 * commit_ms. So what was put is durable within commit_ms and one commit, and a disk that stalls
 * cannot make the queue larger than the population. Objects are named by names; ids change from run
 * to run.
 *
 * A full or locked disk is counted, told in store_stats and tried again; nothing is lost while the
 * process lives but audit entries beyond the queue's bound. WAL with synchronous=FULL: there are at
 * most 20 commits a second, so a sync for each costs nothing that matters, and what a person set
 * survives a power cut too.
 *
 * Thread-safe; put functions take a lock that is held for copies only. Texts are at most
 * STORE_TEXT_MAX bytes, `lines` of a person 4,096. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/slice.h"
#include "core/types.h"

enum { STORE_TEXT_MAX = 512, STORE_AUDIT_RING = 100, STORE_WHY_MAX = 512 };

struct store_options {
	const char *dir;      /* made with mode 0700 when missing; holds offhook.db, mode 0600 */
	int32_t commit_ms;    /* 0: 80 */
	uint32_t records_max; /* keys that may wait: users + lines + ids; 0: 1,000,000 */
	uint32_t audits_max;  /* audit entries that may wait, then the oldest go; 0: 32,768 */
};

struct store;

/* Opens or creates, migrates forward, starts the writer. On failure `why` (STORE_WHY_MAX bytes)
 * gets a sentence with the path and what to do; the file is never replaced. ERR_MALFORMED: damaged,
 * or no database of ours. ERR_LIMIT: written by a newer version. ERR_EXISTS: another process has
 * it. ERR_DENIED, ERR_IO, ERR_NO_MEMORY. */
MUST_CHECK enum err store_open(struct store **ret, const struct store_options *o, char *why);
/* Commits what waits in one last attempt, then closes. Call store_flush first to bound the time. */
void store_close(struct store *s);
/* Waits until everything put before is committed; ERR_AGAIN when timeout_ms passed first. Not for
 * the loop: for shutdown and tests. */
MUST_CHECK enum err store_flush(struct store *s, int32_t timeout_ms);

/* ---- writing: queued ---- ERR_LIMIT: the queue is full, a text too long; counted as dropped ----
 */

/* realm: what names the tenant and client id, so that a change of either is seen at the next start.
 */
enum err store_put_account(struct store *s, struct slice account, struct slice realm);
/* Its own row only: users, lines and people go by their own calls. */
enum err store_delete_account(struct store *s, struct slice account);
/* The record's user and line ids are ignored. */
enum err store_put_user(struct store *s, struct slice account, struct slice email,
			const struct user_record *r);
/* The audit stays. */
enum err store_delete_user(struct store *s, struct slice account, struct slice email);
enum err store_put_line(struct store *s, struct slice account, struct slice connector,
			struct slice number, const struct line_record *r);
enum err store_delete_line(struct store *s, struct slice account, struct slice connector,
			   struct slice number);
/* The Microsoft object id of an address in a realm; an empty id forgets it. */
enum err store_put_id(struct store *s, struct slice realm, struct slice email, struct slice id);
enum err store_put_meta(struct store *s, struct slice key, struct slice value);

/* A user that does not come from the configuration: imported, or added through the API. */
struct store_person {
	struct slice account, email, name;
	struct slice lines;  /* connector/number, separated by blanks */
	struct slice source; /* where it came from: "import", "api" */
	bool enabled;
};
enum err store_put_person(struct store *s, const struct store_person *p);
enum err store_delete_person(struct store *s, struct slice account, struct slice email);

/* The last STORE_AUDIT_RING entries of a user are kept. */
struct store_audit {
	int64_t wall_ms;
	uint8_t kind; /* enum audit_kind */
	uint16_t a, b;
};
enum err store_audit(struct store *s, struct slice account, struct slice email,
		     const struct store_audit *entry);

/* ---- reading ---- */

/* Any may be NULL. Slices are valid during the call; ids in the records are ID_NONE. */
struct store_load_ops {
	void (*account)(void *arg, struct slice account, struct slice realm);
	void (*person)(void *arg, const struct store_person *p);
	void (*user)(void *arg, struct slice account, struct slice email,
		     const struct user_record *r);
	void (*line)(void *arg, struct slice account, struct slice connector, struct slice number,
		     const struct line_record *r);
	void (*id)(void *arg, struct slice realm, struct slice email, struct slice id);
	void (*meta)(void *arg, struct slice key, struct slice value);
};
/* All rows, in the order of the ops above; at start. why as in store_open. ERR_MALFORMED, ERR_IO.
 */
MUST_CHECK enum err store_load(struct store *s, const struct store_load_ops *ops, void *arg,
			       char *why);

/* The newest `max` entries, newest first, on a connection of its own: for the admin thread; blocks
 * on the disk. Sees what is committed. ERR_IO. */
MUST_CHECK enum err store_audit_read(struct store *s, struct slice account, struct slice email,
				     uint32_t max,
				     void (*entry)(void *arg, const struct store_audit *e),
				     void *arg);

/* 32 hex digits, made with the database. */
const char *store_install_id(const struct store *s);

struct store_stats {
	uint64_t put;	    /* calls taken */
	uint64_t coalesced; /* of these, took the place of one that waited */
	uint64_t dropped;   /* refused or pushed out: the queue was full */
	uint64_t rows, commits;
	uint64_t errors;   /* failed commits; each is tried again */
	uint64_t rejected; /* rows that the database refused for good */
	uint32_t waiting;  /* records and audits not yet committed */
	size_t waiting_bytes;
	bool failing;	 /* the last commit failed */
	char error[160]; /* words of the last failure */
};
void store_stats(struct store *s, struct store_stats *ret);

#endif
