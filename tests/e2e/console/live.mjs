// live.mjs: what people do with the console, seen from the page: presence live, explanations, import, roles, ten thousand
// rows, a stream that is lost.
import { api, check, end, expected, facts, firstSignIn, go, newPage, pbx, settled, shot, stage, test, until } from './browser.mjs';

expected.push(...facts.missing.map((m) => new RegExp(m)));
const admin = await newPage();

await test('the administrator signs in', async () => {
	await firstSignIn(admin, 'admin', facts.password);
});

/** @param {import('playwright-core').Page} page @param {string} email */
function row(page, email) { return page.locator(`.rows .row[data-email="${email}"]`); }

/** How late this machine is while something is waited for: the slowest of the answers that cost the daemon nothing.
 * @param {() => Promise<void>} wait */
async function lateness(wait) {
	let slowest = 0, over = false;
	const asks = (async () => {
		for (let i = 0; i < 10 || !over; i++) {
			const from = Date.now();
			await api(admin, 'GET', '/healthz');
			slowest = Math.max(slowest, Date.now() - from);
		}
	})();
	await wait();
	over = true;
	await asks;
	return slowest;
}

await test('a person turns Busy live within a second of the call', async () => {
	await go(admin, '#/people', 'people');
	await admin.locator('#search').fill(facts.caller);
	await row(admin, facts.caller).waitFor();
	let best = Infinity, good = false;
	for (let turn = 0; turn < 20 && !good; turn++) {
		await row(admin, facts.caller).locator('.combined', { hasText: 'Available' }).waitFor();
		let took = 0;
		const late = await lateness(async () => { // a machine with other work is late by itself
			const from = Date.now();
			await pbx('/call', { from: facts.number, to: facts.number + 1, dial_ms: 0, ring_ms: 0, talk_ms: 3600000 });
			await row(admin, facts.caller).locator('.combined', { hasText: 'Busy' }).waitFor();
			took = Date.now() - from;
		});
		best = Math.min(best, took);
		good = took <= 1000 + 5 * late;
		await row(admin, facts.caller).locator('.session', { hasText: 'In a call' }).waitFor();
		if (turn === 0) await shot(admin, 'busy-light');
		await pbx('/hangup', { phone: facts.number });
	}
	await row(admin, facts.caller).locator('.combined', { hasText: 'Available' }).waitFor();
	check(good, `${best} ms at best`);
	return `${best} ms from the call to the page`;
});

await test('the explanation of a masked state says why Teams differs', async () => {
	await go(admin, `#/person/acme/${facts.masked}`, 'person');
	await admin.locator('.stage.differs', { hasText: 'Offline' }).waitFor();
	await admin.locator('.stage.differs .reason', { hasText: 'set by hand in Teams outranks every session' }).waitFor();
	await admin.locator('.input.decides', { hasText: 'decides' }).waitFor();
	check(await admin.locator('.arrow.differs').count() === 1, 'one arrow differs: the last');
	await shot(admin, 'masked-light');
});

await test('a CSV import with two wrong rows says which, and is not taken blindly', async () => {
	await go(admin, '#/people', 'people');
	await admin.getByRole('button', { name: 'Import' }).click();
	await admin.locator('#csv-text').fill('email,name,lines,enabled\nnew.one@acme.example,New One,hq/205,yes\nno-address,Bad,hq/206,yes\nother@acme.example,Other,nowhere/1,yes\n');
	await admin.getByRole('button', { name: 'Preview' }).click();
	await admin.locator('.wrong-rows tbody tr').nth(1).waitFor();
	check(await admin.locator('.wrong-rows tbody tr').count() === 2, 'two rows are wrong');
	await shot(admin, 'import-light');
	await admin.locator('#csv-text').fill('email,name,lines,enabled\nnew.one@acme.example,New One,hq/205,yes\n');
	await admin.getByRole('button', { name: 'Preview' }).click();
	await admin.locator('.wrong-rows').waitFor({ state: 'detached' });
	const changes = admin.getByRole('region', { name: 'Changes' }).locator('tbody tr');
	await changes.first().waitFor();
	check((await changes.allInnerTexts()).join() === 'new.one@acme.example\tnew', `the preview says ${await changes.allInnerTexts()}`);
	await admin.locator('dialog button[type=submit]').click();
	await admin.locator('dialog').waitFor({ state: 'detached' });
	await admin.locator('#search').fill('new.one');
	await row(admin, 'new.one@acme.example').waitFor();
});

await test('away until a time, set on the page, ends by itself', async () => {
	await go(admin, `#/person/acme/${facts.caller}`, 'person');
	await admin.getByRole('button', { name: 'Set the state' }).click();
	await admin.getByRole('radio', { name: 'Away' }).check();
	await admin.locator('#until-choice').selectOption('time');
	const typed = await admin.evaluate(() => new Date(Date.now() + 3600000).toTimeString().slice(0, 8));
	await admin.locator('#until-time').fill(typed);
	await shot(admin, 'away-dialog-light');
	await admin.locator('dialog button[type=submit]').click();
	await admin.locator('.stage.combined .big', { hasText: 'Away' }).waitFor();
	await admin.locator('.stage.held .big', { hasText: 'Away' }).waitFor();
	const path = `/api/v1/accounts/acme/users/${facts.caller}`, kept = JSON.parse((await api(admin, 'GET', path)).text).profile_until;
	const at = await admin.evaluate((until) => new Date(until).toTimeString().slice(0, 8), kept);
	check(at === typed, `it ends at ${at}, not at ${typed}`);
	// the same, to end in seconds; who comes with it too late is refused, and comes again
	expected.push(/400 .*\/profile/);
	await until('it is to end soon', async () => (await api(admin, 'PUT', `${path}/profile`, { state: 'away', until: new Date(Date.now() + 4000).toISOString().replace(/\.\d+/, '') })).status === 200);
	await admin.locator('.stage.combined .big', { hasText: 'Available' }).waitFor();
});

