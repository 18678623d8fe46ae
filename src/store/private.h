/* private.h - the body of struct store, shared by open.c, store.c, writer.c and load.c. */
#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H

#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>

#include "store/queue.h"
#include "store/store.h"

/* Files beside the database, by what is added to its name. */
#define BACKUP_SUFFIX ".backup" /* being made */
#define UPLOAD_SUFFIX ".upload" /* coming in */
#define RESTORE_SUFFIX ".restore" /* found good: the next start takes it */
#define FORMER_SUFFIX ".before-restore"

enum { STORE_BUSY_MS = 250 };

struct store {
	char path[PATH_MAX]; /* of the database */
	char install_id[33];
	int32_t commit_ms;
	int lock_fd;
	bool restored; /* this start took a backup */

	pthread_mutex_t mutex; /* guards everything down to `stop` */
	struct queue waiting;
	struct queue
	    *writing; /* the writer's batch while it is not committed, for the statistics */
	struct store_stats stats;
	uint64_t taken, committed; /* generations of batches: store_flush waits for one */
	bool stop;

	int wake_fd; /* eventfd: there is work, or stop */
	int done_fd; /* eventfd: a batch was committed, or given up */
	pthread_t writer;
	bool running;

	/* the writer's own */
	sqlite3 *db;
	sqlite3_stmt *put[TABLE_COUNT], *del[TABLE_COUNT];

	pthread_mutex_t reader_mutex;
	sqlite3 *reader; /* opened when first asked for */
};

void *writer_main(void *arg);
void writer_finalize(struct store *s);

/* backup.c, at start, under the lock: the file that waits takes the database's place. */
MUST_CHECK enum err store_swap(struct store *s, char *why);
/* Behind it, on the open database: what the former one alone knows. */
void store_carry_over(struct store *s);

/* The reader's connection, under reader_mutex; NULL when it cannot be opened. */
sqlite3 *store_reader(struct store *s);

#endif
