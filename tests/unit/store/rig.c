#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <sqlite3.h>
#include <unistd.h>

char rig_dir[64], rig_path[80], rig_why[STORE_WHY_MAX];

static void remove_dir(void)
{
	static const char *const names[] = {"offhook.db", "offhook.db-wal", "offhook.db-shm",
					    "offhook.lock"};
	char file[128];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(file, sizeof(file), "%s/%s", rig_dir, names[i]);
		unlink(file);
	}
	rmdir(rig_dir);
}

int rig_set_up(void **state)
{
	(void)state;
	snprintf(rig_dir, sizeof(rig_dir), "/tmp/offhook-store-XXXXXX");
	if (!mkdtemp(rig_dir) || rmdir(rig_dir))
		return -1;
	snprintf(rig_path, sizeof(rig_path), "%s/offhook.db", rig_dir);
	return 0;
}

int rig_tear_down(void **state)
{
	(void)state;
	remove_dir();
	return 0;
}

struct store *rig_opened(uint32_t records_max, uint32_t audits_max)
{
	const struct store_options o = {
	    .dir = rig_dir, .commit_ms = 5, .records_max = records_max, .audits_max = audits_max};
	struct store *s = NULL;
	enum err err = store_open(&s, &o, rig_why);

	if (err != ERR_OK)
		print_message("%s\n", rig_why);
	assert_int_equal(err, ERR_OK);
	return s;
}

enum err rig_refused(void)
{
	const struct store_options o = {.dir = rig_dir};
	struct store *s = NULL;
	enum err err = store_open(&s, &o, rig_why);

	assert_null(s);
	assert_non_null(strstr(rig_why, rig_dir));
	return err;
}

