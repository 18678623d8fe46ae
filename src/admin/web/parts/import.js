// CSV import: the preview says what would change and which rows are wrong; only then is it taken.
import { ask, at } from '../lib/api.js';
import { button, fill, h } from '../lib/dom.js';
import { count, number, said, t, word } from '../lib/i18n.js';
import { turns } from '../lib/turns.js';
import { dialog, errorNote, toast } from './dialog.js';
import { table } from './page.js';

/** @param {any} d the answer of a dry run */
function preview(d) {
	const errors = (d.errors ?? []).map((/** @type {any} */ e) => [e.row, said(e.text, e.text_said)]);
	const changes = (d.changes ?? []).map((/** @type {any} */ c) => [c.email, word('import.change', c.change)]);
	return h('div', { class: 'preview', role: 'status' },
		h('p', {}, [[d.added, 'import.added'], [d.changed, 'import.changed'], [d.unchanged, 'import.unchanged'], [errors.length, 'import.wrong']]
			.filter(([n]) => n !== undefined).map(([n, key]) => t(/** @type {import('../lib/i18n.js').Key} */ (key), { n: number(Number(n)) })).join(' · ')),
		errors.length ? h('section', { class: 'wrong-rows' }, h('h3', {}, count('count.errors', errors.length)), h('p', { class: 'muted' }, t('import.wrong.help')),
			table(t('import.wrongrows'), [t('import.row'), t('import.error')], errors, '')) : null,
		changes.length ? h('section', {}, h('h3', {}, count('count.changes', changes.length)), table(t('import.changes'), [t('email'), t('import.what')], changes, '')) : null);
}

/** @param {string} account */
export async function importPeople(account) {
	const path = `${at('accounts', account)}/users:import`, result = h('div', { class: 'import-result' });
	const file = /** @type {HTMLInputElement} */ (h('input', { type: 'file', accept: '.csv,text/csv', id: 'csv-file' }));
	const text = /** @type {HTMLTextAreaElement} */ (h('textarea', { id: 'csv-text', rows: 6, spellcheck: 'false', placeholder: 'email,name,lines,enabled\nana@acme.example,Ana Alder,hq/201,yes' }));
	let shown = '';
	const turn = turns();
	file.addEventListener('change', async () => {
		const chosen = file.files?.[0];
		if (chosen) text.value = await chosen.text();
		await look();
	});
	async function look() {
		const mine = turn(), sent = text.value; // it may be typed on while the preview is made
		shown = '';
		try {
			const { body } = await ask('POST', `${path}?dry_run=true`, { text: sent, type: 'text/csv' });
			if (!mine()) return;
			fill(result, preview(body));
			shown = sent;
		} catch (e) {
			if (mine()) fill(result, errorNote(e));
		}
	}
	const done = await dialog(t('import.title', { account }), [
		h('div', { class: 'field' }, h('label', { for: 'csv-file' }, t('import.file')), file), h('div', { class: 'field' }, h('label', { for: 'csv-text' }, t('import.text')), text, h('p', { class: 'help' }, t('import.help'))),
		button(t('import.preview'), look, {}), result,
	], { wide: true, act: t('import.take'), go: async () => {
		if (shown !== text.value || !shown) {
			await look();
			throw new Error(t('import.lookfirst'));
		}
		await ask('POST', path, { text: text.value, type: 'text/csv' });
	} });
	if (done) toast(t('import.done'));
}
