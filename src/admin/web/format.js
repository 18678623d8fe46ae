// Words and small DOM helpers. Everything that comes from outside is set as text, never as HTML.

/** @typedef {'available'|'away'|'dnd'|'busy'|'offline'|'unknown'} Presence */

/** @type {Record<string, string>} */
export const PRESENCE = {
	available: 'Available', busy: 'Busy', dnd: 'Do not disturb', away: 'Away', offline: 'Offline', unknown: 'Unknown',
};
/** @type {Record<string, string>} */
export const PROFILE = {
	available: 'Available', away: 'Away', busy: 'Busy', 'not-available': 'Not available', meeting: 'Meeting',
};
/** @type {Record<string, string>} */
export const SESSION = {
	none: 'None', call: 'In a call', conference: 'In a conference', dnd: 'Presenting', away: 'Away',
};
/** @type {Record<string, Presence | 'none'>} what a session shows by itself */
export const SHOWS = { none: 'none', call: 'busy', conference: 'busy', dnd: 'dnd', away: 'away' };
/** @type {Record<string, string>} */
export const CALL = {
	none: 'idle', ringing: 'ringing', dialing: 'placing a call', talking: 'in a call', held: 'on hold', conference: 'in a conference',
};
/** @type {Record<string, string>} */
export const PUBLISH = { idle: '', settling: 'settling', waiting: 'sending', 'backing-off': 'refused', 'held-back': 'held back' };

/** Server clock minus browser clock, in ms. */
let skew = 0;
/** @param {string} now */
export function setServerTime(now) { skew = Date.parse(now) - Date.now(); }
export function serverNow() { return Date.now() + skew; }

/** @param {number} ms @returns {string} 4:09 or 1:04:09 */
export function countdown(ms) {
	const s = Math.max(0, Math.round(ms / 1000));
	const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
	return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** @param {string | null} instant @returns {string} how long ago, in one unit */
export function ago(instant) {
	if (!instant) return '';
	const s = Math.max(0, Math.round((serverNow() - Date.parse(instant)) / 1000));
	if (s < 60) return `${s} s`;
	if (s < 3600) return `${Math.floor(s / 60)} min`;
	return s < 86400 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86400)} d`;
}

/** @param {string | null} instant @returns {string} */
export function clock(instant) {
	if (!instant) return '';
	const at = new Date(instant);
	const today = new Date(serverNow()).toDateString() === at.toDateString();
	return today ? at.toLocaleTimeString() : at.toLocaleString();
}

/**
 * @param {string} tag @param {string} [className] @param {...(Node | string | null)} children
 * @returns {HTMLElement}
 */
export function el(tag, className, ...children) {
	const node = document.createElement(tag);
	if (className) node.className = className;
	for (const child of children) if (child !== null) node.append(child);
	return node;
}

/** @param {string} name @param {string} [state] */
export function icon(name, state) {
	const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
	const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
	svg.setAttribute('class', `icon ${state ?? name}`);
	svg.setAttribute('aria-hidden', 'true');
	use.setAttribute('href', `#i-${name}`);
	svg.append(use);
	return svg;
}

/** @param {string} state @param {string} label */
export function badge(state, label) {
	return el('span', `badge ${state}`, icon(state), el('span', '', label));
}
