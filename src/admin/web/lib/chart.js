// Small line charts of the last hours: SVG, a title that says the figures, and no legend by colour alone.
import { h, svg } from './dom.js';

const W = 300, H = 64;

/** @param {(number | null)[]} values @param {number} max @returns {string[]} one path for each piece without a gap */
function pieces(values, max) {
	const step = W / Math.max(values.length - 1, 1);
	/** @type {string[]} */
	const paths = [];
	/** @type {[number, number][]} */
	let points = [];
	const end = () => {
		// A figure that stands alone is a dash: a line of one point would not be seen.
		if (points.length === 1) points = [[Math.max(0, points[0][0] - step / 2), points[0][1]], [Math.min(W, points[0][0] + step / 2), points[0][1]]];
		if (points.length) paths.push(`M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}`);
		points = [];
	};
	values.forEach((v, i) => {
		if (v === null || v === undefined) end();
		else points.push([i * step, H - 3 - (v / max) * (H - 8)]);
	});
	end();
	return paths;
}

/**
 * @param {string} title @param {{name: string, values: (number | null)[], dashed?: boolean}[]} series
 * @param {(n: number) => string} words @param {string} from what the left end is called
 * @param {string} nothing said where there is no figure yet
 */
export function chart(title, series, words, from, nothing) {
	const all = series.flatMap((s) => s.values).filter((v) => v !== null);
	const max = Math.max(1, ...all.map(Number));
	const last = (/** @type {(number | null)[]} */ v) => [...v].reverse().find((x) => x !== null && x !== undefined);
	const now = series.map((s) => {
		const v = last(s.values);
		return `${s.name}${s.name ? ' ' : ''}${v === undefined || v === null ? '–' : words(v)}`;
	});
	const picture = svg('svg', { class: 'plot', viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: 'none', role: 'img',
		'aria-label': `${title}: ${all.length ? now.join(', ') : nothing}` }, svg('path', { class: 'base', d: `M0 ${H - 3}H${W}` }));
	for (const s of series)
		for (const d of pieces(s.values, max))
			picture.append(svg('path', { class: s.dashed ? 'curve dashed' : 'curve', d }));
	return h('figure', { class: 'chart' },
		h('figcaption', {}, h('span', {}, title), h('b', {}, all.length ? now.join(' · ') : '–')), picture,
		h('p', { class: 'axis', 'aria-hidden': 'true' }, h('span', {}, all.length ? from : nothing), h('span', {}, all.length ? `max. ${words(max)}` : '')));
}
