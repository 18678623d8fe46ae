// Connectors: every PBX, its link, its lines, and what it counted of trouble.
import { add, button, framed, h, redraw } from '../lib/dom.js';
import { number, said, since, t, word } from '../lib/i18n.js';
import { health, on } from '../lib/live.js';
import { link } from '../lib/router.js';
import { may } from '../lib/session.js';
import { connectorBadge } from '../parts/health.js';
import { heading, isShown, oneAccount, table } from '../parts/page.js';

/** @param {any} c */
function row(c) {
	const trouble = Object.entries(c.counters).filter(([name, n]) => n && !['connected'].includes(name)).map(([name, n]) => `${word('counter', name)} ${number(Number(n))}`);
	return [h('a', { href: link('connector', c.account, c.name) }, `${c.account}/${c.name}`), connectorBadge(c),
		c.type, h('code', {}, c.server || '–'), `${number(c.live)} / ${number(c.lines)}`,
		since(c.since), c.state === 'up' ? '' : h('span', { class: 'sub wrap' }, said(c.state, c.state_said)), h('span', { class: 'sub wrap' }, trouble.join(', ') || '–')];
}

/** @param {HTMLElement} main */
export function show(main) {
	const box = h('section', { class: 'card flush' }), account = oneAccount();
	const act = account && may('owner', account)
		? button(t('connector.add'), async () => (await import('../parts/object_form.js')).editConnector(account, null), { kind: 'primary', icon: 'plus' }) : null;
	add(main, heading(t('page.connectors'), ...(act ? [act] : [])), box);
	let shape = '';
	const draw = () => {
		const list = health.connectors.filter((c) => isShown(c.account));
		const now = JSON.stringify(list.map((c) => [c.account, c.name, c.up, c.live, c.lines, c.refused, c.state, since(c.since), c.counters]));
		if (now === shape) return;
		shape = now;
		redraw(box, table(t('page.connectors'), [t('connector'), t('state'), t('type'), t('connector.server'), t('connector.lines'), t('connector.since'), t('connector.says'), t('connector.trouble')],
			list.map(row), t('connector.none')));
	};
	draw();
	const off = on('health', framed(draw));
	return { close: off };
}
