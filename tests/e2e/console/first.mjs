// first.mjs: from the first start, with nothing configured, to a person who turns Busy: only by the page; then what an owner
// does once in a while: rules, tokens, backup and restore, a certificate.
import fs from 'node:fs';
import { api, axe, check, control, end, expected, facts, firstSignIn, go, newPage, pbx, settled, shot, stage, teams, test, until } from './browser.mjs';

const page = await newPage();
/** @param {Record<string, string>} values by the name of the field */
async function fill(values) {
	await page.evaluate(() => { for (const more of document.querySelectorAll('dialog details')) more.setAttribute('open', ''); });
	for (const [name, value] of Object.entries(values)) await page.locator(`dialog [name="${name}"]`).first().fill(value);
}
async function save() {
	await page.locator('dialog button[type=submit]').click();
	await page.locator('dialog').waitFor({ state: 'detached' });
}

await test('at the first start the page leads to the tenant', async () => {
	await firstSignIn(page, 'admin', facts.password);
	await go(page, '#/tenant', 'tenant');
	await page.locator('.welcome').waitFor();
	await shot(page, 'first-light');
	await page.getByRole('button', { name: 'Add a tenant' }).click();
	await page.locator('dialog [name="tenant"]').waitFor();
	await fill({ name: 'acme', tenant: facts.tenant, client_id: facts.client, client_secret: facts.secret, login_url: facts.login_url, graph_url: facts.graph_url, ca: facts.ca });
	await shot(page, 'tenant-form-light');
	await save();
	await page.locator('.setup-steps .step').first().waitFor();
	await page.getByRole('button', { name: 'Check now' }).click();
	await page.locator('.setup-steps .step.done').first().waitFor();
	await shot(page, 'wizard-light');
});

await test('a connector and a person are added', async () => {
	await go(page, '#/connectors', 'connectors');
	await page.getByRole('button', { name: 'Add a connector' }).click();
	await page.locator('dialog [name="server"]').waitFor();
	await fill({ name: 'hq', server: facts.server, username: 'offhook', password: facts.pbx_password });
	check(await page.locator('dialog select[name=tls] option').count() === 3, 'tls is chosen, not typed');
	await shot(page, 'connector-form-light');
	await save();
	await settled(page, 'connector');
	await go(page, '#/people', 'people');
	await page.getByRole('button', { name: 'Add a person' }).click();
	await page.locator('#person-email').fill(facts.caller);
	await page.locator('#person-name').fill('Ana Alder');
	await page.locator('#person-lines').fill(`hq/${facts.number}`);
	await save();
});

await test('whom alarms are sent to is said, tried out, and nobody any more', async () => {
	await go(page, '#/settings', 'settings');
	await page.locator('#alarms-webhook').fill('odd');
	const card = page.locator('.card', { has: page.locator('#alarms-webhook') });
	expected.push(/422 .*alarms/);
	await card.getByRole('button', { name: 'Save' }).click();
	await page.locator('#alarms-webhook[aria-invalid]').waitFor();
	await page.locator('#alarms-webhook').fill('http://127.0.0.1:9/alarms');
	await page.locator('#alarms-webhook_secret_file').fill(facts.secret);
	await card.getByRole('button', { name: 'Save' }).click();
	await card.getByRole('button', { name: 'Send a test message' }).click();
	await card.getByRole('alert').filter({ hasText: 'not delivered' }).waitFor();
	check(await page.locator('#alarms-webhook_secret_file').inputValue() === '', 'the secret is not given back');
	await shot(page, 'alarms-light');
	await axe(page, 'settings');
	await card.getByRole('button', { name: 'Stop sending' }).click();
	await page.locator('dialog button[type=submit]').click();
	await card.locator('text=Nobody is told so far.').waitFor();
});

await test('the connector is tested on its page, and each step says what was found', async () => {
	await go(page, '#/connector/acme/hq', 'connector');
	await page.getByRole('button', { name: 'Test', exact: true }).click();
	await page.locator('.test-result .steps li.done', { hasText: 'signed in' }).waitFor();
	await shot(page, 'connector-test-light');
	await axe(page, 'connector');
	await go(page, '#/people', 'people');
});

