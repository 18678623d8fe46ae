#include "admin/gzip.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Half the length of level 1, at a third of level 9's time, for rows of JSON. */
enum { LEVEL = 4, RAW = -MAX_WBITS, ROOM = 4096 };

struct gzip {
	z_stream z;
};

enum err gzip_new(struct gzip **ret)
{
	struct gzip *z = calloc(1, sizeof(*z));

	if (!z)
		return ERR_NO_MEMORY;
	if (deflateInit2(&z->z, LEVEL, Z_DEFLATED, RAW, MAX_MEM_LEVEL - 1, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(z);
		return ERR_NO_MEMORY;
	}
	*ret = z;
	return ERR_OK;
}

void gzip_free(struct gzip *z)
{
	if (!z)
		return;
	deflateEnd(&z->z);
	free(z);
}

/* No name, no time, written on Unix. */
void gzip_head(char dst[GZIP_HEAD])
{
	static const char head[GZIP_HEAD] = "\x1f\x8b\x08\0\0\0\0\0\0\x03";

	memcpy(dst, head, GZIP_HEAD);
}

enum err gzip_piece(struct gzip *z, struct slice text, struct buf *out)
{
	char room[ROOM];

	deflateReset(&z->z);
	z->z.next_in = (Bytef *)(uintptr_t)text.p; /* zlib's interface takes no const; it does not write */
	z->z.avail_in = (uInt)text.n;
	do {
		z->z.next_out = (Bytef *)room;
		z->z.avail_out = ROOM;
		deflate(&z->z, Z_FULL_FLUSH);
		buf_add(out, room, ROOM - z->z.avail_out);
	} while (z->z.avail_out == 0);
	return buf_err(out);
}

struct gzip_sum gzip_sum_of(struct slice text)
{
	return (struct gzip_sum){(uint32_t)crc32(0, (const Bytef *)text.p, (uInt)text.n), (uint32_t)text.n};
}

struct gzip_sum gzip_sum_add(struct gzip_sum a, struct gzip_sum b)
{
	return (struct gzip_sum){(uint32_t)crc32_combine(a.crc, b.crc, (z_off_t)b.n), a.n + b.n};
}

static void little_endian(char dst[4], uint32_t v)
{
	for (int i = 0; i < 4; i++)
		dst[i] = (char)(v >> (8 * i));
}

/* An empty last block, then checksum and length. */
void gzip_tail(struct gzip_sum s, char dst[GZIP_TAIL])
{
	dst[0] = 3;
	dst[1] = 0;
	little_endian(dst + 2, s.crc);
	little_endian(dst + 6, s.n);
}
