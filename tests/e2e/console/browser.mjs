// browser.mjs: what the browser tests share: Chromium, cases, conditions, axe, screenshots, and a word with the stage.
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

/** @type {any} */
export const facts = JSON.parse(process.env.OFFHOOK_CONSOLE ?? '{}');
export const LIMIT_MS = Number(process.env.OFFHOOK_WAIT ?? 180) * 1000;
const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
export const WIDE = { width: 1280, height: 800 }, NARROW = { width: 360, height: 740 };

export const browser = await chromium.launch({ executablePath: facts.chromium, timeout: LIMIT_MS, args: ['--no-sandbox', '--disable-dev-shm-usage'] });

/** What the pages said that they should not have: errors, and refusals of the content security policy. */
export const complaints = [];
/** What a test answers itself, in place of the daemon or of something between, says so. */
export const FAKED = { 'X-Faked': 'yes' };

/** Failed requests that belong to a test. */
export const expected = [];

const LARGE = 65536;

/** What the API answered is written down for the stage, which holds it against the API's own description. Large answers are left
 * out: fetching them once more would slow down what is measured. @param {import('playwright-core').Response} response */
async function writeDown(response) {
	const request = response.request(), url = new URL(response.url()), head = await response.allHeaders();
	if (!url.pathname.startsWith('/api/') || head['x-faked'] || !(Number(head['content-length'] ?? LARGE) < LARGE)) return;
	const row = { method: request.method(), target: url.pathname + url.search, status: response.status(), head, text: await response.text(), sent: request.headers()['content-type'] === 'application/json' ? request.postData() : null };
	fs.appendFileSync(facts.answers, `${JSON.stringify(row)}\n`);
}

/** @param {import('playwright-core').BrowserContextOptions} options */
export async function newPage(options = {}) {
	const context = await browser.newContext({ baseURL: facts.url, viewport: WIDE, locale: 'en-GB', colorScheme: 'light', reducedMotion: 'reduce', ...options });
	context.setDefaultTimeout(LIMIT_MS);
	const page = await context.newPage();
	// a page that goes on or is closed takes its answers along
	page.on('response', (r) => writeDown(r).catch(() => {}));
	page.on('pageerror', (e) => complaints.push(`${page.url()}: ${e.stack}`));
	page.on('console', (m) => {
		const said = `${m.text()} ${m.location().url}`;
		if (m.type() === 'error' && !expected.some((x) => x.test(said))) complaints.push(`${page.url()}: ${said}`);
	});
	return page;
}

