// People: ten thousand rows of which only those in view exist; search, filters, many at once on or off.
import { at, get, post, put } from '../lib/api.js';
import { add, aside, button, fill, framed, h, icon, write } from '../lib/dom.js';
import { clock, count, number, since, t, word } from '../lib/i18n.js';
import { List, listNodes } from '../lib/list.js';
import { health, listError, loaded, on, store, wantPeople } from '../lib/live.js';
import { keepQuery, link } from '../lib/router.js';
import { may, mayAnywhere } from '../lib/session.js';
import { STATES } from '../lib/store.js';
import { confirm, errorWords, toast } from '../parts/dialog.js';
import { chosenAccount, heading, oneAccount } from '../parts/page.js';
import { activityWord, badge, leaseWords, lineChip, presenceBadge, publishWords, shownWord } from '../parts/words.js';

/** @typedef {import('../lib/store.js').User} User */

const LINES_SHOWN = 3;

/** Kept while other pages are open, so that coming back shows what was left. */
const kept = { top: 0 };
/** @type {Set<number>} */
const chosen = new Set();

/** @param {User} u */
function sessionCell(u) {
	const held = u.session !== 'none';
	const sub = h('span', { class: u.publish === 'backing-off' ? 'sub error' : 'sub', 'data-lease': held ? u.lease_end : '', 'data-note': publishWords(u) });
	return h('span', { class: `session${held ? '' : ' quiet'}`, role: 'gridcell' },
		h('span', { class: 'cell-label' }, t('col.held')), badge(u.session, activityWord(u.activity)), sub);
}

/** @param {User} u */
function seenCell(u) {
	const note = shownWord(u);
	return h('span', { class: `seen${u.seen_pair ? '' : ' quiet'}`, role: 'gridcell' }, h('span', { class: 'cell-label' }, t('col.seen')),
		u.seen_pair ? presenceBadge(u.seen) : badge('unknown', t('seen.notread')),
		note ? h('span', { class: 'sub differs' }, `≠ ${note}`) : null);
}

/** @param {HTMLElement} node @param {User} u */
function writeRow(node, u) {
	const shown = u.lines.length > LINES_SHOWN ? LINES_SHOWN - 1 : LINES_SHOWN; // and one place for how many more
	const lines = h('span', { class: 'lines', role: 'gridcell' }, ...u.lines.slice(0, shown).map(lineChip));
	if (u.lines.length > shown) lines.append(h('span', { class: 'line more-lines' }, `+${u.lines.length - shown}`));
	if (!u.lines.length) lines.append(h('span', { class: 'muted' }, t('person.noline')));
	const box = /** @type {HTMLInputElement} */ (h('input', { type: 'checkbox', 'aria-label': t('people.choose', { name: u.name || u.email }) }));
	box.checked = chosen.has(u.id);
	fill(node,
		h('span', { class: 'pick', role: 'gridcell' }, h('label', {}, box)),
		h('span', { class: 'person', role: 'gridcell' }, h('b', {}, u.name || u.email),
			h('i', {}, [u.name ? u.email : '', u.enabled ? '' : t('person.off')].filter(Boolean).join(' · '))),
		lines,
		h('span', { class: u.profile === 'available' ? 'profile quiet' : 'profile', role: 'gridcell' }, h('span', { class: 'badge' }, h('span', {}, word('profile', u.profile))),
			u.profile_until ? h('span', { class: 'sub' }, t('until', { at: clock(u.profile_until) })) : null),
		h('span', { class: 'combined', role: 'gridcell' }, presenceBadge(u.combined), h('span', { class: 'sub', 'data-since': u.combined_since ?? '' })),
		sessionCell(u), seenCell(u));
	node.dataset.email = u.email;
	node.classList.toggle('off', !u.enabled);
}

/** @param {HTMLElement} node */
function tickRow(node) {
	for (const sub of node.querySelectorAll('.sub')) {
		if (!(sub instanceof HTMLElement)) continue;
		const { lease, note, since: from } = sub.dataset;
		if (lease !== undefined) write(sub, [leaseWords({ lease_end: lease, session: lease ? 'held' : 'none' }), note].filter(Boolean).join(' · '));
		else if (from !== undefined) write(sub, since(from));
	}
}

