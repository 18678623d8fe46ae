// Connectors and accounts as forms. What stands in offhook.yaml is shown, with its place, and not edited here.
import { Problem, ask, at } from '../lib/api.js';
import { fill, h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { link } from '../lib/router.js';
import { isFor, settingsOf, wordsOf } from '../lib/schema.js';
import { confirm, dialog, note, toast } from './dialog.js';
import { lock, settingsForm } from './form.js';

/** @typedef {import('../lib/schema.js').Setting} Setting */

const OFTEN = ['server', 'username', 'password_file', 'token_file', 'tls', 'profile'];

/** Where an object stands that the console does not write. @param {any} d @returns {Node | null} */
export function originNote(d) {
	if (!d?.read_only) return null;
	const place = [d.file ?? d.origin?.file ?? 'offhook.yaml', d.line ?? d.origin?.line ?? ''].filter(Boolean).join(':');
	return note([t('object.readonly', { place }), d.hidden ? t('object.hidden') : ''].filter(Boolean).join(' '));
}

/** Writes a document against lost updates: what it was read as must still be so. @param {string} path @param {any} json @param {string | null} etag null: it must be new */
export async function save(path, json, etag) {
	try {
		return await ask('PUT', path, { json, headers: etag ? { 'If-Match': etag } : { 'If-None-Match': '*' } });
	} catch (e) {
		if (e instanceof Problem) e.taken = !etag;
		throw e;
	}
}

/** Asks, and deletes what has not changed meanwhile. @param {string} path @param {string} title @param {string} text @returns {Promise<boolean>} */
export function erase(path, title, text) {
	return confirm(title, text, t('delete'), async () => {
		const { etag } = await ask('GET', path);
		await ask('DELETE', path, { headers: etag ? { 'If-Match': etag } : {} });
	});
}

/** @param {string} account @param {string | null} name null: a new one */
export async function editConnector(account, name) {
	const settings = await settingsOf('connector');
	const read = name ? await ask('GET', at('accounts', account, 'connectors', name, 'config')) : { body: { settings: {} }, etag: null };
	const values = read.body.settings ?? {}, types = typesOf(settings);
	const type = /** @type {HTMLSelectElement} */ (h('select', { id: 'connector-type', disabled: Boolean(name) }, ...types.map((x) => h('option', { value: x, selected: x === values.type }, x))));
	const box = h('div', {});
	let form = settingsForm([], values, 'connector');
	const draw = () => {
		const rows = settings.filter((s) => s.key !== 'type' && !(name && s.key === 'name') && isFor(s, type.value));
		form = settingsForm(rows, { ...form.values(), ...values }, 'connector', (s) => OFTEN.includes(s.key));
		fill(box, form.node);
	};
	type.addEventListener('change', draw);
	draw();
	const locked = originNote(read.body);
	if (locked) lock(box);
	const done = await dialog(name ? `${account}/${name}` : t('connector.add'), [locked ?? '', h('div', { class: 'field' }, h('label', { for: 'connector-type' }, t('type')), type), box], locked ? { wide: true } : { wide: true, act: t('save'), go: async () => {
		/** @type {Record<string, any>} */
		const doc = { ...form.values(), type: type.value };
		const wanted = name ?? String(doc.name ?? '');
		if (name) delete doc.name;
		try {
			await save(at('accounts', account, 'connectors', wanted, 'config'), { name: wanted, ...doc }, read.etag);
		} catch (e) {
			if (e instanceof Problem) form.mark(e.errors);
			throw e;
		}
		if (!name) location.hash = link('connector', account, wanted);
	} });
	if (done) toast(t('saved'));
}

/** @param {Setting[]} settings */
function typesOf(settings) {
	const row = settings.find((s) => s.key === 'type'), words = row ? wordsOf(row) : [];
	return words.length ? words : [...new Set(settings.flatMap((s) => s.types ?? []))];
}
