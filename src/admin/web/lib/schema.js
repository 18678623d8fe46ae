// settings.def as the daemon tells it: what forms are made from.
import { get } from './api.js';

/**
 * @typedef {{scope: string, key: string, kind: string, default?: any, words?: string[] | string | null, help: string,
 *   flags?: string[], types?: string[], lo?: number, hi?: number, sub?: string, required?: boolean}} Setting
 */

/** @type {Promise<Setting[]> | null} */
let reading = null;

/** @returns {Promise<Setting[]>} */
function all() {
	reading ??= get('/api/v1/settings').then((d) => d.settings ?? d, (e) => {
		reading = null;
		throw e;
	});
	return reading;
}

/** Where the keys of an object stand in offhook.yaml. @type {Record<string, string>} */
const PLACE = {
	account: 'accounts[]', teams: 'accounts[].teams', sign_in: 'accounts[].sign_in', connector: 'accounts[].connectors[]', matching: 'accounts[].matching',
	policy: 'policy', hours: 'policy.hours', status_text: 'policy.status_text', alarms: 'server.alarms',
};

/** @param {string} scope */
export async function settingsOf(scope) { return (await all()).filter((s) => s.scope === PLACE[scope]); }

/** @param {Setting} s @returns {string[]} */
export function wordsOf(s) {
	if (Array.isArray(s.words)) return s.words;
	return s.words ? s.words.split('|') : [];
}

/** @param {Setting} s */
export function isRequired(s) { return Boolean(s.required) || Boolean(s.flags?.includes('required') || s.flags?.includes('REQUIRED')); }

/** Whether a connector of the type has the key. @param {Setting} s @param {string} type */
export function isFor(s, type) { return !s.types || !s.types.length || s.types.includes(type); }
