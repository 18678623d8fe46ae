// Who the reader is, and what it may do: buttons that would be refused are not shown.
import { Problem, get, post, put, remove, setCsrf } from './api.js';

/**
 * @typedef {{signed_in: boolean, name: string | null, kind: string | null, csrf: string | null,
 *   grants: {account: string, role: string}[], self: {account: string, email: string} | null,
 *   must_change_password: boolean, open_read: boolean,
 *   sign_in: {kind: string, account?: string, start?: string}[]}} Session
 */

/** @type {Session} */
export let session = {
	signed_in: false, name: null, kind: null, csrf: null, grants: [], self: null, must_change_password: false,
	open_read: false, sign_in: [],
};
const RANK = ['viewer', 'operator', 'owner'];

/** @param {Session} s */
function take(s) {
	session = s;
	setCsrf(s.csrf);
}

export async function readSession() {
	try {
		take(await get('/api/v1/session'));
	} catch (e) {
		// A daemon without sign-in: it lets everybody read, and nobody write.
		if (!(e instanceof Problem) || e.status !== 404) throw e;
		take({ ...session, open_read: true, grants: [{ account: '*', role: 'viewer' }] });
	}
}

/** @param {string} name @param {string} password */
export async function signIn(name, password) { take(await post('/api/v1/session', { name, password })); }
/** @param {string} old @param {string} fresh */
export async function changePassword(old, fresh) { take(await put('/api/v1/session/password', { old, new: fresh })); }
export async function signOut() {
	await remove('/api/v1/session');
	take({ ...session, signed_in: false });
}

/** Whether it is still the same who is signed in, with the same rights. No answer says nothing.
 * @returns {Promise<'same' | 'ended' | 'other'>} */
export async function stillThere() {
	const now = await get('/api/v1/session').catch(() => null), told = (/** @type {Session} */ s) => JSON.stringify([s.signed_in, s.name, s.csrf, s.grants]);
	if (!now || told(now) === told(session)) return 'same';
	return session.signed_in && !now.signed_in ? 'ended' : 'other';
}

/** @param {string} role @param {string | null} account null: on all accounts */
export function may(role, account) {
	return session.grants.some((g) => (g.account === '*' || g.account === account) && RANK.indexOf(g.role) >= RANK.indexOf(role));
}

/** @param {string} role */
export function mayAnywhere(role) {
	return session.grants.some((g) => RANK.indexOf(g.role) >= RANK.indexOf(role));
}
