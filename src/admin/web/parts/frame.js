// The frame: brand, navigation, account, state of the link, language, light or dark, who is signed in.
import { aside, button, fill, h, icon } from '../lib/dom.js';
import { LANGUAGES, currentLanguage, setLanguage, t, word } from '../lib/i18n.js';
import { alarms, health, link as linkState, on, stopLive } from '../lib/live.js';
import { link } from '../lib/router.js';
import { mayAnywhere, session, signOut } from '../lib/session.js';
import { chooseAccount, chosenAccount } from './page.js';

/** @type {[string, string, string[]][]} page, icon, and the pages below it */
const NAV = [
	['overview', 'overview', []], ['people', 'people', ['person']], ['connectors', 'plug', ['connector']], ['tenant', 'cloud', []],
	['matching', 'match', []], ['policies', 'rules', []], ['audit', 'audit', []], ['settings', 'gear', []],
];

/** @param {string} id */
const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

export function applyTheme() {
	const kept = localStorage.getItem('offhook-theme');
	if (kept === 'light' || kept === 'dark') document.documentElement.dataset.theme = kept;
}

function switchTheme() {
	const root = document.documentElement;
	const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
	root.dataset.theme = dark ? 'light' : 'dark';
	localStorage.setItem('offhook-theme', root.dataset.theme);
}

function navigation() {
	const items = NAV.filter(() => mayAnywhere('viewer')).map(([page, sign]) => navItem(page, sign));
	if (session.self) items.push(navItem('me', 'person'));
	fill(find('nav'), h('ul', {}, ...items));
}

/** @param {string} page @param {string} sign */
function navItem(page, sign) {
	return h('li', {}, h('a', { href: link(page), 'data-page': page }, icon(sign), h('span', {}, word('page', page)),
		page === 'overview' ? h('b', { class: 'alarm-count', id: 'alarm-count', hidden: true }) : null));
}

/** @param {string} page */
export function markPage(page) {
	for (const a of find('nav').querySelectorAll('a')) {
		const row = NAV.find(([p]) => p === a.dataset.page);
		const here = a.dataset.page === page || row?.[2].includes(page);
		if (here) a.setAttribute('aria-current', 'page');
		else a.removeAttribute('aria-current');
	}
	closeMenu();
}

function closeMenu() {
	document.body.classList.remove('menu');
	find('menu').setAttribute('aria-expanded', 'false');
}

function menuButton() {
	const menu = find('menu');
	fill(menu, icon('menu'), aside(t('menu')));
	menu.addEventListener('click', () => {
		const open = document.body.classList.toggle('menu');
		menu.setAttribute('aria-expanded', String(open));
		if (open) find('nav').querySelector('a')?.focus();
	});
	document.addEventListener('keydown', (e) => {
		if (e.key === 'Escape' && document.body.classList.contains('menu')) {
			closeMenu();
			menu.focus();
		}
	});
	find('shade').addEventListener('click', closeMenu);
	find('nav').addEventListener('focusout', (e) => {
		if (e.relatedTarget instanceof Node && !find('nav').contains(e.relatedTarget) && e.relatedTarget !== menu) closeMenu();
	});
}

/** @param {() => void} changed */
function accountChoice(changed) {
	const label = h('label', { class: 'account', hidden: true }, aside(t('account')));
	const select = /** @type {HTMLSelectElement} */ (h('select', { id: 'account', onchange: () => {
		chooseAccount(select.value);
		changed();
	} }));
	label.append(select);
	const draw = () => {
		const names = health.accounts.map((a) => a.name), shape = names.join('\n');
		label.hidden = names.length < 2;
		if (select.dataset.names === shape) return;
		select.dataset.names = shape;
		select.replaceChildren(new Option(t('account.all'), ''), ...names.map((n) => new Option(n, n)));
		const gone = chosenAccount() && names.length && !names.includes(chosenAccount());
		if (gone) chooseAccount('');
		select.value = chosenAccount();
		if (gone) changed();
	};
	on('health', draw);
	draw();
	return label;
}

function linkPill() {
	const pill = h('span', { id: 'link', class: 'pill', role: 'status' });
	const draw = () => {
		pill.dataset.state = linkState;
		fill(pill, h('span', {}, word('link', linkState)));
	};
	on('link', draw);
	draw();
	return pill;
}

function languageChoice() {
	const select = /** @type {HTMLSelectElement} */ (h('select', { id: 'language', onchange: () => setLanguage(select.value) },
		...Object.entries(LANGUAGES).map(([code, name]) => h('option', { value: code, lang: code, title: name, selected: code === currentLanguage() }, code.toUpperCase()))));
	return h('label', { class: 'language' }, aside(t('language')), select);
}

async function leave() {
	await signOut();
	stopLive();
	location.hash = '';
	location.reload();
}

function whoIsIn() {
	if (!session.signed_in) {
		return button(t('signin'), () => document.dispatchEvent(new CustomEvent('offhook-signin')), { kind: 'primary small' });
	}
	const box = h('details', { class: 'who' }, h('summary', {}, icon('person'), h('span', { class: 'who-name' }, session.name ?? ''), aside(t('who.menu'))),
		h('div', { class: 'popup' }, h('p', {}, h('b', {}, session.name ?? '')),
			...session.grants.map((g) => h('p', { class: 'muted' }, `${word('role', g.role)} · ${g.account === '*' ? t('account.all') : g.account}`)),
			session.kind === 'password' ? button(t('password.change'), () => document.dispatchEvent(new CustomEvent('offhook-password')), { kind: 'small' }) : null,
			button(t('signout'), leave, { kind: 'small' })));
	document.addEventListener('click', (e) => { if (e.target instanceof Node && !box.contains(e.target)) box.removeAttribute('open'); });
	box.addEventListener('keydown', (e) => {
		if (e.key !== 'Escape' || !box.hasAttribute('open')) return;
		box.removeAttribute('open');
		box.querySelector('summary')?.focus();
	});
	return box;
}

function alarmCount() {
	const n = (alarms ?? []).filter((a) => a.severity !== 'info').length, at = document.getElementById('alarm-count');
	if (!at) return;
	at.hidden = !n;
	fill(at, String(n), aside(` ${t('alarms')}`));
}

/** The daemon was started in another version: the rest of this page would not fit what is loaded of it. */
function outdatedBar() {
	const bar = h('div', { class: 'outdated', role: 'status', hidden: true });
	on('outdated', (version) => {
		fill(bar, icon('info', ''), h('span', {}, t('outdated', { version })), button(t('outdated.reload'), () => location.reload(), { kind: 'small' }));
		bar.hidden = false;
	});
	return bar;
}

/** The first stop of the keyboard, on the way in too. */
export function skipLink() {
	const skip = find('skip');
	skip.textContent = t('skip');
	skip.addEventListener('click', (e) => {
		e.preventDefault();
		find('main').focus();
	});
}

/** @param {() => void} accountChanged */
export function buildFrame(accountChanged) {
	fill(find('tools'), accountChoice(accountChanged), h('span', { class: 'grow' }), mayAnywhere('viewer') ? linkPill() : null, languageChoice(),
		h('button', { type: 'button', class: 'icon-button', title: t('theme'), onclick: switchTheme }, icon('theme'), aside(t('theme'))), whoIsIn());
	find('nav').setAttribute('aria-label', t('nav'));
	navigation();
	menuButton();
	on('alarms', alarmCount);
	document.querySelector('.top')?.after(outdatedBar());
	document.body.classList.remove('bare', 'starting');
}
