// me.mjs: a person's own page on a phone: signing in with Microsoft (teamsim), a state with an end, a pause; and what is said
// to whom Microsoft or Offhook does not let in.
import { NARROW, WIDE, api, axe, check, drawn, end, expected, facts, fitsWidth, late, newPage, pbx, settled, shot, stage, test } from './browser.mjs';

const PHONE = { viewport: NARROW, ignoreHTTPSErrors: true, hasTouch: true };
const SAID = { refused: 'abgelehnt', expired: 'zu lange', unreachable: 'nicht erreichbar', invalid: 'nicht echt', nobody: 'weder Telefon noch Rolle' };

/** @param {import('playwright-core').Page} page @param {string} name */
async function microsoft(page, name) {
	await page.goto('/');
	await page.getByRole('button', { name: 'Sign in' }).click();
	await page.getByRole('link', { name: 'Sign in with Microsoft' }).click();
	await page.getByRole('heading', { name: 'Who are you?' }).waitFor();
	await page.getByRole('link', { name, exact: true }).click();
}

let state;
expected.push(/favicon\.ico/); // of teamsim's page
const page = await newPage(PHONE);
/** @param {string} name */
const choice = (name) => page.getByRole('button', { name, exact: true });

await test('a person signs in with Microsoft and lands on its own page', async () => {
	await microsoft(page, 'Ana Alder');
	await settled(page, 'me');
	await page.locator('.page-head', { hasText: facts.caller }).waitFor();
	await page.locator('.my-state .badge', { hasText: 'Available' }).waitFor();
	check(await page.locator('#nav a').count() === 1, 'there is no other page');
	check(await page.locator('#link').count() === 0, 'nothing claims to be connecting');
	state = await page.context().storageState();
});

await test('away until a time, from the phone', async () => {
	await page.locator('#my-until-choice').selectOption('time');
	await choice('Away').click();
	await page.locator('.my-set [role=alert]', { hasText: 'Give the time' }).waitFor();
	const at = await page.evaluate(() => new Date(Date.now() + 3600000).toTimeString().slice(0, 5));
	await page.locator('#my-until-time').fill(at);
	await choice('Away').click();
	await page.locator('.my-profile', { hasText: 'Away until' }).waitFor();
	await page.locator('.my-state .big', { hasText: 'Away' }).waitFor();
	await page.locator('.my-choice[aria-pressed=true]', { hasText: 'Away' }).waitFor();
	check(await page.locator('.my-set [role=alert]').count() === 0, 'the refusal is gone');
	const chosen = await page.locator('#my-until-choice').evaluate((s) => /** @type {HTMLSelectElement} */ (s).selectedOptions[0].textContent);
	check(chosen?.startsWith(`until ${at}`), `the end in force is the one chosen, not: ${chosen}`);
	await choice('Busy').click();
	await page.locator('.my-profile', { hasText: `Busy until ${at}` }).waitFor();
	await choice('Away').click();
	await page.locator('.my-profile', { hasText: `Away until ${at}` }).waitFor();
	check(await page.evaluate(() => document.activeElement?.matches('.my-choice') ?? false), 'the button keeps the focus');
	const me = JSON.parse((await api(page, 'GET', '/api/v1/me')).text);
	const ends = await page.evaluate((until) => [new Date(until).toTimeString().slice(0, 5), Date.parse(until) - Date.now()], me.profile_until);
	check(me.profile === 'away' && ends[0] === at && Number(ends[1]) < 3600000, `${me.profile} until ${me.profile_until}, not ${at}`);
});

await test('what was read before a state was set is not drawn after it', async () => {
	const old = await late(page, '**/api/v1/me');
	await old.made;
	await choice('Busy').click();
	await page.locator('.my-profile', { hasText: 'Busy until' }).waitFor();
	await old.give();
	check(await choice('Busy').getAttribute('aria-pressed') === 'true', 'the older answer is shown');
	await page.unroute('**/api/v1/me');
});

await test('of two states pressed one after the other the last one stays', async () => {
	let release = () => {};
	const held = new Promise((go) => { release = () => go(undefined); });
	await page.route('**/api/v1/me/profile', async (route) => {
		await held;
		await route.fallback();
	}, { times: 1 });
	const asked = page.waitForRequest('**/api/v1/me/profile');
	await choice('Available').click();
	await asked;
	await choice('Away').click();
	await drawn(page);
	release();
	await page.locator('.my-profile', { hasText: 'Away until' }).waitFor();
	await drawn(page);
	check(JSON.parse((await api(page, 'GET', '/api/v1/me')).text).profile === 'away', 'the one before has overtaken it');
	await choice('Away').click();
});

