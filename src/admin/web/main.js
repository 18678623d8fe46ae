// Start: language, who is there, then the frame and the page of the address, or the way in.
import { get, whenSignedOut } from './lib/api.js';
import { loadTexts } from './lib/i18n.js';
import { firstHealth, setAlarms, startLive, stopLive } from './lib/live.js';
import { endRouter, reopen, startRouter } from './lib/router.js';
import { mayAnywhere, readSession, session } from './lib/session.js';
import { applyTheme, buildFrame, markPage, skipLink } from './parts/frame.js';

const main = /** @type {HTMLElement} */ (document.getElementById('main'));

/** @param {'signin' | 'password'} what @param {string} [failed] */
async function wayIn(what, failed) {
	stopLive();
	endRouter();
	const page = await import('./pages/signin.js');
	page.showSignIn(main, what, failed);
}

/** The word with which the daemon leads back who could not sign in with Microsoft; it is said once. */
function failedSignIn() {
	const failed = new URLSearchParams(location.search).get('sign_in') ?? '';
	if (failed) history.replaceState(null, '', `/${location.hash}`);
	return session.signed_in ? '' : failed;
}

/** Alarms come with the events; the first reading is for a daemon that says them only when they change. */
async function readAlarms() {
	setAlarms((await get('/api/v1/alarms')).alarms);
}

async function start() {
	applyTheme();
	await loadTexts();
	skipLink();
	await readSession();
	whenSignedOut(() => { if (session.signed_in) location.reload(); });
	document.addEventListener('offhook-signin', () => void wayIn('signin'));
	document.addEventListener('offhook-password', () => void wayIn('password'));
	if (session.must_change_password) return wayIn('password');
	const failed = failedSignIn();
	if (failed || (!mayAnywhere('viewer') && !session.self)) return wayIn('signin', failed);
	buildFrame(() => void reopen(main));
	if (mayAnywhere('viewer')) {
		startLive();
		const patience = new Promise((done) => setTimeout(done, 3000));
		await Promise.race([Promise.all([firstHealth, readAlarms().catch(() => {})]), patience]);
	} else if (!location.hash.startsWith('#/me')) {
		location.replace('#/me');
	}
	await startRouter(main, markPage);
}

void start();
