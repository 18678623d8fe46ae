// races.mjs: what happens at the wrong moment: buttons pressed twice, answers that overtake each other, dialogs closed and pages
// left while something is under way, a session that ends, a daemon of another version.
import { FAKED, api, check, drawn, end, expected, facts, firstSignIn, go, late, newPage, pbx, settled, shot, signIn, stage, test, until } from './browser.mjs';

const page = await newPage();
const OTHER = 'ben@acme.example';
/** @param {string} name */
const press = (name) => page.getByRole('button', { name, exact: true }).click();
/** @param {string} method @param {string} path @param {any} [body] @param {Record<string, string>} [headers] */
async function done(method, path, body, headers) {
	const answer = await api(page, method, `/api/v1/${path}`, body, headers);
	check(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
	return answer;
}
const NEW = { 'If-None-Match': '*' };
/** How often the page asks for what matches. @param {string} method @param {string} part of the address */
function counted(method, part) {
	const count = { n: 0 };
	page.on('request', (r) => { if (r.method() === method && r.url().includes(part)) count.n++; });
	return count;
}

/** One case; what the one before has left open is closed. @param {string} name @param {() => Promise<unknown>} act */
function scene(name, act) {
	return test(name, async () => {
		await page.unrouteAll({ behavior: 'ignoreErrors' });
		await page.evaluate(() => { for (const box of document.querySelectorAll('dialog')) box.close(); });
		return act();
	});
}

await test('two accounts, one of them with a connector and two people', async () => {
	await firstSignIn(page, 'admin', facts.password);
	const teams = { tenant: facts.tenant, client_id: facts.client, client_secret: facts.secret, login_url: facts.login_url, graph_url: facts.graph_url, ca: facts.ca };
	await done('PUT', 'accounts/acme/config', { mode: 'live', teams }, NEW);
	await done('PUT', 'accounts/bravo/config', { mode: 'off', teams }, NEW);
	await done('PUT', 'accounts/acme/connectors/hq/config', { type: 'sip', server: facts.server, username: 'offhook', password: facts.pbx_password }, NEW);
	await done('PUT', `accounts/acme/users/${facts.caller}/config`, { name: 'Ana Alder', lines: [`hq/${facts.number}`] }, NEW);
	await done('PUT', `accounts/acme/users/${OTHER}/config`, { name: 'Ben Berg', lines: [`hq/${facts.number + 2}`] }, NEW);
	await page.locator('#account option[value=bravo]').waitFor({ state: 'attached' });
	await page.locator('.ends', { hasText: 'signed in' }).waitFor();
});

// ---- pressed twice ----

await scene('Save pressed twice saves once, and nobody else is said to have changed it', async () => {
	await go(page, '#/policies', 'policies');
	await page.locator('#policy-grace').fill('3m');
	const puts = counted('PUT', 'accounts/acme/config');
	await page.getByRole('button', { name: 'Save' }).dblclick();
	await page.locator('.toast', { hasText: 'Saved' }).waitFor();
	await drawn(page);
	check(puts.n === 1, `${puts.n} times saved`);
	check(await page.locator('.preview-card').isHidden(), await page.locator('.preview-card').innerText());
});

for (const [hash, name, label] of [['#/connector/acme/hq', 'connector', 'Edit'], [`#/person/acme/${facts.caller}`, 'person', 'Edit'], ['#/tenant/acme', 'tenant', 'Edit'], ['#/people', 'people', 'Add a person']]) {
	await scene(`${label} pressed twice on ${name} opens one form`, async () => {
		await go(page, hash, name);
		await page.getByRole('button', { name: label, exact: true }).dblclick();
		await page.locator('dialog').first().waitFor();
		await drawn(page);
		check(await page.locator('dialog').count() === 1, `${await page.locator('dialog').count()} dialogs`);
		await page.keyboard.press('Escape');
		await page.locator('dialog').waitFor({ state: 'detached' });
		check(await page.evaluate((text) => document.activeElement?.textContent === text, label), 'the focus is back at the button');
	});
}

await scene('a certificate is made once, however often the button is pressed', async () => {
	await go(page, '#/tenant/acme', 'tenant');
	const posts = counted('POST', '/certificate');
	await page.getByRole('button', { name: 'Make a certificate' }).dblclick();
	await page.locator('dialog .copy-text').first().waitFor();
	await drawn(page);
	check(posts.n === 1, `${posts.n} certificates`);
	await page.keyboard.press('Escape');
	await done('DELETE', 'accounts/acme/certificate');
});

await scene('Show more pressed twice adds a page once', async () => {
	await page.evaluate(async ([path, n]) => {
		const { csrf } = await (await fetch('/api/v1/session')).json();
		for (let i = 0; i < n; i++)
			await fetch(path, { method: 'PUT', headers: { 'X-Offhook-CSRF': csrf, 'Content-Type': 'application/json' }, body: JSON.stringify({ enabled: i % 2 === 1 }) });
	}, /** @type {[string, number]} */ ([`/api/v1/accounts/acme/users/${OTHER}/enabled`, 110]));
	await until('all is written down', async () => JSON.parse((await done('GET', 'audit?limit=200')).text).changes.filter((/** @type {any} */ c) => c.verb === 'switch').length === 110);
	await go(page, '#/audit', 'audit');
	await page.locator('main tbody tr').nth(99).waitFor();
	await page.getByRole('button', { name: 'Show more' }).dblclick();
	await page.locator('main tbody tr').nth(100).waitFor();
	await drawn(page);
	const rows = await page.locator('main tbody tr').allInnerTexts(), whole = JSON.parse((await done('GET', 'audit?limit=200')).text).changes.length;
	check(rows.length === whole, `${rows.length} rows of ${whole}`);
	const cut = await page.locator('main .card.flush').evaluate((card) => card.scrollHeight - card.clientHeight);
	check(cut <= 0, `${cut} pixels of the list cannot be scrolled to`);
});

// ---- answers that overtake each other ----

await scene('what was searched before does not cover what is searched now', async () => {
	await go(page, '#/audit', 'audit');
	const old = await late(page, '**/api/v1/audit?*q=sign-in*');
	await page.locator('main input[type=search]').fill('sign-in');
	await old.made;
	await page.locator('main input[type=search]').fill('put-connector');
	await page.locator('main tbody tr', { hasText: 'connector saved' }).waitFor();
	await until('nothing else is listed', async () => (await page.locator('main tbody tr').allInnerTexts()).every((r) => r.includes('connector saved')));
	await old.give();
	check((await page.locator('main tbody tr').allInnerTexts()).every((r) => r.includes('connector saved')), 'the older answer is shown');
});

await scene('the outcomes that are listed are those of the button pressed last', async () => {
	await go(page, '#/matching', 'matching');
	const found = page.locator('.states button', { hasText: 'found' }), problems = page.locator('.states button', { hasText: 'Problems' });
	await until('both are found', async () => (await found.innerText()).includes('2') || (await found.click(), await problems.click(), false));
	const old = await late(page, '**/matching?*state=matched*');
	await found.click();
	await old.made;
	await problems.click();
	await page.locator('main .empty-note', { hasText: 'Everybody was found' }).waitFor();
	await old.give();
	check(await page.locator('main tbody tr').count() === 0 && await problems.getAttribute('aria-pressed') === 'true', 'the older answer is shown');
});

await scene('a text that was changed while its preview was made is not imported unseen', async () => {
	await go(page, '#/people', 'people');
	await press('Import');
	const head = 'email,name,lines,enabled\n', imports = counted('POST', 'users:import');
	await page.locator('#csv-text').fill(`${head}seen@acme.example,Seen,,yes\n`);
	const preview = await late(page, '**/users:import?dry_run=true', 'POST');
	await press('Preview');
	await preview.made;
	await page.locator('#csv-text').fill(`${head}unseen@acme.example,Unseen,,yes\n`);
	await preview.give();
	await page.locator('dialog td', { hasText: 'seen@acme.example' }).waitFor();
	await page.locator('dialog button[type=submit]').click();
	await page.locator('dialog [role=alert]', { hasText: 'The text has changed' }).waitFor();
	await page.locator('dialog td', { hasText: 'unseen@acme.example' }).waitFor();
	check(imports.n === 2, `asked ${imports.n} times: only looked at`);
	await page.locator('dialog').getByRole('button', { name: 'Cancel' }).click();
});

await scene('what happens to a person while its page is read the first time is shown', async () => {
	await go(page, '#/people', 'people');
	await page.locator(`.rows .row[data-email="${facts.caller}"] .combined`, { hasText: 'Available' }).waitFor();
	const day = await late(page, '**/timeline');
	await page.evaluate((to) => { location.hash = to; }, `#/person/acme/${facts.caller}`);
	await day.made;
	await pbx('/call', { from: facts.number, to: facts.number + 8, dial_ms: 0, ring_ms: 0, talk_ms: 3600000 });
	await until('the daemon knows', async () => JSON.parse((await done('GET', `accounts/acme/users/${facts.caller}`)).text).combined === 'busy');
	await drawn(page);
	await day.give();
	await page.locator('.stage.combined .big', { hasText: 'Busy' }).waitFor();
	await pbx('/hangup', { phone: facts.number });
	await page.locator('.stage.combined .big', { hasText: 'Available' }).waitFor();
});

// ---- dialogs ----

await scene('who closes a form while it is being saved is told how that went, and sees it', async () => {
	await go(page, `#/person/acme/${OTHER}`, 'person');
	await press('Edit');
	await page.locator('#person-name').fill('Benno Berg');
	const answer = await late(page, '**/config', 'PUT');
	await page.locator('dialog button[type=submit]').click();
	await answer.made;
	await page.keyboard.press('Escape');
	await page.locator('dialog').waitFor({ state: 'detached' });
	await answer.give();
	await page.locator('.toast', { hasText: 'Saved' }).waitFor();
	await page.locator('h1', { hasText: 'Benno Berg' }).waitFor();
});

await scene('a form goes with its page', async () => {
	await go(page, '#/people', 'people');
	await go(page, `#/person/acme/${OTHER}`, 'person');
	await press('Edit');
	await page.locator('dialog').waitFor();
	await page.goBack();
	await settled(page, 'people');
	await page.locator('dialog').waitFor({ state: 'detached' });
});

await scene('what is there already is not said to have been changed by somebody', async () => {
	expected.push(/412 .*config/);
	await press('Add a person');
	await page.locator('#person-email').fill(OTHER);
	await page.locator('dialog button[type=submit]').click();
	await page.locator('dialog [role=alert]', { hasText: 'one of this name already' }).waitFor();
	await page.keyboard.press('Escape');
});

for (const [what, answer, said] of /** @type {[string, any, string][]} */ ([
	['no answer', null, 'The daemon does not answer'], ['a gateway without a word', { status: 503, headers: FAKED, contentType: 'text/html', body: '<h1>Service Unavailable</h1>' }, 'HTTP 503'],
	['too many attempts', { status: 429, contentType: 'application/problem+json', headers: { ...FAKED, 'Retry-After': '7' }, body: '{"title":"too many","status":429}' }, 'Wait 7 seconds']])) {
	await scene(`a form says ${what}, keeps what was typed, and takes it at the next try`, async () => {
		expected.push(/ERR_FAILED .*config/, /(503|429) .*config/);
		await go(page, `#/person/acme/${OTHER}`, 'person');
		await press('Edit');
		await page.locator('#person-name').fill(`Ben after ${what}`);
		await page.route('**/config', (route) => (route.request().method() !== 'PUT' ? route.fallback() : answer ? route.fulfill(answer) : route.abort()), { times: 2 });
		await page.locator('dialog button[type=submit]').click();
		await page.locator('dialog [role=alert]', { hasText: said }).waitFor();
		check(await page.locator('dialog [role=alert]').isVisible(), 'it is in sight');
		await page.unroute('**/config');
		await page.locator('dialog button[type=submit]').click();
		await page.locator('h1', { hasText: `Ben after ${what}` }).waitFor();
	});
}

await scene('a group that is added does not undo what is being written above', async () => {
	await go(page, '#/policies', 'policies');
	await page.locator('#policy-settle').fill('7s');
	await press('Add a group');
	await page.locator('#group-name').fill('night');
	await page.locator('dialog button[type=submit]').click();
	await page.locator('main tr', { hasText: 'night' }).waitFor();
	check(await page.locator('#policy-settle').inputValue() === '7s', 'what was written is gone');
	await done('DELETE', 'accounts/acme/groups/night', undefined, { 'If-Match': '*' });
});

// ---- pages ----

await scene('a page that cannot be loaded says so, and comes when asked again', async () => {
	expected.push(/ERR_FAILED .*pages\/settings.js/);
	await page.reload();
	await page.route('**/pages/settings.js', (route) => route.abort());
	await page.evaluate(() => { location.hash = '#/settings'; });
	await page.locator('main[data-page=settings] [role=alert]').waitFor();
	await page.unroute('**/pages/settings.js');
	await press('Read again');
	await settled(page, 'settings');
	await page.getByRole('heading', { name: 'About', exact: true }).waitFor();
});

await scene('one part of a page that fails leaves the others', async () => {
	expected.push(/ERR_FAILED .*alarms\/config/);
	await page.route('**/api/v1/alarms/config', (route) => route.abort());
	await go(page, '#/audit', 'audit');
	await go(page, '#/settings', 'settings');
	await page.locator('.card', { hasText: 'Messages about alarms' }).getByRole('alert').waitFor();
	await page.getByRole('heading', { name: 'About', exact: true }).waitFor();
	await page.unroute('**/api/v1/alarms/config');
});

await scene('an address that somebody has typed leads to a page', async () => {
	expected.push(/404 .*accounts/);
	for (const [hash, name] of [['#/constructor', 'overview'], ['#/person/acme/%E0%A4%A', 'person']]) {
		await page.goto('about:blank');
		await page.goto(`/${hash}`);
		await page.locator(`main[data-page=${name}]`).waitFor();
		await until('it is drawn', () => page.locator('main h1').count());
	}
});

await scene('pages that were drawn before the accounts were known are drawn again', async () => {
	const other = await newPage({ storageState: await page.context().storageState() });
	let release = () => {};
	const held = new Promise((act) => { release = () => act(undefined); });
	await other.route('**/api/v1/events', async (route) => {
		await held;
		await route.continue();
	});
	await other.goto('/#/policies');
	await other.locator('main .empty-note', { hasText: 'No account yet' }).waitFor();
	release();
	await other.locator('#policy-grace').waitFor();
	await other.context().close();
});

expected.push(/404 .*history/); // of an account that is switched off nothing is recorded
await scene('an account that is chosen on the page of another one leads to its own', async () => {
	await go(page, '#/tenant/acme', 'tenant');
	await page.locator('#account').selectOption('bravo');
	await page.locator('h1', { hasText: 'Tenant: bravo' }).waitFor();
	await go(page, '#/overview', 'overview');
	await page.locator('#account').selectOption('');
});

await scene('whom nobody sees any more, nothing is done to', async () => {
	await go(page, '#/people', 'people');
	await page.getByLabel('Choose all that are shown').check();
	await page.locator('.bulk', { hasText: '2 chosen' }).waitFor();
	await page.locator('#account').selectOption('bravo');
	await page.locator('.bulk').waitFor({ state: 'hidden' });
	await page.locator('#account').selectOption('');
	await page.locator('.rows .row').nth(1).waitFor();
	check(!await page.getByLabel('Choose all that are shown').isChecked(), 'nobody is chosen');
	await page.locator('.tools select').first().selectOption('acme/hq');
	await until('the filter is in the address', () => page.url().includes('connector='));
	await page.locator('#account').selectOption('bravo');
	await page.locator('.empty', { hasText: 'Nobody matches' }).waitFor();
	await until('a connector of another account is no filter', () => !page.url().includes('connector='));
	await page.locator('#account').selectOption('');
	await page.locator('.rows .row').nth(1).waitFor();
});

await scene('who is at a link stays there when the figures change', async () => {
	await go(page, '#/overview', 'overview');
	const at = page.locator('.ends tr', { hasText: 'acme' }).locator('a').first(), held = page.locator('.ends tr', { hasText: 'acme' }).locator('td').last();
	await page.locator('.ends td', { hasText: 'signed in' }).waitFor();
	await at.focus();
	await at.evaluate((a) => { globalThis['pressed'] = a; });
	await pbx('/call', { from: facts.number, to: facts.number + 8, dial_ms: 0, ring_ms: 0, talk_ms: 3600000 });
	await held.filter({ hasText: '1' }).waitFor();
	check(await page.evaluate(() => document.activeElement === globalThis['pressed']), 'the link is another one');
	await pbx('/hangup', { phone: facts.number });
});

await scene('an alarm appears on the open overview, and goes', async () => {
	await go(page, '#/overview', 'overview');
	await stage('spoil');
	await page.locator('.alarm', { hasText: 'The last reload was refused' }).waitFor();
	await page.locator('#alarm-count', { hasText: '1' }).waitFor();
	await shot(page, 'alarm-light');
	await stage('mend');
	await page.locator('.alarm').waitFor({ state: 'detached' });
	await page.locator('.well', { hasText: 'Nothing is wrong' }).waitFor();
});

// ---- the daemon and the session ----

await scene('many open tabs leave connections for the one that is looked at', async () => {
	/** @param {import('playwright-core').Page} tab @param {boolean} hidden */
	const hide = (tab, hidden) => tab.evaluate((h) => {
		Object.defineProperty(document, 'hidden', { configurable: true, get: () => h });
		document.dispatchEvent(new Event('visibilitychange'));
	}, hidden);
	const tabs = [page];
	await go(page, '#/people', 'people');
	const mine = page.locator(`.rows .row[data-email="${facts.caller}"] .combined`);
	for (let i = 0; i < 7; i++) { // a browser has six connections to an address
		await hide(tabs[i], true);
		tabs.push(await page.context().newPage());
		await tabs[i + 1].goto('/#/people');
		await tabs[i + 1].locator('.rows .row').first().waitFor();
	}
	await pbx('/call', { from: facts.number, to: facts.number + 8, dial_ms: 0, ring_ms: 0, talk_ms: 3600000 });
	await tabs[7].locator(`.rows .row[data-email="${facts.caller}"] .combined`, { hasText: 'Busy' }).waitFor();
	check(await mine.filter({ hasText: 'Available' }).count() === 1, 'who is not looked at reads nothing');
	for (const tab of tabs.slice(1)) await tab.close();
	await hide(page, false);
	await mine.filter({ hasText: 'Busy' }).waitFor();
	await page.locator('#link[data-state="live"]').waitFor();
	await pbx('/hangup', { phone: facts.number });
	await mine.filter({ hasText: 'Available' }).waitFor();
});

await scene('a page of another version than the daemon says so, and is loaded anew at the next step', async () => {
	await go(page, '#/overview', 'overview');
	await page.evaluate(() => { globalThis['same'] = true; });
	expected.push(/ERR_/, /50[234]/);
	await page.route('**/api/v1/events', (route) => route.fulfill({ headers: FAKED, contentType: 'text/event-stream', body: `event: hello\ndata: {"version":"99.1","now":"${new Date().toISOString()}"}\n\n` }));
	await stage('down');
	await page.locator('#link[data-state="lost"]').waitFor();
	await stage('up');
	await page.locator('.outdated', { hasText: '99.1' }).waitFor();
	await shot(page, 'outdated-light');
	await page.unroute('**/api/v1/events');
	await page.locator('#nav a', { hasText: 'Audit' }).click();
	await until('it was loaded anew', () => page.evaluate(() => !globalThis['same']));
	await settled(page, 'audit');
	await page.locator('.outdated').waitFor({ state: 'hidden' });
});

await scene('a session that ends leads to the way in, which says why and leads back', async () => {
	await go(page, `#/person/acme/${facts.caller}`, 'person');
	const other = await newPage();
	await other.goto('/');
	await other.getByRole('button', { name: 'Sign in' }).click();
	await signIn(other, 'admin', facts.chosen);
	await other.locator('.who').waitFor();
	const { sessions } = JSON.parse((await api(other, 'GET', '/api/v1/sessions')).text);
	for (const s of sessions) if (!s.present) await api(other, 'DELETE', `/api/v1/sessions/${s.id}`);
	await other.context().close();
	expected.push(/401 /);
	await page.locator('[role=alert]', { hasText: 'Your session has ended' }).waitFor();
	await shot(page, 'session-ended-light');
	await signIn(page, 'admin', facts.chosen);
	await settled(page, 'person');
	await page.locator('h1', { hasText: 'Ana Alder' }).waitFor();
});

await end();
