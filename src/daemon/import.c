#include "daemon/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "admin/said.h"
#include "base/map.h"
#include "daemon/apply.h"
#include "daemon/documents.h"
#include "daemon/keeper.h"
#include "proto/conf/users_csv.h"

enum { ERRORS_SHOWN = 50, CHANGES_SHOWN = 1000, LINES_TEXT_MAX = 16384, NAME_MAX_BYTES = 255 };

struct import {
	struct app *app;
	struct slice account;
	bool dry_run;
	uint32_t n[PERSON_UNCHANGED + 1];
	json_t *errors, *changes;
	struct map addresses; /* in this CSV so far: hash -> place in rows */
	struct seen_row {
		uint64_t hash;
		uint32_t line;
	} *rows;
	uint32_t rows_n;
};

/* What the CSV does not say of somebody who is known, as it is now. */
struct present {
	char name[NAME_MAX_BYTES + 1], id[GRAPH_ID_LEN + 1];
	struct buf lines;
};

static void put_fault(struct import *im, uint32_t row, const char *text)
{
	json_t *fault;

	if (json_array_size(im->errors) >= ERRORS_SHOWN)
		return;
	fault = json_pack("{s:i}", "row", (int)row);
	said_set(fault, "text", text);
	json_array_append_new(im->errors, fault);
}

/* ---- a row ---- */

static bool same_hash(uint32_t at, const void *key, void *arg)
{
	const struct import *im = arg;

	return im->rows[at].hash == *(const uint64_t *)key;
}

/* True, and said, when an earlier row has the address: which of the two is meant nobody can know. */
static bool is_twice(struct import *im, const struct users_csv_row *row)
{
	uint64_t hash = slice_hash_nocase(row->email, 1);
	uint32_t at = map_find(&im->addresses, hash, same_hash, &hash, im);
	char why[80];

	if (at != MAP_NONE) {
		snprintf(why, sizeof(why), "the address stands in row %u already", im->rows[at].line);
		put_fault(im, row->line, why);
		return true;
	}
	im->rows[im->rows_n] = (struct seen_row){ hash, row->line };
	if (map_add(&im->addresses, hash, im->rows_n) == ERR_OK)
		im->rows_n++;
	return false;
}

static void put_lines(const struct app_parts *p, uint32_t user, struct buf *to)
{
	const struct directory *d = bridge_directory(p->bridge);
	const struct engine *e = bridge_engine(p->bridge);
	struct user_view v;

	if (!engine_user(e, user, &v))
		return;
	for (uint32_t l = v.first_line; l != ID_NONE; l = engine_next_line_of(e, l)) {
		if (to->n)
			buf_char(to, ' ');
		buf_slice(to, directory_connector_name(d, directory_line_connector(d, l)));
		buf_char(to, '/');
		buf_slice(to, directory_number(d, l));
	}
}

/* Columns that are not there leave alone what is: a CSV of addresses and enabled switches people, no more. */
static void keep_the_rest(const struct app_parts *p, uint32_t user, uint8_t has, struct apply_person *person,
			  struct present *now)
{
	const struct directory *d = bridge_directory(p->bridge);
	struct bridge_match m;

	if (!(has & USERS_CSV_NAME) &&
	    slice_copy(directory_label(d, user), now->name, sizeof(now->name)) == ERR_OK)
		person->name = slice_str(now->name);
	if (!(has & USERS_CSV_ENABLED))
		person->enabled = people_listed_enabled(p->people, user);
	if (!(has & USERS_CSV_TEAMS_ID) && bridge_match(p->bridge, user, &m) && m.named) {
		memcpy(now->id, m.id, sizeof(now->id));
		person->teams_id = slice_str(now->id);
	}
	if (has & USERS_CSV_LINES)
		return;
	put_lines(p, user, &now->lines);
	if (buf_err(&now->lines) == ERR_OK)
		person->lines = buf_view(&now->lines);
}

/* Lines that are somebody else's now. NULL: none. */
static json_t *taken_lines(const struct app_parts *p, uint16_t account, uint32_t user, struct slice lines)
{
	const struct directory *d = bridge_directory(p->bridge);
	json_t *takes = NULL;
	struct slice part;

	while (slice_split(&lines, ' ', &part)) {
		size_t slash = slice_find(part, '/');
		uint32_t c = directory_connector(d, account, slice_sub(part, 0, slash));
		uint32_t line = c == ID_NONE || slash >= part.n ?
					ID_NONE :
					directory_line(d, c, slice_sub(part, slash + 1, part.n));
		uint32_t owner = line == ID_NONE ? ID_NONE : directory_line_user(d, line);
		struct slice from = owner == ID_NONE ? SLICE_NONE : directory_email(d, owner);

		if (owner == ID_NONE || owner == user)
			continue;
		if (!takes)
			takes = json_array();
		json_array_append_new(takes, json_pack("{s:s%,s:s%}", "line", part.p, part.n, "from", from.p,
						       from.n));
	}
	return takes;
}

