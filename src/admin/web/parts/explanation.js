// One person as a picture: what was heard → what it comes to → what we hold in Teams → what others see, and why
// these differ.
import { h, icon, redraw } from '../lib/dom.js';
import { clock, said, since, t, word, wordOr } from '../lib/i18n.js';
import { activityWord, badge, leaseWords, lineIcon, lineWords, presenceBadge, publishWords } from './words.js';

/** @param {any} l @param {boolean} decides */
function lineInput(l, decides) {
	const notes = [lineWords(l), l.since ? t('for', { span: since(l.since) }) : ''].filter(Boolean).join(' · ');
	const trouble = l.link === 'live' ? '' : [word('sublink', l.link), l.last_status || '', said(l.reason, l.reason_said)].filter(Boolean).join(' · ');
	return input(h('span', { class: `badge ${l.presence}` }, lineIcon(l), h('span', {}, word('presence', l.presence))), `${l.connector}/${l.number}`, notes, decides, [
		heldWords(l), l.lamp ? t('line.lamp', { lamp: l.lamp }) : '', l.lamp_refusal ? t('line.lamp.refused', { why: l.lamp_refusal }) : '', trouble]);
}

/** What the line's PBX holds of the profile, or why it would not take it. @param {any} l */
function heldWords(l) {
	const p = l.profile;
	if (!p) return '';
	const written = word('profile', p.written ?? '');
	if (p.write === 'refused') return t('line.profile.refused', { profile: written, why: said(p.refusal, p.refusal_said) });
	if (p.write === 'asked') return t('line.profile.asked', { profile: written });
	if (p.lend === 'held') return t('line.profile.lent', { profile: word('profile', p.lent) });
	return p.held ? t('line.profile.held', { profile: word('profile', p.held) }) : '';
}

/** @param {HTMLElement} sign @param {string} name @param {string} notes @param {boolean} decides @param {string[]} more */
function input(sign, name, notes, decides, more) {
	return h('li', { class: decides ? 'input decides' : 'input' }, h('div', { class: 'input-head' }, h('b', {}, name), sign), h('p', { class: 'sub' }, notes),
		...more.filter(Boolean).map((text) => h('p', { class: 'sub' }, text)), decides ? h('p', { class: 'tag' }, icon('up', ''), t('picture.decides')) : null);
}

/** @param {any} d */
function profileInput(d) {
	const notes = [d.profile_since ? t('profile.set', { span: since(d.profile_since) }) : t('profile.never'),
		d.profile_until ? t('until', { at: clock(d.profile_until) }) : ''].filter(Boolean).join(' · ');
	return input(badge(d.profile_presence, word('profile', d.profile)), t('profile'), notes, d.winner.kind === 'profile', []);
}

/** @param {any} d */
function inputs(d) {
	const decides = (/** @type {any} */ l) => d.winner.kind === 'line' && l.connector === d.winner.connector && l.number === d.winner.number;
	return h('ul', { class: 'inputs' }, ...d.lines.map((/** @type {any} */ l) => lineInput(l, decides(l))), profileInput(d));
}

/** @param {string} title @param {string} className @param {...(Node | null)} children */
function stage(title, className, ...children) {
	return h('section', { class: `stage ${className}` }, h('h2', {}, title), ...children);
}

/** @param {boolean} same @param {string} label */
function arrow(same, label) {
	return h('div', { class: same ? 'arrow' : 'arrow differs' }, icon(same ? 'arrow' : 'unequal', ''), h('span', { class: 'visually-hidden' }, label));
}

/** Why the session is not simply the combined state. @param {any} d @returns {string} */
function sessionReason(d) {
	if (d.mode === 'dry-run') return t('why.dryrun');
	if (d.mode === 'off' || !d.enabled) return t('why.off');
	if (d.matching && d.matching.match !== 'matched') return wordOr('match', d.matching.match, d.matching.reason ?? '');
	if (d.graph.outside_hours) return t('why.hours');
	if (!d.settled) return t('why.unsettled');
	if (d.publish === 'backing-off') return t('why.refused', { status: d.http_status, error: said(d.graph.error, d.graph.error_said) });
	if (d.session !== d.desired) return publishWords(d);
	if (d.session === 'none' && d.combined === 'available') return t('why.available');
	if (d.session === 'none' && d.combined === 'offline') return t('why.offline');
	return '';
}

/** Why others see something else. @param {any} d @returns {string} */
function seenReason(d) {
	if (d.conflict) return t('why.conflict');
	if (!d.seen_pair) return t('why.notread');
	if (!['none', 'as-sent'].includes(d.shown)) return wordOr('shown.why', d.shown, word('shown', d.shown));
	return d.session === 'none' ? t('why.teamsalone') : '';
}

/** @param {any} d */
function ranks(d) {
	const lost = new Set([...d.lines.map((/** @type {any} */ l) => l.presence), d.profile_presence]);
	lost.delete(d.combined);
	const names = [...lost].map((p) => word('presence', p));
	return names.length && d.winner.kind !== 'nothing' ? t('picture.over', { winner: word('presence', d.combined), losers: names.join(', ') }) : '';
}

/** The picture in sentences of the reader's language. @param {any} d the explanation of the API */
export function reasons(d) {
	const line = d.winner.kind === 'line' ? d.lines.find((/** @type {any} */ l) => l.connector === d.winner.connector && l.number === d.winner.number) : null;
	const until = d.profile_until ? ` ${t('until', { at: clock(d.profile_until) })}` : '';
	const decides = line ? t('why.line', { line: `${line.connector}/${line.number}`, words: lineWords(line) }) : d.winner.kind === 'profile' ? t('why.profile', { profile: word('profile', d.profile) + until }) : t('why.nothing');
	return [decides, ranks(d), sessionReason(d), seenReason(d)].filter(Boolean);
}

/** @param {string} text @param {boolean} [alarm] */
function reason(text, alarm = false) {
	return text ? h('p', { class: alarm ? 'reason alarm' : 'reason' }, alarm ? icon('unequal', '') : null, h('span', {}, text)) : null;
}

/** @param {any} d */
function masked(d) { return !['none', 'as-sent'].includes(d.shown) || d.conflict; }

/** @param {HTMLElement} at @param {any} d the explanation of the API */
export function drawPicture(at, d) {
	const lease = leaseWords(d);
	const sessionOdd = ['backing-off'].includes(d.publish) || (d.matching && d.matching.match !== 'matched') || d.session !== d.desired;
	redraw(at,
		stage(t('picture.heard'), 'heard', inputs(d)),
		arrow(true, t('picture.becomes')),
		stage(t('picture.combined'), 'combined', h('div', { class: 'big' }, presenceBadge(d.combined)),
			h('p', { class: 'sub' }, d.combined_since ? t('for', { span: since(d.combined_since) }) : ''), reason(ranks(d))),
		arrow(!sessionOdd, sessionOdd ? t('picture.differs') : t('picture.becomes')),
		stage(t('picture.session'), 'held', h('div', { class: 'big' }, badge(d.session, activityWord(d.activity))),
			h('p', { class: 'sub lease' }, lease), reason(sessionReason(d), Boolean(sessionOdd))),
		arrow(!masked(d), masked(d) ? t('picture.differs') : t('picture.becomes')),
		stage(t('picture.seen'), masked(d) ? 'seen differs' : 'seen', h('div', { class: 'big' }, d.seen_pair ? presenceBadge(d.seen) : badge('unknown', t('seen.notread'))),
			h('p', { class: 'sub' }, d.graph.seen_at ? t('seen.readat', { at: clock(d.graph.seen_at) }) : ''), reason(seenReason(d), masked(d))));
}
