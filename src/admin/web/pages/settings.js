// Settings: who may do what, tokens, sessions, where alarms go, backup and restore, the whole as YAML.
import { Problem, ask, at, get, post, put, remove } from '../lib/api.js';
import { add, button, fill, h } from '../lib/dom.js';
import { clock, t, word } from '../lib/i18n.js';
import { health, version } from '../lib/live.js';
import { settingsOf } from '../lib/schema.js';
import { may, mayAnywhere, session } from '../lib/session.js';
import { agentWords } from '../parts/change.js';
import { confirm, copyable, dialog, errorNote, note, toast } from '../parts/dialog.js';
import { lock, settingsForm } from '../parts/form.js';
import { erase, originNote, save } from '../parts/object_form.js';
import { card, facts, heading, reading, table } from '../parts/page.js';

/** A message goes out within seconds; a mail server may take its time. */
const TEST_LOOKS = 30;
const ROLES = ['viewer', 'operator', 'owner'];

/** @param {{account: string, role: string}[]} grants */
function grantsWords(grants) {
	return grants.map((g) => `${word('role', g.role)} · ${g.account === '*' ? t('account.all') : g.account}`).join(', ') || '–';
}

/** @param {string} id @param {{account: string, role: string} | null} [now] */
function grantFields(id, now = null) {
	const names = [...new Set([...health.accounts.map((a) => a.name), ...(now && now.account !== '*' ? [now.account] : [])])];
	const role = /** @type {HTMLSelectElement} */ (h('select', { id: `${id}-role` }, ...ROLES.map((r) => h('option', { value: r, selected: r === now?.role }, word('role', r)))));
	const account = /** @type {HTMLSelectElement} */ (h('select', { id: `${id}-account` }, h('option', { value: '*' }, t('account.all')), ...names.map((a) => h('option', { value: a, selected: a === now?.account }, a))));
	return { node: h('div', { class: 'field-row' }, h('div', { class: 'field' }, h('label', { for: `${id}-role` }, t('role')), role), h('div', { class: 'field' }, h('label', { for: `${id}-account` }, t('account')), account)),
		value: () => ({ account: account.value, role: role.value }) };
}

/** Roles on accounts: as many rows as there are. @param {{account: string, role: string}[]} grants */
function grantList(grants) {
	/** @type {{node: HTMLElement, value: () => {account: string, role: string}}[]} */
	let rows = [];
	let n = 0;
	const box = h('div', { class: 'grants' });
	const more = (/** @type {{account: string, role: string} | null} */ g) => {
		const row = grantFields(`grant-${++n}`, g);
		row.node.append(button(t('admin.grant.remove'), () => {
			rows = rows.filter((r) => r !== row);
			row.node.remove();
		}, { kind: 'quiet' }));
		rows.push(row);
		box.append(row.node);
	};
	for (const g of grants.length ? grants : [null]) more(g);
	return { node: h('div', { class: 'form' }, box, button(t('admin.grant.add'), () => more(null), { icon: 'plus' })), value: () => rows.map((r) => r.value()) };
}

/** @param {string} id @param {string} label @param {Record<string, any>} attributes */
function textField(id, label, attributes) {
	const input = /** @type {HTMLInputElement} */ (h('input', { id, autocomplete: 'off', ...attributes }));
	return { node: h('div', { class: 'field' }, h('label', { for: id }, label), input), input };
}

/** Shown once: it is not kept anywhere in the clear. @param {string} title @param {string} text */
function shownOnce(title, text) {
	return dialog(title, [h('p', {}, t('once')), copyable(text, title)]);
}

/** @param {HTMLElement} box */
function drawAdministrators(box) {
	return reading(box, () => get('/api/v1/administrators'), (d) => {
		const again = () => drawAdministrators(box);
		const rows = d.administrators.map((/** @type {any} */ a) => [a.name, grantsWords(a.grants ?? []), h('div', { class: 'actions' }, button(t('admin.grants'), () => changeGrants(a).then(again), { kind: 'small' }),
			a.name === session.name ? null : button(t('admin.reset'), () => resetPassword(a).then(again), { kind: 'small' }),
			a.name === session.name ? null : button(t('delete'), () => confirm(t('admin.delete'), t('admin.delete.ask', { name: a.name }), t('delete'), () => remove(at('administrators', a.name))).then(again), { kind: 'small' }))]);
		fill(box, table(t('settings.administrators'), [t('name'), t('role'), t('actions')], rows, t('none')), button(t('admin.add'), () => addAdministrator().then(again), { icon: 'plus' }));
	});
}

