// The list of users: only what is in view has nodes; rows are reused and rewritten when theirs has changed.
import { CALL, PRESENCE, PROFILE, PUBLISH, SESSION, SHOWS, ago, badge, clock, countdown, el, icon, serverNow } from './format.js';

/** @typedef {import('./store.js').User} User @typedef {import('./store.js').Line} Line */

const OVERSCAN = 6;

/** @param {Line} l */
function lineIcon(l) {
	if (l.presence === 'unknown' || l.presence === 'offline') return icon(l.presence);
	if (l.dnd && l.presence === 'dnd') return icon('dnd');
	if (l.call === 'ringing') return icon('ring', l.presence);
	if (l.call === 'held') return icon('held', l.presence);
	if (l.call !== 'none') return icon('call', l.presence);
	return icon(l.presence);
}

/** @param {Line} l */
export function lineWords(l) {
	if (l.sync === 'expired' || l.presence === 'unknown') return 'no report';
	if (l.presence === 'dnd' && l.dnd) return 'do not disturb';
	if (l.presence === 'offline') return 'not registered';
	return (CALL[l.call] ?? l.call) + (l.sync === 'standing' ? ', last known' : '');
}

/** @param {Line} l */
function lineChip(l) {
	const chip = el('span', `line${l.sync === 'synced' ? '' : ' stale'}`, lineIcon(l), el('span', 'number', l.number));
	chip.title = `${l.connector}/${l.number}: ${lineWords(l)}`;
	chip.append(el('span', 'visually-hidden', ` ${lineWords(l)}`));
	return chip;
}

/** @param {User} u */
function sessionCell(u) {
	const held = u.session !== 'none';
	const cell = el('span', `session${held ? '' : ' quiet'}`, el('span', 'cell-label', 'Held'), badge(SHOWS[u.session] ?? 'none', SESSION[u.session] ?? u.session));
	const note = u.publish === 'backing-off' ? `refused, HTTP ${u.http_status}` : PUBLISH[u.publish] ?? u.publish;
	const sub = el('span', u.publish === 'backing-off' ? 'sub error' : 'sub', '');
	sub.dataset.lease = held && u.lease_end ? u.lease_end : '';
	sub.dataset.note = note;
	cell.append(sub);
	return cell;
}

/** @param {HTMLElement} sub */
function writeLease(sub) {
	const { lease, note } = sub.dataset;
	const left = lease ? `lease ${countdown(Date.parse(lease) - serverNow())}` : '';
	const text = [left, note].filter(Boolean).join(' · ');
	if (sub.textContent !== text) sub.textContent = text;
}

/** @param {HTMLElement} node @param {User} u */
function writeRow(node, u) {
	const lines = el('span', 'lines', ...u.lines.slice(0, 4).map(lineChip));
	if (u.lines.length > 4) lines.append(el('span', 'line', `+${u.lines.length - 4}`));
	if (!u.lines.length) lines.append(el('span', 'muted', 'no line'));
	const profile = el('span', u.profile === 'available' ? 'profile quiet' : 'profile', el('span', 'badge', PROFILE[u.profile] ?? u.profile));
	if (u.profile_until) profile.append(el('span', 'sub', `until ${clock(u.profile_until)}`));
	const combined = el('span', 'combined', badge(u.combined, PRESENCE[u.combined] ?? u.combined));
	const since = el('span', 'sub', '');
	since.dataset.since = u.combined_since ?? '';
	combined.append(since);
	const seen = el('span', `seen${u.seen_pair ? '' : ' quiet'}`, el('span', 'cell-label', 'Seen'), badge(u.seen, u.seen_pair ? PRESENCE[u.seen] : 'Not read'));
	if (u.seen_pair && u.seen_pair.split('/')[1] !== u.seen_pair.split('/')[0]) seen.append(el('span', 'sub', u.seen_pair.split('/')[1]));
	const person = el('span', 'person', el('b', '', u.name || u.email), el('i', '', u.name ? u.email : u.enabled ? '' : 'switched off'));
	node.replaceChildren(person, lines, profile, combined, sessionCell(u), seen);
	for (const cell of node.children) cell.setAttribute('role', 'gridcell');
	node.classList.toggle('off', !u.enabled);
}

export class List {
	/** @param {{scroll: HTMLElement, rows: HTMLElement, grid: HTMLElement}} at @param {(u: User) => void} open */
	constructor(at, open) {
		this.at = at;
		this.open = open;
		/** @type {User[]} */
		this.users = [];
		/** @type {Map<number, {node: HTMLElement, seq: number}>} by user id */
		this.live = new Map();
		this.selected = -1;
		this.queued = false;
		at.scroll.addEventListener('scroll', () => this.queue(), { passive: true });
		new ResizeObserver(() => this.queue()).observe(at.scroll);
		at.rows.addEventListener('click', (e) => this.pick(e));
		at.rows.addEventListener('keydown', (e) => this.key(e));
		setInterval(() => this.tick(), 1000);
	}

