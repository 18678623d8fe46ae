// texts.mjs: the languages have the same keys and the same {places}, and every key is used somewhere. Ends with 1 if not.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const web = process.argv[2];
const load = async (name) => (await import(pathToFileURL(path.join(web, 'texts', name)))).default;
const en = await load('en.js'), wrong = [];
const HELP = 'setting.help.';
const places = (text) => [...text.matchAll(/\{\w+\}/g)].map((m) => m[0]).sort().join(' ');

/** The settings that the forms show, by the key of their help, whose English is settings.def's own. */
const AT = { account: 'account', teams: 'teams', sign_in: 'sign_in', matching: 'matching', connector: 'connectors', policy: 'policy', hours: 'policy.hours', status_text: 'policy.status_text' };
const table = fs.readFileSync(path.join(web, '../../proto/conf/settings.def'), 'utf8');
const settings = [];
for (const [, scope, key, kind] of table.matchAll(/^SETTING\((\w+), (\w+), (\w+)/gm)) {
	if (!AT[scope] || key === 'type' || ['USERS', 'HOLIDAYS', 'PATH', 'OWN_POLICY'].includes(kind)) continue;
	if (!en[`setting.${AT[scope]}.${key}`]) wrong.push(`en.js has no name for ${scope} ${key}`);
	if (!['SECRET', 'PEM', 'PEM_HELD'].includes(kind)) settings.push(`${HELP}${AT[scope]}.${key}`);
}
if (settings.length < 60) wrong.push('settings.def could not be read');

for (const name of fs.readdirSync(path.join(web, 'texts')).filter((n) => n !== 'en.js')) {
	const other = await load(name);
	for (const key of Object.keys(en)) {
		if (!other[key]) wrong.push(`${name} lacks ${key}`);
		else if (places(other[key]) !== places(en[key])) wrong.push(`${name}: ${key} has other places than en.js`);
	}
	for (const key of Object.keys(other)) if (!en[key] && !key.startsWith(HELP)) wrong.push(`en.js lacks ${key} of ${name}`);
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
