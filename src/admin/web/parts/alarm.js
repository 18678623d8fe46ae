// An alarm: how bad, what, about whom, since when, and the fix beside it.
import { h, icon } from '../lib/dom.js';
import { said, since, t, word, wordOr } from '../lib/i18n.js';
import { link } from '../lib/router.js';

/** @param {any} a */
function about(a) {
	if (a.user) return h('a', { href: link('person', a.account, a.user) }, a.user);
	if (a.connector) return h('a', { href: link('connector', a.account, a.connector) }, `${a.account}/${a.connector}`);
	return a.account ? h('a', { href: link('tenant', a.account) }, a.account) : null;
}

/** @param {any} a */
export function alarmCard(a) {
	return h('li', { class: `alarm ${a.severity}` }, icon(a.severity === 'info' ? 'info' : 'down', ''),
		h('div', {}, h('p', { class: 'alarm-text' }, h('b', {}, word('severity', a.severity)), ' ', wordOr('alarm', a.id, a.text)),
			a.detail ? h('p', { class: 'sub' }, said(a.detail, a.detail_said)) : null,
			h('p', { class: 'sub' }, about(a), a.since ? ` ${t('alarm.since', { span: since(a.since) })}` : ''),
			h('p', { class: 'fix' }, wordOr('alarm.fix', a.id, a.fix ?? ''))));
}
