// Which page is shown: #/people/acme/ana@acme.example?q=… Pages are loaded when first wanted.
import { h } from './dom.js';
import { t } from './i18n.js';

/**
 * @typedef {{params: string[], query: URLSearchParams}} Where
 * @typedef {{close?: () => void, update?: (where: Where) => void}} Shown
 * @typedef {{show: (at: HTMLElement, where: Where) => Shown | void | Promise<Shown | void>}} Page
 */

/** @type {Record<string, () => Promise<Page>>} */
const PAGES = {
	overview: () => import('../pages/overview.js'), people: () => import('../pages/people.js'),
	person: () => import('../pages/person.js'), connectors: () => import('../pages/connectors.js'),
	connector: () => import('../pages/connector.js'), tenant: () => import('../pages/tenant.js'),
	matching: () => import('../pages/matching.js'), policies: () => import('../pages/policies.js'),
	audit: () => import('../pages/audit.js'), settings: () => import('../pages/settings.js'),
	me: () => import('../pages/me.js'),
};

/** @type {{name: string, params: string, shown: Shown | void} | null} */
let open = null;
let turn = 0, over = false, first = 'overview';
/** @type {(page: string) => void} */
let onPage = () => {};
/** @type {(box: HTMLElement, e: unknown) => void} */
let onFailed = () => {};
/** @type {() => boolean} the files of the pages are no longer those that were loaded */
let isOld = () => false;

/** @param {string} page @param {...string} params */
export function link(page, ...params) {
	return `#/${[page, ...params].map(encodeURIComponent).join('/')}`;
}

/** @param {string} part of an address, as somebody may have typed it */
function decoded(part) {
	try {
		return decodeURIComponent(part);
	} catch {
		return part;
	}
}

/** @returns {{name: string, where: Where}} */
function parse() {
	const [path, query] = location.hash.replace(/^#\/?/, '').split('?');
	const [name, ...params] = path.split('/').filter(Boolean).map(decoded);
	const known = name && Object.hasOwn(PAGES, name) ? name : first;
	return { name: known, where: { params: known === name ? params : [], query: new URLSearchParams(query ?? '') } };
}

/** Keeps a filter in the address without a step in the history. @param {Record<string, string>} values */
export function keepQuery(values) {
	const [path] = location.hash.split('?');
	const query = new URLSearchParams(Object.entries(values).filter(([, v]) => v));
	const text = query.toString();
	history.replaceState(null, '', `${path || '#/overview'}${text ? `?${text}` : ''}`);
}

/** Each page has a box of its own: what it still reads when it is left comes into that, not into the next page.
 * @param {HTMLElement} main @param {boolean} focus */
async function go(main, focus) {
	if (over) return;
	const { name, where } = parse(), mine = ++turn;
	const params = where.params.join('/');
	if (open && open.name === name && open.params === params && open.shown?.update) {
		open.shown.update(where);
		return;
	}
	if (open && isOld()) return location.reload();
	/** @type {Page} */
	const page = await PAGES[name]().catch((e) => ({ show: (box) => onFailed(box, e) }));
	if (mine !== turn) return;
	open?.shown?.close?.();
	open = null;
	const box = h('div', { class: 'page' });
	main.replaceChildren(box);
	main.dataset.page = name;
	main.scrollTop = 0;
	onPage(name);
	const now = { name, params, shown: /** @type {Shown | void} */ (undefined) };
	open = now;
	try {
		now.shown = await page.show(box, where);
	} catch (e) {
		onFailed(box, e);
	}
	if (open !== now) {
		now.shown?.close?.();
		return;
	}
	const title = main.querySelector('h1');
	document.title = `${title?.textContent ?? ''} · ${t('app.name')}`;
	if (focus && title instanceof HTMLElement && !main.contains(document.activeElement)) {
		title.tabIndex = -1;
		title.focus({ preventScroll: true });
	}
}

/** Shows the page of the address anew. @param {HTMLElement} main */
export function reopen(main) {
	open?.shown?.close?.();
	open = null;
	return go(main, false);
}

/** No page is shown any more, not even one that is on its way: the way in has the place. */
export function endRouter() {
	over = true;
	turn++;
	open?.shown?.close?.();
	open = null;
}

/** @param {HTMLElement} main
 * @param {{first: string, changed: (page: string) => void, failed: (box: HTMLElement, e: unknown) => void, isOld: () => boolean}} how
 * first: the page of an address that names none; failed: a page that could not be loaded or drawn says so in its box */
export function startRouter(main, how) {
	first = how.first;
	onPage = how.changed;
	onFailed = how.failed;
	isOld = how.isOld;
	addEventListener('hashchange', () => void go(main, true));
	return go(main, false);
}