/** @param {() => void} changed */
function stateButtons(changed) {
	const box = h('div', { class: 'states', role: 'group', 'aria-label': t('people.bystate') });
	for (const state of STATES) {
		const b = h('button', { type: 'button', class: state, 'data-state': state, onclick: () => {
			if (!store.filter.states.delete(state)) store.filter.states.add(state);
			changed();
		} }, icon(state), h('span', {}, word('presence', state)), h('b', {}, '0'));
		box.append(b);
	}
	const odd = h('button', { type: 'button', class: 'odd', onclick: () => {
		store.filter.odd = !store.filter.odd;
		changed();
	} }, h('span', {}, t('people.differs')));
	box.append(odd);
	const draw = () => {
		for (const b of box.children) {
			if (!(b instanceof HTMLElement)) continue;
			const state = b.dataset.state, n = b.querySelector('b');
			if (state && n) write(n, number(store.counts[state] ?? 0));
			b.setAttribute('aria-pressed', String(state ? store.filter.states.has(state) : store.filter.odd));
		}
	};
	return { box, draw };
}

/** @param {string} label @param {HTMLElement} control */
function labelled(label, control) { return h('label', { class: 'sort' }, h('span', {}, label), control); }

/** @param {() => void} changed */
function connectorChoice(changed) {
	const select = /** @type {HTMLSelectElement} */ (h('select', { onchange: () => {
		store.filter.connector = select.value;
		changed();
	} }));
	const draw = () => {
		const shown = health.connectors.filter((c) => !chosenAccount() || c.account === chosenAccount()).map((c) => `${c.account}/${c.name}`);
		if (select.dataset.names === shown.join('\n')) return;
		select.dataset.names = shown.join('\n');
		const one = health.accounts.length < 2;
		select.replaceChildren(new Option(t('people.anyconnector'), ''), ...shown.map((c) => new Option(one ? c.split('/')[1] : c, c)));
		if (health.accounts.length && store.filter.connector && !shown.includes(store.filter.connector)) { // of another account, or no more
			store.filter.connector = '';
			changed();
		}
		select.value = store.filter.connector;
	};
	return { node: labelled(t('connector'), select), draw };
}

/** @param {() => void} changed */
function sortChoice(changed) {
	const select = /** @type {HTMLSelectElement} */ (h('select', { onchange: () => {
		store.sort = select.value;
		changed();
	} }, ...['name', 'state', 'recent'].map((s) => h('option', { value: s, selected: s === store.sort }, word('sort', s)))));
	return labelled(t('people.sort'), select);
}

/** @param {() => void} changed */
function searchBox(changed) {
	const input = /** @type {HTMLInputElement} */ (h('input', { id: 'search', type: 'search', placeholder: t('people.search'), autocomplete: 'off', spellcheck: 'false', value: store.filter.text, oninput: () => {
		store.filter.text = input.value;
		changed();
	} }));
	return h('label', { class: 'search' }, icon('search', ''), aside(t('people.search')), input);
}

/** Who is gone, or of another account than the one looked at, is not chosen any more: nothing is done to whom nobody sees. */
function forgetGone() {
	for (const id of chosen) {
		const u = store.users.get(id);
		if (!u || (chosenAccount() && u.account !== chosenAccount())) chosen.delete(id);
	}
}

/** Switches people, account by account. @param {User[]} users @param {boolean} enabled */
async function switchAll(users, enabled) {
	/** @type {Map<string, string[]>} */
	const by = new Map();
	for (const u of users) by.set(u.account, [...(by.get(u.account) ?? []), u.email]);
	for (const [account, emails] of by) await post(`${at('accounts', account)}/users:switch`, { emails, enabled });
	toast(t(enabled ? 'people.switchedon' : 'people.switchedoff', { n: users.length }));
	for (const u of users) chosen.delete(u.id);
}

/** @param {() => void} redraw */
function bulkBar(redraw) {
	const n = h('span', { role: 'status' });
	const ask = (/** @type {boolean} */ enabled) => {
		const users = [...chosen].flatMap((id) => store.users.get(id) ?? []);
		return confirm(t(enabled ? 'people.switchon' : 'people.switchoff'),
			t(enabled ? 'people.switchon.ask' : 'people.switchoff.ask', { n: count('count.people', users.length) }),
			t(enabled ? 'people.switchon' : 'people.switchoff'), () => switchAll(users, enabled), enabled ? 'primary' : 'danger').then(redraw);
	};
	const bar = h('div', { class: 'bulk', hidden: true }, n, button(t('people.switchon'), () => ask(true), { kind: 'small' }),
		button(t('people.switchoff'), () => ask(false), { kind: 'small' }),
		button(t('people.nochoice'), () => {
			chosen.clear();
			redraw();
		}, { kind: 'small quiet' }));
	const draw = () => {
		bar.hidden = !chosen.size;
		write(n, t('people.chosen', { n: number(chosen.size) }));
	};
	return { bar, draw };
}

/** @param {URLSearchParams} query */
function readQuery(query) {
	if (!query.size) return;
	store.filter.text = query.get('q') ?? '';
	store.filter.connector = query.get('connector') ?? '';
	store.filter.odd = query.get('differs') === 'yes';
	store.filter.states = new Set((query.get('state') ?? '').split(' ').filter((s) => STATES.includes(s)));
}

