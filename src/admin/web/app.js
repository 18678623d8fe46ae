// The live page: wires store, stream, list, panel and health together; draws at most once a frame.
import { PRESENCE, el, icon } from './format.js';
import { drawHealth } from './health.js';
import { List } from './list.js';
import { Panel } from './panel.js';
import { Store } from './store.js';
import { Stream } from './stream.js';

const at = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const store = new Store();
/** @type {any} */
let health = { accounts: [], connectors: [] };
let frame = 0;
let loaded = false;

const panel = new Panel(at('panel'), () => list.select(-1));
const list = new List({ scroll: at('scroll'), rows: at('rows'), grid: at('grid') }, (user) => {
	list.select(user.id);
	panel.open(user);
});

function redraw() {
	frame ||= requestAnimationFrame(draw);
}

function draw() {
	frame = 0;
	const shown = store.view();
	list.show(shown);
	drawStates();
	at('count').textContent = shown.length === store.users.size ? `${shown.length.toLocaleString()} users` : `${shown.length.toLocaleString()} of ${store.users.size.toLocaleString()}`;
	at('empty').hidden = shown.length > 0;
	at('empty').textContent = !loaded ? 'Reading…' : store.users.size ? 'Nobody matches. Clear the search or the filter.' : 'No users yet. Add them to offhook.yaml, or: offhook users import FILE.csv';
	if (panel.user) panel.refresh(store.users.get(panel.user.id));
}

function drawStates() {
	for (const button of at('states').children) {
		if (!(button instanceof HTMLElement)) continue;
		const state = button.dataset.state ?? '';
		const count = button.querySelector('b');
		if (count) count.textContent = (store.counts[state] ?? 0).toLocaleString();
		button.setAttribute('aria-pressed', String(store.filter.states.has(state)));
	}
}

function refilter() {
	store.dirty = true;
	redraw();
}

function makeStates() {
	for (const [state, label] of Object.entries(PRESENCE)) {
		const button = el('button', state, icon(state), el('span', '', label), el('b', '', '0'));
		button.dataset.state = state;
		button.setAttribute('type', 'button');
		button.addEventListener('click', () => {
			if (!store.filter.states.delete(state)) store.filter.states.add(state);
			refilter();
		});
		at('states').append(button);
	}
}

function drawAccounts() {
	const select = /** @type {HTMLSelectElement} */ (at('account'));
	const names = health.accounts.map((/** @type {any} */ a) => a.name);
	if (select.parentElement) select.parentElement.hidden = names.length < 2;
	if (select.options.length === names.length + 1) return;
	select.replaceChildren(new Option('All accounts', ''), ...names.map((/** @type {string} */ n) => new Option(n, n)));
	select.value = store.filter.account;
}

function onHealth(/** @type {any} */ h) {
	health = h;
	drawAccounts();
	drawHealth(at('health'), health, store.filter.account);
}

function theme() {
	const root = document.documentElement;
	const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
	root.dataset.theme = dark ? 'light' : 'dark';
	localStorage.setItem('offhook-theme', root.dataset.theme);
}

function onState(/** @type {string} */ state) {
	at('link').dataset.state = state;
	at('link').textContent = state === 'live' ? 'live' : 'connection lost, trying again';
}

function start() {
	const kept = localStorage.getItem('offhook-theme');
	if (kept) document.documentElement.dataset.theme = kept;
	makeStates();
	at('theme').addEventListener('click', theme);
	at('search').addEventListener('input', (e) => {
		store.filter.text = /** @type {HTMLInputElement} */ (e.target).value;
		at('scroll').scrollTop = 0;
		refilter();
	});
	at('sort').addEventListener('change', (e) => { store.sort = /** @type {HTMLSelectElement} */ (e.target).value; refilter(); });
	at('account').addEventListener('change', (e) => {
		store.filter.account = /** @type {HTMLSelectElement} */ (e.target).value;
		onHealth(health);
		refilter();
	});
	new Stream(store, { changed: () => { loaded = true; redraw(); }, health: onHealth, state: onState }).start();
	redraw();
}

start();
