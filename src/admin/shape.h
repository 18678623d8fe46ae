/* shape.h - the types of shapes.def as JSON schemas (draft 2020-12, as OpenAPI 3.1 has them). Pure.
 */
#ifndef ADMIN_SHAPE_H
#define ADMIN_SHAPE_H

#include "base/jsonw.h"

struct shape {
	const char *name, *help;
};

struct shape_field {
	uint16_t shape; /* index into shapes */
	const char *key, *type, *help;
};

extern const struct shape shapes[];
extern const size_t shapes_n;
extern const struct shape_field shape_fields[];
extern const size_t shape_fields_n;

/* The schema of a type; help "" for none. A name that is not known becomes a $ref that leads
 * nowhere: a test looks. */
void shape_type(struct jsonw *j, const char *key, const char *type, const char *help);
/* Every list of words and every shape, as members of an object that is open. */
void shape_components(struct jsonw *j);
/* True when an object of this type may not be empty. Other types than shapes may not. */
bool shape_needs_something(const char *type);

#endif
