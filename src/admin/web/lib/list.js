// A long list of which only what is in view has nodes; rows are reused, and rewritten when theirs has changed.
import { h } from './dom.js';

/**
 * @template T
 * @typedef {{key: (item: T) => number | string, seq: (item: T) => number | string, write: (node: HTMLElement, item: T) => void,
 *   open?: (item: T) => void, tick?: (node: HTMLElement) => void, mark?: (node: HTMLElement, item: T) => void}} Rows
 */

const OVERSCAN = 8;

/** @template T */
export class List {
	/** @param {{grid: HTMLElement, scroll: HTMLElement, rows: HTMLElement}} at @param {Rows<T>} how */
	constructor(at, how) {
		this.at = at;
		this.how = how;
		/** @type {T[]} */
		this.items = [];
		/** @type {Map<number | string, {node: HTMLElement, seq: number | string}>} */
		this.live = new Map();
		this.frame = 0;
		this.focused = 0;
		this.tabbable = 0;
		at.scroll.addEventListener('scroll', () => this.queue(), { passive: true });
		this.watch = new ResizeObserver(() => this.queue());
		this.watch.observe(at.scroll);
		at.rows.addEventListener('click', (e) => this.pick(e));
		at.rows.addEventListener('keydown', (e) => this.key(e));
		at.rows.addEventListener('focusin', (e) => { this.focused = this.indexOf(this.rowOf(e)); });
		this.timer = setInterval(() => this.tick(), 1000);
	}

	close() {
		clearInterval(this.timer);
		cancelAnimationFrame(this.frame);
		this.watch.disconnect();
	}

	/** @param {T[]} items */
	show(items) {
		this.items = items;
		this.at.grid.setAttribute('aria-rowcount', String(items.length + 1));
		this.draw();
	}

	queue() {
		this.frame ||= requestAnimationFrame(() => {
			this.frame = 0;
			this.draw();
		});
	}

	rowHeight() {
		return parseFloat(getComputedStyle(this.at.rows).getPropertyValue('--row')) || 48;
	}

	draw() {
		const height = this.rowHeight(), box = this.at.scroll, n = this.items.length;
		this.at.rows.style.height = `${n * height}px`;
		const first = Math.max(0, Math.floor(box.scrollTop / height) - OVERSCAN);
		const last = Math.min(n, Math.ceil((box.scrollTop + box.clientHeight) / height) + OVERSCAN);
		const wanted = new Set(this.items.slice(first, last).map(this.how.key));
		/** @type {HTMLElement[]} */
		const free = [];
		for (const [key, row] of this.live) {
			if (wanted.has(key)) continue;
			this.live.delete(key);
			free.push(row.node);
		}
		this.tabbable = Math.min(Math.max(this.focused, first), last - 1);
		for (let i = first; i < last; i++) this.place(this.items[i], i, i * height, free);
		for (const node of free) node.remove();
	}

	/** @param {T} item @param {number} index @param {number} top @param {HTMLElement[]} free */
	place(item, index, top, free) {
		const key = this.how.key(item), seq = this.how.seq(item);
		let row = this.live.get(key);
		if (!row) {
			row = { node: free.pop() ?? this.newNode(), seq: '' };
			row.node.classList.remove('changed');
			this.live.set(key, row);
		}
		if (row.seq !== seq) {
			if (row.seq !== '') this.flash(row.node);
			this.how.write(row.node, item);
			this.how.tick?.(row.node);
			row.seq = seq;
		}
		this.how.mark?.(row.node, item);
		row.node.style.transform = `translateY(${top}px)`;
		row.node.dataset.index = String(index);
		row.node.setAttribute('aria-rowindex', String(index + 2));
		if (this.how.open) row.node.tabIndex = index === this.tabbable ? 0 : -1;
	}

	newNode() {
		const node = h('div', { class: this.how.open ? 'row opens' : 'row', role: 'row' });
		this.at.rows.append(node);
		return node;
	}

	/** @param {HTMLElement} node */
	flash(node) {
		node.classList.remove('changed');
		requestAnimationFrame(() => node.classList.add('changed'));
	}

	tick() {
		if (this.how.tick) for (const { node } of this.live.values()) this.how.tick(node);
	}

	/** @param {Event} e */
	rowOf(e) {
		const node = e.target instanceof Element ? e.target.closest('.row') : null;
		return node instanceof HTMLElement ? node : null;
	}

	/** @param {HTMLElement | null} node */
	indexOf(node) { return Number(node?.dataset.index ?? 0); }

	/** @param {Event} e */
	pick(e) {
		const node = this.rowOf(e);
		if (!node || (e.target instanceof Element && e.target.closest('button, a, input, label, select'))) return;
		const item = this.items[this.indexOf(node)];
		if (item) this.how.open?.(item);
	}

	/** @param {KeyboardEvent} e */
	key(e) {
		const node = this.rowOf(e), box = this.at.scroll;
		const page = Math.max(1, Math.floor(box.clientHeight / this.rowHeight()) - 1);
		/** @type {Record<string, number>} */
		const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -this.items.length, End: this.items.length };
		if (e.key === 'Enter' && e.target === node) {
			e.preventDefault();
			this.pick(e);
		} else if (node && e.key in steps) {
			e.preventDefault();
			this.moveFocus(this.indexOf(node) + steps[e.key]);
		}
	}

	/** @param {number} wanted */
	moveFocus(wanted) {
		const index = Math.min(Math.max(wanted, 0), this.items.length - 1), item = this.items[index];
		if (!item) return;
		const height = this.rowHeight(), box = this.at.scroll;
		this.focused = index;
		if (index * height < box.scrollTop) box.scrollTop = index * height;
		else if ((index + 1) * height > box.scrollTop + box.clientHeight) box.scrollTop = (index + 1) * height - box.clientHeight;
		this.draw();
		this.live.get(this.how.key(item))?.node.focus({ preventScroll: true });
	}
}

/** The nodes of a list. @param {string} label @param {[string, string][]} columns class and heading @param {string} kind */
export function listNodes(label, columns, kind) {
	const head = h('div', { class: 'row head', role: 'row', 'aria-rowindex': '1' },
		...columns.map(([c, text]) => h('span', { class: c, role: 'columnheader' }, text)));
	const rows = h('div', { class: 'rows', role: 'rowgroup' });
	const empty = h('p', { class: 'empty', hidden: true });
	const scroll = h('div', { class: 'scroll' }, rows);
	const grid = h('div', { class: 'grid', role: 'grid', 'aria-label': label, 'aria-rowcount': '1' }, h('div', { role: 'rowgroup' }, head), scroll);
	const card = h('div', { class: `list-card ${kind}` }, grid, empty);
	return { card, grid, scroll, rows, empty, head };
}
