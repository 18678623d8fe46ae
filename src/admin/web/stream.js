// Keeps a Store in step with the daemon: server-sent events first, then the lists, so nothing falls between.
import { setServerTime } from './format.js';

/** @typedef {import('./store.js').Store} Store */

export class Stream {
	/**
	 * @param {Store} store
	 * @param {{changed: (ids: number[]) => void, health: (h: any) => void, state: (s: string) => void}} on
	 */
	constructor(store, on) {
		this.store = store;
		this.on = on;
		this.reading = false;
		this.again = false;
	}

	start() {
		const source = new EventSource('/api/v1/events');
		source.addEventListener('open', () => this.on.state('live'));
		source.addEventListener('error', () => {
			this.on.state('lost');
			// A refused stream (503) is not tried again by the browser itself.
			if (source.readyState === EventSource.CLOSED) setTimeout(() => this.start(), 3000);
		});
		source.addEventListener('hello', (e) => {
			setServerTime(JSON.parse(e.data).now);
			void this.readAll();
		});
		source.addEventListener('time', (e) => setServerTime(JSON.parse(e.data).now));
		source.addEventListener('resync', () => void this.readAll());
		source.addEventListener('health', (e) => this.on.health(JSON.parse(e.data)));
		source.addEventListener('users', (e) => this.take(JSON.parse(e.data)));
	}

	/** @param {any[]} rows */
	take(rows) {
		const ids = [];
		for (const row of rows) {
			if (row.gone) this.store.remove(row.id);
			else if (this.store.put(row)) ids.push(row.id);
		}
		this.on.changed(ids);
	}

	async readAll() {
		if (this.reading) {
			this.again = true;
			return;
		}
		this.reading = true;
		try {
			await this.readPages();
		} catch {
			setTimeout(() => void this.readAll(), 2000);
		} finally {
			this.reading = false;
		}
		if (this.again) {
			this.again = false;
			void this.readAll();
		}
	}

	async readPages() {
		const from = this.store.highest();
		const seen = new Set();
		this.store.gone.clear();
		for (let after = '0'; after !== null;) {
			const answer = await fetch(`/api/v1/users?limit=1000&after=${after}`);
			if (!answer.ok) throw new Error(String(answer.status));
			const page = await answer.json();
			for (const row of page.users) {
				if (this.store.gone.has(row.id)) continue;
				seen.add(row.id);
				this.store.put(row);
			}
			this.on.changed([]);
			after = page.next;
		}
		this.store.keepOnly(seen, from);
		this.on.changed([]);
	}
}
