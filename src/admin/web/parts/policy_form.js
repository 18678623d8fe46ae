// The rules of an account, a group or one person as forms.
import { t } from '../lib/i18n.js';
import { settingsOf } from '../lib/schema.js';
import { settingsForm } from './form.js';
import { card } from './page.js';

/** The parts of a policy as forms: its own keys, and its groups. @param {any} values @param {string} prefix */
export async function policyForms(values, prefix) {
	const [own, hours, texts] = await Promise.all(['policy', 'hours', 'status_text'].map(settingsOf));
	const plain = settingsForm(own.filter((s) => !['hours', 'status_text'].includes(s.key)), withoutGroups(values), `${prefix}`);
	const open = settingsForm(hours, values.hours ?? {}, `${prefix}-hours`), text = settingsForm(texts, values.status_text ?? {}, `${prefix}-text`);
	return {
		nodes: [card(t('policy.meaning'), plain.node), card(t('policy.hours'), open.node), card(t('policy.texts'), text.node)],
		/** @returns {Record<string, any>} */
		values() {
			const h_ = open.values(), s = text.values();
			return { ...plain.values(), ...(Object.keys(h_).length ? { hours: h_ } : {}), ...(Object.keys(s).length ? { status_text: s } : {}) };
		},
		/** @param {{key?: string, text: string}[]} errors */
		mark(errors) { for (const f of [plain, open, text]) f.mark(errors); },
	};
}

/** @param {Record<string, any>} values */
function withoutGroups(values) {
	const { hours: _h, status_text: _s, ...rest } = values;
	return rest;
}
