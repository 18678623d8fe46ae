// The way in: with the company's Microsoft account, or with the password of a local administrator.
import { fill, h, icon, once } from '../lib/dom.js';
import { t, wordOr } from '../lib/i18n.js';
import { changePassword, session, signIn } from '../lib/session.js';
import { errorNote } from '../parts/dialog.js';

/** @param {string} label @param {Record<string, any>} attributes */
function field(label, attributes) {
	return h('label', { class: 'field' }, h('span', {}, label), h('input', attributes));
}

/** @param {HTMLFormElement} form @param {HTMLElement} failed @param {(values: FormData) => Promise<void>} go */
function submits(form, failed, go) {
	form.addEventListener('submit', (e) => {
		e.preventDefault();
		const act = form.querySelector('button[type=submit]');
		if (act instanceof HTMLElement) void once(act, () => go(new FormData(form)).catch((error) => fill(failed, errorNote(error))));
	});
}

/** @param {HTMLElement} main */
function passwordForm(main) {
	const failed = h('div', {});
	const form = /** @type {HTMLFormElement} */ (h('form', { class: 'sign-form' }, field(t('signin.name'), { name: 'name', autocomplete: 'username', required: true, maxlength: 64, autofocus: true }),
		field(t('signin.password'), { name: 'password', type: 'password', autocomplete: 'current-password', required: true }), failed,
		h('button', { type: 'submit', class: 'button primary' }, t('signin'))));
	submits(form, failed, async (values) => {
		await signIn(String(values.get('name')), String(values.get('password')));
		if (session.must_change_password) showSignIn(main, 'password');
		else location.reload();
	});
	return form;
}

function changeForm() {
	const failed = h('div', {}), fresh = { minlength: 12, type: 'password', autocomplete: 'new-password', required: true };
	const form = /** @type {HTMLFormElement} */ (h('form', { class: 'sign-form' }, field(t('password.old'), { name: 'old', type: 'password', autocomplete: 'current-password', required: true, autofocus: true }),
		field(t('password.new'), { name: 'new', ...fresh }), field(t('password.again'), { name: 'again', ...fresh }), h('p', { class: 'muted' }, t('password.rule')), failed,
		h('div', { class: 'actions' }, session.must_change_password ? null : h('button', { type: 'button', class: 'button', onclick: () => location.reload() }, t('cancel')),
			h('button', { type: 'submit', class: 'button primary' }, t('password.change')))));
	submits(form, failed, async (values) => {
		if (values.get('new') !== values.get('again')) throw new Error(t('password.differ'));
		await changePassword(String(values.get('old')), String(values.get('new')));
		location.reload();
	});
	return form;
}

/** @param {HTMLElement} main */
function ways(main) {
	const microsoft = session.sign_in.filter((w) => w.kind === 'microsoft' && w.start);
	const password = !session.sign_in.length || session.sign_in.some((w) => w.kind === 'password');
	const back = session.open_read ? h('p', {}, h('a', { href: '#/', onclick: () => setTimeout(() => location.reload()) }, t('signin.readonly'))) : null;
	return [
		...microsoft.map((w) => h('a', { class: 'button primary wide-button', href: w.start }, icon('cloud'), h('span', {}, microsoft.length > 1 ? t('signin.microsoft.of', { account: w.account ?? '' }) : t('signin.microsoft')))),
		microsoft.length && password ? h('p', { class: 'or' }, h('span', {}, t('signin.or'))) : null,
		password ? passwordForm(main) : null, back,
	];
}

/** @param {HTMLElement} main @param {'signin' | 'password'} what @param {string} [failed] the daemon's word for a way that led nowhere */
export function showSignIn(main, what, failed = '') {
	const sentence = failed && wordOr('signin.failed', failed, '');
	document.body.classList.add('bare');
	document.title = `${t('signin')} · ${t('app.name')}`;
	main.dataset.page = 'signin';
	fill(main, h('section', { class: 'sign-card' }, h('img', { src: '/favicon.svg', alt: '', width: 40, height: 40 }),
		h('h1', {}, what === 'signin' ? t('signin.title') : t('password.title')),
		what === 'password' && session.must_change_password ? h('p', { class: 'muted' }, t('password.once')) : null,
		sentence ? errorNote(new Error(sentence)) : null,
		...(what === 'signin' ? ways(main) : [changeForm()])));
	const first = main.querySelector('input');
	if (first instanceof HTMLElement) first.focus();
}