for (const [look, options] of Object.entries({ light: { viewport: WIDE }, narrow: { viewport: NARROW, colorScheme: 'dark' }, german: { viewport: NARROW, locale: 'de-DE' } })) {
	await test(`me, ${look}`, async () => {
		const other = await newPage({ ...options, storageState: state });
		await other.goto('/#/me');
		await settled(other, 'me');
		await other.locator('.my-profile').waitFor();
		await other.locator('.my-state summary').click();
		await other.locator('.my-state .why li', { hasText: look === 'german' ? 'Ihr Profil entscheidet: Abwesend bis' : 'Your profile decides: Away until' }).waitFor();
		await shot(other, `me-${look}`);
		await fitsWidth(other);
		check((await other.locator('.my-state').boundingBox())?.width <= 520, 'it stays narrow in a wide window');
		await axe(other, 'me');
		await other.context().close();
	});
}

await test('available again by hand, then a call is seen', async () => {
	await choice('Available').click();
	await page.locator('.my-profile').waitFor({ state: 'detached' });
	check(await page.locator('#my-until-choice').inputValue() === 'none', 'no end is left over');
	await page.locator('.my-state .big', { hasText: 'Available' }).waitFor();
	await pbx('/call', { from: facts.number, to: facts.number + 9, dial_ms: 0, ring_ms: 0, talk_ms: 3600000 });
	await page.locator('.my-state .big', { hasText: 'Busy' }).waitFor();
	await page.locator('.my-state', { hasText: 'In Teams we hold: In a call' }).waitFor();
});

await test('paused, what is held in Teams is given back; resumed, it is held again', async () => {
	await page.getByRole('button', { name: 'Pause' }).click();
	await page.locator('.my-pause', { hasText: 'nothing goes to Teams' }).waitFor();
	await page.locator('.my-state', { hasText: 'In Teams we hold: None' }).waitFor();
	await shot(page, 'me-paused-narrow');
	check(JSON.parse((await api(page, 'GET', '/api/v1/me')).text).enabled === false, 'the daemon knows');
	await page.getByRole('button', { name: 'Resume' }).click();
	await page.locator('.my-state', { hasText: 'In Teams we hold: In a call' }).waitFor();
	await pbx('/hangup', { phone: facts.number });
});

await test('what a phone system does not take is said where it was set', async () => {
	await stage('refusing');
	await choice('Away').click();
	await page.locator('.my-refusal', { hasText: 'desk/201' }).waitFor();
	await shot(page, 'me-refused-narrow');
	await fitsWidth(page);
	await axe(page, 'me');
	await choice('Available').click();
	await page.locator('.my-refusal').waitFor({ state: 'detached' });
});

await test('nobody else is reached from there', async () => {
	expected.push(/40[34] .*api\/v1/);
	for (const path of ['accounts', 'users?limit=10', `accounts/acme/users/${facts.masked}`]) {
		const { status, text } = await api(page, 'GET', `/api/v1/${path}`);
		check(status === 403 || status === 404, `${path}: ${status}`);
		check(!text.includes(facts.masked), `${path} tells of another`);
	}
});

await test('whom Microsoft knows and Offhook does not, is told so', async () => {
	const other = await newPage(PHONE);
	await microsoft(other, 'New One');
	await settled(other, 'signin');
	await other.locator('[role=alert]', { hasText: 'neither a phone nor a role' }).waitFor();
	await shot(other, 'signin-nobody-narrow');
	await axe(other, 'sign-in');
	check(!other.url().includes('sign_in'), `${other.url()} would say it again`);
	await other.context().close();
});

await test('each way that leads nowhere has a sentence, in German too', async () => {
	const other = await newPage({ ...PHONE, locale: 'de-DE' });
	for (const [word, said] of Object.entries(SAID)) {
		await other.goto(`/?sign_in=${word}`);
		await other.locator('[role=alert]', { hasText: said }).waitFor();
	}
	await shot(other, 'signin-failed-german');
	await other.goto('/?sign_in=<b>odd</b>');
	await settled(other, 'signin');
	check(await other.locator('[role=alert]').count() === 0, 'an unknown word says nothing');
	await other.context().close();
});

await end();
