// Small helpers that make nodes. Everything that comes from outside is set as text, never as HTML.

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * Attributes: `class`, `on<event>` with a function, `data-…`, true for a bare attribute, null for none; the rest as is.
 * @param {string} tag @param {Record<string, any>} [attributes] @param {...Child} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (value === null || value === undefined || value === false) continue;
		if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
		else if (name === 'value') /** @type {any} */ (node).value = value;
		else node.setAttribute(name, value === true ? '' : String(value));
	}
	add(node, ...children);
	return node;
}

/** @param {Node} node @param {...Child} children */
export function add(node, ...children) {
	for (const child of children)
		if (child !== null && child !== undefined && child !== false)
			node.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
}

/** @param {Element} node @param {...Child} children */
export function fill(node, ...children) {
	node.replaceChildren();
	add(node, ...children);
}

/** Writes a text only when it differs: no needless work, and nothing read out twice. @param {Element} node @param {string} text */
export function write(node, text) {
	if (node.textContent !== text) node.textContent = text;
}

const SVG = 'http://www.w3.org/2000/svg';

/** @param {string} tag @param {Record<string, string | number>} attributes @param {...Node} children */
export function svg(tag, attributes, ...children) {
	const node = document.createElementNS(SVG, tag);
	for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
	node.append(...children);
	return node;
}

const COLOURED = ['available', 'busy', 'dnd', 'away', 'offline', 'unknown', 'none'];

/** @param {string} name of a symbol of index.html @param {string} [state] whose colour it has */
export function icon(name, state) {
	const use = svg('use', { href: `#i-${name}` });
	return svg('svg', { class: `icon ${state ?? (COLOURED.includes(name) ? name : '')}`, 'aria-hidden': 'true' }, use);
}

/** @param {string} text read out, not seen */
export function aside(text) {
	return h('span', { class: 'visually-hidden' }, text);
}

/** @param {string} label @param {() => void} act @param {{kind?: string, icon?: string}} [options] */
export function button(label, act, options = {}) {
	return h('button', { type: 'button', class: `button ${options.kind ?? ''}`, onclick: act },
		options.icon ? icon(options.icon) : null, h('span', {}, label));
}

/** Calls `draw` at most once a frame, however often it is asked. @param {() => void} draw */
export function framed(draw) {
	let frame = 0;
	return () => {
		frame ||= requestAnimationFrame(() => {
			frame = 0;
			draw();
		});
	};
}
