// What the page knows of the people: rows by id, kept in step by events, filtered and sorted for the list.

/**
 * @typedef {{connector: string, number: string, presence: string, call: string, calls: number, dnd: boolean,
 *   registered: boolean, forward: string, sync: string, link: string}} Line
 * @typedef {{id: number, seq: number, account: string, email: string, name: string | null, enabled: boolean,
 *   settled: boolean, combined: string, combined_since: string | null, profile: string, profile_until: string | null,
 *   session: string, activity: string, desired: string, lease_end: string | null, publish: string, http_status: number,
 *   seen: string, seen_pair: string | null, shown: string, conflict: boolean, lines: Line[], haystack?: string,
 *   gone?: boolean}} User
 */

export const STATES = ['available', 'busy', 'dnd', 'away', 'offline', 'unknown'];
const ORDER = ['busy', 'dnd', 'away', 'available', 'offline', 'unknown'];

export class Store {
	constructor() {
		/** @type {Map<number, User>} */
		this.users = new Map();
		/** @type {Map<number, number>} ids removed while a list is being read, with nothing newer */
		this.gone = new Map();
		this.filter = { text: '', account: '', connector: '', odd: false, states: /** @type {Set<string>} */ (new Set()) };
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

	/** The daemon may be a new one, which counts from the beginning: what it says next is news. */
	forgetOrder() {
		for (const row of this.users.values()) row.seq = -1;
	}

	highest() {
		let max = 0;
		for (const row of this.users.values()) max = Math.max(max, row.seq);
		return max;
	}

	/** @param {User} row @param {string} text */
	fits(row, text) {
		const f = this.filter;
		if (f.account && row.account !== f.account) return false;
		if (f.connector && !row.lines.some((l) => `${row.account}/${l.connector}` === f.connector)) return false;
		if (f.odd && !differs(row)) return false;
		return !text || Boolean(row.haystack?.includes(text));
	}

	/** Filters and sorts, when anything has changed since. */
	view() {
		if (!this.dirty) return this.shown;
		this.dirty = false;
		const text = this.filter.text.trim().toLowerCase();
		/** @type {User[]} */
		const shown = [];
		const counts = Object.fromEntries(STATES.map((p) => [p, 0]));
		for (const row of this.users.values()) {
			if (!this.fits(row, text)) continue;
			counts[row.combined] = (counts[row.combined] ?? 0) + 1;
			if (!this.filter.states.size || this.filter.states.has(row.combined)) shown.push(row);
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
		const late = (/** @type {User} */ u) => u.combined_since ?? '';
		if (this.sort === 'recent') return (a, b) => late(b).localeCompare(late(a)) || byName(a, b);
		if (this.sort === 'state') return (a, b) => ORDER.indexOf(a.combined) - ORDER.indexOf(b.combined) || byName(a, b);
		return byName;
	}
}

/** Others see something else than we hold, or Graph does not take it. @param {User} u */
export function differs(u) {
	return !['none', 'as-sent'].includes(u.shown) || u.publish === 'backing-off' || u.conflict;
}
