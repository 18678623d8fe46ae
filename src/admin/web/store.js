// What the page knows: rows by id, kept in step by events, filtered and sorted for the list.
import { PRESENCE } from './format.js';

/**
 * @typedef {{connector: string, number: string, presence: string, call: string, calls: number, dnd: boolean,
 *   registered: boolean, sync: string, link: string}} Line
 * @typedef {{id: number, seq: number, account: string, email: string, name: string | null, enabled: boolean,
 *   settled: boolean, combined: string, combined_since: string | null, profile: string, profile_until: string | null,
 *   session: string, desired: string, lease_end: string | null, publish: string, http_status: number, seen: string,
 *   seen_pair: string | null, lines: Line[], haystack?: string, gone?: boolean}} User
 */

const ORDER = ['busy', 'dnd', 'away', 'available', 'offline', 'unknown'];

export class Store {
	constructor() {
		/** @type {Map<number, User>} */
		this.users = new Map();
		/** @type {Map<number, number>} ids removed while a list is being read, with nothing newer */
		this.gone = new Map();
		this.filter = { text: '', account: '', states: new Set() };
		this.sort = 'name';
		/** @type {User[]} */
		this.shown = [];
		this.dirty = true;
		/** @type {Record<string, number>} */
		this.counts = {};
	}

	/** @param {User} row @returns {boolean} whether it was news */
	put(row) {
		const old = this.users.get(row.id);
		if (old && old.seq >= row.seq) return false;
		row.haystack = [row.name, row.email, ...row.lines.map((l) => `${l.connector}/${l.number}`)].join('\n').toLowerCase();
		this.users.set(row.id, row);
		this.dirty = true;
		return true;
	}

	/** @param {number} id */
	remove(id) {
		this.gone.set(id, Date.now());
		this.dirty = this.users.delete(id) || this.dirty;
	}

	/** After all pages are read: what was not in them and is older than the reading is no more.
	 * @param {Set<number>} seen @param {number} from highest sequence known before the reading */
	keepOnly(seen, from) {
		for (const [id, row] of this.users) if (!seen.has(id) && row.seq <= from) this.users.delete(id);
		this.dirty = true;
	}

	highest() {
		let max = 0;
		for (const row of this.users.values()) max = Math.max(max, row.seq);
		return max;
	}

	/** Filters and sorts, when anything has changed since. */
	view() {
		if (!this.dirty) return this.shown;
		this.dirty = false;
		const text = this.filter.text.trim().toLowerCase();
		/** @type {User[]} */
		const shown = [];
		const counts = Object.fromEntries(Object.keys(PRESENCE).map((p) => [p, 0]));
		for (const row of this.users.values()) {
			if (this.filter.account && row.account !== this.filter.account) continue;
			if (text && !row.haystack?.includes(text)) continue;
			counts[row.combined] = (counts[row.combined] ?? 0) + 1;
			if (this.filter.states.size && !this.filter.states.has(row.combined)) continue;
			shown.push(row);
		}
		this.counts = counts;
		this.shown = shown.sort(this.compare());
		return this.shown;
	}

	/** @returns {(a: User, b: User) => number} */
	compare() {
		const byName = (/** @type {User} */ a, /** @type {User} */ b) => {
			const x = (a.name || a.email).toLowerCase(), y = (b.name || b.email).toLowerCase();
			return x < y ? -1 : x > y ? 1 : a.id - b.id;
		};
		if (this.sort === 'recent') return (a, b) => (b.combined_since ?? '').localeCompare(a.combined_since ?? '') || byName(a, b);
		if (this.sort === 'state') return (a, b) => ORDER.indexOf(a.combined) - ORDER.indexOf(b.combined) || byName(a, b);
		return byName;
	}
}
