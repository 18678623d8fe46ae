// texts.mjs: the languages have the same keys and the same {places}, and every key is used somewhere. Ends with 1 if not.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { tables } from './sentences.mjs';

const web = process.argv[2];
const load = async (name) => (await import(pathToFileURL(path.join(web, 'texts', name)))).default;
const en = await load('en.js'), wrong = [];
const HELP = 'setting.help.';
const places = (text) => [...text.matchAll(/\{\w+\}/g)].map((m) => m[0]).sort().join(' ');

/** The settings that the forms show, by the key of their help, whose English is settings.def's own. */
const AT = { account: 'account', teams: 'teams', sign_in: 'sign_in', matching: 'matching', connector: 'connectors', policy: 'policy', hours: 'policy.hours', status_text: 'policy.status_text', alarms: 'server.alarms' };
const table = fs.readFileSync(path.join(web, '../../proto/conf/settings.def'), 'utf8');
const settings = [];
for (const [, scope, key, kind] of table.matchAll(/^SETTING\((\w+), (\w+), (\w+)/gm)) {
	if (!AT[scope] || key === 'type' || ['USERS', 'HOLIDAYS', 'PATH', 'OWN_POLICY'].includes(kind)) continue;
	if (!en[`setting.${AT[scope]}.${key}`]) wrong.push(`en.js has no name for ${scope} ${key}`);
	if (!['SECRET', 'PEM', 'PEM_HELD'].includes(kind)) settings.push(`${HELP}${AT[scope]}.${key}`);
}
if (settings.length < 60) wrong.push('settings.def could not be read');

const rows = tables(web);
for (const [prefix, least] of Object.entries({ 'said.': 500, 'aadsts.': 20, 'match.': 12, 'onboarding.': 8, 'shown.why.': 5, 'alarm.': 40, 'setup.': 12 }))
	if (rows.filter(([key]) => key.startsWith(prefix)).length < least) wrong.push(`the table of ${prefix} could not be read`);
const numbers = (/** @type {string} */ text) => [...text.matchAll(/\{(\d)(?::\w+)?\}/g)].map((m) => m[1]).sort().join(' ');
/** What only languages other than English have. */
const OTHERS = [HELP, 'said.', 'aadsts.', 'in.'];

for (const name of fs.readdirSync(path.join(web, 'texts')).filter((n) => n !== 'en.js')) {
	const other = await load(name);
	for (const key of Object.keys(en)) {
		if (!other[key]) wrong.push(`${name} lacks ${key}`);
		else if (places(other[key]) !== places(en[key])) wrong.push(`${name}: ${key} has other places than en.js`);
	}
	for (const key of Object.keys(other)) if (!en[key] && !OTHERS.some((p) => key.startsWith(p))) wrong.push(`en.js lacks ${key} of ${name}`);
	for (const [key, sentence] of rows) {
		if (!other[key]) wrong.push(`${name} lacks ${key}: ${sentence}`);
		else if (key.startsWith('said.') && [...numbers(other[key])].some((n) => !numbers(sentence).includes(n))) wrong.push(`${name}: ${key} has places that the sentence has not`);
	}
	for (const key of Object.keys(other)) if (key.startsWith('said.') && !rows.some(([k]) => k === key)) wrong.push(`${name}: no sentence has the code of ${key}`);
	for (const key of settings.filter((k) => en[k.replace(HELP, 'setting.')])) if (!other[key]) wrong.push(`${name} lacks ${key}`);
}

const files = fs.readdirSync(web, { recursive: true }).filter((n) => n.endsWith('.js') && !n.startsWith('texts'));
const source = files.map((n) => fs.readFileSync(path.join(web, n), 'utf8')).join('\n');
const groups = [...source.matchAll(/\b(?:word|wordOr|count)\('([\w.]+)'/g)].map((m) => `${m[1]}.`);
for (const key of Object.keys(en))
	if (!source.includes(`'${key}'`) && !groups.some((g) => key.startsWith(g))) wrong.push(`nothing uses ${key}`);
// What is no JSDoc type is caught here: t() of a key that is not there.
for (const [, key] of source.matchAll(/\bt\('([\w.-]+)'/g)) if (!en[key]) wrong.push(`t('${key}') is in no language`);

for (const line of wrong) console.log(line);
process.exit(wrong.length ? 1 : 0);