await test('people are switched off and on together', async () => {
	await go(admin, '#/people', 'people');
	await admin.locator('#search').fill('bulk');
	await until('two rows', async () => await admin.locator('.rows .row').count() === 2);
	await admin.getByLabel('Choose all that are shown').check();
	await admin.getByRole('button', { name: 'Switch off' }).click();
	await admin.locator('dialog button[type=submit]').click();
	await until('both are off', async () => await admin.locator('.rows .row.off').count() === 2);
});

/** @param {string} name @param {any} grants */
async function administrator(name, grants) {
	const made = await stage(`administrator ${JSON.stringify({ name, grants })}`);
	const page = await newPage();
	await firstSignIn(page, name, made);
	return page;
}

await test('a viewer can read and cannot write', async () => {
	const viewer = await administrator('looker', [{ account: '*', role: 'viewer' }]);
	await go(viewer, `#/person/acme/${facts.caller}`, 'person');
	for (const name of ['Set the state', 'Switch off', 'Edit']) check(await viewer.getByRole('button', { name }).count() === 0, `no button "${name}"`);
	await go(viewer, '#/people', 'people');
	await viewer.locator('.rows .row').first().waitFor();
	for (const name of ['Import', 'Add a person']) check(await viewer.getByRole('button', { name }).count() === 0, `no button "${name}"`);
	expected.push(/403 .*\/enabled/);
	const refused = await api(viewer, 'PUT', `/api/v1/accounts/acme/users/${facts.caller}/enabled`, { enabled: false });
	check(refused.status === 403, `the API answers ${refused.status}`);
	await viewer.context().close();
});

await test('whoever belongs to one account does not see another', async () => {
	expected.push(/404 .*history/); // of an account that is switched off nothing is recorded
	const one = await administrator('one', [{ account: 'bravo', role: 'owner' }]);
	await go(one, '#/overview', 'overview');
	await one.locator('.ends td', { hasText: 'bravo' }).first().waitFor();
	check(!(await one.locator('body').innerText()).includes('acme'), 'acme is not on the overview');
	await go(one, '#/connectors', 'connectors');
	check(!(await one.locator('main').innerText()).includes('acme'), 'acme is not among the connectors');
	await go(one, '#/people', 'people');
	await one.locator('#search').fill(facts.caller);
	await one.locator('.empty', { hasText: 'Nobody matches' }).waitFor();
	expected.push(/40[34] .*accounts\/acme/);
	for (const path of ['users', `users/${facts.caller}`, 'matching', 'connectors/hq/lines']) {
		const hidden = await api(one, 'GET', `/api/v1/accounts/acme/${path}`);
		check(hidden.status === 404 || hidden.status === 403, `${path}: ${hidden.status}`);
		check(!hidden.text.includes('@acme.example'), `${path} tells of acme`);
	}
	for (const path of ['/api/v1/users?limit=1000', '/api/v1/accounts', '/api/v1/connectors'])
		check(!(await api(one, 'GET', path)).text.includes('acme.example'), `${path} tells of acme`);
	await one.context().close();
});

await test('ten thousand people scroll without a blank', async () => {
	await go(admin, '#/people', 'people');
	await admin.locator('#search').fill('');
	await admin.locator('.states button.offline, .states button').first().waitFor();
	await until('all are read', () => admin.evaluate((n) => Number(document.querySelector('.grid')?.getAttribute('aria-rowcount')) > n, facts.many));
	const blank = await admin.evaluate(async () => {
		const box = /** @type {HTMLElement} */ (document.querySelector('.scroll')), at = box.getBoundingClientRect();
		const frame = () => new Promise((go) => requestAnimationFrame(go));
		const missing = [];
		for (let i = 0; i <= 60; i++) {
			box.scrollTop = ((box.scrollHeight - box.clientHeight) * i) / 60;
			await frame();
			await frame();
			for (let y = at.top + 10; y < at.bottom - 4; y += 30)
				if (!document.elementFromPoint(at.left + 60, y)?.closest('.row')?.textContent) missing.push(`${i}: ${y}`);
		}
		return { missing, nodes: document.querySelectorAll('.rows .row').length };
	});
	check(!blank.missing.length, `blank at ${blank.missing.slice(0, 5)}`);
	check(blank.nodes < 60, `${blank.nodes} rows have nodes`);
	await admin.locator('#search').fill('mass 9999');
	await until('one is found', async () => await admin.locator('.rows .row').count() === 1);
	return `${blank.nodes} nodes`;
});

await test('a lost stream reconnects without a reload', async () => {
	await go(admin, '#/people', 'people');
	await admin.locator('#search').fill(facts.caller);
	await row(admin, facts.caller).waitFor();
	await admin.evaluate(() => { globalThis['same'] = true; });
	expected.push(/ERR_/, /50[234]/);
	await stage('down');
	await admin.locator('#link[data-state="lost"]').waitFor();
	await shot(admin, 'lost-light');
	await stage('up');
	await admin.locator('#link[data-state="live"]').waitFor();
	await pbx('/call', { from: facts.number, to: facts.number + 1, dial_ms: 0, ring_ms: 0, talk_ms: 3600000 });
	await row(admin, facts.caller).locator('.combined', { hasText: 'Busy' }).waitFor();
	check(await admin.evaluate(() => globalThis['same'] === true), 'the page was not loaded anew');
	await pbx('/hangup', { phone: facts.number });
});

await settled(admin, 'people');
await end();
