/* metrics.h - the table of metrics as data, for doc/metrics.md and tests. */
#ifndef ADMIN_METRICS_H
#define ADMIN_METRICS_H

struct metric {
	const char *name, *type, *help; /* name without offhook_ */
	const char *labels;		/* "" or "a, b" */
};

extern const struct metric metrics[];
extern const unsigned metrics_n;

#endif