await test('the person turns Busy live', async () => {
	const row = page.locator(`.rows .row[data-email="${facts.caller}"]`);
	await row.locator('.combined', { hasText: 'Available' }).waitFor();
	await pbx('/call', { from: facts.number, to: facts.number + 1, dial_ms: 0, ring_ms: 0, talk_ms: 3600000 });
	await row.locator('.combined', { hasText: 'Busy' }).waitFor();
	await row.locator('.session', { hasText: 'In a call' }).waitFor();
	await page.locator('#link[data-state="live"]').waitFor();
});

/** The buttons of a dialog that asks, and its end. @param {string} open */
async function confirmed(open) {
	await page.locator('.page-head').getByRole('button', { name: open, exact: true }).click();
	await page.locator('dialog button[type=submit]').click();
	await page.locator('dialog').waitFor({ state: 'detached' });
}

await test('an id that was given to a person stays when its name is changed; a person is deleted', async () => {
	const path = `/api/v1/accounts/acme/users/${facts.caller}`, read = async () => JSON.parse((await api(page, 'GET', path)).text);
	const { users } = await control(facts.teams, '/state', undefined, 'GET'), { id } = users.find((/** @type {any} */ u) => u.email === facts.masked);
	const edit = async (/** @type {string} */ field, /** @type {string} */ value) => {
		await page.getByRole('button', { name: 'Edit', exact: true }).click();
		await page.locator(field).fill(value);
		await save();
	};
	await go(page, `#/person/acme/${facts.caller}`, 'person');
	await edit('#person-id', id);
	await until('the id is given', async () => (await read()).matching.via === 'teams_id');
	await edit('#person-lines', `hq/${facts.number} hq/${facts.number + 2}`);
	await page.locator('.inputs', { hasText: `hq/${facts.number + 2}` }).waitFor();
	await edit('#person-name', 'Ana Elm');
	await page.locator('h1', { hasText: 'Ana Elm' }).waitFor();
	check((await read()).lines.length === 2, 'the lines of before are back');
	check((await read()).matching.via === 'teams_id', 'the id is forgotten');
	await api(page, 'PUT', '/api/v1/accounts/acme/users/short@acme.example', { name: 'Short Stay', lines: [], enabled: true });
	await go(page, '#/person/acme/short%40acme.example', 'person');
	await confirmed('Delete');
	await settled(page, 'people');
	expected.push(/404 .*short/);
	check((await api(page, 'GET', '/api/v1/accounts/acme/users/short@acme.example')).status === 404, 'the person is still there');
});

await test('a person has a group and rules of its own; who saves what somebody else has changed is told', async () => {
	const path = `/api/v1/accounts/acme/users/${facts.caller}/config`, read = async () => JSON.parse((await api(page, 'GET', path)).text).settings;
	const edit = () => page.getByRole('button', { name: 'Edit', exact: true }).click();
	await api(page, 'PUT', '/api/v1/accounts/acme/groups/vip', { name: 'vip', policy: {} }, { 'If-None-Match': '*' });
	await go(page, `#/person/acme/${facts.caller}`, 'person');
	await edit();
	await page.locator('#person-name').fill('Mine');
	await api(page, 'PUT', path, { ...await read(), name: 'Theirs' }, { 'If-Match': '*' });
	expected.push(/412 .*config/);
	await page.locator('dialog button[type=submit]').click();
	await page.locator('dialog .error-note, dialog [role=alert]').first().waitFor();
	check((await read()).name === 'Theirs', 'what somebody else has written is lost');
	await page.locator('dialog').getByRole('button', { name: 'Cancel' }).click();
	await edit();
	check(await page.locator('#person-name').inputValue() === 'Theirs', 'the form begins with what is so now');
	await page.locator('#person-group').selectOption('vip');
	await page.locator('dialog summary', { hasText: 'Rules of the person' }).click();
	await page.locator('#person-policy-dnd').selectOption('preferred');
	await shot(page, 'person-edit-light');
	await axe(page, 'person');
	await save();
	const now = await read();
	check(now.group === 'vip' && now.policy?.dnd === 'preferred' && now.lines.length === 2 && now.teams_id, JSON.stringify(now));
	await edit();
	check(await page.locator('#person-group').inputValue() === 'vip', 'the group is chosen');
	await page.locator('#person-group').selectOption('');
	await page.locator('#person-policy-dnd').selectOption('');
	await save();
	const then = await read();
	check(then.group === undefined && then.policy === undefined && then.lines.length === 2, JSON.stringify(then));
	check((await api(page, 'DELETE', '/api/v1/accounts/acme/groups/vip', undefined, { 'If-Match': '*' })).status === 200, 'the group is still needed');
});

