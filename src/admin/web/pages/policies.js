// Policies: what ringing, busy and Do not disturb mean, hours, status texts; and who would change before it is so.
import { Problem, ask, at, get } from '../lib/api.js';
import { add, button, fill, h } from '../lib/dom.js';
import { number, t } from '../lib/i18n.js';
import { link } from '../lib/router.js';
import { may } from '../lib/session.js';
import { turns } from '../lib/turns.js';
import { dialog, errorNote, toast } from '../parts/dialog.js';
import { erase, originNote, save } from '../parts/object_form.js';
import { card, heading, oneAccount, reading, table } from '../parts/page.js';
import { policyForms } from '../parts/policy_form.js';
import { activityWord } from '../parts/words.js';

/** @param {string} account @param {any} d of the preview */
function previewTable(account, d) {
	const rows = d.changes.map((/** @type {any} */ c) => [h('a', { href: link('person', account, c.email) }, c.email), stateOf(c.now), stateOf(c.then)]);
	return h('div', { role: 'status' }, h('p', {}, d.differ ? t('policy.differ', { n: number(d.differ) }) : t('policy.same')),
		rows.length ? table(t('policy.preview'), [t('email'), t('policy.now'), t('policy.then')], rows, '') : null);
}

/** What is held in Teams, in the reader's words. @param {string} s "nothing", "Busy/InACall (preferred), \"In a meeting\"" */
function stateOf(s) {
	const [, held, more] = s.match(/^(nothing|\w+\/\w+)(.*)$/) ?? [];
	if (!held) return s;
	return `${held === 'nothing' ? t('activity.none') : activityWord(held.split('/')[1])}${more}`;
}

/** @param {string} account @param {Record<string, any>} policy */
function preview(account, policy) {
	return ask('POST', `${at('accounts', account)}/preview`, { text: JSON.stringify(policy), type: 'application/yaml' }).then((a) => a.body);
}

/** @param {string} account @param {string | null} name */
async function editGroup(account, name) {
	const read = name ? await ask('GET', at('accounts', account, 'groups', name)) : { body: { settings: {} }, etag: null };
	const doc = read.body.settings ?? {}, forms = await policyForms(doc.policy ?? {}, 'group'), locked = originNote(read.body);
	const title = /** @type {HTMLInputElement} */ (h('input', { id: 'group-name', required: true, maxlength: 64, value: name ?? '', readonly: Boolean(name) }));
	const done = await dialog(name ?? t('policy.group.add'), [locked ?? '', h('div', { class: 'field' }, h('label', { for: 'group-name' }, t('name')), title), ...forms.nodes],
		locked || !may('owner', account) ? { wide: true } : { wide: true, act: t('save'), go: () => save(at('accounts', account, 'groups', title.value.trim()), { name: title.value.trim(), policy: forms.values() }, read.etag) });
	if (done) toast(t('saved'));
	return done;
}

/** @param {HTMLElement} main */
export async function show(main) {
	const account = oneAccount(), body = h('div', { class: 'policy-page' }), result = h('section', { class: 'card preview-card', hidden: true }), groupsBox = h('div', {}), turn = turns();
	add(main, heading(`${t('page.policies')}${account ? `: ${account}` : ''}`), h('p', { class: 'lead' }, t('policy.lead')), body);
	if (!account) {
		fill(body, h('p', { class: 'empty-note' }, t('tenant.none')));
		return;
	}
	await draw().catch(failed);

	/** @param {unknown} e */
	function failed(e) { fill(body, errorNote(e)); }

	async function draw() {
		const path = `${at('accounts', account)}/config`, read = await ask('GET', path), locked = originNote(read.body);
		const settings = read.body.settings ?? {}, forms = await policyForms(settings.policy ?? {}, 'policy');
		const look = async () => {
			const mine = turn();
			result.hidden = false;
			fill(result, h('h2', {}, t('policy.preview')), h('p', { class: 'muted' }, t('reading')));
			try {
				forms.mark([]);
				const d = await preview(account, forms.values());
				if (mine()) fill(result, h('h2', {}, t('policy.preview')), previewTable(account, d));
			} catch (e) {
				if (!mine()) return;
				if (e instanceof Problem) forms.mark(e.errors);
				fill(result, h('h2', {}, t('policy.preview')), errorNote(e));
			}
			result.scrollIntoView({ block: 'nearest' });
		};
		const keep = async () => {
			turn();
			try {
				await save(path, { ...settings, policy: forms.values() }, read.etag);
				toast(t('saved'));
				await draw();
			} catch (e) {
				turn(); // a preview that comes now would cover it
				if (e instanceof Problem) forms.mark(e.errors);
				result.hidden = false;
				fill(result, errorNote(e), e instanceof Problem && e.status === 412 ? h('div', { class: 'actions' }, button(t('readagain'), () => draw().catch(failed), {})) : null);
				result.scrollIntoView({ block: 'nearest' });
			}
		};
		result.hidden = true;
		fill(body, locked, h('div', { class: 'columns three' }, ...forms.nodes),
			h('div', { class: 'actions bar' }, button(t('policy.preview'), look, { kind: owner() && !locked ? '' : 'primary' }), owner() && !locked ? button(t('save'), keep, { kind: 'primary' }) : null), result, groups());
	}

	/** The groups alone: what is being written above stays. @param {boolean} done */
	function again(done) { if (done) readGroups(); }

	/** @param {any} g */
	function groupRow(g) {
		const at_ = at('accounts', account, 'groups', g.name), open = () => editGroup(account, g.name).then(again);
		const gone = () => erase(at_, t('policy.group.delete'), t('policy.group.delete.ask', { name: g.name })).then(again);
		return [g.name, number(g.people), g.read_only ? [g.file, g.line].join(':') : t(g.in_force ? 'object.console' : 'object.notinforce'), h('div', { class: 'actions' },
			button(t(g.read_only || !owner() ? 'show' : 'edit'), open, { kind: 'small' }), owner() && (!g.read_only || g.hidden) ? button(t('delete'), gone, { kind: 'small' }) : null)];
	}

	function readGroups() {
		void reading(groupsBox, () => get(at('accounts', account, 'groups')), (d) => fill(groupsBox,
			table(t('policy.groups'), [t('name'), t('page.people'), t('object.where'), t('actions')], d.groups.map(groupRow), t('policy.group.none')),
			owner() ? button(t('policy.group.add'), () => editGroup(account, null).then(again), { icon: 'plus' }) : null));
	}

	function groups() {
		readGroups();
		return card(t('policy.groups'), h('p', { class: 'muted' }, t('policy.groups.lead')), groupsBox);
	}

	function owner() { return may('owner', account); }
}