/** @param {any} a */
function changeGrants(a) {
	const grants = grantList(a.grants ?? []);
	return dialog(t('admin.grants.of', { name: a.name }), [grants.node], { act: t('save'), go: () => put(at('administrators', a.name), { grants: grants.value() }) });
}

/** @param {any} a */
async function resetPassword(a) {
	let password = '';
	if (await confirm(t('admin.reset'), t('admin.reset.ask', { name: a.name }), t('admin.reset'), async () => {
		password = (await post(`${at('administrators', a.name)}/password`)).one_time_password;
	})) await shownOnce(t('admin.password'), password);
}

async function addAdministrator() {
	const name = textField('admin-name', t('name'), { required: true, maxlength: 64 }), grants = grantList([]);
	let password = '';
	if (await dialog(t('admin.add'), [name.node, grants.node], { act: t('save'), go: async () => {
		password = (await post('/api/v1/administrators', { name: name.input.value.trim(), grants: grants.value() })).one_time_password;
	} })) await shownOnce(t('admin.password'), password);
}

/** @param {HTMLElement} box */
function drawTokens(box) {
	return reading(box, () => get('/api/v1/tokens'), (d) => {
		const again = () => drawTokens(box);
		const rows = d.tokens.map((/** @type {any} */ k) => [k.name, grantsWords([k]), k.expires ? clock(k.expires) : t('token.noend'), k.used ? clock(k.used) : '–',
			button(t('token.revoke'), () => confirm(t('token.revoke'), t('token.revoke.ask', { name: k.name }), t('token.revoke'), () => remove(at('tokens', String(k.id)))).then(again), { kind: 'small' })]);
		fill(box, table(t('settings.tokens'), [t('name'), t('role'), t('token.expires'), t('token.used'), t('actions')], rows, t('token.none')), button(t('token.add'), () => addToken().then(again), { icon: 'plus' }));
	});
}

async function addToken() {
	const name = textField('token-name', t('name'), { required: true, maxlength: 64 }), grant = grantFields('token'), end = textField('token-end', t('token.expires'), { type: 'date' });
	let token = '';
	if (await dialog(t('token.add'), [name.node, grant.node, end.node], { act: t('token.make'), go: async () => {
		const g = grant.value();
		token = (await post('/api/v1/tokens', { name: name.input.value.trim(), role: g.role, account: g.account === '*' ? null : g.account, expires: end.input.value ? new Date(end.input.value).toISOString() : null })).token;
	} })) await shownOnce(t('token.made'), token);
}

/** @param {HTMLElement} box */
function drawSessions(box) {
	return reading(box, () => get('/api/v1/sessions'), (d) => {
		const rows = d.sessions.map((/** @type {any} */ s) => [s.name, s.address ?? '', agentWords(s.agent ?? ''), clock(s.seen), s.present ? t('session.this')
			: button(t('session.end'), () => remove(at('sessions', String(s.id))).then(() => drawSessions(box)), { kind: 'small' })]);
		fill(box, table(t('settings.sessions'), [t('name'), t('session.address'), t('session.browser'), t('session.used'), t('actions')], rows, t('none')));
	});
}

/** Saves an answer as a file: the browser's own download does not carry a failure's words. @param {string} path @param {string} name */
async function download(path, name) {
	const answer = await fetch(path, { credentials: 'same-origin' }).catch(() => null), blob = await answer?.blob().catch(() => null);
	if (!answer || !blob) throw new Problem(0, null);
	if (!answer.ok) throw new Problem(answer.status, await blob.text().then(JSON.parse).catch(() => null));
	saveAs(blob, name);
}

/** @param {Blob} blob @param {string} name */
function saveAs(blob, name) {
	const a = h('a', { href: URL.createObjectURL(blob), download: name });
	a.click();
	URL.revokeObjectURL(a.getAttribute('href') ?? '');
}

/** Sends a message to each address and says what became of it. @param {HTMLElement} result */
async function testAlarms(result) {
	fill(result, h('p', { class: 'muted', role: 'status' }, t('settings.alarms.sending')));
	try {
		const before = await post('/api/v1/alarms/test');
		let now = before;
		for (let i = 0; i < TEST_LOOKS && now.sent + now.failed < before.sent + before.failed + before.targets; i++) {
			await new Promise((go) => setTimeout(go, 1000));
			now = await get('/api/v1/alarms/sent');
		}
		const n = now.sent - before.sent, text = t('settings.alarms.sent', { n, all: before.targets });
		fill(result, n >= before.targets ? note(text, 'good') : errorNote(new Error(now.failed > before.failed ? t('settings.alarms.failed', { why: now.error }) : text)));
	} catch (e) {
		fill(result, errorNote(e));
	}
}

