// The last day of a person: a strip for each kind of state, and the same as a list for reading.
import { fill, h, svg } from '../lib/dom.js';
import { clock, number, t, word, wordOr } from '../lib/i18n.js';
import { serverNow } from '../lib/clock.js';
import { badge } from './words.js';

const DAY_MS = 86400000, W = 960, SHOWN = 100;

/** @typedef {{at: string, kind: string, from: string | null, to: string | null, status?: number | string | null}} Happening */

/** What a session shows. @type {Record<string, string>} */
const SHOWS = { call: 'busy', conference: 'busy', none: 'none' };
/** The happenings that a strip is made of, and the state from then on. @type {Record<string, (x: Happening) => string | null>} */
const STRIPS = {
	combined: (x) => (x.kind === 'combined' ? x.to : null),
	session: (x) => (x.kind === 'held' ? SHOWS[x.to ?? ''] ?? x.to : ['cleared', 'removed'].includes(x.kind) ? 'none' : null),
};

/** @param {Happening[]} list oldest first @param {string} kind */
function strip(list, kind) {
	const end = serverNow(), start = end - DAY_MS, rows = list.map((x) => ({ at: x.at, to: STRIPS[kind](x) })).filter((x) => x.to);
	const x = (/** @type {number} */ ms) => Math.max(0, Math.min(W, ((ms - start) / DAY_MS) * W));
	const picture = svg('svg', { class: 'strip', viewBox: `0 0 ${W} 20`, preserveAspectRatio: 'none', 'aria-hidden': 'true' });
	rows.forEach((row, i) => {
		const from = x(Date.parse(row.at)), to = i + 1 < rows.length ? x(Date.parse(rows[i + 1].at)) : W;
		const bar = svg('rect', { class: `bar ${row.to}`, x: from, y: 2, width: Math.max(to - from, 1.5), height: 16 });
		bar.append(svg('title', {}, document.createTextNode(`${stateWord(kind, row.to)} ${clock(row.at)}`)));
		picture.append(bar);
	});
	return h('div', { class: 'strip-row' }, h('span', {}, wordOr('timeline', kind, kind)), picture);
}

/** @param {string} kind @param {string | null} state */
function stateWord(kind, state) {
	if (!state) return '';
	if (['profile', 'write-refused'].includes(kind)) return word('profile', state);
	if (['switched', 'text'].includes(kind)) return word(`timeline.${kind}`, state);
	return state === 'none' ? t('activity.none') : word('session', state) === state ? word('presence', state) : word('session', state);
}

/** @param {Happening} x */
function entry(x) {
	return h('li', {}, h('time', { datetime: x.at }, clock(x.at)), h('span', { class: 'what' }, wordOr('timeline', x.kind, x.kind)),
		x.to ? badge(SHOWS[x.to] ?? x.to, stateWord(x.kind, x.to)) : x.from ? h('span', { class: 'muted' }, `← ${stateWord(x.kind, x.from)}`) : null,
		x.status ? h('span', { class: 'sub' }, `HTTP ${x.status}`) : null);
}

/** @param {HTMLElement} at @param {any} answer */
export function drawTimeline(at, answer) {
	/** @type {Happening[]} */
	const list = [...(answer.entries)].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
	if (!list.length) {
		fill(at, h('p', { class: 'empty-note' }, t('timeline.none')));
		return;
	}
	const kinds = Object.keys(STRIPS).filter((k) => list.some((x) => STRIPS[k](x)));
	const newest = [...list].reverse();
	fill(at, h('div', { class: 'strips' }, ...kinds.map((k) => strip(list, k)),
		h('p', { class: 'axis', 'aria-hidden': 'true' }, h('span', {}, t('timeline.dayago')), h('span', {}, t('timeline.now')))),
	h('ol', { class: 'happenings' }, ...newest.slice(0, SHOWN).map(entry)),
	newest.length > SHOWN ? h('p', { class: 'muted' }, t('timeline.more', { n: number(newest.length - SHOWN) })) : null);
}
