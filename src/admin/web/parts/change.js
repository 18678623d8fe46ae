// An entry of the audit in the reader's language. The daemon keeps what was sent, and short words of its own; what has no words
// here is shown as it was kept.
import { h } from '../lib/dom.js';
import { clock, count, t, word } from '../lib/i18n.js';

/** @typedef {{verb: string, object: string, detail: string | null}} Change */

/** @type {[string, RegExp][]} */
const BROWSERS = [['Edge', /Edg\/(\d+)/], ['Opera', /OPR\/(\d+)/], ['Firefox', /Firefox\/(\d+)/], ['Chrome', /Chrom(?:e|ium)\/(\d+)/], ['Safari', /Version\/(\d+).* Safari/]];
/** @type {[string, RegExp][]} */
const SYSTEMS = [['Windows', /Windows/], ['iOS', /iPhone|iPad/], ['macOS', /Mac OS X/], ['Android', /Android/], ['ChromeOS', /CrOS/], ['Linux', /Linux/]];

/** Which browser it is, short; the whole of what it calls itself is the title. @param {string} agent */
export function agentWords(agent) {
	const browser = BROWSERS.find(([, is]) => is.test(agent)), system = SYSTEMS.find(([, is]) => is.test(agent));
	const short = browser ? [`${browser[0]} ${agent.match(browser[1])?.[1] ?? ''}`, system?.[0]].filter(Boolean).join(', ') : agent;
	return h('span', { class: 'sub wrap', title: agent }, short);
}

/** @param {string} text */
function parsed(text) {
	try {
		return JSON.parse(text) ?? {};
	} catch { // only its beginning was kept
		return {};
	}
}

/** "viewer on acme, owner on *", or a role alone. @param {string} text */
function roles(text) {
	const all = text.split(', ').map((one) => one.match(/^(viewer|operator|owner)(?: on (.+))?$/));
	if (all.includes(null)) return text;
	return all.map((m) => [word('role', m?.[1] ?? ''), m?.[2] === '*' ? t('account.all') : m?.[2]].filter(Boolean).join(' · ')).join(', ');
}

/** "wrong password, from 10.0.0.7; 3 more were not written down" @param {string} text */
function attempt(text) {
	const [, why, address, more] = text.match(/^(.+), from ([^;]+)(?:; (\d+) more were not written down)?$/) ?? [];
	if (!why) return text;
	const [, microsoft] = why.match(/^with Microsoft: (.+)$/) ?? [], said = microsoft ? `Microsoft: ${word('attempt', microsoft)}` : word('attempt', why);
	return [t('audit.from', { why: said, address }), more ? t('audit.notwritten', { n: more }) : ''].filter(Boolean).join('; ');
}

/** @param {string} text */
function profileWords(text) {
	const { state, until } = parsed(text);
	return state ? [word('profile', state), until ? t('until', { at: clock(until) }) : ''].filter(Boolean).join(' ') : text;
}

/** @param {string} text */
function switchWords(text) {
	const { enabled, emails } = parsed(text);
	if (typeof enabled !== 'boolean') return text;
	return [word('timeline.switched', enabled ? 'on' : 'off'), emails ? count('count.people', emails.length) : ''].filter(Boolean).join(' · ');
}

/** "2 added, 1 changed, 3 rows refused" @param {string} text */
function importWords(text) {
	const [, added, changed, refused] = text.match(/^(\d+) added, (\d+) changed, (\d+) rows refused$/) ?? [];
	return added ? t('audit.imported', { added, changed, refused }) : text;
}

/** "busy: dnd → in-a-call; password replaced": keys and values are the configuration's own words. @param {string} text */
function settingsWords(text) {
	return text.split('; ').map((one) => {
		const [, key, what] = one.match(/^([\w.]+) (given|replaced|taken away)$/) ?? [];
		return key ? `${key}: ${word('audit.secret', what.replace(' ', '-'))}` : one;
	}).join('; ');
}

/** @type {Record<string, (text: string) => string>} */
const SAID = { 'set-profile': profileWords, switch: switchWords, 'sign-in-failed': attempt, create: roles, set: roles, import: importWords, 'put-account': settingsWords, 'put-connector': settingsWords, 'put-alarms': settingsWords };

/** @param {Change} c @returns {Node | string} */
export function changeDetail(c) {
	if (!c.detail) return '';
	if (c.verb === 'sign-in') return agentWords(c.detail);
	return h('span', { class: 'sub wrap' }, Object.hasOwn(SAID, c.verb) ? SAID[c.verb](c.detail) : c.detail);
}

/** @param {Change} c */
export function changeObject(c) {
	const [, kind, name] = c.object.match(/^(administrator|token|session of) (.+)$/) ?? [];
	if (kind === 'administrator') return t('audit.administrator', { name });
	if (kind === 'token') return t('audit.token', { name });
	if (kind) return t('audit.session', { name });
	return c.object === 'somebody unknown' ? t('audit.unknown') : c.object;
}
