// How a tenant and a connector are: one sign and one sentence, the same on every page.
import { clock, number, said, t } from '../lib/i18n.js';
import { healthBadge, idleBadge } from './words.js';

/** Nothing is wrong; also where nothing is wanted. @param {any} a */
export function tenantIsWell(a) {
	return a.mode === 'off' || (a.graph.token === 'good' && !a.graph.gate_closed && !a.backing_off && !a.conflicts);
}

/** @param {any} a */
function tenantWords(a) {
	if (a.graph.token !== 'good') return said(a.graph.token_error, a.graph.token_error_said) || t('tenant.notsignedin');
	if (a.graph.gate_closed) return t('tenant.gate', { at: clock(a.graph.gate_until) });
	if (a.conflicts) return t('tenant.conflicts', { n: number(a.conflicts) });
	if (a.backing_off) return t('tenant.refused', { n: number(a.backing_off) });
	return a.mode === 'dry-run' ? t('tenant.dryrun') : t('tenant.good');
}

/** @param {any} a */
export function tenantBadge(a) {
	return a.mode === 'off' ? idleBadge(t('tenant.off')) : healthBadge(tenantIsWell(a), tenantWords(a));
}

/** @param {any} c */
export function connectorIsWell(c) { return c.up && !c.refused && !c.missing; }

/** @param {any} c */
export function connectorBadge(c) {
	const words = said(c.missing, c.missing_said) || (!c.up ? t('connector.down') : c.refused ? t('connector.refused', { n: number(c.refused) }) : t('connector.up'));
	return healthBadge(connectorIsWell(c), words);
}
