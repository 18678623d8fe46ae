/* objects.h - accounts, connectors, groups and people that are edited through the API. */
#ifndef DAEMON_OBJECTS_H
#define DAEMON_OBJECTS_H

#include <jansson.h>

#include "admin/admin.h"
#include "daemon/app.h"
#include "daemon/apply.h"

/* ADMIN_OBJECT: shows, puts or deletes one; answers with the object, or says why not. */
void object_command(struct app *a, const struct admin_command *c);
/* ---- for certificates.c, about the account of an ADMIN_CERTIFICATE ---- */

/* False, and answered: it is of the file, or is not there and no settings make it, or is there and they
 * would. */
bool object_may_sign(struct app *a, const struct admin_command *c, const json_t *settings);
/* The account signs in with it from now on. True: taken, and answered with told; else answered with why not.
 * settings NULL: of an account that is there. */
bool object_put_certificate(struct app *a, const struct admin_command *c, const json_t *settings,
			    const char *pem, struct slice key, const char *told);

/* ADMIN_EXPORT: {"yaml": "..."}, all of it, people from imports too. */
void export_command(struct app *a, const struct admin_command *c);
/* The settings of a person that came by import or through the API, without the address. */
json_t *person_settings(const struct app_parts *p, uint32_t user);
/* ADMIN_PUT_USER, ADMIN_DELETE_USER, ADMIN_SWITCH_USERS. */
void person_put_command(struct app *a, const struct admin_command *c);
void person_delete_command(struct app *a, const struct admin_command *c);
void people_switch_command(struct app *a, const struct admin_command *c);

#endif
