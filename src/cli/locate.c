#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "proto/conf/conf.h"

static const char default_config[] = "/etc/offhook/offhook.yaml";
static const char default_socket[] = "/run/offhook/api.sock";

static enum err read_file(const char *path, struct buf *b)
{
	FILE *f = fopen(path, "re");
	char piece[16384];
	size_t n;
	bool bad;

	if (!f)
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(b, piece, n);
	bad = ferror(f) != 0;
	fclose(f);
	return bad ? ERR_IO : buf_err(b);
}

/* A relative path of the configuration is relative to its folder. */
static enum err beside(const char *config, const char *path, const char *file, char *dst,
		       size_t cap)
{
	const char *slash = strrchr(config, '/');
	int folder = *path != '/' && slash ? (int)(slash - config + 1) : 0;
	int n = snprintf(dst, cap, "%.*s%s%s%s", folder, config, path, *file ? "/" : "", file);

	return n < 0 || (size_t)n >= cap ? ERR_LIMIT : ERR_OK;
}

static enum err from_config(struct cli *c, const char *config, const struct conf *conf, char *why,
			    size_t why_cap)
{
	bool given = conf->server.socket[0] != '\0';
	enum err e;

	e = beside(config, given ? conf->server.socket : conf->server.data, given ? "" : "api.sock",
		   c->socket_path, sizeof(c->socket_path));
	/* as the daemon does: beside the data, or in /run/offhook when it is root's */
	if (!given && (e || access(c->socket_path, F_OK) != 0))
		e = beside(config, default_socket, "", c->socket_path, sizeof(c->socket_path));
	if (e)
		snprintf(why, why_cap, "%s: the socket's path is too long", config);
	return e;
}

static enum err parse(struct cli *c, const char *config, struct slice text, char *why,
		      size_t why_cap)
{
	static struct conf_errors errors;
	struct conf *conf;
	enum err e;

	if (conf_parse(text, config, &conf, &errors)) {
		if (errors.n)
			conf_error_text(&errors.list[0], why, why_cap);
		else
			snprintf(why, why_cap, "%s cannot be read", config);
		return ERR_MALFORMED;
	}
	e = from_config(c, config, conf, why, why_cap);
	conf_free(conf);
	return e;
}

enum err cli_locate(struct cli *c, char *why, size_t why_cap)
{
	const char *config = c->config ? c->config : default_config;
	struct buf b;
	enum err e;

	if (c->socket || (!c->config && access(default_config, R_OK) != 0)) {
		const char *path = c->socket ? c->socket : default_socket;

		e = slice_copy(slice_str(path), c->socket_path, sizeof(c->socket_path));
		if (e)
			snprintf(why, why_cap, "the socket's path is too long");
		return e;
	}
	buf_init(&b, CONF_YAML_MAX);
	e = read_file(config, &b);
	if (e)
		snprintf(why, why_cap, "%s cannot be read: %s", config, err_name(e));
	else
		e = parse(c, config, buf_view(&b), why, why_cap);
	buf_fini(&b);
	return e;
}
