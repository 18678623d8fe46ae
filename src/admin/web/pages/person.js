// Person: the explanation as a picture, the sentences behind it, the last day, and what can be done about it.
import { at, get, remove } from '../lib/api.js';
import { add, button, fill, framed, h, icon } from '../lib/dom.js';
import { clock, said, t, word } from '../lib/i18n.js';
import { health, on } from '../lib/live.js';
import { link } from '../lib/router.js';
import { may } from '../lib/session.js';
import { onceMore } from '../lib/turns.js';
import { confirm, errorNote, toast } from '../parts/dialog.js';
import { drawPicture } from '../parts/explanation.js';
import { card, facts, heading, whole } from '../parts/page.js';
import { drawTimeline } from '../parts/timeline.js';
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

/** @param {any} d @param {() => any} latest the explanation as last read: a form begins with what is so now @param {() => void} again
 * @param {(on: boolean) => void} hush while the person is deleted here, that it is gone is no news */
function actionsFor(d, latest, again, hush) {
	if (!may('operator', d.account)) return [];
	const enable = () => confirm(t(d.enabled ? 'person.switchoff' : 'person.switchon'), t(d.enabled ? 'person.switchoff.ask' : 'person.switchon.ask', { name: d.name || d.email }),
		t(d.enabled ? 'person.switchoff' : 'person.switchon'), () => switchOne(d.account, d.email, !d.enabled), d.enabled ? 'danger' : 'primary').then((done) => done && again());
	const forget = () => confirm(t('person.delete'), t('person.delete.ask', { name: d.name || d.email }), t('delete'), () => {
		hush(true);
		return remove(at('accounts', d.account, 'users', d.email));
	}).then((done) => {
		if (done) location.hash = link('people');
		else hush(false);
	});
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
	let shape = '', closed = false, hushed = false, latest = /** @type {any} */ (null);
	const failed = h('div', {});

	/** @param {any} d */
	function drawHead(d) {
		const now = [d.name, d.enabled, d.mode, d.leaving, health.accounts.length].join('|');
		if (now === shape) return;
		shape = now;
		const title = heading(d.name || d.email, ...actionsFor(d, () => latest, read, (on) => { hushed = on; }));
		title.prepend(h('a', { class: 'back', href: link('people') }, icon('back'), h('span', {}, t('page.people'))));
		title.querySelector('h1')?.after(h('p', { class: 'muted under' }, [d.name ? d.email : '', d.account, d.enabled ? '' : t('person.off'), d.mode === 'live' ? '' : word('mode', d.mode)].filter(Boolean).join(' · ')));
		fill(head, title);
		document.title = `${d.name || d.email} · ${t('app.name')}`;
	}

	/** @param {any} d */
	function draw(d) {
		latest = d;
		about.hidden = false;
		fill(failed);
		drawHead(d);
		drawPicture(picture, d);
		fill(why, ...d.why.map((/** @type {string} */ s, /** @type {number} */ i) => h('li', {}, said(s, d.why_said[i]))));
		fill(more, card(t('person.graph'), graphRows(d)), card(t('person.rules'), policyRows(d.policy)));
	}

	const read = onceMore(async () => {
		try {
			const d = await readPerson(account ?? '', email ?? '');
			if (!closed) draw(d);
		} catch (e) {
			fill(failed, errorNote(e));
		}
	});
	const readDay = onceMore(() => get(`${at('accounts', account ?? '', 'users', email ?? '')}/timeline`).then((d) => drawTimeline(timeline, d), (e) => fill(timeline, errorNote(e))));

	const again = framed(() => {
		void read();
		void readDay();
	});
	// Of whom nothing can be read, nothing is drawn but why.
	const about = h('div', { class: 'whole', hidden: true }, h('section', { 'aria-label': t('person.picture') }, picture), h('div', { class: 'columns' }, card(t('person.day'), timeline), card(t('person.why'), why)), more);
	const all = whole(head, failed, about);
	add(main, all.node);
	// What happens while it is read the first time is not in that reading.
	const off = on('users', (rows) => {
		if (!hushed && rows.some((/** @type {any} */ r) => r.gone || (r.account === account && r.email === email))) again();
	});
	const offLink = on('link', (state) => { if (state === 'live') again(); });
	await Promise.all([read(), readDay()]);
	all.show();
	// The lease runs down, and states grow older, by themselves.
	const ticks = setInterval(() => { if (latest) drawPicture(picture, latest); }, 1000);
	return { close() {
		closed = true;
		off();
		offLink();
		clearInterval(ticks);
	} };
}
