/* directory.h - who is who: names <-> the small ids that cross the seams.
 *
 * Accounts, connectors, users and lines in tables sized once; names live once in an interned pool;
 * nothing is allocated after directory_new. Ids of removed users and lines are used again only
 * after directory_release_*, which the bridge calls when the engine is done with them. E-mail
 * addresses are compared without regard to case; connector names and numbers exactly. */
#ifndef CORE_DIRECTORY_H
#define CORE_DIRECTORY_H

#include "base/slice.h"
#include "core/types.h"

struct directory_limits {
	uint32_t accounts, connectors, users, lines;
	uint32_t name_bytes; /* pool; 0: 64 bytes per user and line */
	uint64_t seed;       /* of the hash tables */
};

struct directory;

MUST_CHECK enum err directory_new(struct directory **ret, const struct directory_limits *limits);
void directory_free(struct directory *d);

/* ERR_EXISTS (ret_id is set to the existing one), ERR_LIMIT when the table or pool is full,
 * ERR_MALFORMED for an empty name or one over 254 bytes. */
MUST_CHECK enum err directory_add_account(struct directory *d, struct slice name, uint16_t *ret_id);
MUST_CHECK enum err directory_add_connector(struct directory *d, uint16_t account, struct slice name,
					    uint32_t *ret_id);
MUST_CHECK enum err directory_add_user(struct directory *d, uint16_t account, struct slice email,
				       uint32_t *ret_id);
MUST_CHECK enum err directory_add_line(struct directory *d, uint32_t connector, struct slice number,
				       uint32_t user, uint32_t *ret_id);
/* A second name for people; empty forgets it. */
MUST_CHECK enum err directory_set_label(struct directory *d, uint32_t user, struct slice label);
void directory_set_line_user(struct directory *d, uint32_t line, uint32_t user);

void directory_release_user(struct directory *d, uint32_t user);
void directory_release_line(struct directory *d, uint32_t line);
void directory_release_connector(struct directory *d, uint32_t connector);
void directory_release_account(struct directory *d, uint16_t account);

/* ID_NONE (UINT16_MAX for accounts) when absent. */
uint16_t directory_account(const struct directory *d, struct slice name);
uint32_t directory_connector(const struct directory *d, uint16_t account, struct slice name);
uint32_t directory_user(const struct directory *d, uint16_t account, struct slice email);
uint32_t directory_line(const struct directory *d, uint32_t connector, struct slice number);

/* Empty when the id is not in use. Valid until the object is released. */
struct slice directory_account_name(const struct directory *d, uint16_t account);
struct slice directory_connector_name(const struct directory *d, uint32_t connector);
struct slice directory_email(const struct directory *d, uint32_t user);
struct slice directory_label(const struct directory *d, uint32_t user);
struct slice directory_number(const struct directory *d, uint32_t line);

uint16_t directory_user_account(const struct directory *d, uint32_t user);
uint16_t directory_connector_account(const struct directory *d, uint32_t connector);
uint32_t directory_line_connector(const struct directory *d, uint32_t line);
uint32_t directory_line_user(const struct directory *d, uint32_t line); /* ID_NONE: nobody's */
bool directory_has_user(const struct directory *d, uint32_t user);

/* Iteration: the first used id >= from, or ID_NONE. The lines of one user in the order added. */
uint32_t directory_next_user(const struct directory *d, uint32_t from);
uint32_t directory_next_line(const struct directory *d, uint32_t from);
uint32_t directory_next_connector(const struct directory *d, uint32_t from);
uint16_t directory_next_account(const struct directory *d, uint16_t from);
uint32_t directory_users(const struct directory *d);
uint32_t directory_lines(const struct directory *d);
size_t directory_bytes(const struct directory *d);

#endif
