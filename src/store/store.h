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
 * STORE_TEXT_MAX bytes, `lines` of a person 4,096, `fields` of a watcher 2,048,
 * where nothing else is said. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/slice.h"
#include "core/types.h"

enum {
	STORE_TEXT_MAX = 512,
	STORE_LINK_MAX = 8192,
	STORE_RECORD_MAX = 65536,
	STORE_DETAIL_MAX = 4096,
	STORE_AUDIT_LEAST = 100,
	STORE_AUDIT_MOST = 1000,
	STORE_WHY_MAX = 512
};

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
/* The id under which a session, preferred state or status message of ours was last given out for a user; an
 * empty one forgets it. */
enum err store_put_held(struct store *s, struct slice account, struct slice email, struct slice id);
enum err store_put_meta(struct store *s, struct slice key, struct slice value);

/* A user that does not come from the configuration: imported, or added through the API. */
struct store_person {
	struct slice account, email, name;
	struct slice lines;  /* connector/number, separated by blanks */
	struct slice source; /* where it came from: "import", "api" */
	struct slice teams_id; /* empty: to be looked for */
	bool enabled;
};
enum err store_put_person(struct store *s, const struct store_person *p);
enum err store_delete_person(struct store *s, struct slice account, struct slice email);

/* A status message of ours that Teams may show, and what stood there before; at most 4,096 bytes each. An
 * empty one of ours forgets the row. */
struct store_text {
	struct slice account, email, ours, former;
	int64_t until_wall_ms; /* when ours ends by itself */
};
enum err store_put_text(struct store *s, const struct store_text *x);
/* Who an address is in a realm's directory: the daemon's numbers, as it gave them. */
struct store_match {
	struct slice realm, email, id; /* id may be empty */
	uint8_t state, class, via;
	uint32_t flags;
};
enum err store_put_match(struct store *s, const struct store_match *m);
enum err store_delete_match(struct store *s, struct slice realm, struct slice email);
/* Where reading a realm's changes goes on; of use under the same rules only. At most STORE_LINK_MAX bytes; an
 * empty one forgets it. */
enum err store_put_link(struct store *s, struct slice realm, struct slice rules, struct slice link);
/* A phone that watches somebody's lamp (sink/lamp): what its dialog needs. */
struct store_watcher {
	struct slice tag, fields;
	int64_t expires_wall_ms;
	uint32_t cseq, remote_cseq, kind;
	uint16_t port;
};
enum err store_put_watcher(struct store *s, const struct store_watcher *w);
enum err store_delete_watcher(struct store *s, struct slice tag);

/* Of a user the last day is kept (at most STORE_AUDIT_MOST entries), and the last STORE_AUDIT_LEAST however
 * old they are. */
struct store_audit {
	int64_t wall_ms;
	uint8_t kind; /* enum audit_kind */
	uint16_t a, b;
};
enum err store_audit(struct store *s, struct slice account, struct slice email,
		     const struct store_audit *entry);

/* A document of the admin plane or of the configuration made there: administrators, sessions, tokens,
 * accounts, connectors, groups, policies. The kind is one word, the value JSON of at most
 * STORE_RECORD_MAX bytes. */
enum err store_put_record(struct store *s, struct slice kind, struct slice key, struct slice value);
enum err store_delete_record(struct store *s, struct slice kind, struct slice key);

/* What somebody changed. account is empty for what concerns no single one; detail at most
 * STORE_DETAIL_MAX bytes. */
struct store_change {
	int64_t id; /* given by the store, rising */
	int64_t wall_ms;
	struct slice who, account, verb, object, detail;
};
enum err store_put_change(struct store *s, const struct store_change *c);
/* Forgets those of an account (empty: those of none; "*": all) from before an instant. */
enum err store_trim_changes(struct store *s, struct slice account, int64_t before_wall_ms);

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
	void (*text)(void *arg, const struct store_text *x);
	void (*meta)(void *arg, struct slice key, struct slice value);
	void (*match)(void *arg, const struct store_match *m);
	void (*link)(void *arg, struct slice realm, struct slice rules, struct slice link);
	void (*record)(void *arg, struct slice kind, struct slice key, struct slice value);
	void (*watcher)(void *arg, const struct store_watcher *w);
	void (*held)(void *arg, struct slice account, struct slice email, struct slice id);
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

/* Changes, newest first, as store_audit_read does: those with an id below `before` (0: from the newest
 * on), of one account (p NULL: of all). Ends when `entry` answers false. */
MUST_CHECK enum err store_changes_read(struct store *s, struct slice account, int64_t before,
				       bool (*entry)(void *arg, const struct store_change *c), void *arg);

/* ---- backup: on the admin thread; blocks on the disk ---- why: STORE_WHY_MAX bytes ---- */

/* What is committed, as one SQLite file without a name: *ret_fd is open for reading from its
 * beginning, and the caller's. ERR_IO, ERR_DENIED. */
MUST_CHECK enum err store_backup(struct store *s, int *ret_fd, char *why);
/* Such a file that comes in: write it to *ret_fd, then take or drop it. ERR_EXISTS: one comes in already. */
MUST_CHECK enum err store_upload_begin(struct store *s, int *ret_fd, char *why);
/* Looks whether it is whole and ours, brings it to this schema, and puts it beside the store; the next
 * store_open takes it and keeps the former one as offhook.db.before-restore. Closes fd in any case.
 * ERR_MALFORMED: damaged, or no store. ERR_LIMIT: written by a newer version. ERR_IO. */
MUST_CHECK enum err store_upload_take(struct store *s, int fd, char *why);
void store_upload_drop(struct store *s, int fd);
/* This store_open took a backup. */
bool store_was_restored(const struct store *s);

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
