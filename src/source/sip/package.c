/* package.c - the package that a line is watched in: the connector's, or that of the first row of
 * `packages` that its number fits. */
#include <stdlib.h>

#include "proto/conf/conf.h"
#include "source/sip/agent.h"

enum err package_init(struct sip_agent *a, const struct conf_texts *rows)
{
	a->rows = rows->n ? calloc(rows->n, sizeof(*a->rows)) : NULL;
	if (rows->n && !a->rows)
		return ERR_NO_MEMORY;
	for (; a->rows_n < rows->n; a->rows_n++) {
		struct package_row *row = &a->rows[a->rows_n];

		row->text = strdup(rows->list[a->rows_n]);
		if (!row->text)
			return ERR_NO_MEMORY;
		enum err e = sip_package_row_parse(slice_str(row->text), &row->is);
		if (e) {
			free(row->text);
			return e;
		}
	}
	return ERR_OK;
}

void package_fini(struct sip_agent *a)
{
	for (uint32_t i = 0; i < a->rows_n; i++)
		free(a->rows[i].text);
	free(a->rows);
}

static enum package package_of_row(const struct package_row *row)
{
	return row->is.presence ? PACKAGE_PRESENCE : PACKAGE_DIALOG;
}

enum package package_of(const struct sip_agent *a, struct slice number)
{
	for (uint32_t i = 0; i < a->rows_n; i++)
		if (sip_package_row_fits(&a->rows[i].is, number))
			return package_of_row(&a->rows[i]);
	return (enum package)a->event;
}

static bool is_main(const struct sip_agent *a, enum package event)
{
	bool found = event == a->event;

	for (uint32_t i = 0; !found && i < a->rows_n; i++)
		found = event == package_of_row(&a->rows[i]);
	return found;
}

bool package_asked(const struct sip_agent *a, enum package event)
{
	bool asked = is_main(a, event);

	for (int main = 0; !asked && main < PACKAGE_COUNT; main++)
		asked = is_main(a, (enum package)main) && side_wanted(a, (enum package)main, event);
	return asked;
}

uint32_t package_watches(const struct sip_agent *a)
{
	uint32_t most = 1;

	for (int main = 0; main < PACKAGE_COUNT; main++) {
		uint32_t n = 1;

		for (int event = 0; is_main(a, (enum package)main) && event < PACKAGE_COUNT; event++)
			n += side_wanted(a, (enum package)main, (enum package)event);
		most = n > most ? n : most;
	}
	return most;
}