static void put_change(struct import *im, struct slice email, enum person_change change, json_t *takes)
{
	json_t *o;

	im->n[change]++;
	if (change == PERSON_UNCHANGED || json_array_size(im->changes) >= CHANGES_SHOWN) {
		json_decref(takes);
		return;
	}
	o = json_pack("{s:s%,s:s}", "email", email.p, email.n, "change",
		      change == PERSON_ADDED ? "added" : "changed");
	if (takes)
		json_object_set_new(o, "takes", takes);
	json_array_append_new(im->changes, o);
}

static void take_row(struct import *im, const struct users_csv_row *row, struct present *now)
{
	const struct app_parts p = app_parts(im->app);
	const struct directory *d = bridge_directory(p.bridge);
	uint16_t account = directory_account(d, im->account);
	uint32_t user = account == UINT16_MAX ? ID_NONE : directory_user(d, account, row->email);
	struct apply_person person = { .account = im->account, .email = row->email, .name = row->name,
				       .lines = row->lines, .teams_id = row->teams_id,
				       .enabled = row->enabled };
	enum person_change change;
	char why[300] = "";

	if (user != ID_NONE)
		keep_the_rest(&p, user, row->has, &person, now);
	enum err e = apply_person_look(p.apply, &person, &change, why, sizeof(why));
	if (documents_find(p.documents, CONF_DOCUMENT_USER, im->account, row->email)) {
		e = ERR_DENIED;
		snprintf(why, sizeof(why), "%.*s has rules of its own, made in the console: change it there",
			 SLICE_ARG(row->email));
	}
	json_t *takes = e || change == PERSON_UNCHANGED ? NULL : taken_lines(&p, account, user, person.lines);
	if (!e && !im->dry_run && change != PERSON_UNCHANGED) {
		e = apply_person(p.apply, app_now(im->app), &person, why, sizeof(why));
		keeper_put_person(p.keeper, &person);
	}
	if (!e) {
		put_change(im, row->email, change, takes);
		return;
	}
	json_decref(takes);
	put_fault(im, row->line, why);
}

static bool import_row(const struct users_csv_row *row, void *arg)
{
	struct import *im = arg;
	struct present now = { .name = "" };

	if (is_twice(im, row))
		return true;
	if (row->group.n) { /* who has rules of one's own is an object, and there may be few of these */
		put_fault(im, row->line,
			  "an import gives no groups: leave it empty here, and give it on the person's page");
		return true;
	}
	buf_init(&now.lines, LINES_TEXT_MAX);
	take_row(im, row, &now);
	buf_fini(&now.lines);
	return true;
}

/* ---- the whole ---- */

static void answer(struct import *im, uint64_t id)
{
	json_t *o = json_pack("{s:i,s:i,s:i,s:O,s:O}", "added", (int)im->n[PERSON_ADDED], "changed",
			      (int)im->n[PERSON_CHANGED], "unchanged", (int)im->n[PERSON_UNCHANGED], "errors",
			      im->errors, "changes", im->changes);
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL, note[120];

	snprintf(note, sizeof(note), "%u added, %u changed, %zu rows refused", im->n[PERSON_ADDED],
		 im->n[PERSON_CHANGED], json_array_size(im->errors));
	if (text)
		admin_answer_noted(app_parts(im->app).admin, id, 200, text, note);
	else
		admin_refuse(app_parts(im->app).admin, id, 500, "out of memory", "try again");
	free(text);
	json_decref(o);
}

void import_users(struct app *a, const struct admin_command *c)
{
	static struct conf_errors errs;
	const struct slice csv = slice_of(c->text, c->text_n);
	uint32_t rows = users_csv_rows_max(csv) + 1;
	struct import im = { .app = a, .dry_run = c->dry_run, .errors = json_array(), .changes = json_array(),
			     .rows = calloc(rows, sizeof(*im.rows)) };

	im.account = directory_account_name(bridge_directory(app_parts(a).bridge), c->account);
	errs = (struct conf_errors){ 0 };
	if (!im.rows || map_init(&im.addresses, rows)) {
		admin_refuse(app_parts(a).admin, c->id, 500, "out of memory", "give the CSV in parts");
	} else {
		if (users_csv_parse(csv, "import", import_row, &im, &errs))
			for (uint32_t i = 0; i < errs.n; i++)
				put_fault(&im, errs.list[i].line, errs.list[i].text);
		answer(&im, c->id);
		map_fini(&im.addresses);
	}
	free(im.rows);
	json_decref(im.errors);
	json_decref(im.changes);
}
