// One connector: is it well, a test of every step, its lines with the last event of each, and what it counted.
import { at, get, post } from '../lib/api.js';
import { add, button, fill, framed, h, icon, redraw, write } from '../lib/dom.js';
import { count, number, said, since, t, word } from '../lib/i18n.js';
import { List, listNodes } from '../lib/list.js';
import { health, on } from '../lib/live.js';
import { link } from '../lib/router.js';
import { may } from '../lib/session.js';
import { onceMore } from '../lib/turns.js';
import { errorNote } from '../parts/dialog.js';
import { connectorBadge } from '../parts/health.js';
import { card, facts, heading } from '../parts/page.js';
import { checkList, lineIcon, lineWords } from '../parts/words.js';

/** @param {HTMLElement} node @param {any} l */
function writeLine(node, l) {
	fill(node, h('span', { class: 'number', role: 'gridcell' }, h('b', {}, l.number)),
		h('span', { class: 'who-is', role: 'gridcell' }, l.email ?? ''),
		h('span', { class: 'doing', role: 'gridcell' }, h('span', { class: `badge ${l.presence}` }, lineIcon(l), h('span', {}, `${word('presence', l.presence)}, ${lineWords(l)}`))),
		h('span', { class: 'sub event', role: 'gridcell', 'data-at': l.last_report ?? '' }),
		h('span', { class: l.link === 'live' ? 'sub' : 'sub error', role: 'gridcell' }, [word('sublink', l.link), l.last_status && l.last_status !== 200 ? String(l.last_status) : '', said(l.reason, l.reason_said)].filter(Boolean).join(' · ')));
}

/** @param {HTMLElement} node */
function tickLine(node) {
	const event = node.querySelector('.event');
	if (event instanceof HTMLElement) write(event, event.dataset.at ? t('ago', { span: since(event.dataset.at) }) : t('line.never'));
}

/** @param {HTMLElement} at_ @param {any} c */
function drawFacts(at_, c) {
	redraw(at_, facts([[t('state'), connectorBadge(c)], [t('connector.says'), c.state === 'up' ? null : said(c.state, c.state_said)],
		[t('type'), c.type], [t('connector.server'), h('code', {}, c.server || '–')], [t('connector.since'), since(c.since)], [t('connector.login'), c.logged_in ? t('yes') : t('no')],
		[t('connector.lines'), `${number(c.live)} / ${number(c.lines)}`], [t('connector.messages'), t('connector.messages.of', { received: number(c.received), sent: number(c.sent) })]]));
}

/** @param {HTMLElement} box @param {any} c */
function drawCounters(box, c) {
	const rows = Object.entries(c.counters).filter(([, n]) => n);
	redraw(box, rows.length ? facts(rows.map(([name, n]) => [word('counter', name), number(Number(n))])) : h('p', { class: 'muted' }, t('connector.nothing')));
}

/** Reads all lines of the connector. @param {string} path @returns {Promise<any[]>} */
async function readLines(path) {
	const all = [];
	for (let after = '0'; after !== null;) {
		const page = await get(`${path}?limit=1000&after=${after}`);
		all.push(...page.lines);
		after = page.next;
	}
	return all;
}

/** @param {string} path @param {HTMLElement} box */
async function test(path, box) {
	fill(box, h('p', { class: 'muted', role: 'status' }, t('connector.testing')));
	try {
		const d = await post(`${path}/test`);
		fill(box, card(t('connector.tested'), h('div', { role: 'status' }, checkList(d.checks))));
	} catch (e) {
		fill(box, errorNote(e));
	}
}

/** @param {string} account @param {string} name @param {HTMLElement} result */
function actions(account, name, result) {
	const path = at('accounts', account, 'connectors', name), list = [];
	if (may('operator', account)) list.push(button(t('connector.test'), () => test(path, result), { kind: 'primary' }));
	if (may('owner', account)) {
		list.unshift(button(t('edit'), async () => (await import('../parts/object_form.js')).editConnector(account, name), { icon: 'edit' }));
		list.unshift(button(t('delete'), async () => {
			const { erase } = await import('../parts/object_form.js');
			if (await erase(`${path}/config`, t('connector.delete'), t('connector.delete.ask', { name }))) location.hash = link('connectors');
		}, { kind: 'quiet' }));
	}
	return list;
}

/** @param {HTMLElement} main @param {import('../lib/router.js').Where} where */
export async function show(main, where) {
	const [account = '', name = ''] = where.params, path = at('accounts', account, 'connectors', name);
	const title = heading(`${account}/${name}`, ...actions(account, name, main.appendChild(h('div', { class: 'test-result' }))));
	title.prepend(h('a', { class: 'back', href: link('connectors') }, icon('back'), h('span', {}, t('page.connectors'))));
	main.prepend(title);
	const fact = h('div', {}), counters = h('div', {}), total = h('span', { class: 'count', role: 'status' });
	const about = h('div', { class: 'columns' }, card(t('connector.health'), fact), card(t('connector.counted'), counters));
	const nodes = listNodes(t('connector.lines'), [['number', t('line')], ['who-is', t('col.person')], ['doing', t('state')], ['event', t('line.lastevent')], ['subscription', t('line.subscription')]], 'lines-list');
	const list = new List(nodes, { key: (l) => `${l.email}/${l.number}`, seq: (l) => `${l.presence}${l.call}${l.last_report}${l.link}${l.reason}${l.sync}`, write: writeLine, tick: tickLine,
		open: (l) => { if (l.email) location.hash = link('person', account, l.email); } });
	add(main, about, h('section', { class: 'lines-box' }, h('header', { class: 'sub-head' }, h('h2', {}, t('connector.lines')), total), nodes.card));

	function draw() {
		const c = health.connectors.find((x) => x.account === account && x.name === name);
		about.hidden = !c; // what is wrong with a connector that is not there stands at its lines
		if (!c) return;
		drawFacts(fact, c);
		drawCounters(counters, c);
	}
	let timer = 0;
	const read = onceMore(async () => {
		try {
			const lines = await readLines(`${path}/lines`);
			const rank = (/** @type {any} */ l) => (l.link === 'refused' ? 0 : l.link === 'live' ? 2 : 1);
			list.show(lines.sort((a, b) => rank(a) - rank(b) || a.number.localeCompare(b.number, undefined, { numeric: true })));
			write(total, count('count.lines', lines.length));
			nodes.empty.hidden = lines.length > 0;
			write(nodes.empty, t('connector.nolines'));
		} catch (e) {
			nodes.empty.hidden = false;
			fill(nodes.empty, errorNote(e));
		}
	});
	const offs = [on('health', framed(draw)), on('link', (state) => { if (state === 'live') void read(); }), on('users', (rows) => {
		// A busy PBX says much: the lines are read again at most once a second, however many have changed.
		if (!rows.some((/** @type {any} */ r) => r.lines?.some((/** @type {any} */ l) => r.account === account && l.connector === name))) return;
		timer ||= setTimeout(() => {
			timer = 0;
			void read();
		}, 1000);
	})];
	draw();
	await read();
	return { close() {
		clearTimeout(timer);
		list.close();
		for (const off of offs) off();
	} };
}
