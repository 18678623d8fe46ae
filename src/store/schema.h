/* schema.h - the tables and how older databases become new ones. Private to src/store. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include <sqlite3.h>

#include "base/err.h"

enum { SCHEMA_APPLICATION_ID = 0x4f46484b /* "OFHK" */ };

int schema_version(void);
/* Brings the database to schema_version(), step by step, each step in its own transaction.
 * ERR_LIMIT: it is newer than we are; ERR_MALFORMED: a database of another program, or damaged;
 * ERR_IO. why: STORE_WHY_MAX bytes. */
MUST_CHECK enum err schema_migrate(sqlite3 *db, const char *path, char *why);

/* The words for a failing SQLite call, with what to do. */
MUST_CHECK enum err schema_explain(sqlite3 *db, int rc, const char *path, char *why);

#endif
