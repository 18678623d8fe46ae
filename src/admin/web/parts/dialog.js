// Dialogs, notes and errors: what asks the reader, and what answers.
import { Problem } from '../lib/api.js';
import { button, h, icon } from '../lib/dom.js';
import { said, t } from '../lib/i18n.js';

/** @param {unknown} e what went wrong, in words that help */
export function errorWords(e) {
	if (!(e instanceof Problem)) return e instanceof Error ? e.message : String(e);
	if (e.status === 0) return t('error.unreachable');
	if (!e.message) return t('error.status', { status: e.status });
	const words = said(e.message, e.said);
	if (e.status === 403) return t('error.forbidden', { text: words });
	if (e.status === 412) return t(e.taken ? 'error.taken' : 'error.changed');
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

/** @param {string} text @param {HTMLElement} node @param {number} [ms] how long it stays; without, until it is closed */
function atTheEdge(text, node, ms) {
	const at = document.getElementById('toasts');
	for (const old of at?.children ?? []) if (old.textContent === text) old.remove();
	at?.append(node);
	if (ms) setTimeout(() => node.remove(), ms);
}

/** A short word at the edge, gone by itself and read out. @param {string} text */
export function toast(text) {
	for (const old of document.querySelectorAll('.toast:not(.bad)')) old.remove(); // what was done last; more would cover the page
	atTheEdge(text, h('div', { class: 'toast' }, icon('up', ''), h('span', {}, text)), 5000);
}

/** What went wrong where there is no place of its own to say it: it stays until it is closed. @param {unknown} e */
export function failure(e) {
	const text = errorWords(e), node = h('div', { class: 'toast bad', role: 'alert' }, icon('down', ''), h('span', {}, text),
		h('button', { type: 'button', class: 'icon-button', title: t('close'), onclick: () => node.remove() }, icon('close'), h('span', { class: 'visually-hidden' }, t('close'))));
	atTheEdge(text, node);
}

/**
 * A question or a form. Whoever closes it while what it does is under way is told how that went: nothing is done unseen.
 * @param {string} title @param {(Node | string)[]} content
 * @param {{act?: string, kind?: string, go?: () => Promise<unknown>, wide?: boolean, leave?: string}} [options] go: throws to stay open; leave: instead of Cancel
 * @returns {Promise<boolean>}
 */
export function dialog(title, content, options = {}) {
	return new Promise((resolve) => {
		const failed = h('div', {});
		const heading = h('h2', { id: 'dialog-title' }, title);
		const act = options.act ? h('button', { type: 'submit', class: `button ${options.kind ?? 'primary'}` }, options.act) : null;
		const form = h('form', { method: 'dialog' }, heading, ...content, h('div', { class: 'foot' }, failed, h('div', { class: 'actions' },
			button(options.leave ?? (options.act ? t('cancel') : t('close')), () => box.close()), act)));
		const box = /** @type {HTMLDialogElement} */ (h('dialog', { class: options.wide ? 'dialog wide' : 'dialog', 'aria-labelledby': 'dialog-title' }, form));
		let done = false;
		/** @type {Promise<void> | null} */
		let under = null;
		const attempt = async () => {
			act?.setAttribute('aria-disabled', 'true');
			try {
				await options.go?.();
				done = true;
				box.close();
			} catch (error) {
				if (!box.open) return failure(error);
				failed.replaceChildren(errorNote(error));
				const wrong = form.querySelector('[aria-invalid="true"]');
				if (wrong instanceof HTMLElement) wrong.focus();
			} finally {
				act?.removeAttribute('aria-disabled');
			}
		};
		form.addEventListener('submit', (e) => {
			e.preventDefault();
			under ??= attempt().finally(() => { under = null; });
		});
		// Another page by the browser's own buttons: what is asked here belongs to the one before.
		const leave = () => box.close();
		addEventListener('hashchange', leave);
		box.addEventListener('close', async () => {
			removeEventListener('hashchange', leave);
			box.remove();
			await under;
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
