// What the daemon tells by itself: server-sent events first, then the lists, so nothing falls between.
import { get } from './api.js';
import { serverNow, setServerTime } from './clock.js';
import { Store } from './store.js';

/** @typedef {'health' | 'users' | 'link' | 'alarms' | 'loaded'} Kind */

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
/** @type {Map<Kind, Set<(what: any) => void>>} */
const listeners = new Map();
let listWanted = false, reading = false, again = false;

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
	link = state;
	tell('link', state);
}

/** @param {any[] | null} list */
export function setAlarms(list) {
	alarms = list;
	tell('alarms', alarms);
}

/** @param {Event} e */
function dataOf(e) { return JSON.parse(/** @type {MessageEvent} */ (e).data); }

/** @type {EventSource | null} */
let source = null;
let retry = 0;

export function startLive() {
	stopLive();
	source = new EventSource('/api/v1/events');
	const mine = source;
	mine.addEventListener('open', () => setLink('live'));
	mine.addEventListener('error', () => {
		setLink('lost');
		// A refused stream (401, 503) is not tried again by the browser itself.
		if (mine.readyState === EventSource.CLOSED && mine === source) retry = setTimeout(startLive, 3000);
	});
	mine.addEventListener('hello', (e) => {
		const hello = dataOf(e);
		version = hello.version;
		setServerTime(hello.now);
		setLink('live');
		store.forgetOrder();
		if (listWanted) void readAll();
	});
	mine.addEventListener('time', (e) => setServerTime(dataOf(e).now));
	mine.addEventListener('resync', () => { if (listWanted) void readAll(); });
	mine.addEventListener('health', (e) => {
		health = dataOf(e);
		haveHealth();
		tell('health', health);
	});
	mine.addEventListener('alarms', (e) => {
		const said = dataOf(e);
		setAlarms(Array.isArray(said) ? said : said.alarms);
	});
	mine.addEventListener('users', (e) => take(dataOf(e)));
}

export function stopLive() {
	clearTimeout(retry);
	source?.close();
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

async function readAll() {
	if (reading) {
		again = true;
		return;
	}
	reading = true;
	try {
		await readPages();
		loaded = true;
		tell('loaded', serverNow());
	} catch {
		setTimeout(() => void readAll(), 2000);
	} finally {
		reading = false;
	}
	if (again) {
		again = false;
		void readAll();
	}
}

async function readPages() {
	const from = store.highest();
	/** @type {Set<number>} */
	const seen = new Set();
	store.gone.clear();
	for (let after = '0'; after !== null;) {
		const page = await get(`/api/v1/users?limit=1000&after=${after}`);
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
}
