/* options.c - see options.h */
#include "options.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

bool options_number(const char *text, uint64_t max, uint32_t *ret)
{
	uint64_t n;

	if (slice_u64(slice_str(text), max, &n))
		return false;
	*ret = (uint32_t)n;
	return true;
}

bool options_word(const char *text, const char *const *words, uint8_t n, uint8_t *ret)
{
	for (uint8_t i = 0; i < n; i++) {
		if (strcmp(text, words[i]) != 0)
			continue;
		*ret = i;
		return true;
	}
	return false;
}

/* The first line of the file. */
static bool read_password(struct program *p, const char *path)
{
	FILE *f = fopen(path, "re");
	bool good = f && fgets(p->password, (int)sizeof(p->password), f);

	if (f)
		fclose(f);
	if (good)
		p->password[strcspn(p->password, "\r\n")] = '\0';
	else
		fprintf(stderr, "%s: cannot read a line from %s\n", p->name, path);
	return good;
}

static bool take_seed(struct program *p, const char *v)
{
	uint32_t seed;

	if (!options_number(v, UINT32_MAX, &seed))
		return false;
	p->seed = seed;
	p->has_seed = true;
	return true;
}

static bool take(const struct options *o, struct program *p, int id, const char *v)
{
	switch (id) {
	case OPTION_LISTEN:
		return address_parse(v, &p->net.listen) == ERR_OK;
	case OPTION_TLS_LISTEN:
		return address_parse(v, &p->net.tls_listen) == ERR_OK;
	case OPTION_CONTROL:
		p->with_control = true;
		return address_parse(v, &p->control) == ERR_OK;
	case OPTION_TLS_CERT:
		p->net.certificate_file = v;
		return true;
	case OPTION_TLS_KEY:
		p->net.key_file = v;
		return true;
	case OPTION_PHONES:
		return options_number(v, p->phones_max, &p->phones);
	case OPTION_FIRST:
		return options_number(v, 1000000000, &p->first);
	case OPTION_USERNAME:
		p->username = v;
		return true;
	case OPTION_PASSWORD_FILE:
		return read_password(p, v);
	case OPTION_CALLS:
		return options_number(v, 3600000, &p->calls_per_hour);
	case OPTION_TALK:
		return options_number(v, 86400, &p->talk_s);
	case OPTION_SEED:
		return take_seed(p, v);
	default:
		return o->take(o->arg, id, v);
	}
}

/* Name and password, certificate and key: both or neither. TLS without an address gets any port of the
 * same host. */
static bool is_whole(struct program *p)
{
	const char *halves = !p->username[0] != !p->password[0] ? "--username and --password-file"
			     : !p->net.certificate_file != !p->net.key_file ? "--tls-cert and --tls-key"
									    : NULL;

	if (halves)
		fprintf(stderr, "%s: %s go together, and neither is empty\n", p->name, halves);
	if (!p->net.tls_listen.host[0])
		memcpy(p->net.tls_listen.host, p->net.listen.host, sizeof(p->net.listen.host));
	return !halves;
}

int options_read(const struct options *o, struct program *p, int argc, char **argv)
{
	int id, at = 0;

	while ((id = getopt_long(argc, argv, "", o->table, &at)) != -1) {
		if (id == OPTION_HELP) {
			fputs(o->usage, stdout);
			return 1;
		}
		if (id == '?' || !take(o, p, id, optarg)) {
			if (id != '?')
				fprintf(stderr, "%s: --%s %s: not understood\n", p->name,
					o->table[at].name, optarg);
			fputs(o->usage, stderr);
			return 2 + 1;
		}
	}
	if (optind < argc) {
		fputs(o->usage, stderr);
		return 2 + 1;
	}
	if (!is_whole(p))
		return 2 + 1;
	if (!p->has_seed && getrandom(&p->seed, sizeof(p->seed), 0) < 0)
		p->seed = (uint64_t)getpid();
	return 0;
}
