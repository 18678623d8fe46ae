// Overview: what is wrong and how to mend it, people by state, how quick it is, and whether all ends are up.
import { ask } from '../lib/api.js';
import { chart } from '../lib/chart.js';
import { add, fill, framed, h, icon, redraw } from '../lib/dom.js';
import { clock, count, delay, number, since, t, word } from '../lib/i18n.js';
import { alarms, health, on } from '../lib/live.js';
import { link } from '../lib/router.js';
import { STATES } from '../lib/store.js';
import { card, chosenAccount, heading, isShown, table } from '../parts/page.js';
import { alarmCard } from '../parts/alarm.js';
import { connectorBadge, connectorIsWell, tenantBadge, tenantIsWell } from '../parts/health.js';
import { badge } from '../parts/words.js';

/** How old an alarm is goes on by itself. */
const AGES_MS = 5000;

function accounts() { return health.accounts.filter((a) => isShown(a.name)); }
function connectors() { return health.connectors.filter((c) => isShown(c.account)); }

/** @param {HTMLElement} at */
function drawAlarms(at) {
	const shown = (alarms ?? []).filter((a) => !a.account || isShown(a.account));
	redraw(at, h('h2', {}, t('alarms')), shown.length
		? h('ul', { class: 'alarms' }, ...shown.map(alarmCard))
		: h('p', { class: 'well' }, alarms ? icon('up', 'good') : null, h('span', {}, alarms ? t('alarms.none') : t('reading'))));
}

/** @param {HTMLElement} at */
function drawPeople(at) {
	/** @type {Record<string, number>} */
	const sum = Object.fromEntries(STATES.map((s) => [s, 0]));
	let users = 0, masked = 0;
	for (const a of accounts()) {
		users += a.users;
		masked += a.masked + a.hidden;
		for (const s of STATES) sum[s] += a.combined[s] ?? 0;
	}
	const bar = h('div', { class: 'stack', 'aria-hidden': 'true' });
	for (const s of STATES) {
		if (!sum[s]) continue;
		const part = h('span', { class: `part ${s}` });
		part.style.flexGrow = String(sum[s]);
		bar.append(part);
	}
	redraw(at, h('h2', {}, t('overview.people'), h('span', { class: 'muted' }, count('count.people', users))), bar,
		h('ul', { class: 'legend' }, ...STATES.map((s) => h('li', {}, h('a', { href: `${link('people')}?state=${s}` }, badge(s, word('presence', s)), h('b', {}, number(sum[s]))))),
			masked ? h('li', {}, h('a', { href: `${link('people')}?differs=yes` }, h('span', { class: 'badge none' }, icon('unequal', ''), h('span', {}, t('people.differs'))), h('b', {}, number(masked)))) : null));
}

/** @param {string} label @param {string} value @param {string} note */
function figure(label, value, note) {
	return h('div', { class: 'figure' }, h('span', {}, label), h('b', {}, value), h('small', {}, note));
}

/** @param {HTMLElement} at */
function drawFigures(at) {
	let waiting = 0, backlog = 0, held = 0, sent = 0, quota = 0, slow = 0;
	for (const a of accounts()) {
		const g = a.graph;
		waiting += g.queued_rise + g.queued_clear + g.queued_renew;
		backlog = Math.max(backlog, g.classes.rise.backlog_ms, g.classes.clear.backlog_ms);
		held += a.held;
		sent += g.sent_in_window;
		quota += g.quota_now || g.quota;
		slow = Math.max(slow, g.classes.rise.mean_delay_ms);
	}
	const lines = connectors().reduce((n, c) => n + c.lines, 0), live = connectors().reduce((n, c) => n + c.live, 0);
	redraw(at, figure(t('figure.lines'), `${number(live)} / ${number(lines)}`, t('figure.lines.note')), figure(t('figure.held'), number(held), t('figure.held.note')),
		figure(t('figure.backlog'), number(waiting), backlog >= 1000 ? t('figure.backlog.oldest', { span: delay(backlog) }) : t('figure.backlog.note')),
		figure(t('figure.delay'), delay(slow), t('figure.delay.note')),
		figure(t('figure.quota'), quota ? `${Math.round((sent / quota) * 100)} %` : '–', t('figure.quota.note', { sent: number(sent), quota: number(quota) })));
}

