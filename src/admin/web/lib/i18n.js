// Texts and formats in the reader's language. One file a language (texts/), the same keys in each.
import { serverNow } from './clock.js';

/** @typedef {keyof typeof import('../texts/en.js').default} Key */

export const LANGUAGES = { en: 'English', de: 'Deutsch' };
/** @type {Record<string, string>} */
let texts = {};
/** @type {'en' | 'de'} */
let language = 'en';
let locale = 'en';
const kept = 'offhook-language';

/** @returns {'en' | 'de'} */
function wanted() {
	const chosen = localStorage.getItem(kept) ?? '';
	if (chosen === 'en' || chosen === 'de') return chosen;
	return navigator.languages.some((l) => l.startsWith('de')) && !navigator.language.startsWith('en') ? 'de' : 'en';
}

export async function loadTexts() {
	language = wanted();
	texts = (language === 'de' ? await import('../texts/de.js') : await import('../texts/en.js')).default;
	locale = navigator.languages.find((l) => l.startsWith(language)) ?? language;
	document.documentElement.lang = language;
}

/** @param {string} l */
export function setLanguage(l) {
	localStorage.setItem(kept, l);
	location.reload();
}

export function currentLanguage() { return language; }

/** @param {Key} key @param {Record<string, string | number>} [values] for {name} in the text */
export function t(key, values) {
	return put(texts[key] ?? key, values);
}

/** A word of the API in the reader's language, or as it is. @param {string} group @param {string} word */
export function word(group, word) {
	return texts[`${group}.${word}`] ?? word;
}

/** As `word`, or the text given where there is none. @param {string} group @param {string} word @param {string} otherwise */
export function wordOr(group, word, otherwise) {
	return texts[`${group}.${word}`] ?? otherwise;
}

/** The text for one or for many. @param {'count.people' | 'count.lines' | 'count.errors' | 'count.changes'} key @param {number} n */
export function count(key, n) {
	return put(texts[`${key}.${n === 1 ? 'one' : 'other'}`] ?? key, { n: number(n) });
}

/** @param {string} text @param {Record<string, string | number>} [values] */
function put(text, values) {
	return values ? text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole)) : text;
}

/** @param {number} n */
export function number(n) { return n.toLocaleString(locale); }

/** @param {string | null | undefined} instant @returns {string} the time, with the day unless it is today */
export function clock(instant) {
	if (!instant) return '';
	const at = new Date(instant);
	const today = new Date(serverNow()).toDateString() === at.toDateString();
	return today ? at.toLocaleTimeString(locale) : at.toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short' });
}

/** @param {string | null | undefined} instant */
export function day(instant) {
	return instant ? new Date(instant).toLocaleDateString(locale, { dateStyle: 'medium' }) : '';
}

/** @param {number} ms @returns {string} 4:09 or 1:04:09 */
export function countdown(ms) {
	const s = Math.max(0, Math.round(ms / 1000));
	const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
	const minutes = Math.floor(s / 60);
	return s < 3600 ? `${minutes}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(minutes % 60)}:${two(s % 60)}`;
}

/** @param {string | null | undefined} instant @returns {string} how long since, in one unit */
export function since(instant) {
	return instant ? span(serverNow() - Date.parse(instant)) : '';
}

/** @param {number} ms */
export function span(ms) {
	const s = Math.max(0, Math.round(ms / 1000));
	/** A number and its unit stay on one line. @param {number} n @param {string} unit */
	const of = (n, unit) => `${Math.floor(n)}\u00a0${unit}`;
	if (s < 60) return of(s, 's');
	if (s < 3600) return of(s / 60, 'min');
	return s < 86400 ? of(s / 3600, 'h') : of(s / 86400, t('unit.days'));
}

/** @param {number} ms @returns {string} "40 ms", "1.2 s" */
export function delay(ms) {
	if (ms < 1000) return `${Math.round(ms)} ms`;
	return `${(ms / 1000).toLocaleString(locale, { maximumFractionDigits: 1 })} s`;
}

/** The daemon's sentences say instants in UTC. @param {string} sentence */
function localised(sentence) {
	return sentence.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (at) => clock(at));
}

/** @typedef {{code: string | null, args: string[]}} SaidPart a sentence of the daemon, or a part of it; without a code others have said it */

/** A word of the API inside a sentence; several stand with commas. @param {string | undefined} kind @param {string} words */
function inside(kind, words) {
	if (!kind) return localised(words);
	return words.split(', ').map((w) => texts[`in.${kind}.${w}`] ?? word(kind, w)).join(', ');
}

/** @param {SaidPart} p @returns {string | null} null: there is no text for it */
function partWords(p) {
	if (p.code === null) return localised(p.args[0] ?? '');
	return texts[`said.${p.code}`]?.replace(/\{(\d)(?::(\w+))?\}/g, (_whole, i, kind) => inside(kind, p.args[i] ?? '')) ?? texts[p.code] ?? null;
}

/** A sentence of the daemon in the reader's language; English is what it says itself. @param {string | null | undefined} text @param {SaidPart[]} [parts] */
export function said(text, parts) {
	if (!text || !parts || language === 'en') return localised(text ?? '');
	const words = parts.map(partWords);
	if (words.includes(null)) return localised(text);
	const all = words.reduce((/** @type {string} */ before, w) => `${before}${!before ? '' : /[.:]$/.test(before) ? ' ' : '; '}${w}`, '');
	return parts[0]?.code ? all.charAt(0).toUpperCase() + all.slice(1) : all;
}
