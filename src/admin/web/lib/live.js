// What the daemon tells by itself: server-sent events first, then the lists, so nothing falls between.
import { get } from './api.js';
import { serverNow, setServerTime } from './clock.js';
import { stillThere } from './session.js';
import { Store } from './store.js';
import { onceMore } from './turns.js';

/** @typedef {'health' | 'users' | 'link' | 'alarms' | 'loaded' | 'outdated'} Kind */

export const store = new Store();
/** @type {{accounts: any[], connectors: any[]}} */
export let health = { accounts: [], connectors: [] };
/** @type {any[] | null} null: the daemon has not said */
export let alarms = null;
export let link = 'connecting';
export let version = '';
export let loaded = false;

/** @type {() => void} */
let haveHealth = () => {};
/** Kept at the first word of how accounts and connectors are: pages begin whole, and nothing jumps. @type {Promise<void>} */
export const firstHealth = new Promise((done) => { haveHealth = done; });
/** @type {() => void} */
let haveAlarms = () => {};
/** Kept when the alarms have been asked for, whether they came or not. @type {Promise<void>} */
export const firstAlarms = new Promise((done) => { haveAlarms = done; });
/** @type {(how: 'ended' | 'other') => void} */
let onOther = () => {};
/** @param {(how: 'ended' | 'other') => void} act the session has ended, or is another one or has other rights */
export function whenOther(act) { onOther = act; }

let outdated = false;
/** The daemon is of another version than the page: files that are still to be loaded do not fit those that are there. */
export function isOutdated() { return outdated; }
/** @type {Map<Kind, Set<(what: any) => void>>} */
const listeners = new Map();
/** Why the list of people cannot be read; null: it can. @type {unknown} */
export let listError = null;
let listWanted = false;

/** @param {Kind} kind @param {(what: any) => void} listener @returns {() => void} ends it */
export function on(kind, listener) {
	const set = listeners.get(kind) ?? new Set();
	listeners.set(kind, set.add(listener));
	return () => set.delete(listener);
}

/** @param {Kind} kind @param {any} what */
function tell(kind, what) {
	for (const listener of listeners.get(kind) ?? []) listener(what);
}

/** @param {string} state */
function setLink(state) {
	if (state === link) return;
	link = state;
	tell('link', state);
}

/** Which there are is asked when the daemon says that they have changed: not everybody may see each. */
const readAlarms = onceMore(async () => {
	try {
		alarms = (await get('/api/v1/alarms')).alarms;
		tell('alarms', alarms);
	} catch { // they are asked for again with the next stream
	}
	haveAlarms();
});

/** @param {Event} e */
function dataOf(e) { return JSON.parse(/** @type {MessageEvent} */ (e).data); }

/** @type {EventSource | null} */
let source = null;
let retry = 0, streams = 0, wanted = false;

/** The stream ends when the session does, or its rights change: what the page offers is no longer so. */
async function lookWhoIsThere() {
	const how = await stillThere();
	if (how !== 'same') onOther(how);
}

/** @param {{version: string, now: string}} hello a stream begins, perhaps of a daemon that was started anew */
function welcome(hello) {
	if (version && version !== hello.version) {
		outdated = true;
		tell('outdated', hello.version);
	}
	version = hello.version;
	setServerTime(hello.now);
	setLink('live');
	if (streams++) void lookWhoIsThere();
	store.forgetOrder();
	void readAlarms();
	if (listWanted) void readAll();
}

/** A browser has six connections to an address for all its tabs together: one that nobody looks at gives its stream away. */
document.addEventListener('visibilitychange', () => {
	if (!wanted) return;
	if (document.hidden) close();
	else startLive();
});

export function startLive() {
	close();
	wanted = true;
	if (document.hidden) return;
	source = new EventSource('/api/v1/events');
	const mine = source;
	mine.addEventListener('open', () => setLink('live'));
	mine.addEventListener('error', () => {
		setLink('lost');
		// A refused stream (401, 503) is not tried again by the browser itself.
		if (mine.readyState !== EventSource.CLOSED || mine !== source) return;
		void lookWhoIsThere();
		retry = setTimeout(startLive, 3000);
	});
	mine.addEventListener('hello', (e) => welcome(dataOf(e)));
	mine.addEventListener('time', (e) => setServerTime(dataOf(e).now));
	mine.addEventListener('resync', () => { if (listWanted) void readAll(); });
	mine.addEventListener('health', (e) => {
		health = dataOf(e);
		haveHealth();
		tell('health', health);
	});
	mine.addEventListener('alarms', () => void readAlarms());
	mine.addEventListener('users', (e) => take(dataOf(e)));
}

export function stopLive() {
	wanted = false;
	close();
}

function close() {
	clearTimeout(retry);
	source?.close();
	if (source) setLink('connecting');
	source = null;
}

/** @param {any[]} rows */
function take(rows) {
	for (const row of rows) {
		if (row.gone) store.remove(row.id);
		else if (listWanted) store.put(row);
	}
	tell('users', rows);
}

/** The list of people is read once somebody looks at it, not before. */
export function wantPeople() {
	if (listWanted) return;
	listWanted = true;
	void readAll();
}

const readAll = onceMore(async () => {
	try {
		loaded = await readPages() || loaded;
		listError = null;
	} catch (e) {
		listError = e;
		setTimeout(() => void readAll(), 2000);
	}
	tell('loaded', serverNow());
});

/** @returns {Promise<boolean>} false: another daemon answers meanwhile, which counts anew; it is read once more */
async function readPages() {
	const from = store.highest(), stream = streams;
	/** @type {Set<number>} */
	const seen = new Set();
	store.gone.clear();
	for (let after = '0'; after !== null;) {
		const page = await get(`/api/v1/users?limit=1000&after=${after}`);
		if (stream !== streams) return false;
		for (const row of page.users) {
			if (store.gone.has(row.id)) continue;
			seen.add(row.id);
			store.put(row);
		}
		tell('users', []);
		after = page.next;
	}
	store.keepOnly(seen, from);
	tell('users', []);
	return true;
}
