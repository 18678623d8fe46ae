// My presence: my state and why, a state of my own with an end, and a pause. Made for a phone.
import { get, put } from '../lib/api.js';
import { add, fill, h, icon, write } from '../lib/dom.js';
import { clock, said, t, word } from '../lib/i18n.js';
import { session } from '../lib/session.js';
import { turns } from '../lib/turns.js';
import { errorNote, toast } from '../parts/dialog.js';
import { whole } from '../parts/page.js';
import { reasons } from '../parts/explanation.js';
import { endChoice } from '../parts/profile_form.js';
import { activityWord, badge, presenceBadge, shownWord } from '../parts/words.js';

const MINE = ['available', 'away', 'busy', 'not-available'];
/** @type {Record<string, string>} */
const SIGN = { available: 'available', away: 'away', busy: 'busy', 'not-available': 'offline' };
const EVERY_MS = 3000;

/** The states to choose from: made once, so that the button that was pressed keeps the focus. @param {(profile: string) => void} choose */
function choices(choose) {
	const buttons = MINE.map((p) => h('button', { type: 'button', class: 'my-choice', 'data-profile': p, onclick: () => choose(p) }, badge(SIGN[p], word('profile', p))));
	return { node: h('div', { class: 'my-choices' }, ...buttons), mark: (/** @type {string} */ now) => {
		for (const b of buttons) b.setAttribute('aria-pressed', String(b.dataset.profile === now));
	} };
}

/** Pause, or resume. @param {(enabled: boolean) => void} switchTo */
function pauseCard(switchTo) {
	let enabled = true;
	const says = h('p', { class: 'muted' }), sign = h('span', { class: 'icon-at' }), label = h('span', {});
	const act = h('button', { type: 'button', class: 'button', onclick: () => switchTo(!enabled) }, sign, label);
	return { node: h('section', { class: 'card my-pause' }, h('h2', {}, t('me.sync')), says, act), draw: (/** @type {boolean} */ now) => {
		enabled = now;
		write(says, t(now ? 'me.sync.on' : 'me.sync.off'));
		write(label, t(now ? 'me.pause' : 'me.resume'));
		fill(sign, icon(now ? 'held' : 'up', ''));
	} };
}

/** The phones whose PBX did not take what was set. @param {any} d */
function refusals(d) {
	const kept = (/** @type {any} */ p) => p.written === 'available' && (p.held ?? 'available') === 'available'; // it never left that
	return (d.lines ?? []).filter((/** @type {any} */ l) => l.profile?.write === 'refused' && !kept(l.profile)).map((/** @type {any} */ l) =>
		h('p', { class: 'reason alarm my-refusal' }, t('me.refused', { line: `${l.connector}/${l.number}`, why: said(l.profile.refusal, l.profile.refusal_said) || t('me.refused.silent') })));
}

/** What is so now, and why. @param {HTMLElement} at @param {any} d the explanation of the API */
function drawNow(at, d) {
	const others = d.seen_pair && d.seen !== d.combined, open = at.querySelector('details')?.open;
	fill(at, h('h2', {}, t('me.now')), h('p', { class: 'big' }, presenceBadge(d.combined)),
		d.profile !== 'available' ? h('p', { class: 'my-profile' }, t('me.profile', { profile: word('profile', d.profile) }), d.profile_until ? ` ${t('until', { at: clock(d.profile_until) })}` : '') : null,
		...refusals(d),
		h('p', { class: 'muted' }, t('me.held', { session: d.session === 'none' ? t('activity.none') : activityWord(d.activity) })),
		d.seen_pair ? h('p', { class: others ? 'reason alarm' : 'muted' }, t('me.seen', { state: word('presence', d.seen) }), shownWord(d) ? ` – ${shownWord(d)}` : '') : null,
		h('details', { open }, h('summary', {}, t('me.why')), h('ul', { class: 'why' }, ...reasons(d).map((s) => h('li', {}, s)))));
}

/** @param {HTMLElement} main */
export async function show(main) {
	const now = h('section', { class: 'card my-state', 'aria-live': 'polite' }), failed = h('div', {}), end = endChoice('my-until');
	const set = choices((p) => change('/api/v1/me/profile', () => ({ state: p, until: p === 'available' ? null : end.value() }), t('profile.changed')));
	const pause = pauseCard((enabled) => change('/api/v1/me/enabled', () => ({ enabled }), t(enabled ? 'me.resumed' : 'me.paused')));
	let shape = '';
	const all = whole(h('header', { class: 'page-head' }, h('div', {}, h('h1', {}, t('page.me')), h('p', { class: 'muted' }, session.self?.email ?? ''))), now,
		h('section', { class: 'card my-set' }, h('h2', {}, t('me.set')), end.node, set.node, failed), pause.node);
	add(main, all.node);

	const turn = turns();
	let reading = 0;
	/** The changes asked for, one after another: what was pressed last is what stays. @type {Promise<void>} */
	let changes = Promise.resolve();

	/** @param {string} path @param {() => any} body @param {string} said */
	function change(path, body, said) {
		const sayWhy = (/** @type {unknown} */ e) => fill(failed, errorNote(e));
		try {
			const json = body();
			fill(failed);
			changes = changes.then(() => put(path, json)).then(() => {
				toast(said);
				return read();
			}).catch(sayWhy);
		} catch (e) {
			sayWhy(e);
		}
	}

	/** What was read before a change was made is not drawn after it. */
	async function read() {
		const mine = turn();
		reading++;
		try {
			const d = await get('/api/v1/me');
			if (mine()) draw(d);
		} catch (e) {
			if (mine()) drawFailure(e);
		}
		reading--;
	}

	/** @param {unknown} e */
	function drawFailure(e) {
		shape = '';
		fill(now, errorNote(e));
	}

	/** @param {any} d */
	function draw(d) {
		const fresh = JSON.stringify([d.combined, d.profile, d.profile_until, d.session, d.activity, d.seen, d.shown, reasons(d), d.lines.map((/** @type {any} */ l) => l.profile)]);
		if (fresh !== shape) drawNow(now, d);
		shape = fresh;
		set.mark(d.profile);
		end.show(d.profile_until);
		pause.draw(d.enabled);
	}
	await read();
	all.show();
	const timer = setInterval(() => { if (!document.hidden && !reading) void read(); }, EVERY_MS);
	return { close: () => clearInterval(timer) };
}