/** Whom alarms are sent to. @param {HTMLElement} box */
async function drawAlarms(box) {
	const path = '/api/v1/alarms/config', rows = await settingsOf('alarms'), result = h('div', {});
	const read = await ask('GET', path), there = read.body.in_force || Object.keys(read.body.settings).length > 0;
	const locked = originNote(read.body), form = settingsForm(rows, read.body.settings, 'alarms');
	if (locked) lock(form.node);
	const keep = async () => {
		form.mark([]);
		try {
			await save(path, form.values(), there ? read.etag : null);
			toast(t('saved'));
			await drawAlarms(box);
		} catch (e) {
			if (e instanceof Problem) form.mark(e.errors);
			fill(result, errorNote(e));
		}
	};
	const forget = () => erase(path, t('settings.alarms.delete'), t('settings.alarms.delete.ask')).then((done) => (done ? drawAlarms(box) : undefined));
	fill(box, h('div', { class: 'spaced' }, h('p', { class: 'muted' }, t('settings.alarms.lead')), locked ?? (there ? null : h('p', {}, t('settings.alarms.none'))), form.node,
		h('div', { class: 'actions' }, there && !locked ? button(t('settings.alarms.delete'), forget, { kind: 'quiet' }) : null,
			there ? button(t('settings.alarms.test'), () => testAlarms(result), {}) : null, locked ? null : button(t('save'), keep, { kind: 'primary' })), result));
}

/** @param {HTMLElement} box */
function drawBackup(box) {
	const result = h('div', {}), file = /** @type {HTMLInputElement} */ (h('input', { type: 'file', id: 'restore-file' }));
	const failed = (/** @type {unknown} */ e) => fill(result, errorNote(e));
	const restore = () => {
		const blob = file.files?.[0];
		if (!blob) return failed(new Error(t('restore.nofile')));
		return confirm(t('restore'), t('restore.ask', { name: blob.name }), t('restore'), async () => {
			const { body } = await ask('POST', '/api/v1/restore', { blob, type: 'application/vnd.sqlite3' });
			fill(result, note(t('restore.done', { former: body.former }), 'good'));
		});
	};
	fill(box, h('div', { class: 'spaced' }, h('p', { class: 'muted' }, t('backup.lead')), h('div', { class: 'actions' }, button(t('backup'), () => download('/api/v1/backup', 'offhook-backup.db').catch(failed), { icon: 'import' }),
		button(t('export'), () => get('/api/v1/export').then((d) => saveAs(new Blob([d.yaml]), 'offhook.yaml')).catch(failed), { icon: 'import' })),
	h('div', { class: 'field' }, h('label', { for: 'restore-file' }, t('restore.file')), file), h('div', { class: 'actions' }, button(t('restore'), restore, {})), result));
}

/** @param {HTMLElement} box */
function drawAbout(box) {
	fill(box, facts([[t('about.version'), version], [t('about.signedin'), session.signed_in ? `${session.name} (${grantsWords(session.grants)})` : t('about.visitor')],
		[t('about.api'), h('a', { href: '/api/v1/openapi.json' }, 'OpenAPI')], [t('about.metrics'), h('a', { href: '/metrics' }, '/metrics')], [t('about.health'), h('a', { href: '/readyz' }, '/readyz')]]));
}

/** @param {HTMLElement} main */
export async function show(main) {
	const about = h('div', {});
	/** @type {[boolean, string, (box: HTMLElement) => unknown][]} */
	const parts = [
		[may('owner', null), t('settings.administrators'), drawAdministrators], [mayAnywhere('owner'), t('settings.tokens'), drawTokens],
		[session.signed_in, t('settings.sessions'), drawSessions], [may('owner', null), t('settings.alarms'), drawAlarms], [may('owner', null), t('settings.backup'), drawBackup],
	];
	add(main, heading(t('page.settings'), ...(may('owner', null) ? [button(t('reload'), () => post('/api/v1/reload').then(() => toast(t('reloaded'))), {})] : [])));
	if (!session.signed_in) add(main, note(t('settings.signin')));
	for (const [shown, title, draw] of parts) {
		if (!shown) continue;
		const box = h('div', {});
		add(main, card(title, box));
		try {
			await draw(box);
		} catch (e) {
			fill(box, errorNote(e));
		}
	}
	add(main, card(t('settings.about'), about));
	drawAbout(about);
}
