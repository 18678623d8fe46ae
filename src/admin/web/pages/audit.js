// Audit: who changed what, newest first.
import { get } from '../lib/api.js';
import { add, aside, button, fill, h, icon } from '../lib/dom.js';
import { clock, t, word } from '../lib/i18n.js';
import { turns } from '../lib/turns.js';
import { changeDetail, changeObject } from '../parts/change.js';
import { errorNote } from '../parts/dialog.js';
import { chosenAccount, heading, table } from '../parts/page.js';

/** @param {any} c */
function row(c) {
	return [h('time', { datetime: c.at }, clock(c.at)), c.who, word('verb', c.verb), changeObject(c), c.account || t('audit.server'), changeDetail(c)];
}

/** @param {HTMLElement} main */
export async function show(main) {
	const box = h('section', { class: 'card flush' }), more = h('div', { class: 'more' });
	/** @type {any[]} */
	let rows = [];
	let q = '', timer = 0;
	const turn = turns();

	/** @param {string} after */
	async function read(after) {
		const mine = turn(), query = new URLSearchParams({ limit: '100' });
		if (chosenAccount()) query.set('account', chosenAccount());
		if (q) query.set('q', q);
		if (after) query.set('after', after);
		try {
			const d = await get(`/api/v1/audit?${query}`);
			if (!mine()) return;
			const list = d.changes;
			rows = after ? [...rows, ...list] : list;
			fill(box, table(t('page.audit'), [t('audit.when'), t('audit.who'), t('audit.verb'), t('audit.object'), t('account'), t('audit.detail')], rows.map(row), t('audit.none')));
			fill(more, d.next ? button(t('more'), () => read(String(d.next)), {}) : null);
		} catch (e) {
			if (mine()) fill(box, errorNote(e));
		}
	}
	const input = /** @type {HTMLInputElement} */ (h('input', { type: 'search', placeholder: t('audit.search'), autocomplete: 'off', oninput: () => {
		q = input.value.trim();
		clearTimeout(timer);
		timer = setTimeout(() => void read(''), 250);
	} }));
	add(main, heading(t('page.audit')), h('p', { class: 'lead' }, t('audit.lead')), h('section', { class: 'tools', 'aria-label': t('people.filter') },
		h('label', { class: 'search' }, icon('search', ''), aside(t('audit.search')), input)), box, more);
	await read('');
	return { close: () => clearTimeout(timer) };
}
