// One person's explanation: what was heard, the rule that won, what was sent, what others see.
import { PRESENCE, PROFILE, SESSION, SHOWS, ago, badge, clock, el, icon } from './format.js';
import { lineWords } from './list.js';

/** @typedef {import('./store.js').User} User */

/** @param {[string, string | Node | null][]} rows */
function facts(rows) {
	const list = el('dl', 'facts');
	for (const [name, value] of rows) if (value !== null && value !== '') list.append(el('dt', '', name), el('dd', '', value));
	return list;
}

/** @param {string} label @param {HTMLElement} value @param {string} sub */
function step(label, value, sub) {
	return el('div', '', el('small', '', label), value, el('span', 'sub', sub));
}

/** What the line's PBX holds of the profile, or why it would not take it. @param {any} l */
function heldWords(l) {
	const p = l.profile;
	if (!p) return '';
	if (p.write === 'refused') return `its PBX refused the profile ${PROFILE[p.written] ?? p.written}${p.refusal ? `: ${p.refusal}` : ''}`;
	if (p.write === 'asked') return `the profile ${PROFILE[p.written] ?? p.written} is being written to its PBX`;
	return p.held ? `its PBX holds the profile ${PROFILE[p.held] ?? p.held}` : '';
}

/** @param {any} l */
function lineCard(l) {
	const words = [lineWords(l), l.since ? `for ${ago(l.since)}` : '', l.last_report ? `reported ${ago(l.last_report)} ago` : 'never reported', heldWords(l)];
	const card = el('div', 'line-card', badge(l.presence, PRESENCE[l.presence] ?? l.presence), el('b', '', `${l.connector}/${l.number}`), el('span', 'sub', words.filter(Boolean).join(' · ')));
	if (l.link !== 'live') card.append(el('span', 'sub error', `subscription ${l.link}${l.last_status ? `, ${l.last_status}` : ''}${l.reason ? `: ${l.reason}` : ''}`));
	return card;
}

/** @param {any} p */
function policyWords(p) {
	const s = (/** @type {number} */ ms) => (ms % 60000 === 0 && ms ? `${ms / 60000} min` : `${ms / 1000} s`);
	return `${p.precedence}, ringing ${p.ringing}, busy as ${p.busy}, dnd as ${p.dnd}, not available as ${p.not_available}, settle ${s(p.settle_ms)}, grace ${s(p.grace_ms)}, lease ${s(p.lease_ms)}${p.own ? ' (own)' : ''}`;
}

/** The daemon's sentences say instants in UTC. @param {string} s */
function localised(s) {
	return s.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (at) => clock(at));
}

export class Panel {
	/** @param {HTMLElement} at @param {() => void} closed */
	constructor(at, closed) {
		this.at = at;
		this.closed = closed;
		/** @type {User | null} */
		this.user = null;
		this.wanted = 0;
		this.seq = -1;
		document.addEventListener('keydown', (e) => { if (e.key === 'Escape' && this.user) this.close(); });
	}

	/** @param {User} user */
	open(user) {
		this.user = user;
		this.seq = -1;
		void this.read();
	}

	close() {
		this.user = null;
		this.at.hidden = true;
		this.closed();
	}

	/** @param {User | undefined} row the newest row of the open user */
	refresh(row) {
		if (!this.user || !row || row.seq === this.seq) return;
		this.user = row;
		void this.read();
	}

	async read() {
		const user = this.user, turn = ++this.wanted;
		if (!user) return;
		this.seq = user.seq;
		const path = `/api/v1/accounts/${encodeURIComponent(user.account)}/users/${encodeURIComponent(user.email)}`;
		try {
			const answer = await fetch(path);
			const data = await answer.json();
			if (turn !== this.wanted || !this.user) return;
			if (answer.ok) this.draw(data);
			else this.drawError(user, data.detail ?? answer.statusText);
		} catch {
			if (turn === this.wanted) this.drawError(user, 'The daemon does not answer.');
		}
	}

	/** @param {string} title @param {string} sub */
	header(title, sub) {
		const close = el('button', 'icon-button', icon('close'), el('span', 'visually-hidden', 'Close'));
		close.addEventListener('click', () => this.close());
		return el('header', '', el('div', '', el('h2', '', title), el('span', 'muted', sub)), close);
	}

	/** @param {User} user @param {string} text */
	drawError(user, text) {
		this.at.replaceChildren(this.header(user.name || user.email, user.account), el('p', 'error', text));
		this.at.hidden = false;
	}

	/** @param {any} d */
	draw(d) {
		const graph = d.graph, top = this.at.scrollTop;
		this.at.replaceChildren(
			this.header(d.name || d.email, [d.name ? d.email : '', d.account, d.enabled ? '' : 'switched off', d.mode === 'live' ? '' : d.mode].filter(Boolean).join(' · ')),
			el('div', 'flow',
				step('Combined', badge(d.combined, PRESENCE[d.combined] ?? d.combined), d.combined_since ? `for ${ago(d.combined_since)}` : ''),
				step('Session held', badge(SHOWS[d.session] ?? 'none', SESSION[d.session] ?? d.session), d.lease_end ? `until ${clock(d.lease_end)}` : ''),
				step('Others see', badge(d.seen, d.seen_pair ? PRESENCE[d.seen] : 'Not read'), d.seen_pair ?? '')),
			el('h3', '', 'Why'),
			el('ul', 'why', ...d.why.map((/** @type {string} */ s) => el('li', '', localised(s)))),
			el('h3', '', 'Inputs'),
			...d.lines.map(lineCard),
			el('div', 'line-card', badge(d.profile_presence, PROFILE[d.profile] ?? d.profile), el('b', '', 'Profile'),
				el('span', 'sub', [d.profile_since ? `set ${ago(d.profile_since)} ago` : 'never set', d.profile_until ? `until ${clock(d.profile_until)}` : ''].filter(Boolean).join(' · '))),
			el('h3', '', 'Microsoft Graph'),
			facts([
				['Last answer', graph.last_status ? `HTTP ${graph.last_status}${graph.last_answer ? `, ${clock(graph.last_answer)}` : ''}` : 'none yet'],
				['Error', graph.error ? el('span', 'error', graph.error) : null], ['Next try', clock(graph.retry)], ['Next renewal', clock(graph.renew)],
				['Read back', clock(graph.seen_at)], ['Teams id', graph.teams_id ?? 'not found yet'], ['Request id', graph.request_id],
			]),
			el('h3', '', 'Rules in force'),
			el('p', 'muted', policyWords(d.policy)));
		this.at.hidden = false;
		this.at.scrollTop = top;
	}
}
