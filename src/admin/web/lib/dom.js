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

const STOPS = 'a[href], button, input, select, textarea, summary, [tabindex]';

/** What is the same for the reader in two drawings of a thing. @param {Element} stop */
function nameOf(stop) { return `${stop.localName} ${stop.id} ${stop.getAttribute('href') ?? ''} ${stop.textContent}`; }

/** Puts new content in. Who was at a stop of the keyboard within is at the same one again, or at the one in its place.
 * @param {Element} node @param {...Child} children */
export function fill(node, ...children) {
	const at = document.activeElement, before = at && at !== node && node.contains(at) ? [...node.querySelectorAll(STOPS)].indexOf(at) : -1;
	const name = before < 0 || !at ? '' : nameOf(at);
	node.replaceChildren();
	add(node, ...children);
	if (before < 0) return;
	const stops = [...node.querySelectorAll(STOPS)], same = stops.find((s) => nameOf(s) === name) ?? stops[Math.min(before, stops.length - 1)];
	if (same instanceof HTMLElement) same.focus({ preventScroll: true });
}

/** @param {Element} old @param {Element} now */
function takeAttributes(old, now) {
	for (const { name } of [...old.attributes]) if (!now.hasAttribute(name)) old.removeAttribute(name);
	for (const { name, value } of now.attributes) {
		if (old.getAttribute(name) === value) continue;
		if (name === 'style' && old instanceof HTMLElement) old.style.cssText = value; // the policy allows no attribute
		else old.setAttribute(name, value);
	}
}

/** Makes a node's content like the new one and touches only what differs: what a pointer is pressed on, the focus and a marked
 * text stay. For what is redrawn by itself, and has links but nothing else that acts. @param {Element} node @param {...Child} children */
export function redraw(node, ...children) {
	const fresh = node.cloneNode(false);
	add(fresh, ...children);
	like(node, fresh);
}

/** @param {Node} node @param {Node} fresh */
function like(node, fresh) {
	const now = [...fresh.childNodes];
	now.forEach((child, i) => {
		const old = node.childNodes[i];
		if (!old) node.appendChild(child);
		else if (old.isEqualNode(child)) return;
		else if (old instanceof Element && child instanceof Element && old.localName === child.localName) {
			takeAttributes(old, child);
			like(old, child);
		} else node.replaceChild(child, old);
	});
	while (node.childNodes.length > now.length) node.lastChild?.remove();
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

/** @type {(e: unknown) => void} */
let onFailed = (e) => { throw e; };
/** Who says what went wrong where a button's own act does not. @param {(e: unknown) => void} say */
export function whenFailed(say) { onFailed = say; }

/** Does what a button is for, unless it is still being done. It keeps the focus, which a disabled one would lose.
 * @param {HTMLElement} node @param {() => unknown} act */
export async function once(node, act) {
	if (node.getAttribute('aria-disabled') === 'true') return;
	node.setAttribute('aria-disabled', 'true');
	try {
		await act();
	} catch (e) {
		onFailed(e);
	}
	node.removeAttribute('aria-disabled');
}

/** @param {string} label @param {() => unknown} act is not done twice at a time: it gives its promise
 * @param {{kind?: string, icon?: string}} [options] */
export function button(label, act, options = {}) {
	const node = h('button', { type: 'button', class: `button ${options.kind ?? ''}`, onclick: () => void once(node, act) },
		options.icon ? icon(options.icon) : null, h('span', {}, label));
	return node;
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
