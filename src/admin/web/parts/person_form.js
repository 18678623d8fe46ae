// A person added or changed: e-mail, name, lines, group, rules of its own. Who stands in a file is looked at.
import { Problem, ask, at, get } from '../lib/api.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { dialog, toast } from './dialog.js';
import { lock } from './form.js';
import { originNote, save } from './object_form.js';
import { policyForms } from './policy_form.js';

/** @param {string} label @param {string} help @param {HTMLElement} control @param {string} id */
function field(label, help, control, id) {
	control.id = id;
	control.setAttribute('aria-describedby', `${id}-help`);
	return h('div', { class: 'field' }, h('label', { for: id }, label), control, h('p', { class: 'help', id: `${id}-help` }, help));
}

/** @param {Record<string, any>} attributes */
function input(attributes) { return /** @type {HTMLInputElement} */ (h('input', { autocomplete: 'off', spellcheck: 'false', ...attributes })); }

/** @param {string} account @param {string} email */
function place(account, email) { return at('accounts', account, 'users', email, 'config'); }

/** @param {string} account @param {string} [now] */
async function groupChoice(account, now = '') {
	const { groups } = await get(at('accounts', account, 'groups'));
	const names = [...new Set([...groups.map((/** @type {any} */ g) => g.name), now])].filter(Boolean);
	return /** @type {HTMLSelectElement} */ (h('select', {}, h('option', { value: '' }, t('person.group.none')), ...names.map((n) => h('option', { value: n, selected: n === now }, n))));
}

/** @param {string} account @param {string | null} address null: a new person @returns {Promise<boolean>} */
export async function editPerson(account, address) {
	const read = address ? await ask('GET', place(account, address)) : { body: { settings: {} }, etag: null };
	const now = read.body.settings, locked = originNote(read.body);
	const email = input({ type: 'email', required: true, value: address ?? '', readonly: Boolean(address) }), name = input({ value: now.name ?? '', maxlength: 254 });
	const lines = input({ value: (now.lines ?? []).join(' '), placeholder: 'hq/201' }), teams = input({ value: now.teams_id ?? '', maxlength: 36 });
	const group = await groupChoice(account, now.group), rules = await policyForms(now.policy ?? {}, 'person-policy');
	const box = h('div', { class: 'form' }, field(t('email'), t('person.email.help'), email, 'person-email'), field(t('name'), t('person.name.help'), name, 'person-name'),
		field(t('col.lines'), t('person.lines.help'), lines, 'person-lines'), field(t('graph.id'), t('person.id.help'), teams, 'person-id'), field(t('person.group'), t('person.group.help'), group, 'person-group'),
		h('details', { class: 'more-settings', open: Boolean(now.policy) }, h('summary', {}, t('person.ownrules')), ...rules.nodes));
	if (locked) lock(box);
	/** What is taken is the whole of a person: what has no field here stays as it was read. */
	const keep = async () => {
		const { group: _g, teams_id: _t, policy: _p, ...rest } = now, policy = rules.values();
		rules.mark([]);
		try {
			await save(place(account, email.value.trim()), {
				...rest, name: name.value.trim(), lines: lines.value.split(/[\s,]+/).filter(Boolean),
				...(teams.value.trim() ? { teams_id: teams.value.trim() } : {}), ...(group.value ? { group: group.value } : {}), ...(Object.keys(policy).length ? { policy } : {}),
			}, read.etag);
		} catch (e) {
			if (e instanceof Problem) rules.mark(e.errors);
			throw e;
		}
	};
	const done = await dialog(address ? t('person.edit.of', { name: now.name || address }) : t('people.add'), [locked ?? '', box], locked ? { wide: true } : { wide: true, act: t('save'), go: keep });
	if (done) toast(t('saved'));
	return done;
}

/** @param {string} account @param {any} u a row of the matching report @returns {Promise<boolean>} */
export async function giveTeamsId(account, u) {
	const path = place(account, u.email), read = await ask('GET', path), locked = originNote(read.body);
	const teams = input({ required: true, maxlength: 36, minlength: 36, pattern: '[0-9a-fA-F-]{36}', placeholder: '00000000-0000-0000-0000-000000000000' });
	const done = await dialog(t('matching.giveid.of', { name: u.name ?? u.email }), [locked ?? field(t('graph.id'), t('person.id.help'), teams, 'match-id')],
		locked ? {} : { act: t('save'), go: () => save(path, { ...read.body.settings, teams_id: teams.value.trim() }, read.etag) });
	if (done) toast(t('saved'));
	return done;
}
