#include "admin/commands.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct commands {
	pthread_mutex_t lock;
	struct admin_command queue[COMMANDS_MAX];
	uint32_t first, n;
	uint64_t last_id;
	struct answer *answers, **answers_end;
};

enum err commands_new(struct commands **ret)
{
	struct commands *c = calloc(1, sizeof(*c));

	if (!c)
		return ERR_NO_MEMORY;
	pthread_mutex_init(&c->lock, NULL);
	c->answers_end = &c->answers;
	*ret = c;
	return ERR_OK;
}

void answer_free(struct answer *a)
{
	free(a->json);
	free(a->note);
	free(a);
}

void commands_free(struct commands *c)
{
	struct admin_command cmd;

	if (!c)
		return;
	while (commands_take(c, &cmd))
		admin_command_fini(&cmd);
	for (struct answer *a = c->answers, *next; a; a = next) {
		next = a->next;
		answer_free(a);
	}
	pthread_mutex_destroy(&c->lock);
	free(c);
}

void admin_command_fini(struct admin_command *c)
{
	if (c->text)
		explicit_bzero(c->text, c->text_n); /* there may be a secret in it */
	free(c->text);
	c->text = NULL;
	c->text_n = 0;
}

uint64_t commands_reserve(struct commands *c)
{
	uint64_t id;

	pthread_mutex_lock(&c->lock);
	id = ++c->last_id;
	pthread_mutex_unlock(&c->lock);
	return id;
}

enum err commands_give(struct commands *c, struct admin_command *cmd)
{
	cmd->id = commands_reserve(c);
	return commands_give_reserved(c, cmd);
}

enum err commands_give_reserved(struct commands *c, struct admin_command *cmd)
{
	enum err e = ERR_LIMIT;

	pthread_mutex_lock(&c->lock);
	if (c->n < COMMANDS_MAX) {
		c->queue[(c->first + c->n++) % COMMANDS_MAX] = *cmd;
		e = ERR_OK;
	}
	pthread_mutex_unlock(&c->lock);
	return e;
}

bool commands_take(struct commands *c, struct admin_command *ret)
{
	bool any;

	pthread_mutex_lock(&c->lock);
	any = c->n > 0;
	if (any) {
		*ret = c->queue[c->first];
		c->first = (c->first + 1) % COMMANDS_MAX;
		c->n--;
	}
	pthread_mutex_unlock(&c->lock);
	return any;
}

struct answer *commands_answers(struct commands *c)
{
	struct answer *all;

	pthread_mutex_lock(&c->lock);
	all = c->answers;
	c->answers = NULL;
	c->answers_end = &c->answers;
	pthread_mutex_unlock(&c->lock);
	return all;
}

/* Without memory the answer is lost and the request times out: 504, which is true. */
void commands_answer(struct commands *c, uint64_t command, int status, bool refused,
		     const char *json, const char *note)
{
	struct answer *a = calloc(1, sizeof(*a));

	if (!a)
		return;
	*a = (struct answer){.command = command,
			     .status = status,
			     .refused = refused,
			     .json = json ? strdup(json) : NULL,
			     .note = note ? strdup(note) : NULL};
	pthread_mutex_lock(&c->lock);
	*c->answers_end = a;
	c->answers_end = &a->next;
	pthread_mutex_unlock(&c->lock);
}
