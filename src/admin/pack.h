/* pack.h - one object with its strings and arrays in one block of memory.
 *
 * pack_*_size says how many bytes the block needs beside the struct; pack_* copies v into *ret, its
 * slices and arrays pointing into block (aligned for any type). */
#ifndef ADMIN_PACK_H
#define ADMIN_PACK_H

#include "admin/admin.h"

enum { PACK_LINES_MAX = 64, PACK_STRING_MAX = 1024 };

size_t pack_user_size(const struct admin_user *v);
void pack_user(const struct admin_user *v, void *block, struct admin_user *ret);
size_t pack_connector_size(const struct admin_connector *v);
void pack_connector(const struct admin_connector *v, void *block, struct admin_connector *ret);
size_t pack_account_size(const struct admin_account *v);
void pack_account(const struct admin_account *v, void *block, struct admin_account *ret);
size_t pack_engine_size(const struct admin_engine *v);
void pack_engine(const struct admin_engine *v, void *block, struct admin_engine *ret);

#endif
