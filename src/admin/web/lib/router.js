// Which page is shown: #/people/acme/ana@acme.example?q=… Pages are loaded when first wanted.
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
let turn = 0;
/** @type {(page: string) => void} */
let onPage = () => {};

/** @param {string} page @param {...string} params */
export function link(page, ...params) {
	return `#/${[page, ...params].map(encodeURIComponent).join('/')}`;
}

/** @returns {{name: string, where: Where}} */
function parse() {
	const [path, query] = location.hash.replace(/^#\/?/, '').split('?');
	const [name, ...params] = path.split('/').filter(Boolean).map(decodeURIComponent);
	const known = name && name in PAGES ? name : 'overview';
	return { name: known, where: { params: known === name ? params : [], query: new URLSearchParams(query ?? '') } };
}

/** Keeps a filter in the address without a step in the history. @param {Record<string, string>} values */
export function keepQuery(values) {
	const [path] = location.hash.split('?');
	const query = new URLSearchParams(Object.entries(values).filter(([, v]) => v));
	const text = query.toString();
	history.replaceState(null, '', `${path || '#/overview'}${text ? `?${text}` : ''}`);
}

/** @param {HTMLElement} main @param {boolean} focus */
async function go(main, focus) {
	const { name, where } = parse(), mine = ++turn;
	const params = where.params.join('/');
	if (open && open.name === name && open.params === params && open.shown?.update) {
		open.shown.update(where);
		return;
	}
	const page = await PAGES[name]();
	if (mine !== turn) return;
	open?.shown?.close?.();
	open = null;
	main.replaceChildren();
	main.dataset.page = name;
	main.scrollTop = 0;
	onPage(name);
	const now = { name, params, shown: /** @type {Shown | void} */ (undefined) };
	open = now;
	const shown = await page.show(main, where);
	if (open !== now) shown?.close?.();
	now.shown = shown;
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

/** @param {HTMLElement} main @param {(page: string) => void} changed */
export function startRouter(main, changed) {
	onPage = changed;
	addEventListener('hashchange', () => void go(main, true));
	return go(main, false);
}
