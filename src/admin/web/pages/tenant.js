// Tenant: the set-up in the order an Entra administrator works, each step checked live, commands to copy.
import { Problem, ask, at, get, post, put, remove } from '../lib/api.js';
import { add, button, fill, framed, h, icon, redraw } from '../lib/dom.js';
import { clock, day, number, said, t, word, wordOr } from '../lib/i18n.js';
import { health, on } from '../lib/live.js';
import { link } from '../lib/router.js';
import { settingsOf } from '../lib/schema.js';
import { may } from '../lib/session.js';
import { turns } from '../lib/turns.js';
import { confirm, copyable, dialog, errorNote, toast } from '../parts/dialog.js';
import { lock, settingsForm } from '../parts/form.js';
import { tenantBadge } from '../parts/health.js';
import { originNote, save } from '../parts/object_form.js';
import { card, facts, heading, oneAccount, whole } from '../parts/page.js';

const OFTEN = ['tenant', 'client_id', 'client_secret_file', 'client_secret_ends', 'certificate_file', 'key_file', 'cloud'];
/** @type {Record<string, string>} */
const SIGN = { done: 'up', failed: 'down', todo: 'todo', unknown: 'unknown' };

/** @param {any} s @param {number} n */
function step(s, n) {
	return h('li', { class: `step ${s.state}` }, h('div', { class: 'step-head' }, icon(SIGN[s.state] ?? 'unknown', ''), h('h3', {}, `${n}. ${wordOr('setup', s.id, s.title)}`),
		h('span', { class: 'step-state' }, word('step', s.state))),
	s.text ? h('p', {}, said(s.text, s.text_said)) : null,
	s.by_hand && s.state !== 'done' ? h('p', { class: 'sub' }, wordOr('setup.hand', s.id, s.by_hand)) : null,
	...(s.commands ?? []).map((/** @type {string} */ c) => copyable(c, t('command'))));
}

/** @param {HTMLElement} at_ @param {any} a */
function drawHealth(at_, a) {
	const g = a.graph;
	redraw(at_, facts([[t('state'), tenantBadge(a)], [t('mode'), word('mode', a.mode)],
		[t('tenant.token'), g.token_good_until ? t('until', { at: clock(g.token_good_until) }) : t('no')], [t('tenant.quota'), t('tenant.quota.of', { sent: number(g.sent_in_window), quota: number(g.quota_now || g.quota), s: g.window_ms / 1000 })],
		[t('tenant.answers'), t('tenant.answers.of', { accepted: number(g.accepted), throttled: number(g.throttled), denied: number(g.denied) })], [t('page.people'), number(a.users)], [t('col.held'), number(a.held)],
		[t('tenant.masked'), a.masked ? number(a.masked) : null], [t('tenant.conflict'), a.conflicts ? h('span', { class: 'error' }, number(a.conflicts)) : null]]));
}

/** What to upload, and the second step: Entra is asked before anything is replaced. @param {string} account @param {any} d */
async function useCertificate(account, d) {
	const used = await dialog(t('certificate.waits'), [h('p', {}, t('certificate.next')), copyable(d.certificate_pem, 'PEM'), facts([['SHA-1', h('code', {}, d.sha1)], ['SHA-256', h('code', {}, d.sha256)], [t('certificate.expires'), day(d.expires)]]),
		h('a', { class: 'button', download: `offhook-${account}.cer`, href: URL.createObjectURL(new Blob([d.certificate_pem], { type: 'application/x-pem-file' })) }, t('certificate.download')), h('p', { class: 'sub' }, t('certificate.then'))],
	{ wide: true, act: t('certificate.use'), leave: t('close'), go: () => put(`${at('accounts', account)}/certificate`, { use: true }) });
	if (used) toast(t('certificate.used'));
}

/** @param {string} account @param {any} waiting @param {() => void} again @param {(e: unknown) => void} failed */
function waitingNote(account, waiting, again, failed) {
	const path = `${at('accounts', account)}/certificate`;
	return h('div', { class: 'note info' }, icon('key', ''), h('div', {}, h('p', {}, t('certificate.waiting', { sha1: waiting.sha1 })), h('div', { class: 'actions' },
		button(t('certificate.drop'), () => confirm(t('certificate.drop'), t('certificate.drop.text'), t('certificate.drop'), () => remove(path)).then(again)),
		button(t('certificate.show'), () => get(path).then((d) => useCertificate(account, d)).then(again, failed), { kind: 'primary' }))));
}

/** A group of settings, where one of it is set. @param {string} key @param {Record<string, any>} values */
function given(key, values) { return { [key]: Object.keys(values).length ? values : undefined }; }

/** @param {string} account */
function deleteTenant(account) {
	const path = `${at('accounts', account)}/config`;
	return confirm(t('tenant.delete'), t('tenant.delete.ask', { account }), t('delete'), async () => {
		const { etag } = await ask('GET', path);
		await ask('DELETE', path, { headers: etag ? { 'If-Match': etag } : {} });
	});
}

