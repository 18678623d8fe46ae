/* store.c - the put functions: values become entries of the queue. */
#include "store/store.h"

#include <errno.h>
#include <unistd.h>

#include "base/check.h"
#include "store/private.h"

enum { LONG_TEXT_MAX = 4096, WATCHER_FIELDS_MAX = 2048 };

/* The writer sleeps on wake_fd while the queue is empty; a queue that is not needs no second call.
 */
static void count_and_wake(struct store *s, enum queued q, bool was_empty)
{
	uint64_t one = 1;

	if (q == QUEUED_NOT)
		s->stats.dropped++;
	else
		s->stats.put++;
	if (q == QUEUED_COALESCED)
		s->stats.coalesced++;
	else if (q == QUEUED_PUSHED_OUT)
		s->stats.dropped++;
	if (was_empty && q != QUEUED_NOT && write(s->wake_fd, &one, sizeof(one)) < 0)
		CHECK(errno == EAGAIN || errno == EINTR);
}

static bool fits(enum table table, const struct slice *texts, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		size_t max = STORE_TEXT_MAX;

		if ((table == TABLE_PEOPLE && i == 3) || (table == TABLE_TEXTS && i > 1))
			max = LONG_TEXT_MAX;
		else if (table == TABLE_LINKS && i == 2)
			max = STORE_LINK_MAX;
		else if (table == TABLE_RECORDS && i == 2)
			max = STORE_RECORD_MAX;
		else if (table == TABLE_CHANGES && i == 4)
			max = STORE_DETAIL_MAX;
		else if (table == TABLE_WATCHERS && i == 1)
			max = WATCHER_FIELDS_MAX;
		if (texts[i].n > max)
			return false;
	}
	return true;
}

static enum err put(struct store *s, enum table table, bool del, const struct slice *texts,
		    const int64_t *numbers)
{
	const struct table_shape *t = &table_shapes[table];
	struct entry *e = NULL;

	if (fits(table, texts, del ? t->keys : t->texts))
		e = entry_new(table, del, texts, numbers);
	pthread_mutex_lock(&s->mutex);
	bool was_empty = store_queue_is_empty(&s->waiting);
	enum queued q = e ? store_queue_put(&s->waiting, e) : QUEUED_NOT;
	count_and_wake(s, q, was_empty);
	pthread_mutex_unlock(&s->mutex);
	return q == QUEUED_NOT ? ERR_LIMIT : ERR_OK;
}

enum err store_put_account(struct store *s, struct slice account, struct slice realm)
{
	return put(s, TABLE_ACCOUNTS, false, (struct slice[]){account, realm}, NULL);
}

enum err store_delete_account(struct store *s, struct slice account)
{
	return put(s, TABLE_ACCOUNTS, true, &account, NULL);
}

enum err store_put_user(struct store *s, struct slice account, struct slice email,
			const struct user_record *r)
{
	const int64_t numbers[] = {r->profile,	     r->profile_until_wall_ms,
				   r->profile_order, r->session,
				   r->preferred,     r->lease_end_wall_ms,
				   r->sure};

	return put(s, TABLE_USERS, false, (struct slice[]){account, email}, numbers);
}

enum err store_delete_user(struct store *s, struct slice account, struct slice email)
{
	return put(s, TABLE_USERS, true, (struct slice[]){account, email}, NULL);
}

enum err store_put_line(struct store *s, struct slice account, struct slice connector,
			struct slice number, const struct line_record *r)
{
	const int64_t held = r->pbx_profile < PROFILE_COUNT ? r->pbx_profile + 1 : 0;
	const int64_t numbers[] = {r->call, r->dnd, r->registered, r->known, r->seen_wall_ms, held, r->lent};

	return put(s, TABLE_LINES, false, (struct slice[]){account, connector, number}, numbers);
}

enum err store_delete_line(struct store *s, struct slice account, struct slice connector,
			   struct slice number)
{
	return put(s, TABLE_LINES, true, (struct slice[]){account, connector, number}, NULL);
}

