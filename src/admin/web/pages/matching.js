// Matching: who our people are in Microsoft's directory; with whom something is wrong, why, and the fix in place.
import { at, get } from '../lib/api.js';
import { add, button, fill, h } from '../lib/dom.js';
import { number, t, word, wordOr } from '../lib/i18n.js';
import { link } from '../lib/router.js';
import { may } from '../lib/session.js';
import { turns } from '../lib/turns.js';
import { errorNote, toast } from '../parts/dialog.js';
import { heading, oneAccount, table } from '../parts/page.js';
import { healthBadge } from '../parts/words.js';
import { switchOne } from './people.js';

const MATCHES = ['unmatched', 'duplicate', 'same-person', 'guest', 'disabled', 'unlicensed', 'waiting', 'matched'];
const ONBOARDING = ['off', 'excluded', 'not-selected', 'switched-off', 'paused'];
const PAGE = 200;

/** @param {string} account @param {any} u @param {() => void} again */
function fixes(account, u, again) {
	const box = h('div', { class: 'actions' });
	if (!may('operator', account)) return box;
	if (['off', 'switched-off', 'not-selected', 'paused'].includes(u.onboarding))
		box.append(button(t('person.switchon'), () => switchOne(account, u.email, true).then(() => {
			toast(t('people.switchedon', { n: 1 }));
			again();
		}), { kind: 'small' }));
	if (!['matched', 'waiting'].includes(u.match))
		box.append(button(t('matching.giveid'), async () => {
			if (await (await import('../parts/person_form.js')).giveTeamsId(account, u)) again();
		}, { kind: 'small' }));
	return box;
}

/** @param {any} u */
function reason(u) {
	if (u.match !== 'matched') return wordOr('match', u.match, u.reason ?? '');
	return u.onboarding === 'on' ? '' : wordOr('onboarding', u.onboarding, u.reason ?? '');
}

/** @param {any} u */
function fix(u) {
	if (u.match !== 'matched') return wordOr('match.fix', u.match, u.fix ?? '');
	return u.onboarding === 'on' ? '' : wordOr('onboarding.fix', u.onboarding, u.fix ?? '');
}

/** @param {string} account @param {any} u @param {() => void} again */
function row(account, u, again) {
	return [h('a', { href: link('person', account, u.email) }, u.name ?? u.email), u.email,
		healthBadge(u.match === 'matched', u.match === 'matched' ? [word('match.short', 'matched'), u.via ? t('matching.via', { via: u.via }) : ''].filter(Boolean).join(', ') : word('match.short', u.match)),
		reason(u), fix(u), fixes(account, u, again)];
}

/** @param {HTMLElement} main @param {import('../lib/router.js').Where} where */
export async function show(main, where) {
	const account = oneAccount();
	let state = where.query.get('state') ?? '';
	const tiles = h('div', { class: 'states', role: 'group', 'aria-label': t('matching.filter') }), box = h('section', { class: 'card flush' }), more = h('div', { class: 'more' });
	add(main, heading(`${t('page.matching')}${account ? `: ${account}` : ''}`), h('p', { class: 'lead' }, t('matching.lead')), tiles, box, more);
	/** @type {any[]} */
	let rows = [];
	const turn = turns();

	/** @param {any} d */
	function drawTiles(d) {
		const problems = MATCHES.filter((m) => m !== 'matched').reduce((n, m) => n + (d.matches[m] ?? 0), 0);
		/** @type {[string, string, number][]} */
		const all = [['', t('matching.problems'), problems], ...MATCHES.map((m) => /** @type {[string, string, number]} */ ([m, word('match.short', m), d.matches[m] ?? 0])),
			...ONBOARDING.map((m) => /** @type {[string, string, number]} */ ([m, word('onboarding.short', m), d.onboarding[m] ?? 0]))];
		fill(tiles, ...all.filter(([m, , n]) => n || m === '' || m === 'matched').map(([m, label, n]) => h('button', { type: 'button', 'aria-pressed': String(m === state), onclick: () => {
			state = m;
			void read('0');
		} }, h('span', {}, label), h('b', {}, number(n)))));
	}

	/** @param {string} after */
	async function read(after) {
		const mine = turn();
		try {
			const d = await get(`${at('accounts', account, 'matching')}?limit=${PAGE}&after=${after}${state ? `&state=${state}` : ''}`);
			if (!mine()) return;
			rows = after === '0' ? d.users : [...rows, ...d.users];
			drawTiles(d);
			fill(box, table(t('page.matching'), [t('col.person'), t('email'), t('matching.result'), t('matching.why'), t('matching.fix'), t('actions')],
				rows.map((u) => row(account, u, () => void read('0'))), state ? t('matching.nobody') : t('matching.allwell')));
			fill(more, d.next ? button(t('more'), () => read(d.next), {}) : null);
			if (d.next && !d.users.length) await read(d.next);
		} catch (e) {
			if (mine()) fill(box, errorNote(e));
		}
	}
	if (account) await read('0');
	else fill(box, h('p', { class: 'empty-note' }, t('tenant.none')));
}
