// The strip at the top: each account's Graph, each connector. Trouble comes first.
import { ago, clock, el, icon } from './format.js';

/** @param {boolean} ok @param {string} title @param {string} kind @param {string[]} lines */
function card(ok, title, kind, lines) {
	const node = el('article', ok ? 'card' : 'card bad',
		el('h2', '', icon(ok ? 'up' : 'down', ''), el('span', '', title), el('span', 'kind', kind)),
		...lines.filter(Boolean).map((text) => el('p', '', text)));
	node.title = lines.join('\n');
	return node;
}

/** @param {any} a */
function accountCard(a) {
	const g = a.graph, off = a.mode === 'off';
	const ok = off || (g.token === 'good' && !g.gate_closed && !a.backing_off);
	const waiting = g.queued_rise + g.queued_clear + g.queued_renew;
	const trouble = g.token_error ?? (g.gate_closed ? `Graph asks to wait until ${clock(g.gate_until)}` : a.backing_off ? `${a.backing_off} refused by Graph` : '');
	const token = off ? 'switched off' : g.token === 'good' ? `${a.held} held, ${waiting} waiting` : 'not signed in';
	const node = card(ok, a.name, a.mode === 'live' ? 'Graph' : a.mode, [trouble || token, `${g.sent_in_window} of ${g.quota} requests in ${g.window_ms / 1000} s`]);
	const meter = document.createElement('meter');
	meter.max = g.quota || 1;
	meter.value = g.sent_in_window;
	meter.high = (g.quota || 1) * 0.9;
	meter.setAttribute('aria-label', 'Quota used');
	node.append(meter);
	return { ok, node };
}

/** @param {any} c */
function connectorCard(c) {
	const ok = c.up && !c.refused && !c.missing;
	const lines = [`${c.live} of ${c.lines} lines live${c.refused ? `, ${c.refused} refused` : ''}`, c.missing || c.state || `${c.up ? 'up' : 'down'} for ${ago(c.since)}`];
	return { ok, node: card(ok, c.name, c.up ? c.type : `${c.type}, down`, lines) };
}

/** @param {HTMLElement} at @param {any} health @param {string} account */
export function drawHealth(at, health, account) {
	const all = [
		...health.accounts.filter((/** @type {any} */ a) => !account || a.name === account).map(accountCard),
		...health.connectors.filter((/** @type {any} */ c) => !account || c.account === account).map(connectorCard),
	];
	all.sort((a, b) => Number(a.ok) - Number(b.ok));
	at.replaceChildren(...all.map((c) => c.node));
}
