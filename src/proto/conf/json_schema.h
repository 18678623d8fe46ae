/* json_schema.h - settings.def as JSON schemas, for the OpenAPI document: account_settings,
 * connector_settings, group_settings and the mappings in them, each as it is given out, and with
 * _put as it is taken: a secret is given out as {"set": true} and taken as text. Pure. */
#ifndef PROTO_CONF_JSON_SCHEMA_H
#define PROTO_CONF_JSON_SCHEMA_H

#include "base/jsonw.h"

/* As members of an object that is open. They refer to the shape secret_set there. */
void conf_json_schema(struct jsonw *j);

#endif
