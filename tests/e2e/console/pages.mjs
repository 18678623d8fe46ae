// pages.mjs: every page in light, dark, narrow and in German: axe, nothing beyond the edge, a screenshot, no layout jump;
// the first page is small.
import { NARROW, WIDE, axe, check, end, expected, facts, fitsWidth, go, newPage, settled, shot, signIn, test } from './browser.mjs';
import { englishIn, tables } from './sentences.mjs';

const pages = [['overview', '#/overview'], ['people', '#/people'], ['person', `#/person/acme/${facts.masked}`], ['connectors', '#/connectors'], ['connector', '#/connector/acme/hq'],
	['tenant', '#/tenant/acme'], ['matching', '#/matching?state=matched'], ['policies', '#/policies'], ['audit', '#/audit'], ['settings', '#/settings']];
const looks = {
	light: { viewport: WIDE, colorScheme: 'light' }, dark: { viewport: WIDE, colorScheme: 'dark' },
	narrow: { viewport: NARROW, colorScheme: 'light' }, german: { viewport: NARROW, colorScheme: 'dark', locale: 'de-DE' },
};
const rows = tables(facts.web);
expected.push(...facts.missing.map((m) => new RegExp(m)));

await test('the first page weighs at most 200 kB', async () => {
	const page = await newPage();
	const client = await page.context().newCDPSession(page);
	let bytes = 0;
	const shifts = [];
	client.on('Network.loadingFinished', (e) => { bytes += e.encodedDataLength; });
	await client.send('Network.enable');
	await page.exposeFunction('shifted', (v) => shifts.push(v));
	await page.addInitScript(() => new PerformanceObserver((list) => {
		for (const e of list.getEntries()) if (!e['hadRecentInput']) globalThis['shifted'](e['value']);
	}).observe({ type: 'layout-shift', buffered: true }));
	await page.goto('/');
	await settled(page, 'overview');
	await page.locator('.ends table').first().waitFor();
	check(bytes > 20000, `only ${bytes} bytes were counted`);
	check(bytes <= 200000, `${bytes} bytes`);
	const jump = shifts.reduce((a, b) => a + b, 0);
	check(jump < 0.1, `layout moved by ${jump}`);
	await page.context().close();
	return `${bytes} bytes, layout moved by ${jump.toFixed(3)}`;
});

let state;
await test('the one-time password is changed at the first sign-in', async () => {
	const page = await newPage();
	await page.goto('/');
	await page.getByRole('button', { name: 'Sign in' }).click();
	await axe(page, 'sign-in');
	await shot(page, 'signin-light');
	expected.push(/401 .*api\/v1\/session/);
	await signIn(page, 'admin', 'wrong');
	await page.getByRole('alert').waitFor();
	await signIn(page, 'admin', facts.password);
	await page.locator('input[name=old]').fill(facts.password);
	for (const name of ['new', 'again']) await page.locator(`input[name=${name}]`).fill(facts.chosen);
	await axe(page, 'password');
	await shot(page, 'password-light');
	await page.locator('button[type=submit]').click();
	await page.locator('.who').waitFor();
	state = await page.context().storageState();
	await page.context().close();
});

await test('the way in stays when the page of the address comes late', async () => {
	const page = await newPage();
	let release = () => {};
	const held = new Promise((go) => { release = () => go(undefined); });
	await page.route('**/pages/overview.js', async (route) => {
		await held;
		await route.continue();
	});
	const asked = page.waitForRequest('**/pages/overview.js'), arrived = page.waitForResponse('**/pages/overview.js');
	await page.goto('/', { waitUntil: 'commit' });
	await asked;
	await page.getByRole('button', { name: 'Sign in' }).click();
	await page.locator('input[name=name]').waitFor();
	release();
	await (await arrived).finished();
	await page.evaluate(() => import('/pages/overview.js')); // it has run, and so has what waited for it
	await page.evaluate(() => { location.hash = '#/people'; });
	await page.evaluate(() => import('/pages/people.js'));
	check(await page.locator('input[name=name]').isVisible(), 'the form is still there');
	check(await page.locator('main h1').count() === 1, 'and nothing beside it');
	await page.context().close();
});

await test('what a page still reads when it is left does not come into the next one', async () => {
	const page = await newPage({ storageState: state });
	let release = () => {};
	const held = new Promise((go) => { release = () => go(undefined); });
	await page.route('**/api/v1/tokens', async (route) => {
		await held;
		await route.continue();
	});
	const asked = page.waitForRequest('**/api/v1/tokens'), later = page.waitForResponse('**/api/v1/alarms/config');
	await page.goto('/#/settings');
	await asked;
	await go(page, '#/audit', 'audit');
	const before = await page.locator('main section').count();
	release();
	await (await later).finished(); // the settings page has added two parts since
	check(await page.locator('main section').count() === before, 'settings came into the audit page');
	await page.context().close();
});

