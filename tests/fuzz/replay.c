/* replay.c - runs a fuzz target over every file of the folders named, and over each file cut short
 * at every length up to 512 bytes; TAP out. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A heap copy of exact size, so that the sanitizer sees a read past its end. */
static void feed(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static int run_file(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *f = fopen(path, "rb");

	if (!f)
		return -1;
	size_t n = fread(data, 1, sizeof(data), f);
	fclose(f);
	feed(data, n);
	for (size_t cut = 0; cut < n && cut < 512; cut++)
		feed(data, cut);
	return 0;
}

int main(int argc, char **argv)
{
	char path[4096];
	int cases = 0;

	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);

		for (struct dirent *e; dir && (e = readdir(dir));) {
			if (e->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", argv[i], e->d_name);
			printf("%s %d - %s\n", run_file(path) ? "not ok" : "ok", ++cases, e->d_name);
		}
		if (dir)
			closedir(dir);
	}
	if (cases == 0)
		printf("not ok %d - the corpus is empty\n", ++cases);
	printf("1..%d\n", cases);
	return 0;
}
