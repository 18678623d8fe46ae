// What pages are built of: headings, cards, tables, facts.
import { h } from '../lib/dom.js';
import { health } from '../lib/live.js';
import { t } from '../lib/i18n.js';
import { turns } from '../lib/turns.js';
import { errorNote } from './dialog.js';

/** @param {string} title @param {...(Node | string | null)} actions */
export function heading(title, ...actions) {
	return h('header', { class: 'page-head' }, h('h1', {}, title), h('div', { class: 'actions' }, ...actions));
}

/** What appears all at once when it has been read, so that nothing moves: hidden until `show`. Where that takes long, it is said.
 * @param {...(Node | null)} children */
export function whole(...children) {
	const inner = h('div', { class: 'whole', hidden: true }, ...children), waits = h('p', { class: 'muted waits', role: 'status' }, t('reading'));
	return { node: h('div', { class: 'whole' }, waits, inner), show: () => {
		waits.remove();
		inner.hidden = false;
	} };
}

/** @param {string} title @param {...(Node | string | null | false)} children */
export function card(title, ...children) {
	return h('section', { class: 'card' }, title ? h('h2', {}, title) : null, ...children);
}

/** @param {[string, Node | string | number | null | undefined][]} rows */
export function facts(rows) {
	const list = h('dl', { class: 'facts' });
	for (const [name, value] of rows)
		if (value !== null && value !== undefined && value !== '') list.append(h('dt', {}, name), h('dd', {}, value));
	return list;
}

/** @param {string} label @param {string[]} heads @param {(Node | string | number | null)[][]} rows @param {string} empty */
export function table(label, heads, rows, empty) {
	if (!rows.length) return h('p', { class: 'empty-note' }, empty);
	return h('div', { class: 'table', tabindex: '0', role: 'region', 'aria-label': label }, h('table', {},
		h('thead', {}, h('tr', {}, ...heads.map((x) => h('th', { scope: 'col' }, x)))),
		h('tbody', {}, ...rows.map((cells) => h('tr', {}, ...cells.map((c, i) => h('td', { 'data-label': heads[i] }, c)))))));
}

/** Which reading is the newest of those that go into a place. @type {WeakMap<HTMLElement, () => () => boolean>} */
const readings = new WeakMap();

/** Reads, then draws; what fails is said in its place. @template T @param {HTMLElement} at @param {() => Promise<T>} read @param {(what: T) => void} draw */
export async function reading(at, read, draw) {
	const turn = readings.get(at) ?? turns(), mine = turn();
	readings.set(at, turn);
	if (!at.childNodes.length) at.append(h('p', { class: 'empty-note' }, t('reading')));
	try {
		const what = await read();
		if (mine()) draw(what);
	} catch (e) {
		if (mine()) at.replaceChildren(errorNote(e));
	}
}

let account = '';
/** The account chosen at the top; '' for all. */
export function chosenAccount() { return account; }
/** @param {string} name */
export function chooseAccount(name) { account = name; }

/** The account that a page of a single one is about: the chosen one, or the first. @returns {string} */
export function oneAccount() { return account || health.accounts[0]?.name || ''; }

/** @param {string} name */
export function isShown(name) { return !account || account === name; }