void rig_sql(const char *text)
{
	sqlite3 *db;
	char *message = NULL;

	assert_int_equal(sqlite3_open(rig_path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s", message);
	sqlite3_close(db);
}

#define ADD(d, ...)                                                                                \
	((d)->n += (size_t)snprintf((d)->text + (d)->n, sizeof((d)->text) - (d)->n, __VA_ARGS__))

static void on_account(void *arg, struct slice name, struct slice realm)
{
	struct rig_dump *d = arg;

	ADD(d, "account %.*s %.*s\n", SLICE_ARG(name), SLICE_ARG(realm));
}

static void on_person(void *arg, const struct store_person *p)
{
	struct rig_dump *d = arg;

	d->people++;
	ADD(d, "person %.*s %.*s [%.*s] [%.*s] %.*s %d\n", SLICE_ARG(p->account),
	    SLICE_ARG(p->email), SLICE_ARG(p->name), SLICE_ARG(p->lines), SLICE_ARG(p->source),
	    p->enabled);
}

void rig_on_user(void *arg, struct slice account, struct slice email,
		 const struct user_record *r)
{
	struct rig_dump *d = arg;

	d->last = *r;
	if (++d->users < 20)
		ADD(d, "user %.*s %.*s %d %d %d %lld %lld %lld %d\n", SLICE_ARG(account),
		    SLICE_ARG(email), r->profile, r->session, r->preferred,
		    (long long)r->profile_until_wall_ms, (long long)r->profile_order,
		    (long long)r->lease_end_wall_ms, r->sure);
	assert_int_equal(r->user, ID_NONE);
}

static void on_line(void *arg, struct slice account, struct slice connector, struct slice number,
		    const struct line_record *r)
{
	struct rig_dump *d = arg;

	if (++d->lines < 20)
		ADD(d, "line %.*s %.*s %.*s %d %d %d %d %lld %d\n", SLICE_ARG(account),
		    SLICE_ARG(connector), SLICE_ARG(number), r->call, r->dnd, r->registered,
		    r->known, (long long)r->seen_wall_ms,
		    r->pbx_profile == PROFILE_NONE ? -1 : r->pbx_profile);
}

static void on_id(void *arg, struct slice realm, struct slice email, struct slice id)
{
	struct rig_dump *d = arg;

	ADD(d, "id %.*s %.*s %.*s\n", SLICE_ARG(realm), SLICE_ARG(email), SLICE_ARG(id));
}

static void on_text(void *arg, const struct store_text *x)
{
	struct rig_dump *d = arg;

	ADD(d, "text %.*s %.*s [%.*s] [%.*s] %lld\n", SLICE_ARG(x->account), SLICE_ARG(x->email),
	    SLICE_ARG(x->ours), SLICE_ARG(x->former), (long long)x->until_wall_ms);
}

static void on_meta(void *arg, struct slice key, struct slice value)
{
	struct rig_dump *d = arg;

	if (!slice_is(key, "install_id"))
		ADD(d, "meta %.*s %.*s\n", SLICE_ARG(key), SLICE_ARG(value));
}

static void on_match(void *arg, const struct store_match *m)
{
	struct rig_dump *d = arg;

	ADD(d, "match %.*s %.*s %.*s %u %u %u %u\n", SLICE_ARG(m->realm), SLICE_ARG(m->email),
	    SLICE_ARG(m->id), m->state, m->class, m->via, m->flags);
}

static void on_link(void *arg, struct slice realm, struct slice rules, struct slice link)
{
	struct rig_dump *d = arg;

	ADD(d, "link %.*s %.*s %.*s\n", SLICE_ARG(realm), SLICE_ARG(rules), SLICE_ARG(link));
}

static void on_watcher(void *arg, const struct store_watcher *w)
{
	struct rig_dump *d = arg;

	ADD(d, "watcher %.*s %.*s %lld %u %u %u %u\n", SLICE_ARG(w->tag), SLICE_ARG(w->fields),
	    (long long)w->expires_wall_ms, w->cseq, w->remote_cseq, w->port, w->kind);
}

static void on_held(void *arg, struct slice account, struct slice email, struct slice id)
{
	struct rig_dump *d = arg;

	ADD(d, "held %.*s %.*s %.*s\n", SLICE_ARG(account), SLICE_ARG(email), SLICE_ARG(id));
}

void rig_load(struct store *s, struct rig_dump *d)
{
	static const struct store_load_ops ops = {on_account, on_person, rig_on_user,
						  on_line,    on_id,	 on_text,
						  on_meta,    on_match,	 on_link,
						  NULL,	 on_watcher, on_held};

	*d = (struct rig_dump){0};
	assert_int_equal(store_load(s, &ops, d, rig_why), ERR_OK);
}

void rig_put_one_of_each(struct store *s)
{
	const struct user_record u = {.user = 7,
				      .profile = PROFILE_AWAY,
				      .session = SESSION_CALL,
				      .preferred = true,
				      .sure = true,
				      .profile_until_wall_ms = TIME_NEVER,
				      .profile_order = 1700000000000,
				      .lease_end_wall_ms = 1700000600000};
	const struct line_record l = {.line = 9,
				      .call = CALL_HELD,
				      .dnd = true,
				      .registered = true,
				      .known = true,
				      .pbx_profile = PROFILE_BUSY,
				      .seen_wall_ms = 5};
	const struct store_person p = {RIG_S("acme"),      RIG_S("bob@acme.example"), RIG_S("Bob \xc3\x9f"),
				       RIG_S("hq/1 hq/2"), RIG_S("import"), RIG_S("guid"), true};

	const struct store_text t = { RIG_S("acme"), RIG_S("ana@acme.example"), RIG_S("On the phone"),
				      RIG_S("Fridays off"), 9 };

	assert_int_equal(store_put_account(s, RIG_S("acme"), RIG_S("login tenant client")), ERR_OK);
	assert_int_equal(store_put_person(s, &p), ERR_OK);
	assert_int_equal(store_put_user(s, RIG_S("acme"), RIG_S("Ana@acme.example"), &u), ERR_OK);
	assert_int_equal(store_put_line(s, RIG_S("acme"), RIG_S("hq"), RIG_S("201"), &l), ERR_OK);
	assert_int_equal(store_put_id(s, RIG_S("realm"), RIG_S("ana@acme.example"), RIG_S("id-1")), ERR_OK);
	assert_int_equal(store_put_text(s, &t), ERR_OK);
	assert_int_equal(store_put_meta(s, RIG_S("k"), RIG_S("v")), ERR_OK);
	const struct store_match m = {RIG_S("realm"), RIG_S("Ana@acme.example"), RIG_S("id-1"), 1, 2, 3, 9};
	assert_int_equal(store_put_match(s, &m), ERR_OK);
	assert_int_equal(store_put_link(s, RIG_S("realm"), RIG_S("rules"), RIG_S("https://g/delta")), ERR_OK);
	const struct store_watcher w = {
	    RIG_S("0f"), RIG_S("c1\x1f<sip:a@b>;tag=1"), 9, 2, 0xffffffff, 0x20100, 65535};
	assert_int_equal(store_put_watcher(s, &w), ERR_OK);
	assert_int_equal(store_put_held(s, RIG_S("acme"), RIG_S("Ana@acme.example"), RIG_S("id-1")), ERR_OK);
}

const char rig_one_of_each[] =
    "account acme login tenant client\n"
    "person acme bob@acme.example [Bob \xc3\x9f] [hq/1 hq/2] import 1\n"
    "user acme Ana@acme.example 1 1 1 9223372036854775807 1700000000000 1700000600000 1\n"
    "line acme hq 201 4 1 1 1 5 2\n"
    "id realm ana@acme.example id-1\n"
    "text acme ana@acme.example [On the phone] [Fridays off] 9\n"
    "meta k v\n"
    "match realm Ana@acme.example id-1 1 2 3 9\n"
    "link realm rules https://g/delta\n"
    "watcher 0f c1\x1f<sip:a@b>;tag=1 9 2 4294967295 65535 131328\n"
    "held acme Ana@acme.example id-1\n";
