/* objects_own.h - an object under a command, between objects.c and objects_*.c; nobody else's.
 *
 * objects.c: which it is and whether it may be changed. objects_show.c: as it is answered.
 * objects_put.c: new settings. objects_change.c: what these change, in words. objects_delete.c: it goes.
 * objects_people.c: people. objects_certificate.c: an account's certificate. What it points to lives as long
 * as the command and the configuration in force: after settings were taken, object_find is to be asked again.
 * Every command is answered exactly once. */
#ifndef DAEMON_OBJECTS_OWN_H
#define DAEMON_OBJECTS_OWN_H

#include "daemon/documents.h"
#include "daemon/objects.h"
#include "proto/conf/schema.h"

/* One request about one object. */
struct object {
	struct app *app;
	struct app_parts p;
	const struct admin_command *c;
	enum conf_document_kind kind;
	struct slice account, name; /* name: empty for an account; a person's address */
	char label[DOCUMENT_KEY_MAX];
	const struct conf_document *doc; /* as the console has it, or NULL */
	const struct conf_account *in;	 /* the account in force, or NULL */
	const void *now;		 /* the object in force, or NULL */
	struct conf_at at;		 /* where it stands */
	uint32_t person; /* who came by import or through the API and stands nowhere; or ID_NONE */
	const char *told; /* answered in the object's place; NULL: the object */
	const char *note; /* what has changed, for the record of changes; NULL: nothing is said */
};

/* ---- objects.c ---- */
/* From .app, .kind, .account and .name: everything else, as it is now. */
void object_find(struct object *o);
enum conf_scope object_scope(const struct object *o);
/* The key that names it. */
const char *object_name_key(const struct object *o);
bool object_is_there(const struct object *o);
bool object_is_of_the_console(const struct object *o);
/* The console has one too, but the file's is in force. */
bool object_is_hidden(const struct object *o);
/* Answers; always true. */
bool object_refuse(const struct object *o, int status, const char *title, const char *detail);
/* True: it may not be changed, for that reason, and was answered. */
bool object_is_of_the_file(const struct object *o);
bool object_has_changed(const struct object *o);

/* ---- objects_show.c ---- */
/* The caller's; NULL: no memory. */
json_t *object_json(const struct object *o);
/* The same as text: its ETag is made of it. */
char *object_text(const struct object *o);
/* Answers with it, or with .told. */
void object_answer(const struct object *o, int status);
void object_list_groups(struct object *o);

/* ---- objects_put.c ---- */
void object_put(struct object *o);
/* settings are the caller's, and hold no secret any more after it. False: not taken, and answered. */
bool object_put_settings(struct object *o, json_t *settings);
/* The documents with this one as json; p NULL: without it. False: not taken, and answered. */
bool object_take(struct object *o, struct slice json);
/* True: an account's settings name what has paths of its own, and that was answered. */
bool object_is_list_inside(const struct object *o, const json_t *settings);

/* ---- objects_change.c ---- */
/* From settings (NULL: there were none) to settings, secrets as names of files, in one line; the caller's.
 * NULL: no memory, or too long. */
char *object_change_text(const struct object *o, const json_t *before, const json_t *after);

/* ---- objects_people.c ---- */
/* A person's settings, kept as a document or as an import's are. */
void object_put_user(struct object *o, json_t *settings);

/* ---- objects_delete.c ---- */
void object_delete(struct object *o);

#endif
