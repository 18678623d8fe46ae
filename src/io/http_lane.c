/* http_lane.c - libcurl's multi_socket interface in our loop. */
#include <stdlib.h>

#include "io/http_inside.h"

struct watched {
	struct http_lane *lane;
	struct event *event;
};

/* The answer handler may send, and may free the client: then nothing here is looked at again, the
 * memory itself lasts until the end of the turn. True when there was an answer. */
static bool take_ended(struct http_lane *lane)
{
	struct http_client *c = lane->client;
	bool any = false;
	CURLMsg *m;
	int left;

	while (!c->over && (m = curl_multi_info_read(lane->multi, &left))) {
		CURLcode code = m->data.result;
		CURL *easy = m->easy_handle;
		void *slot = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		/* It may have come while this turn was already running, on a busy machine long after its
		 * beginning: the quota's ledger must not believe that the request had arrived by then. */
		loop_look_at_clock(c->loop);
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &slot);
		curl_multi_remove_handle(lane->multi, easy);
		http_slot_end(slot, code);
		any = true;
	}
	return any;
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct watched *w = arg;
	struct http_lane *lane = w->lane; /* w may be freed inside */
	int running, mask = (what & EV_READ ? CURL_CSELECT_IN : 0) |
			    (what & EV_WRITE ? CURL_CSELECT_OUT : 0);

	curl_multi_socket_action(lane->multi, fd, mask, &running);
	take_ended(lane);
}

static bool go_on(struct http_lane *lane)
{
	int running;

	curl_multi_socket_action(lane->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	return take_ended(lane);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	go_on(arg);
}

static void nothing(void *arg)
{
	(void)arg;
}

/* Behind the turn's hook: the request that it sent is on the wire before the loop looks at the sockets
 * again. Should something have ended already, the hook is called once more. */
static void go_on_now(void *arg)
{
	struct http_lane *lane = arg;

	if (go_on(lane))
		loop_later(lane->client->loop, &lane->again, nothing, NULL);
}

static void unwatch(struct http_lane *lane, curl_socket_t fd, struct watched *w)
{
	if (!w)
		return;
	if (w->event)
		event_free(w->event);
	free(w);
	curl_multi_assign(lane->multi, fd, NULL);
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *old)
{
	struct http_lane *lane = arg;
	struct watched *w = old;
	short events = (short)((what & CURL_POLL_IN ? EV_READ : 0) |
			       (what & CURL_POLL_OUT ? EV_WRITE : 0) | EV_PERSIST);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		unwatch(lane, fd, w);
		return 0;
	}
	if (!w) {
		w = calloc(1, sizeof(*w));
		if (!w)
			return -1;
		w->lane = lane;
		curl_multi_assign(lane->multi, fd, w);
	}
	if (w->event)
		event_free(w->event);
	w->event = event_new(loop_base(lane->client->loop), fd, events, on_socket, w);
	return w->event && event_add(w->event, NULL) == 0 ? 0 : -1;
}

static int set_timer(CURLM *multi, long ms, void *arg)
{
	struct http_lane *lane = arg;
	struct timeval tv = loop_timeval(ms);

	(void)multi;
	loop_not_later(lane->client->loop, &lane->now);
	if (ms == 0)
		loop_last(lane->client->loop, &lane->now, go_on_now, lane);
	return ms > 0 ? evtimer_add(lane->timer, &tv) : evtimer_del(lane->timer);
}

enum err http_lane_open(struct http_lane *lane, struct http_client *c, uint32_t connections_max)
{
	lane->client = c;
	lane->multi = curl_multi_init();
	lane->timer = evtimer_new(loop_base(c->loop), on_timer, lane);
	if (!lane->multi || !lane->timer)
		return ERR_NO_MEMORY;
	curl_multi_setopt(lane->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(lane->multi, CURLMOPT_SOCKETDATA, lane);
	curl_multi_setopt(lane->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(lane->multi, CURLMOPT_TIMERDATA, lane);
	curl_multi_setopt(lane->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)connections_max);
	/* Room to keep them all, for the token's host and Graph's. */
	curl_multi_setopt(lane->multi, CURLMOPT_MAXCONNECTS, (long)connections_max * 2);
	return ERR_OK;
}

void http_lane_close(struct http_lane *lane)
{
	if (lane->multi)
		curl_multi_cleanup(lane->multi);
	if (lane->timer) {
		event_free(lane->timer);
		loop_not_later(lane->client->loop, &lane->now);
		loop_not_later(lane->client->loop, &lane->again);
	}
	lane->multi = NULL;
	lane->timer = NULL;
}
