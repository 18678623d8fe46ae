// Setting a state by hand, with an end: for operators and for oneself.
import { put } from '../lib/api.js';
import { h } from '../lib/dom.js';
import { clock, t, word } from '../lib/i18n.js';
import { serverNow } from '../lib/clock.js';
import { dialog } from './dialog.js';

export const PROFILES = ['available', 'away', 'busy', 'not-available', 'meeting'];

/** The instant of an end: minutes from now, or a local time of the day (tomorrow when it is over). @param {string} choice @param {string} time */
export function endOf(choice, time) {
	if (choice === 'none') return null;
	if (choice !== 'time') return new Date(serverNow() + Number(choice) * 60000).toISOString();
	if (!/^\d\d:\d\d/.test(time)) throw new Error(t('profile.notime'));
	const [hours, minutes, seconds = 0] = time.split(':').map(Number), end = new Date(serverNow());
	end.setHours(hours, minutes, seconds, 0);
	if (end.getTime() <= serverNow()) end.setDate(end.getDate() + 1);
	return end.toISOString();
}

/** When it ends; `show` tells the end that is in force, which then is the one chosen. @param {string} name of the group */
export function endChoice(name) {
	const choice = /** @type {HTMLSelectElement} */ (h('select', { name, id: `${name}-choice` },
		...[['none', t('profile.noend')], ['15', '15 min'], ['30', '30 min'], ['60', '1 h'], ['120', '2 h'], ['240', '4 h'], ['time', t('profile.attime')]]
			.map(([v, text]) => h('option', { value: v }, text))));
	const time = /** @type {HTMLInputElement} */ (h('input', { type: 'time', name: `${name}-time`, id: `${name}-time`, step: '1' }));
	const timeLabel = h('label', { class: 'field', for: `${name}-time`, hidden: true }, h('span', {}, t('profile.time')), time);
	const kept = /** @type {HTMLOptionElement} */ (h('option', { value: 'kept' }));
	let now = '';
	choice.addEventListener('change', () => { timeLabel.hidden = choice.value !== 'time'; });
	return { show(/** @type {string | null} */ until) {
		// What is being chosen is left alone until the end in force is another.
		if ((until ?? '') === now) return;
		now = until ?? '';
		kept.remove();
		if (until) {
			kept.textContent = t('until', { at: clock(until) });
			choice.prepend(kept);
		}
		choice.value = until ? 'kept' : 'none';
		timeLabel.hidden = true;
	}, node: h('div', { class: 'field-row' }, h('label', { class: 'field', for: `${name}-choice` }, h('span', {}, t('profile.end')), choice), timeLabel),
		value: () => (choice.value === 'kept' ? now : endOf(choice.value, time.value)) };
}

/** @param {string} path @param {{profile: string, profile_until: string | null, name: string | null, email: string}} d */
export function setProfile(path, d) {
	const states = PROFILES.map((p) => h('label', { class: 'choice' }, h('input', { type: 'radio', name: 'state', value: p, checked: p === d.profile }), h('span', {}, word('profile', p))));
	const set = h('fieldset', { class: 'choices' }, h('legend', {}, t('profile')), ...states);
	const end = endChoice('until');
	end.show(d.profile_until);
	return dialog(t('profile.of', { name: d.name || d.email }), [set, end.node], { act: t('profile.change'), go: () => {
		const picked = set.querySelector('input:checked');
		return put(path, { state: picked instanceof HTMLInputElement ? picked.value : d.profile, until: end.value() });
	} });
}