/** @param {any} a */
function tenantRow(a) {
	return [h('a', { href: link('tenant', a.name) }, a.name), tenantBadge(a), word('mode', a.mode), number(a.users), number(a.held)];
}

/** @param {any} c */
function connectorRow(c) {
	return [h('a', { href: link('connector', c.account, c.name) }, c.name), connectorBadge(c),
		c.type, `${number(c.live)} / ${number(c.lines)}`, c.since ? since(c.since) : ''];
}

/** @param {HTMLElement} at */
function drawEnds(at) {
	const byHealth = (/** @type {any} */ a, /** @type {any} */ b) => Number(tenantIsWell(a)) - Number(tenantIsWell(b));
	const conns = [...connectors()].sort((a, b) => Number(connectorIsWell(a)) - Number(connectorIsWell(b)));
	redraw(at, card(t('overview.tenants'), table(t('overview.tenants'), [t('account'), t('state'), t('mode'), t('page.people'), t('col.held')], [...accounts()].sort(byHealth).map(tenantRow), t('tenant.none'))),
		card(t('page.connectors'), table(t('page.connectors'), [t('connector'), t('state'), t('type'), t('connector.lines'), t('connector.since')], conns.map(connectorRow), t('connector.none'))));
}

/** @param {HTMLElement} at */
async function drawCharts(at) {
	const account = chosenAccount();
	let d;
	try {
		d = (await ask('GET', `/api/v1/history?minutes=180${account ? `&account=${encodeURIComponent(account)}` : ''}`)).body;
	} catch {
		fill(at, h('p', { class: 'empty-note' }, t('chart.notyet')));
		return;
	}
	/** @type {Record<string, (number | null)[]>} */
	const s = d.series, length = Math.max(...Object.values(s).map((v) => v.length));
	// Before the start there is nothing to show: the curves begin where the figures do.
	const begin = Math.min(...Object.values(s).map((v) => v.findIndex((x) => x !== null)).map((i) => (i < 0 ? length : i)), Math.max(length - 15, 0));
	const from = clock(new Date(Date.parse(d.from) + begin * d.step_s * 1000).toISOString());
	/** @param {string} name */
	const of = (name) => (s[name] ?? []).slice(begin);
	fill(at,
		chart(t('chart.delay'), [{ name: 'p50', values: of('delay_p50_ms') }, { name: 'p99', values: of('delay_p99_ms'), dashed: true }], delay, from, t('chart.notyet')),
		chart(t('chart.backlog'), [{ name: '', values: of('backlog') }], number, from, t('chart.notyet')),
		chart(t('chart.busy'), [{ name: '', values: of('busy') }], number, from, t('chart.notyet')),
		chart(t('chart.sent'), [{ name: '', values: of('sent') }], number, from, t('chart.notyet')));
}

/** @param {HTMLElement} main */
export function show(main) {
	const alarmsAt = h('section', { class: 'card alarm-card' }), people = h('section', { class: 'card people-card' }), figures = h('section', { class: 'figures', 'aria-label': t('overview.figures') });
	const charts = h('section', { class: 'charts', 'aria-label': t('overview.charts') }), ends = h('div', { class: 'columns ends' });
	add(main, heading(t('page.overview')), h('div', { class: 'columns' }, alarmsAt, people), figures, charts, ends);
	const draw = framed(() => {
		drawPeople(people);
		drawFigures(figures);
		drawEnds(ends);
	});
	drawAlarms(alarmsAt);
	drawPeople(people);
	drawFigures(figures);
	drawEnds(ends);
	void drawCharts(charts);
	const timer = setInterval(() => void drawCharts(charts), 60000), ages = setInterval(() => drawAlarms(alarmsAt), AGES_MS);
	const offs = [on('health', draw), on('alarms', () => drawAlarms(alarmsAt))];
	return { close() {
		clearInterval(timer);
		clearInterval(ages);
		for (const off of offs) off();
	} };
}
