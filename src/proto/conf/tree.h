/* tree.h - YAML text as a small tree with positions. Private to proto/conf.
 *
 * libfyaml does the YAML, event by event; the tree is ours, so that a file of 16 MB costs 80 bytes
 * a node and nothing in it can expand: an alias is a node that shares its anchor's children. */
#ifndef PROTO_CONF_TREE_H
#define PROTO_CONF_TREE_H

#include "proto/conf/conf.h"

enum tree_kind { TREE_SCALAR, TREE_MAP, TREE_SEQ };

enum {
	TREE_DEPTH_MAX = 16,
	TREE_ANCHORS_MAX = 256,
	TREE_ALIASES_MAX = 1024,
	TREE_KEYS_MAX = 64, /* of one mapping */
};

struct node {
	uint8_t kind; /* enum tree_kind */
	bool quoted;  /* a scalar in quotes is never null */
	bool own;     /* no alias shares the children: documents.c */
	uint32_t line, column;
	uint32_t n;	   /* children; a mapping has keys and values in turn */
	struct slice text; /* TREE_SCALAR */
	const char *file;  /* where it stands when that is not the file being read */
	struct node *child, *next;
};

/* Nodes and texts live in `a`. *ret_nodes: how many there are. An empty file is an empty mapping.
 * ERR_MALFORMED with errors in errs, ERR_NO_MEMORY. */
MUST_CHECK enum err tree_parse(struct slice yaml, const char *file, struct arena *a,
			       struct conf_errors *errs, struct node **ret, uint64_t *ret_nodes);

/* Nothing given: `key:`, `~`, `null`. */
bool node_is_null(const struct node *n);
/* The key node of a mapping's key, or NULL; its value is ->next. */
const struct node *node_key(const struct node *map, const char *key);

#endif