enum err store_put_id(struct store *s, struct slice realm, struct slice email, struct slice id)
{
	return put(s, TABLE_IDS, id.n == 0, (struct slice[]){realm, email, id}, NULL);
}

enum err store_put_held(struct store *s, struct slice account, struct slice email, struct slice id)
{
	return put(s, TABLE_HELD, id.n == 0, (struct slice[]){account, email, id}, NULL);
}

enum err store_put_text(struct store *s, const struct store_text *x)
{
	return put(s, TABLE_TEXTS, x->ours.n == 0, (struct slice[]){x->account, x->email, x->ours, x->former},
		   &x->until_wall_ms);
}

enum err store_put_meta(struct store *s, struct slice key, struct slice value)
{
	return put(s, TABLE_META, false, (struct slice[]){key, value}, NULL);
}

enum err store_put_person(struct store *s, const struct store_person *p)
{
	const int64_t enabled = p->enabled;

	return put(
		s, TABLE_PEOPLE, false,
		(struct slice[]){ p->account, p->email, p->name, p->lines, p->source, p->teams_id },
		&enabled);
}

enum err store_delete_person(struct store *s, struct slice account, struct slice email)
{
	return put(s, TABLE_PEOPLE, true, (struct slice[]){account, email}, NULL);
}

enum err store_put_match(struct store *s, const struct store_match *m)
{
	const int64_t numbers[] = {m->state, m->class, m->via, m->flags};

	return put(s, TABLE_MATCHES, false, (struct slice[]){m->realm, m->email, m->id}, numbers);
}

enum err store_delete_match(struct store *s, struct slice realm, struct slice email)
{
	return put(s, TABLE_MATCHES, true, (struct slice[]){realm, email}, NULL);
}

enum err store_put_link(struct store *s, struct slice realm, struct slice rules, struct slice link)
{
	return put(s, TABLE_LINKS, link.n == 0, (struct slice[]){realm, rules, link}, NULL);
}

enum err store_audit(struct store *s, struct slice account, struct slice email,
		     const struct store_audit *a)
{
	const int64_t numbers[] = {a->wall_ms, a->kind, a->a, a->b};

	return put(s, TABLE_AUDIT, false, (struct slice[]){account, email}, numbers);
}

enum err store_put_record(struct store *s, struct slice kind, struct slice key, struct slice value)
{
	return put(s, TABLE_RECORDS, false, (struct slice[]){kind, key, value}, NULL);
}

enum err store_delete_record(struct store *s, struct slice kind, struct slice key)
{
	return put(s, TABLE_RECORDS, true, (struct slice[]){kind, key}, NULL);
}

enum err store_put_change(struct store *s, const struct store_change *c)
{
	return put(s, TABLE_CHANGES, false,
		   (struct slice[]){c->account, c->who, c->verb, c->object, c->detail}, &c->wall_ms);
}

enum err store_trim_changes(struct store *s, struct slice account, int64_t before_wall_ms)
{
	return put(s, TABLE_CHANGES, true, &account, &before_wall_ms);
}

enum err store_put_watcher(struct store *s, const struct store_watcher *w)
{
	const int64_t numbers[] = {w->expires_wall_ms, w->cseq, w->remote_cseq, w->port, w->kind};

	return put(s, TABLE_WATCHERS, false, (struct slice[]){w->tag, w->fields}, numbers);
}

enum err store_delete_watcher(struct store *s, struct slice tag)
{
	return put(s, TABLE_WATCHERS, true, &tag, NULL);
}

void store_stats(struct store *s, struct store_stats *ret)
{
	pthread_mutex_lock(&s->mutex);
	*ret = s->stats;
	ret->waiting = s->waiting.n + s->waiting.audits;
	ret->waiting_bytes = s->waiting.bytes;
	if (s->writing) {
		ret->waiting += s->writing->n + s->writing->audits;
		ret->waiting_bytes += s->writing->bytes;
	}
	pthread_mutex_unlock(&s->mutex);
}