/** One case; what fails is said, and the next goes on. @param {string} name @param {() => Promise<unknown>} act */
export async function test(name, act) {
	const began = Date.now();
	try {
		const more = await act();
		console.log(`ok - ${name}`);
		if (typeof more === 'string') console.log(`# ${more}`);
	} catch (e) {
		console.log(`not ok - ${name}`);
		for (const line of String(e instanceof Error ? e.stack : e).split('\n')) console.log(`# ${line}`);
	}
	console.log(`# ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

/** @param {unknown} good @param {string} why */
export function check(good, why) { if (!good) throw new Error(why); }

/** The condition's first true value. @template T @param {string} what @param {() => Promise<T> | T} condition */
export async function until(what, condition) {
	const end = Date.now() + LIMIT_MS;
	let last;
	for (;;) {
		try {
			last = await condition();
			if (last) return last;
		} catch (e) {
			last = e;
		}
		if (Date.now() > end) throw new Error(`${what}: not within ${LIMIT_MS / 1000} s; last: ${last}`);
		await new Promise((go) => setTimeout(go, 50));
	}
}

const answers = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
/** Asks the stage (console_test.py) to do something, and waits until it is done. @param {string} what */
export async function stage(what) {
	console.log(`@${what}`);
	const { value } = await answers.next();
	return value;
}

/** @param {string} base @param {string} route @param {any} [body] @param {string} [method] */
export async function control(base, route, body, method = 'POST') {
	const answer = await fetch(`${base.includes('://') ? base.replace(/\/$/, '') : `http://${base}`}${route}`, { method, body: body && JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
	const text = await answer.text();
	if (!answer.ok) throw new Error(`${method} ${route}: ${answer.status} ${text}`);
	return text ? JSON.parse(text) : null;
}
export const pbx = (/** @type {string} */ route, /** @type {any} */ body) => control(facts.pbx, route, body);
export const teams = (/** @type {string} */ route, /** @type {any} */ body) => control(facts.teams, route, body);

/** WCAG 2.2 A and AA by axe. @param {import('playwright-core').Page} page @param {string} where */
export async function axe(page, where) {
	if (!await page.evaluate(() => 'axe' in globalThis)) await page.evaluate(fs.readFileSync(axeFile, 'utf8'));
	const found = await page.evaluate(() => globalThis['axe'].run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] }));
	const words = found.violations.map((v) => `${where}: ${v.id} (${v.help}): ${v.nodes.slice(0, 3).map((n) => `${n.html.slice(0, 160)} [${n.failureSummary?.split('\n')[1]?.trim() ?? ''}]`).join(' | ')}`);
	check(!words.length, words.join('\n'));
}

/** @param {import('playwright-core').Page} page @param {string} name */
export async function shot(page, name) {
	fs.mkdirSync(facts.shots, { recursive: true });
	await page.screenshot({ path: path.join(facts.shots, `${name}.png`) });
}

/** Nothing reaches beyond the edge. @param {import('playwright-core').Page} page */
export async function fitsWidth(page) {
	const beyond = await page.evaluate(() => {
		const main = document.querySelector('main'), root = document.documentElement;
		return [root.scrollWidth - root.clientWidth, main ? main.scrollWidth - main.clientWidth : 0];
	});
	check(beyond.every((n) => n <= 0), `wider than the window by ${beyond}`);
}

/** @param {import('playwright-core').Page} page @param {string} hash @param {string} name of the page */
export async function go(page, hash, name) {
	if (page.url() === 'about:blank') await page.goto(`/${hash}`);
	else await page.evaluate((to) => { location.hash = to; }, hash);
	await settled(page, name);
}

/** The page is there and reads nothing any more. @param {import('playwright-core').Page} page @param {string} name */
export async function settled(page, name) {
	await page.locator(`main[data-page="${name}"] h1`).first().waitFor();
	await page.waitForFunction(() => !/Reading…|Wird gelesen/.test(document.querySelector('main')?.textContent ?? ''));
	await page.waitForLoadState('load');
}

/** @param {import('playwright-core').Page} page @param {string} name @param {string} password */
export async function signIn(page, name, password) {
	await page.locator('input[name=name]').fill(name);
	await page.locator('input[name=password]').fill(password);
	await page.locator('button[type=submit]').click();
}

/** A password that was given once is changed at once. @param {import('playwright-core').Page} page @param {string} name @param {string} once */
export async function firstSignIn(page, name, once) {
	await page.goto('/');
	await page.getByRole('button', { name: 'Sign in' }).click();
	await signIn(page, name, once);
	await page.locator('input[name=old]').fill(once);
	for (const field of ['new', 'again']) await page.locator(`input[name=${field}]`).fill(facts.chosen);
	await page.locator('button[type=submit]').click();
	await page.locator('.who').waitFor();
}

/** The first request that matches is answered when `give` is called: with what was so when it was asked, however late.
 * @param {import('playwright-core').Page} page @param {string | RegExp} match @param {string} [method] */
export async function late(page, match, method = 'GET') {
	const all = { made: () => {}, give: () => {}, given: () => {} };
	const made = new Promise((done) => { all.made = () => done(undefined); });
	const wanted = new Promise((done) => { all.give = () => done(undefined); });
	const given = new Promise((done) => { all.given = () => done(undefined); });
	let first = true;
	await page.route(match, async (route) => {
		if (!first || route.request().method() !== method) return route.fallback();
		first = false;
		const response = await route.fetch();
		all.made();
		await wanted;
		await route.fulfill({ response });
		all.given();
	});
	return { made, async give() {
		all.give();
		await given;
		await drawn(page);
	} };
}

/** What has arrived so far is drawn. @param {import('playwright-core').Page} page */
export async function drawn(page) {
	await page.evaluate(async () => {
		await (await fetch('/healthz')).text();
		for (let i = 0; i < 2; i++) await new Promise((go) => requestAnimationFrame(go));
	});
}

/** Straight on the API, with the page's own session. @param {import('playwright-core').Page} page @param {string} method @param {string} path @param {any} [body] @param {Record<string, string>} [headers] */
export function api(page, method, path, body, headers = {}) {
	return page.evaluate(async ([m, p, b, more]) => {
		const { csrf } = await (await fetch('/api/v1/session')).json();
		const answer = await fetch(p, { method: m, headers: { 'X-Offhook-CSRF': csrf ?? '', ...more, ...(b ? { 'Content-Type': 'application/json' } : {}) }, body: b ? JSON.stringify(b) : undefined });
		return { status: answer.status, text: await answer.text(), etag: answer.headers.get('ETag') ?? '' };
	}, [method, path, body, headers]);
}

export async function end() {
	await test('no page complained', async () => check(!complaints.length, [...new Set(complaints)].join('\n')));
	await browser.close();
	process.exit(0);
}
