/* reader.h - what read.c, scalar.c and check.c share while a tree becomes the model. Private. */
#ifndef PROTO_CONF_READER_H
#define PROTO_CONF_READER_H

#include "proto/conf/schema.h"
#include "proto/conf/tree.h"

enum { READER_PATH_MAX = 12 };

struct reader_frame {
	const char *key;
	uint32_t index; /* UINT32_MAX: no list */
};

struct reader {
	struct conf *c;
	struct conf_errors *errs;
	const char *file;
	uint64_t budget; /* nodes that may still be visited: aliases share children */
	struct reader_frame path[READER_PATH_MAX];
	uint32_t depth;
	struct conf_account *account; /* being read, or NULL */
	uint32_t account_index;
	uint32_t connector_types; /* FOR_* bit of the connector being read, 0 when unknown */
	uint32_t files_cap;
	enum err err; /* ERR_NO_MEMORY, ERR_LIMIT: stop */
};

struct conf_at reader_at(const struct reader *rd, const struct node *n);
/* An error at a node; the key is the path so far, with `key` (may be NULL) at its end. */
void reader_refuse(struct reader *rd, const struct node *n, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void reader_warn(struct reader *rd, const struct node *n, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* "must be ..." with what the row wants. */
void reader_wants(struct reader *rd, const struct node *n, const struct setting *s);
/* A copy that lives as long as the model; "" when there is no memory (rd->err says so). */
const char *reader_text(struct reader *rd, struct slice s);
void *reader_array(struct reader *rd, size_t count, size_t size);
/* Remembers a file that the loader has to read. */
void reader_add_file(struct reader *rd, const struct node *n, const struct setting *s,
		     enum conf_file_kind kind, const char **name, struct secret *secret);

/* Why there is no word for it among the clouds; the name of what was written comes before. */
#define CONF_NO_CHINA                                                                              \
	"is of Microsoft's cloud in China (21Vianet), which has no presence API: Offhook cannot serve a "  \
	"tenant there"

/* scalar.c: decodes a value that is given into the field. */
void scalar_read(struct reader *rd, const struct setting *s, const struct node *n, void *field);
/* read.c: a mapping into a struct whose defaults are set. */
void read_map(struct reader *rd, enum conf_scope scope, const struct node *map, void *object);
void read_defaults(struct reader *rd, enum conf_scope scope, void *object);

/* read.c: the group of that name; NULL when there is none. */
const struct conf_group *conf_group_of(const struct conf_account *a, const char *name);

/* check.c: what one mapping must hold together, after its rows were read. */
void check_scope(struct reader *rd, enum conf_scope scope, const struct node *map, void *object);
/* check_matching.c */
void check_matching(struct reader *rd, const struct node *map, const struct conf_matching *m);

#endif
