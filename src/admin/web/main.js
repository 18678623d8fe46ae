// Start: language, who is there, then the frame and the page of the address, or the way in.
import { whenSignedOut } from './lib/api.js';
import { add, button, h, whenFailed } from './lib/dom.js';
import { loadTexts, t, word } from './lib/i18n.js';
import { firstAlarms, firstHealth, isOutdated, startLive, stopLive, whenOther } from './lib/live.js';
import { endRouter, link, reopen, startRouter } from './lib/router.js';
import { mayAnywhere, readSession, session } from './lib/session.js';
import { applyTheme, buildFrame, markPage, skipLink } from './parts/frame.js';
import { errorNote, failure } from './parts/dialog.js';
import { chosenAccount } from './parts/page.js';

const main = /** @type {HTMLElement} */ (document.getElementById('main'));
const ENDED = 'offhook-ended';

/** @param {'signin' | 'password'} what @param {string} [failed] */
async function wayIn(what, failed) {
	stopLive();
	endRouter();
	const page = await import('./pages/signin.js');
	page.showSignIn(main, what, failed);
}

/** The word with which the daemon leads back who could not sign in with Microsoft, or why one is no longer signed in; it is
 * said once. */
function failedSignIn() {
	const failed = new URLSearchParams(location.search).get('sign_in') ?? sessionStorage.getItem(ENDED) ?? '';
	sessionStorage.removeItem(ENDED);
	if (location.search) history.replaceState(null, '', `/${location.hash}`);
	return session.signed_in ? '' : failed;
}

/** The session ended while the page was open. What the page shows is read anew by whoever it is now. */
function ended() {
	if (!session.signed_in) return;
	sessionStorage.setItem(ENDED, 'ended');
	location.reload();
}

/** A page that cannot be loaded or drawn: in place of it. @param {HTMLElement} box @param {unknown} e */
function noPage(box, e) {
	const named = main.dataset.page ? word('page', main.dataset.page) : '';
	add(box, box.querySelector('h1') ? null : h('h1', {}, named || t('app.name')), errorNote(e), h('div', { class: 'actions' }, button(t('readagain'), () => location.reload(), {})));
}

/** Pages of one thing, and where one comes to from there when another account is chosen. @type {Record<string, string>} */
const LIST_OF = { tenant: 'tenant', connector: 'connectors', person: 'people' };

function accountChosen() {
	const [page, account] = location.hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
	if (account && LIST_OF[page] && chosenAccount() && chosenAccount() !== account) location.hash = link(LIST_OF[page]);
	else void reopen(main);
}

async function pages() {
	const viewer = mayAnywhere('viewer');
	buildFrame(accountChosen);
	let late = true;
	if (viewer) {
		whenOther((how) => { if (how === 'ended') ended(); else location.reload(); });
		startLive();
		const all = Promise.all([firstHealth, firstAlarms]).then(() => { late = false; }), patience = new Promise((done) => setTimeout(done, 3000));
		await Promise.race([all, patience]);
	}
	await startRouter(main, { first: viewer ? 'overview' : 'me', changed: markPage, failed: noPage, isOld: isOutdated });
	// Pages that were drawn before it was known which accounts there are know no account.
	if (viewer && late) void firstHealth.then(() => reopen(main));
}

async function start() {
	applyTheme();
	await loadTexts();
	skipLink();
	whenFailed(failure);
	await readSession();
	whenSignedOut(ended);
	document.addEventListener('offhook-signin', () => void wayIn('signin').catch(failure));
	document.addEventListener('offhook-password', () => void wayIn('password').catch(failure));
	if (session.must_change_password) return wayIn('password');
	const failed = failedSignIn();
	if (failed || (!mayAnywhere('viewer') && !session.self)) return wayIn('signin', failed);
	return pages();
}

start().catch((e) => {
	document.body.classList.add('bare');
	noPage(main, e);
});