await test('a tenant keeps for how long changes are kept, and whom it excludes; one is deleted', async () => {
	await go(page, '#/tenant/acme', 'tenant');
	await page.getByRole('button', { name: 'Edit', exact: true }).click();
	await page.locator('dialog [name="tenant"]').waitFor();
	await fill({ audit_days: '30', exclude: 'boss@acme.example' });
	await shot(page, 'tenant-edit-light');
	await axe(page, 'tenant');
	await save();
	const { settings } = JSON.parse((await api(page, 'GET', '/api/v1/accounts/acme/config')).text);
	check(settings.audit_days === 30 && settings.matching.exclude[0] === 'boss@acme.example', JSON.stringify(settings));
	await api(page, 'PUT', '/api/v1/accounts/late/config', { mode: 'off', teams: { ...settings.teams, client_secret: 'x', ca: undefined } }, { 'If-None-Match': '*' });
	await go(page, '#/tenant/late', 'tenant');
	await confirmed('Delete');
	await settled(page, 'overview');
	expected.push(/404 .*late/);
	check((await api(page, 'GET', '/api/v1/accounts/late/config')).status === 404, 'the tenant is still there');
});

/** What the API has of acme's rules. */
async function policy() { return JSON.parse((await api(page, 'GET', '/api/v1/accounts/acme/config')).text).settings.policy; }

await test('other rules are looked at, then saved, and are in force', async () => {
	await go(page, '#/policies', 'policies');
	await page.locator('#policy-busy').selectOption('dnd');
	await page.getByRole('button', { name: 'Preview' }).click();
	const row = page.locator('.preview-card tbody tr');
	await row.first().waitFor();
	const said = (await row.allInnerTexts()).join();
	check(said === `${facts.caller}\tIn a call\tPresenting`, `the preview says ${said}`);
	check(!await policy(), 'a look changes nothing');
	await shot(page, 'policy-preview-light');
	await axe(page, 'policies');
	await page.getByRole('button', { name: 'Save' }).click();
	await until('it is saved', async () => (await policy())?.busy === 'dnd');
	await go(page, '#/people', 'people');
	await page.locator(`.rows .row[data-email="${facts.caller}"] .session`, { hasText: 'Presenting' }).waitFor();
});

await test('what somebody else changed meanwhile is not overwritten', async () => {
	expected.push(/412 .*config/);
	await go(page, '#/policies', 'policies');
	await page.locator('#policy-grace').fill('3m');
	const path = '/api/v1/accounts/acme/config', read = await api(page, 'GET', path), { settings } = JSON.parse(read.text);
	const theirs = await api(page, 'PUT', path, { ...settings, policy: { ...settings.policy, ringing: 'busy' } }, { 'If-Match': read.etag });
	check(theirs.status === 200, `theirs: ${theirs.status} ${theirs.text}`);
	await page.getByRole('button', { name: 'Save' }).click();
	await page.locator('.preview-card [role=alert]', { hasText: 'Somebody else has changed this' }).waitFor();
	await shot(page, 'policy-changed-light');
	check(!(await policy()).grace, 'nothing was saved over theirs');
	await page.getByRole('button', { name: 'Read again' }).click();
	await page.locator('.preview-card').waitFor({ state: 'hidden' });
	check(await page.locator('#policy-ringing').inputValue() === 'busy', 'theirs is shown');
	await page.locator('#policy-grace').fill('3m');
	await page.getByRole('button', { name: 'Save' }).click();
	await until('it is saved', async () => (await policy()).grace === '3m');
	const now = await policy();
	check(now.busy === 'dnd' && now.ringing === 'busy', JSON.stringify(now));
});

/** @param {string} name of a card */
const card = (name) => page.locator('.card', { has: page.getByRole('heading', { name, exact: true }) });

await test('a group is made, listed, and deleted', async () => {
	await go(page, '#/policies', 'policies');
	await page.getByRole('button', { name: 'Add a group' }).click();
	await page.locator('#group-name').fill('sales');
	await page.locator('#group-busy').selectOption('dnd');
	await page.locator('dialog button[type=submit]').click();
	const row = card('Groups').locator('tr', { hasText: 'sales' });
	await row.filter({ hasText: 'the console' }).waitFor();
	await shot(page, 'groups-light');
	await axe(page, 'groups');
	await row.getByRole('button', { name: 'Delete' }).click();
	await page.locator('dialog button[type=submit]').click();
	await row.waitFor({ state: 'detached' });
	await card('Groups').getByText('There are no groups yet.').waitFor();
});