function writeQuery() {
	const f = store.filter;
	keepQuery({ q: f.text, connector: f.connector, state: [...f.states].join(' '), differs: f.odd ? 'yes' : '' });
}

/** @param {HTMLElement} main @param {import('../lib/router.js').Where} where */
export function show(main, where) {
	readQuery(where.query);
	store.filter.account = chosenAccount();
	store.dirty = true;
	const operator = mayAnywhere('operator');
	const nodes = listNodes(t('page.people'), [['pick', ''], ['person', t('col.person')], ['lines', t('col.lines')], ['profile', t('col.profile')],
		['combined', t('col.combined')], ['session', t('col.session')], ['seen', t('col.seen.full')]], operator ? 'people' : 'people no-pick');
	const total = h('span', { class: 'count', role: 'status' });
	const list = new List(nodes, { key: (u) => u.id, seq: (u) => u.seq, write: writeRow, tick: tickRow,
		open: (u) => { location.hash = link('person', u.account, u.email); },
		mark: (node, u) => {
			const box = node.querySelector('input');
			if (box) box.checked = chosen.has(u.id);
		} });
	const redraw = framed(draw);
	const refilter = () => {
		store.dirty = true;
		nodes.scroll.scrollTop = 0;
		writeQuery();
		redraw();
	};
	const states = stateButtons(refilter), connectors = connectorChoice(refilter), bulk = bulkBar(redraw);
	nodes.rows.addEventListener('change', (e) => {
		const row = e.target instanceof Element ? e.target.closest('.row') : null;
		const user = row instanceof HTMLElement ? list.items[Number(row.dataset.index)] : null;
		if (!user) return;
		if (/** @type {HTMLInputElement} */ (e.target).checked) chosen.add(user.id);
		else chosen.delete(user.id);
		redraw();
	});
	const drawAll = operator ? addChooseAll(nodes.head, list, redraw) : () => {};

	function draw() {
		forgetGone();
		const shown = store.view(), all = store.users.size;
		list.show(shown);
		states.draw();
		connectors.draw();
		bulk.draw();
		drawAll();
		write(total, shown.length === all ? count('count.people', all) : t('people.of', { n: number(shown.length), all: number(all) }));
		nodes.empty.hidden = shown.length > 0;
		write(nodes.empty, !loaded && !all ? (listError ? errorWords(listError) : t('reading')) : all ? t('people.nomatch') : t('people.none'));
	}

	add(main, heading(t('page.people'), ...actions(oneAccount())),
		h('section', { class: 'tools', 'aria-label': t('people.filter') }, searchBox(refilter), connectors.node, sortChoice(refilter), total, states.box),
		bulk.bar, nodes.card);
	wantPeople();
	draw();
	nodes.scroll.scrollTop = kept.top;
	const offs = [on('users', redraw), on('health', redraw), on('loaded', redraw)];
	return {
		update: (/** @type {import('../lib/router.js').Where} */ w) => {
			readQuery(w.query);
			store.dirty = true;
			redraw();
		},
		close() {
			kept.top = nodes.scroll.scrollTop;
			list.close();
			for (const off of offs) off();
		},
	};
}

/** @param {HTMLElement} head @param {List<User>} list @param {() => void} redraw */
function addChooseAll(head, list, redraw) {
	const all = /** @type {HTMLInputElement} */ (h('input', { type: 'checkbox', 'aria-label': t('people.chooseall'), onchange: () => {
		for (const u of list.items) {
			if (all.checked) chosen.add(u.id);
			else chosen.delete(u.id);
		}
		redraw();
	} }));
	head.querySelector('.pick')?.append(h('label', {}, all));
	return () => {
		const n = chosen.size ? list.items.filter((u) => chosen.has(u.id)).length : 0;
		all.checked = n > 0 && n === list.items.length;
		all.indeterminate = n > 0 && n < list.items.length;
	};
}

/** @param {string} account @returns {Node[]} */
function actions(account) {
	if (!account || !may('operator', account)) return [];
	return [
		button(t('import'), async () => (await import('../parts/import.js')).importPeople(account), { icon: 'import' }),
		button(t('people.add'), async () => (await import('../parts/person_form.js')).editPerson(account, null), { kind: 'primary', icon: 'plus' }),
	];
}

/** @param {string} account @param {string} email @param {boolean} enabled */
export function switchOne(account, email, enabled) {
	return put(`${at('accounts', account, 'users', email)}/enabled`, { enabled });
}

/** @param {string} account @param {string} email */
export function readPerson(account, email) { return get(at('accounts', account, 'users', email)); }
