/* world_peer.c - the simulated PBXs of the world: one row each. */
#include <string.h>

#include "world_parts.h"

const struct peer_ops *const world_peers[PEERS] = {
	&sip_peer_ops,
	&sip_peer_ops,
	&hook_peer_ops,
	&ami_peer_ops,
	&mivo_peer_ops,
	&fs_peer_ops,
};

enum err peers_make(struct world *w)
{
	for (uint32_t i = 0; i < PEERS; i++) {
		char host[24];
		const struct peer_config c = { .host = host,
					       .phones = PEER_PHONES,
					       .first = PEER_FIRST,
					       .lines = w->config.users,
					       .username = "offhook",
					       .password = "simulated",
					       .udp = w->config.udp && world_peers[i]->udp,
					       .kamailio = w->config.kamailio,
					       .index = i,
					       .seed = prng_u64(&w->prng) };

		net_host(i, host, sizeof(host));
		w->peer[i] = world_peers[i]->make(&c, w->now_ms);
		if (!w->peer[i])
			return ERR_NO_MEMORY;
	}
	return ERR_OK;
}

void peers_free(struct world *w)
{
	for (uint32_t i = 0; i < PEERS; i++)
		if (w->peer[i])
			world_peers[i]->free(w->peer[i]);
}

bool peer_phone(const struct world *w, const struct line_truth *l, struct pbx_phone *ret)
{
	memset(ret, 0, sizeof(*ret));
	return l->connector != TOLD && world_peers[l->connector]->phone(w->peer[l->connector], l->phone, ret);
}