await test('a connector is asked anew by its page, and says what it found', async () => {
	await go(page, '#/connector/acme/hq', 'connector');
	await page.getByRole('button', { name: 'Test' }).click();
	await page.locator('.steps li.done', { hasText: 'hq' }).waitFor();
});

await test('a token is shown once, listed, and revoked', async () => {
	await go(page, '#/settings', 'settings');
	await card('Sessions').locator('td', { hasText: 'this browser' }).waitFor();
	await page.getByRole('button', { name: 'Make a token' }).click();
	await page.locator('#token-name').fill('wallboard');
	await page.locator('dialog button[type=submit]').click();
	const token = await page.locator('dialog .copy-text').innerText();
	const answer = await fetch(`${facts.url}/api/v1/accounts`, { headers: { Authorization: `Bearer ${token}` } });
	check(answer.status === 200, `the token: ${answer.status}`);
	await page.locator('dialog').getByRole('button', { name: 'Close' }).click();
	const row = card('API tokens').locator('tr', { hasText: 'wallboard' });
	await row.filter({ hasText: 'Viewer · All accounts' }).waitFor();
	await row.getByRole('button', { name: 'Revoke' }).click();
	await page.locator('dialog button[type=submit]').click();
	await row.waitFor({ state: 'detached' });
});

await test('an administrator has several roles, keeps them, and gets a new password', async () => {
	const eva = card('Administrators').locator('tr', { hasText: 'eva' });
	await page.getByRole('button', { name: 'Add an administrator' }).click();
	await page.locator('#admin-name').fill('eva');
	await page.locator('#grant-1-account').selectOption('acme');
	await page.getByRole('button', { name: 'Another role' }).click();
	await page.locator('#grant-2-role').selectOption('operator');
	await shot(page, 'administrator-light');
	await axe(page, 'administrator');
	await page.locator('dialog button[type=submit]').click();
	const once = await page.locator('dialog .copy-text').innerText();
	await page.locator('dialog').getByRole('button', { name: 'Close' }).click();
	const both = eva.filter({ hasText: 'Viewer · acme, Operator · All accounts' });
	await both.waitFor();
	await eva.getByRole('button', { name: 'Roles' }).click();
	await save();
	await both.waitFor();
	await eva.getByRole('button', { name: 'New password' }).click();
	await page.locator('dialog button[type=submit]').click();
	const again = await page.locator('dialog .copy-text').innerText();
	check(again && again !== once, 'it is another one');
	await page.locator('dialog').getByRole('button', { name: 'Close' }).click();
});

await test('the audit speaks German, also of what was sent and who was refused', async () => {
	expected.push(/401 .*session/);
	await api(page, 'PUT', `/api/v1/accounts/acme/users/${facts.caller}/profile`, { state: 'away', until: null });
	await api(page, 'PUT', `/api/v1/accounts/acme/users/${facts.caller}/profile`, { state: 'available', until: null });
	await fetch(`${facts.url}/api/v1/session`, { method: 'POST', headers: { 'Content-Type': 'application/json', Origin: facts.url }, body: JSON.stringify({ name: 'nobody', password: 'a wrong password' }) });
	const csrf = JSON.parse((await api(page, 'GET', '/api/v1/session')).text).csrf;
	await page.evaluate((token) => fetch('/api/v1/accounts/acme/users:import', { method: 'POST', headers: { 'Content-Type': 'text/csv', 'X-Offhook-CSRF': token }, body: 'email,name\nno address,\n' }), csrf);
	const hook = '/api/v1/accounts/acme/connectors/spare/config';
	await api(page, 'PUT', hook, { type: 'webhook', token: 'a-token-of-some-length' }, { 'If-None-Match': '*' });
	await api(page, 'DELETE', hook, undefined, { 'If-Match': '*' });
	const german = await newPage({ locale: 'de-DE', storageState: await page.context().storageState() });
	const wanted = ['0 neu, 0 geändert, 1 Zeilen abgelehnt', 'type: webhook; token: angegeben', 'Anmeldung abgelehnt jemand Unbekanntes Server unbekannter Name, von 127.0.0.1', `Status gesetzt ${facts.caller} acme Abwesend`, 'angelegt Administrator eva Server Betrachter · acme, Bediener · Alle Konten', 'angelegt Token wallboard Server Betrachter', 'Anmeldung 127.0.0.1 Server Chrome'];
	await until('all is written down', async () => {
		await go(german, '#/overview', 'overview');
		await go(german, '#/audit', 'audit');
		const rows = (await german.locator('main tbody tr').allInnerTexts()).map((row) => row.replace(/\s+/g, ' '));
		const missing = wanted.filter((one) => !rows.some((row) => row.includes(one)));
		if (missing.length) throw new Error(`${missing.join(' | ')} is not in\n${rows.join('\n')}`);
		return true;
	});
	await shot(german, 'audit-words-german');
	await axe(german, 'audit');
	await german.context().close();
});