/** None of the daemon's English sentences is on the page. @param {import('playwright-core').Page} page */
async function speaksGerman(page) {
	const found = englishIn(rows, await page.locator('body').innerText());
	check(!found.length, `the page says in English: ${found.join(' | ')}`);
}

/** What moved by itself while the page was there. @param {import('playwright-core').Page} page */
async function watchShifts(page) {
	await page.addInitScript(() => {
		globalThis['moved'] = [];
		new PerformanceObserver((list) => {
			for (const e of list.getEntries())
				if (!e['hadRecentInput']) globalThis['moved'].push({ by: e['value'], what: e['sources'].map((s) => s.node?.className ?? '').join(' ') });
		}).observe({ type: 'layout-shift', buffered: true });
	});
}

for (const [look, options] of Object.entries(looks)) {
	const page = await newPage({ ...options, storageState: state });
	await watchShifts(page);
	for (const [name, hash] of pages) {
		await test(`${name}, ${look}`, async () => {
			await go(page, hash, name);
			if (name === 'people') await page.locator('.rows .row').first().waitFor();
			await shot(page, `${name}-${look}`);
			await fitsWidth(page);
			await axe(page, name);
			if (look === 'german' && name === 'policies') await page.locator('.help', { hasText: 'Nicht stören und Beschäftigt gehen vor Abwesend' }).waitFor();
			if (look === 'german') await speaksGerman(page);
			const moved = await page.evaluate(() => globalThis['moved'].splice(0)), sum = moved.reduce((/** @type {number} */ n, /** @type {any} */ m) => n + m.by, 0);
			check(sum < 0.1, `layout moved by ${sum.toFixed(3)}: ${moved.map((/** @type {any} */ m) => m.what)}`);
		});
	}
	await page.context().close();
}

await test('an account that is switched off is neither well nor ill', async () => {
	const page = await newPage({ storageState: state });
	await go(page, '#/overview', 'overview');
	const off = page.locator('.ends tr', { hasText: 'bravo' }).locator('.badge', { hasText: 'switched off' });
	await off.waitFor();
	check(!await off.evaluate((b) => b.matches('.good, .bad')), 'no ✓ and no ✗');
	await page.locator('.ends tr', { hasText: 'acme' }).locator('.badge.good').waitFor(); // the other one is well
	await go(page, '#/tenant/bravo', 'tenant');
	await page.locator('.setup .badge.none', { hasText: 'switched off' }).waitFor();
	await page.context().close();
});

await test('what stands in offhook.yaml is shown with its place and cannot be typed over', async () => {
	const page = await newPage({ storageState: state });
	for (const [hash, name] of [['#/tenant/acme', 'tenant'], ['#/connector/acme/hq', 'connector'], [`#/person/acme/${facts.caller}`, 'person']]) {
		await go(page, hash, name);
		await page.getByRole('button', { name: 'Edit', exact: true }).click();
		await page.locator('dialog .note', { hasText: /offhook\.yaml:|acme\.csv:/ }).waitFor();
		check(await page.locator('dialog').locator('input, select, textarea').count() > 5, `${name}: the settings are shown`);
		check(await page.locator('dialog').locator('input:enabled, select:enabled, textarea:enabled').count() === 0, `${name}: a field takes text`);
		check(await page.getByRole('button', { name: 'Save' }).count() === 0, `${name}: there is nothing to save`);
		await axe(page, name);
		await page.locator('dialog').getByRole('button', { name: 'Close' }).click();
	}
	await page.context().close();
});

await test('the keyboard alone opens a person and comes back', async () => {
	const page = await newPage({ storageState: state });
	await go(page, '#/people', 'people');
	await page.locator('.rows .row').first().waitFor();
	await page.keyboard.press('Tab');
	check(await page.evaluate(() => document.activeElement?.id === 'skip'), 'the first stop is the skip link');
	await page.locator('#search').focus();
	for (let i = 0; i < 30 && !await page.evaluate(() => document.activeElement?.matches('.rows .row')); i++) await page.keyboard.press('Tab');
	await page.keyboard.press('ArrowDown');
	const email = await page.evaluate(() => document.activeElement?.getAttribute('data-email'));
	check(email, 'a row has the focus');
	await page.keyboard.press('Enter');
	await settled(page, 'person');
	check(page.url().includes(encodeURIComponent(email)), `${page.url()} is of ${email}`);
	await page.goBack();
	await settled(page, 'people');
	await page.context().close();
});

await test('the menu of a narrow window opens and closes by keyboard', async () => {
	const page = await newPage({ viewport: NARROW });
	await go(page, '#/overview', 'overview');
	await page.locator('#menu').press('Enter');
	await page.locator('#nav a').first().waitFor();
	await shot(page, 'menu-narrow');
	await page.keyboard.press('Escape');
	await page.locator('#nav').waitFor({ state: 'hidden' });
	await page.context().close();
});

await end();
