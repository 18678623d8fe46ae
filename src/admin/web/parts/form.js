// Forms made from settings.def: a field for each key, with its help, its bounds and what it is when left empty.
import { h } from '../lib/dom.js';
import { t, wordOr } from '../lib/i18n.js';
import { isRequired, wordsOf } from '../lib/schema.js';

/** @typedef {import('../lib/schema.js').Setting} Setting */

const LISTS = ['TEXTS', 'RANGES', 'DATES', 'LINES'];
const NUMBERS = ['COUNT'];
/** Keys that name a file: in the console their content is given, and never read back. */
const SECRETS = ['SECRET'], PEMS = ['PEM', 'PEM_HELD'];
const FILES = ['USERS', 'HOLIDAYS', 'PATH'];

/** Fields that belong to the file alone. @param {Setting} s */
export function isEditable(s) { return ![...FILES, 'OWN_POLICY', 'GROUP', 'LIST'].includes(kindOf(s)); }

/** @param {Setting} s */
function kindOf(s) { return s.kind.toUpperCase().replaceAll('-', '_'); }

/** The key in a document of the API: `password` for password_file. @param {Setting} s */
export function keyOf(s) {
	return SECRETS.includes(kindOf(s)) || PEMS.includes(kindOf(s)) ? s.key.replace(/_file$/, '') : s.key;
}

/** @param {any} value */
function isMapping(value) { return typeof value === 'object' && value !== null; }

/** @param {Setting} s @param {string} id @param {any} value */
function control(s, id, value) {
	const kind = kindOf(s), common = { id, name: keyOf(s), 'aria-describedby': `${id}-help` };
	// A certificate of our own (tls as a mapping) is offhook.yaml's; what is chosen here is whether TLS is spoken.
	const words = kind === 'SWITCH' || (kind === 'TLS' && !isMapping(value)) ? ['yes', 'no'] : wordsOf(s);
	if (words.length) {
		const now = value === true ? 'yes' : value === false ? 'no' : value;
		return h('select', common, h('option', { value: '' }, t('form.default', { value: String(s.default ?? '') || '–' })),
			...words.map((w) => h('option', { value: w, selected: w === now }, w)));
	}
	if (SECRETS.includes(kind)) return h('input', { ...common, type: 'password', autocomplete: 'new-password', placeholder: value?.set ? t('form.isset') : '' });
	if (PEMS.includes(kind)) return h('textarea', { ...common, rows: 3, spellcheck: 'false', placeholder: value?.set ? t('form.isset') : '-----BEGIN …' });
	if (LISTS.includes(kind)) return h('textarea', { ...common, rows: 2, spellcheck: 'false', value: Array.isArray(value) ? value.join('\n') : value ?? '' });
	if (isMapping(value)) return h('input', { ...common, type: 'text', disabled: true, value: Object.values(value).filter((v) => typeof v === 'string').join(' ') });
	const number = NUMBERS.includes(kind);
	return h('input', { ...common, type: number ? 'number' : 'text', min: number ? s.lo : null, max: number ? s.hi : null, maxlength: !number && s.hi && s.hi < 5000 && kind === 'TEXT' ? s.hi : null,
		placeholder: s.default ? String(s.default) : '', required: isRequired(s), spellcheck: 'false', autocomplete: 'off', value: value ?? '' });
}

/** How the texts name it: "policy.hours.zone". @param {Setting} s */
function textName(s) { return `${s.scope.replace(/^accounts\[\]\.?/, '').replace('[]', '') || 'account'}.${s.key}`; }

/** @param {Setting} s */
function helpOf(s) {
	if (SECRETS.includes(kindOf(s))) return t('form.secret');
	return PEMS.includes(kindOf(s)) ? t('form.pem') : wordOr('setting.help', textName(s), s.help);
}

/** @param {Setting} s @param {any} value @param {string} prefix */
function field(s, value, prefix) {
	const id = `${prefix}-${s.key}`, key = keyOf(s);
	return h('div', { class: 'field', 'data-key': key }, h('label', { for: id }, wordOr('setting', textName(s), key.replaceAll('_', ' ')), isRequired(s) ? h('span', { class: 'muted' }, ` (${t('form.required')})`) : null),
		control(s, id, value), h('p', { class: 'help', id: `${id}-help` }, helpOf(s)));
}

/** @param {Setting} s @param {HTMLElement | null} node @returns {any} undefined: left as it is by default */
function valueOf(s, node) {
	if (!(node instanceof HTMLInputElement || node instanceof HTMLSelectElement || node instanceof HTMLTextAreaElement)) return undefined;
	const text = node.value.trim(), kind = kindOf(s);
	if (!text || node.disabled) return undefined;
	if (LISTS.includes(kind)) return text.split('\n').map((x) => x.trim()).filter(Boolean);
	if (NUMBERS.includes(kind)) return Number(text);
	return kind === 'SWITCH' || kind === 'TLS' ? text === 'yes' : text;
}

/** What stands in offhook.yaml is looked at. @param {Node} node */
export function lock(node) {
	if (node instanceof Element) for (const field of node.querySelectorAll('input, select, textarea')) field.setAttribute('disabled', '');
}

/**
 * @param {Setting[]} settings @param {Record<string, any>} values @param {string} prefix of the ids
 * @param {(s: Setting) => boolean} [often] these stand in front, the rest behind "more settings"
 */
export function settingsForm(settings, values, prefix, often = () => true) {
	const shown = settings.filter(isEditable), first = shown.filter((s) => often(s) || isRequired(s)), rest = shown.filter((s) => !first.includes(s));
	const node = h('div', { class: 'form' }, ...first.map((s) => field(s, values[keyOf(s)] ?? values[s.key], prefix)),
		rest.length ? h('details', { class: 'more-settings', open: rest.some((s) => values[keyOf(s)] !== undefined) }, h('summary', {}, t('form.more', { n: rest.length })),
			...rest.map((s) => field(s, values[keyOf(s)] ?? values[s.key], prefix))) : null);
	return {
		node,
		/** What is filled in; keys that are no fields here stay as they were. @returns {Record<string, any>} */
		values() {
			/** @type {Record<string, any>} */
			const out = { ...values };
			for (const s of shown) {
				const key = keyOf(s), v = valueOf(s, node.querySelector(`[id="${prefix}-${s.key}"]`));
				const secret = values[key]?.set !== undefined;
				if (v !== undefined) out[key] = v;
				else if (!secret) delete out[key];
				if (secret && v === undefined) delete out[key];
			}
			return out;
		},
		/** Marks the fields that the daemon refused. @param {{key?: string, text: string}[]} errors */
		mark(errors) {
			for (const input of node.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
			for (const e of errors) {
				const name = e.key?.split('.').pop()?.replace(/_file$/, '');
				node.querySelector(`[name="${name}"]`)?.setAttribute('aria-invalid', 'true');
			}
		},
	};
}