/** @param {string | null} account null: the first start, nothing is there yet @param {() => void} again */
async function editTenant(account, again) {
	const [own, teams, sign, match] = await Promise.all(['account', 'teams', 'sign_in', 'matching'].map(settingsOf));
	const path = (/** @type {string} */ n) => `${at('accounts', n)}/config`;
	const read = account ? await ask('GET', path(account)) : { body: { settings: {} }, etag: null };
	const values = read.body.settings ?? {}, locked = originNote(read.body);
	const plain = settingsForm(own.filter((s) => ['name', 'mode', 'tell_absence', 'audit_days'].includes(s.key) && !(account && s.key === 'name')), values, 'account', (s) => s.key === 'name' || s.key === 'mode');
	const form = settingsForm(teams, values.teams ?? {}, 'teams', (s) => OFTEN.includes(s.key));
	const entry = settingsForm(sign, values.sign_in ?? {}, 'sign', () => true), who = settingsForm(match, values.matching ?? {}, 'match', () => true);
	if (locked) for (const part of [plain, form, entry, who]) lock(part.node);
	const done = await dialog(account ? t('tenant.edit', { account }) : t('tenant.add'), [locked ?? '', plain.node, form.node, sign.length ? h('details', { class: 'more-settings' }, h('summary', {}, t('tenant.signin')), entry.node) : '', h('details', { class: 'more-settings' }, h('summary', {}, t('page.matching')), who.node)],
		locked ? { wide: true } : { wide: true, act: t('save'), go: async () => {
			const first = plain.values(), name = account ?? String(first.name ?? ''), ways = entry.values(), rules = who.values();
			try {
				await save(path(name), { ...values, ...first, name, teams: form.values(), ...given('sign_in', ways), ...given('matching', rules) }, read.etag);
			} catch (e) {
				if (e instanceof Problem) for (const part of [plain, form, entry, who]) part.mark(e.errors);
				throw e;
			}
		} });
	if (!done) return;
	toast(t('saved'));
	again();
}

/** @param {HTMLElement} main @param {import('../lib/router.js').Where} where */
export async function show(main, where) {
	const account = where.params[0] ?? oneAccount(), box = h('div', {}), waits = h('div', {}), well = h('div', {}), result = h('div', {});
	const owner = may('owner', account || null), again = () => draw(), turn = turns();
	add(main, heading(`${t('page.tenant')}${account ? `: ${account}` : ''}`,
		...(owner && account ? [button(t('delete'), () => deleteTenant(account).then((done) => { if (done) location.hash = link('overview'); }), { kind: 'quiet' }), button(t('edit'), () => editTenant(account, again).catch(failed), { icon: 'edit' }), button(t('certificate.make'), () => post(`${at('accounts', account)}/certificate`).then((d) => useCertificate(account, d)).then(again, failed), { icon: 'key' })] : []),
		...(may('owner', null) ? [button(t('tenant.add'), () => editTenant(null, () => location.reload()).catch(failed), { kind: account ? '' : 'primary', icon: 'plus' })] : []),
		...(account && may('operator', account) ? [button(t('tenant.check'), () => check(), { kind: 'primary' })] : [])), result);
	if (!account) {
		add(main, h('section', { class: 'card welcome' }, h('h2', {}, t('tenant.first')), h('p', {}, t(owner ? 'tenant.first.text' : 'tenant.first.ask'))));
		return { close: on('health', () => { if (health.accounts.length) location.reload(); }) };
	}
	const all = whole(h('div', { class: 'columns setup' }, h('section', { class: 'card' }, h('h2', {}, t('setup.title')), h('p', { class: 'muted' }, t('setup.lead')), waits, box), card(t('tenant.health'), well)));
	add(main, all.node);

	/** @param {unknown} e */
	function failed(e) { fill(result, errorNote(e)); }

	/** @param {any} d */
	function drawSteps(d) {
		const steps = d.steps ?? d;
		fill(waits, ...(owner && d.certificate_waiting ? [waitingNote(account, d.certificate_waiting, again, failed)] : []));
		fill(box, h('ol', { class: 'setup-steps' }, ...steps.map((/** @type {any} */ s, /** @type {number} */ i) => step(s, i + 1))));
	}
	async function draw() {
		const mine = turn();
		try {
			const d = await get(`${at('accounts', account)}/setup`);
			if (mine()) drawSteps(d);
		} catch (e) {
			if (mine()) fill(box, errorNote(e));
		}
	}
	async function check() {
		const mine = turn();
		fill(result, h('p', { class: 'muted', role: 'status' }, t('tenant.checking')));
		try {
			const d = await post(`${at('accounts', account)}/setup/check`);
			if (mine()) drawSteps(d);
			fill(result);
		} catch (e) {
			failed(e);
		}
	}
	const drawWell = () => {
		const a = health.accounts.find((x) => x.name === account);
		if (a) drawHealth(well, a);
	};
	drawWell();
	const off = on('health', framed(drawWell));
	await draw();
	all.show();
	return { close: off };
}
