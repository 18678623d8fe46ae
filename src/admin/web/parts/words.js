// Presence in words and signs: every colour has a shape and a word beside it.
import { aside, h, icon } from '../lib/dom.js';
import { countdown, said, t, word } from '../lib/i18n.js';
import { serverNow } from '../lib/clock.js';

/** @typedef {import('../lib/store.js').User} User @typedef {import('../lib/store.js').Line} Line */

/** @param {string} state @param {string} label */
export function badge(state, label) {
	return h('span', { class: `badge ${state}` }, icon(state), h('span', {}, label));
}

/** @param {string} presence */
export function presenceBadge(presence) { return badge(presence, word('presence', presence)); }

/** @param {boolean} ok @param {string} label */
export function healthBadge(ok, label) {
	return h('span', { class: `badge ${ok ? 'good' : 'bad'}` }, icon(ok ? 'up' : 'down', ''), h('span', {}, label));
}

/** What is neither well nor ill: switched off, or waiting. @param {string} label */
export function idleBadge(label) {
	return h('span', { class: 'badge none' }, icon('none', ''), h('span', {}, label));
}

/** @param {string} activity of Graph */
export function activityWord(activity) { return activity ? word('activity', activity) : t('activity.none'); }

/** @param {Line} l */
function lineSign(l) {
	if (l.presence === 'unknown' || l.presence === 'offline') return l.presence;
	if (l.dnd && l.presence === 'dnd') return 'dnd';
	/** @type {Record<string, string>} */
	const signs = { ringing: 'ring', held: 'held', none: l.presence };
	return signs[l.call] ?? 'call';
}

/** @param {Line} l */
export function lineIcon(l) { return icon(lineSign(l), l.presence); }

/** @param {Line} l */
export function lineWords(l) {
	return stateWords(l) + (l.forward === 'none' ? '' : `, ${word('forward', l.forward)}`);
}

/** @param {Line} l */
function stateWords(l) {
	if (l.sync === 'expired' || l.presence === 'unknown') return t('line.noreport');
	if (l.presence === 'dnd' && l.dnd) return t('line.dnd');
	if (l.presence === 'offline') return t('line.offline');
	return word('call', l.call) + (l.sync === 'standing' ? `, ${t('line.lastknown')}` : '');
}

/** @param {Line} l */
export function lineChip(l) {
	const words = lineWords(l);
	return h('span', { class: `line${l.sync === 'synced' ? '' : ' stale'}`, title: `${l.connector}/${l.number}: ${words}` },
		lineIcon(l), h('span', { class: 'number' }, l.number), aside(` ${words}`));
}

/** What Teams shows, where it is not what we hold. @param {User} u */
export function shownWord(u) {
	return ['none', 'as-sent'].includes(u.shown) ? '' : word('shown', u.shown);
}

/** @param {{lease_end: string | null, session: string}} u */
export function leaseWords(u) {
	if (u.session === 'none' || !u.lease_end) return '';
	return t('session.lease', { left: countdown(Date.parse(u.lease_end) - serverNow()) });
}

/** @param {{publish: string, http_status: number}} u */
export function publishWords(u) {
	if (u.publish === 'backing-off') return t('publish.backing-off', { status: u.http_status || '–' });
	return u.publish === 'idle' ? '' : word('publish', u.publish);
}

/** What a check found, a step a line: a ✓, a ✗, or a note, where nothing is wrong. @param {any[]} checks as the API has them */
export function checkList(checks) {
	return h('ul', { class: 'steps' }, ...checks.map((c) => h('li', { class: c.ok ? c.note ? 'noted' : 'done' : 'failed' },
		icon(c.ok ? c.note ? 'info' : 'up' : 'down', ''), h('span', {}, h('b', {}, said(c.name, c.name_said)), ' ', said(c.text, c.text_said)))));
}