/** @param {() => Promise<void>} act */
async function downloaded(act) {
	const [file] = await Promise.all([page.waitForEvent('download'), act()]);
	return { name: file.suggestedFilename(), bytes: fs.readFileSync(await file.path()), path: await file.path() };
}

/** @param {string | {name: string, mimeType: string, buffer: Buffer}} file */
async function restore(file) {
	await page.locator('#restore-file').setInputFiles(file);
	await page.getByRole('button', { name: 'Restore' }).click();
	await page.locator('dialog button[type=submit]').click();
}

await test('a backup is downloaded and taken back, what is none is refused', async () => {
	const backup = await downloaded(() => page.getByRole('button', { name: 'Download a backup' }).click());
	check(backup.bytes.subarray(0, 15).toString() === 'SQLite format 3', `${backup.name} has ${backup.bytes.length} bytes`);
	const yaml = await downloaded(() => page.getByRole('button', { name: 'Export as YAML' }).click());
	check(yaml.name === 'offhook.yaml' && yaml.bytes.includes('acme') && !yaml.bytes.includes(facts.secret), yaml.bytes.toString().slice(0, 200));
	expected.push(/422 .*restore/);
	await restore({ name: 'holiday.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no backup at all') });
	await page.locator('dialog [role=alert]').waitFor();
	await shot(page, 'restore-refused-light');
	await page.locator('dialog').getByRole('button', { name: 'Cancel' }).click();
	await restore(backup.path);
	await page.locator('.note', { hasText: 'Start offhookd again' }).waitFor();
	await shot(page, 'restore-light');
	expected.push(/ERR_/, /50[234]/);
	await stage('down');
	await stage('up');
	await page.locator('#link[data-state="live"]').waitFor();
	await go(page, '#/people', 'people');
	await page.locator(`.rows .row[data-email="${facts.caller}"]`).waitFor();
});

await test('a certificate made on the page waits, is refused, and signs in once it is uploaded', async () => {
	await go(page, '#/tenant/acme', 'tenant');
	await page.getByRole('button', { name: 'Make a certificate' }).click();
	const file = await downloaded(() => page.locator('dialog').getByRole('link', { name: 'Download' }).click());
	const pem = file.bytes.toString();
	check(file.name === 'offhook-acme.cer' && pem.startsWith('-----BEGIN CERTIFICATE-----'), `${file.name}: ${pem.slice(0, 40)}`);
	check((await page.locator('dialog .copy-text').innerText()).trim() === pem.trim(), 'the same is shown');
	await shot(page, 'certificate-light');
	await axe(page, 'certificate');
	expected.push(/409 .*certificate/);
	await page.locator('dialog').getByRole('button', { name: 'Take it into use' }).click();
	await page.locator('dialog [role=alert]', { hasText: 'AADSTS700027' }).waitFor();
	await shot(page, 'certificate-refused-light');
	await page.locator('dialog').getByRole('button', { name: 'Close' }).click();
	await page.locator('.note', { hasText: 'not in use yet' }).waitFor();
	await shot(page, 'certificate-waits-light');
	await teams(`/apps/${facts.client}/certificates`, { certificate: pem });
	await page.getByRole('button', { name: 'Show and use' }).click();
	await page.locator('dialog').getByRole('button', { name: 'Take it into use' }).click();
	await page.locator('.toast', { hasText: 'signs in now' }).waitFor();
	await page.getByRole('button', { name: 'Check now' }).click();
	await page.locator('.step.done', { hasText: 'signs in, for another' }).waitFor();
	await shot(page, 'certificate-used-light');
});

await end();
