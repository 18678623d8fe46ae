// Dialogs, notes and errors: what asks the reader, and what answers.
import { Problem } from '../lib/api.js';
import { button, h, icon } from '../lib/dom.js';
import { said, t } from '../lib/i18n.js';

/** @param {unknown} e what went wrong, in words that help */
export function errorWords(e) {
	if (!(e instanceof Problem)) return e instanceof Error ? e.message : String(e);
	if (e.status === 0) return t('error.unreachable');
	const words = said(e.message, e.said);
	if (e.status === 403) return t('error.forbidden', { text: words });
	if (e.status === 412) return t('error.changed');
	if (e.status === 429) return t('error.limited', { seconds: e.retryAfter || 60 });
	return words;
}

/** @param {unknown} e */
export function errorNote(e) {
	const list = e instanceof Problem ? e.errors.map((x) => h('li', {}, [x.key, said(x.text, x.text_said)].filter(Boolean).join(': '))) : [];
	return h('div', { class: 'note bad', role: 'alert' }, icon('down', ''), h('div', {}, h('p', {}, errorWords(e)), list.length ? h('ul', {}, ...list) : null));
}

/** @param {string} text @param {'good' | 'info'} [kind] */
export function note(text, kind = 'info') {
	return h('div', { class: `note ${kind}`, role: 'status' }, icon(kind === 'good' ? 'up' : 'info', ''), h('div', {}, h('p', {}, text)));
}

/** A short word at the edge, gone by itself and read out. @param {string} text */
export function toast(text) {
	const at = document.getElementById('toasts');
	for (const old of at?.children ?? []) if (old.textContent === text) old.remove();
	const node = h('div', { class: 'toast' }, icon('up', ''), h('span', {}, text));
	at?.append(node);
	setTimeout(() => node.remove(), 5000);
}

/**
 * @param {string} title @param {(Node | string)[]} content
 * @param {{act?: string, kind?: string, go?: () => Promise<unknown>, wide?: boolean, leave?: string}} [options] go: throws to stay open; leave: instead of Cancel
 * @returns {Promise<boolean>}
 */
export function dialog(title, content, options = {}) {
	return new Promise((resolve) => {
		const failed = h('div', {});
		const heading = h('h2', { id: 'dialog-title' }, title);
		const act = options.act ? h('button', { type: 'submit', class: `button ${options.kind ?? 'primary'}` }, options.act) : null;
		const form = h('form', { method: 'dialog' }, heading, ...content, failed, h('div', { class: 'actions' },
			button(options.leave ?? (options.act ? t('cancel') : t('close')), () => box.close()), act));
		const box = /** @type {HTMLDialogElement} */ (h('dialog', { class: options.wide ? 'dialog wide' : 'dialog', 'aria-labelledby': 'dialog-title' }, form));
		let done = false;
		form.addEventListener('submit', async (e) => {
			e.preventDefault();
			act?.setAttribute('disabled', '');
			try {
				await options.go?.();
				done = true;
				box.close();
			} catch (error) {
				failed.replaceChildren(errorNote(error));
			}
			act?.removeAttribute('disabled');
		});
		box.addEventListener('close', () => {
			box.remove();
			resolve(done);
		});
		document.body.append(box);
		box.showModal();
	});
}

/** @param {string} title @param {string} text @param {string} act @param {() => Promise<unknown>} go @param {string} [kind] */
export function confirm(title, text, act, go, kind = 'danger') {
	return dialog(title, [h('p', {}, text)], { act, kind, go });
}

/** @param {string} text @param {string} label */
export function copyable(text, label) {
	const code = h('code', { class: 'copy-text', tabindex: '0' }, text);
	const copy = button(t('copy'), async () => {
		await navigator.clipboard.writeText(text).then(() => toast(t('copied')), () => getSelection()?.selectAllChildren(code));
	}, { kind: 'small', icon: 'copy' });
	return h('div', { class: 'copy', role: 'group', 'aria-label': label }, code, copy);
}
