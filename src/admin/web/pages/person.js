// Person: the explanation as a picture, the sentences behind it, the last day, and what can be done about it.
import { at, get, remove } from '../lib/api.js';
import { add, button, fill, framed, h, icon, write } from '../lib/dom.js';
import { clock, said, t, word } from '../lib/i18n.js';
import { health, on } from '../lib/live.js';
import { link } from '../lib/router.js';
import { may } from '../lib/session.js';
import { confirm, errorNote, toast } from '../parts/dialog.js';
import { drawPicture } from '../parts/explanation.js';
import { card, facts, heading, whole } from '../parts/page.js';
import { drawTimeline } from '../parts/timeline.js';
import { leaseWords } from '../parts/words.js';
import { readPerson, switchOne } from './people.js';

/** @param {any} p */
function policyRows(p) {
	const s = (/** @type {number} */ ms) => (ms % 60000 === 0 && ms ? `${ms / 60000} min` : `${ms / 1000} s`);
	const own = (/** @type {string} */ key) => word('setting', `policy.${key}`);
	return facts([...['precedence', 'ringing', 'busy', 'dnd', 'not_available'].map((key) => /** @type {[string, string]} */ ([own(key), p[key]])),
		[own('settle'), s(p.settle_ms)], [own('grace'), s(p.grace_ms)], [word('setting', 'teams.lease'), s(p.lease_ms)], [t('policy.source'), p.own ? t('policy.own') : t('policy.account')]]);
}

/** @param {any} d */
function graphRows(d) {
	const g = d.graph;
	return facts([
		[t('graph.answer'), g.last_status ? `HTTP ${g.last_status}${g.last_answer ? `, ${clock(g.last_answer)}` : ''}` : t('graph.none')],
		[t('graph.error'), g.error ? h('span', { class: 'error' }, said(g.error, g.error_said)) : null], [t('graph.retry'), clock(g.retry)], [t('graph.renew'), clock(g.renew)],
		[t('graph.seen'), clock(g.seen_at)], [t('graph.id'), h('code', {}, g.teams_id ?? t('graph.notfound'))], [t('graph.request'), g.request_id ? h('code', {}, g.request_id) : null],
		[t('graph.match'), d.matching ? [word('match.short', d.matching.match), d.matching.via ? t('matching.via', { via: d.matching.via }) : ''].filter(Boolean).join(', ') : null],
	]);
}

/** @param {any} d @param {() => any} latest the explanation as last read: a form begins with what is so now @param {() => void} again */
function actionsFor(d, latest, again) {
	if (!may('operator', d.account)) return [];
	const enable = () => void confirm(t(d.enabled ? 'person.switchoff' : 'person.switchon'), t(d.enabled ? 'person.switchoff.ask' : 'person.switchon.ask', { name: d.name || d.email }),
		t(d.enabled ? 'person.switchoff' : 'person.switchon'), () => switchOne(d.account, d.email, !d.enabled), d.enabled ? 'danger' : 'primary').then((done) => done && again());
	const forget = () => void confirm(t('person.delete'), t('person.delete.ask', { name: d.name || d.email }), t('delete'), () => remove(at('accounts', d.account, 'users', d.email)))
		.then((done) => { if (done) location.hash = link('people'); });
	return [
		button(t('delete'), forget, { kind: 'quiet' }),
		button(t('person.edit'), async () => { if (await (await import('../parts/person_form.js')).editPerson(d.account, d.email)) again(); }, { icon: 'edit' }),
		button(t(d.enabled ? 'person.switchoff' : 'person.switchon'), enable, {}),
		button(t('profile.change'), async () => {
			if (!await (await import('../parts/profile_form.js')).setProfile(`${at('accounts', d.account, 'users', d.email)}/profile`, latest())) return;
			toast(t('profile.changed'));
			again();
		}, { kind: 'primary', icon: 'edit' }),
	];
}

/** @param {HTMLElement} main @param {import('../lib/router.js').Where} where */
export async function show(main, where) {
	const [account, email] = where.params;
	const head = h('div', {}, heading(email ?? '')), picture = h('div', { class: 'picture' }), why = h('ul', { class: 'why' });
	const more = h('div', { class: 'columns' }), timeline = h('div', { class: 'timeline-box' });
	let turn = 0, shape = '', latest = /** @type {any} */ (null);
	const failed = h('div', {});

	/** @param {any} d */
	function drawHead(d) {
		const now = [d.name, d.enabled, d.mode, d.leaving, health.accounts.length].join('|');
		if (now === shape) return;
		shape = now;
		const title = heading(d.name || d.email, ...actionsFor(d, () => latest, read));
		title.prepend(h('a', { class: 'back', href: link('people') }, icon('back'), h('span', {}, t('page.people'))));
		title.querySelector('h1')?.after(h('p', { class: 'muted under' }, [d.name ? d.email : '', d.account, d.enabled ? '' : t('person.off'), d.mode === 'live' ? '' : word('mode', d.mode)].filter(Boolean).join(' · ')));
		fill(head, title);
		document.title = `${d.name || d.email} · ${t('app.name')}`;
	}

	/** @param {any} d */
	function draw(d) {
		latest = d;
		fill(failed);
		drawHead(d);
		drawPicture(picture, d);
		fill(why, ...d.why.map((/** @type {string} */ s, /** @type {number} */ i) => h('li', {}, said(s, d.why_said[i]))));
		fill(more, card(t('person.graph'), graphRows(d)), card(t('person.rules'), policyRows(d.policy)));
	}

	async function read() {
		const mine = ++turn;
		try {
			const d = await readPerson(account ?? '', email ?? '');
			if (mine === turn) draw(d);
		} catch (e) {
			if (mine === turn) fill(failed, errorNote(e));
		}
	}

	const again = framed(() => void read());
	const all = whole(head, failed, h('section', { 'aria-label': t('person.picture') }, picture), h('div', { class: 'columns' }, card(t('person.day'), timeline), card(t('person.why'), why)), more);
	add(main, all.node);
	const readDay = () => get(`${at('accounts', account ?? '', 'users', email ?? '')}/timeline`).then((d) => drawTimeline(timeline, d), (e) => fill(timeline, errorNote(e)));
	await Promise.all([read(), readDay()]);
	all.show();
	const ticks = setInterval(() => {
		const lease = picture.querySelector('.lease');
		if (lease instanceof HTMLElement) write(lease, leaseWords({ lease_end: lease.dataset.lease || null, session: lease.dataset.session ?? 'none' }));
	}, 1000);
	const off = on('users', (rows) => {
		if (!rows.some((/** @type {any} */ r) => r.account === account && r.email === email)) return;
		again();
		void readDay();
	});
	const offLink = on('link', (state) => { if (state === 'live') again(); });
	return { close() {
		off();
		offLink();
		clearInterval(ticks);
	} };
}