	rowHeight() { return parseInt(getComputedStyle(document.documentElement).getPropertyValue('--row'), 10); }

	/** @param {User[]} users */
	show(users) {
		this.users = users;
		this.at.grid.setAttribute('aria-rowcount', String(users.length + 1));
		this.draw();
	}

	queue() {
		if (this.queued) return;
		this.queued = true;
		requestAnimationFrame(() => { this.queued = false; this.draw(); });
	}

	draw() {
		const height = this.rowHeight();
		const first = Math.max(0, Math.floor(this.at.scroll.scrollTop / height) - OVERSCAN);
		const last = Math.min(this.users.length, Math.ceil((this.at.scroll.scrollTop + this.at.scroll.clientHeight) / height) + OVERSCAN);
		const wanted = new Set();
		this.at.rows.style.height = `${this.users.length * height}px`;
		for (let i = first; i < last; i++) wanted.add(this.users[i].id);
		/** @type {HTMLElement[]} */
		const free = [];
		for (const [id, row] of this.live) {
			if (wanted.has(id)) continue;
			this.live.delete(id);
			free.push(row.node);
		}
		for (let i = first; i < last; i++) this.place(this.users[i], i, i * height, free);
		for (const node of free) node.remove();
		this.tick();
	}

	/** @param {User} u @param {number} index @param {number} top @param {HTMLElement[]} free */
	place(u, index, top, free) {
		let row = this.live.get(u.id);
		if (!row) {
			const node = free.pop() ?? this.newNode();
			node.classList.remove('changed');
			row = { node, seq: -1 };
			this.live.set(u.id, row);
		}
		if (row.seq !== u.seq) {
			if (row.seq >= 0) this.flash(row.node);
			writeRow(row.node, u);
			row.seq = u.seq;
		}
		row.node.style.transform = `translateY(${top}px)`;
		row.node.dataset.id = String(u.id);
		row.node.setAttribute('aria-rowindex', String(index + 2));
		row.node.setAttribute('aria-selected', String(u.id === this.selected));
	}

	newNode() {
		const node = el('div', 'row');
		node.setAttribute('role', 'row');
		node.tabIndex = 0;
		this.at.rows.append(node);
		return node;
	}

	/** @param {HTMLElement} node */
	flash(node) {
		node.classList.remove('changed');
		requestAnimationFrame(() => node.classList.add('changed'));
	}

	tick() {
		for (const { node } of this.live.values()) {
			for (const sub of node.querySelectorAll('.sub')) {
				if (!(sub instanceof HTMLElement)) continue;
				if (sub.dataset.lease !== undefined) writeLease(sub);
				else if (sub.dataset.since !== undefined) sub.textContent = ago(sub.dataset.since);
			}
		}
	}

	/** @param {Event} e */
	rowOf(e) {
		const node = e.target instanceof Element ? e.target.closest('.row') : null;
		return node instanceof HTMLElement ? node : null;
	}

	/** @param {Event} e */
	pick(e) {
		const id = Number(this.rowOf(e)?.dataset.id ?? -1);
		const user = this.users.find((u) => u.id === id);
		if (user) this.open(user);
	}

	/** @param {KeyboardEvent} e */
	key(e) {
		const node = this.rowOf(e);
		if (e.key === 'Enter' || e.key === ' ') {
			e.preventDefault();
			this.pick(e);
		} else if (node && (e.key === 'ArrowDown' || e.key === 'ArrowUp')) {
			e.preventDefault();
			this.moveFocus(Number(node.getAttribute('aria-rowindex')) - 2 + (e.key === 'ArrowDown' ? 1 : -1));
		}
	}

	/** @param {number} index */
	moveFocus(index) {
		const user = this.users[index];
		if (!user) return;
		const height = this.rowHeight(), box = this.at.scroll;
		if (index * height < box.scrollTop) box.scrollTop = index * height;
		else if ((index + 1) * height > box.scrollTop + box.clientHeight) box.scrollTop = (index + 1) * height - box.clientHeight;
		this.draw();
		this.live.get(user.id)?.node.focus({ preventScroll: true });
	}

	/** @param {number} id */
	select(id) {
		this.selected = id;
		for (const [key, row] of this.live) row.node.setAttribute('aria-selected', String(key === id));
	}
}
