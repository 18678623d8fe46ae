// sentences.mjs: the daemon's sentences, as its tables have them: [key of the texts, English].
import fs from 'node:fs';
import path from 'node:path';

/** The rows of the tables whose sentences the API gives with a code (said.c has the same): English is the table's own.
 * @param {string} web @param {string} file @param {RegExp} row @param {(m: string[]) => [string, string][]} take */
function rowsOf(web, file, row, take) {
	const text = fs.readFileSync(path.join(web, '../..', file), 'utf8').replaceAll(/"\s*\n\s*"/g, '');
	return [...text.matchAll(row)].flatMap((m) => take(m)).filter(([, sentence]) => sentence);
}
const STRING = '"((?:[^"\\\\]|\\\\.)*)"';

/** @param {string} web src/admin/web */
export function tables(web) {
	return [
		...rowsOf(web, 'admin/said.def', new RegExp(`^SAID\\(${STRING},\\s*${STRING}\\)`, 'gm'), (m) => [[`said.${m[1]}`, m[2]]]),
		...rowsOf(web, 'proto/graph/aadsts.def', new RegExp(`^AADSTS\\((\\d+),.*?${STRING}\\)`, 'gm'), (m) => [[`aadsts.${m[1]}`, m[2]]]),
		...rowsOf(web, 'core/match.def', new RegExp(`^(MATCH|ONBOARDING)\\(\\w+,\\s*${STRING},\\s*${STRING},\\s*${STRING}\\)`, 'gm'),
			(m) => [[`${m[1].toLowerCase()}.${m[2]}`, m[3]], [`${m[1].toLowerCase()}.fix.${m[2]}`, m[4]]]),
		...rowsOf(web, 'core/names.def', new RegExp(`^SHOWN\\(\\w+,\\s*${STRING},\\s*${STRING}\\)`, 'gm'), (m) => [[`shown.why.${m[1]}`, m[2]]]),
		...rowsOf(web, 'admin/alarms.def', new RegExp(`ALARM\\(\\w+, ${STRING}[^"]*(?:"\\w+"[^"]*)?${STRING},\\s*${STRING}\\)`, 'g'), (m) => [[`alarm.${m[1]}`, m[2]], [`alarm.fix.${m[1]}`, m[3]]]),
		...rowsOf(web, 'daemon/setup.def', new RegExp(`^STEP\\(\\w+, ${STRING}, ${STRING},\\s*${STRING}\\)`, 'gm'), (m) => [[`setup.${m[1]}`, m[2]], [`setup.hand.${m[1]}`, m[3]]]),
	];
}

/** The English sentences of the tables that a text holds. Short ones are words that other languages have too.
 * @param {[string, string][]} rows @param {string} text */
export function englishIn(rows, text) {
	const seen = text.toLowerCase();
	return rows.filter(([, sentence]) => sentence.split(/\{\d\}/).some((piece) => piece.trim().split(' ').length > 3 && seen.includes(piece.trim().toLowerCase()))).map(([, sentence]) => sentence);
}
