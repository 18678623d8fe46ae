// Requests to /api/v1: JSON, problem+json as errors, and what a change by cookie must carry.

/** RFC 9457, as the daemon answers it. */
export class Problem extends Error {
	/** @param {number} status 0: no answer at all @param {any} body */
	constructor(status, body) {
		super(body?.detail ?? body?.title ?? '');
		this.status = status;
		/** Something is there already, where a new one was to be. */
		this.taken = false;
		/** @type {import('./i18n.js').SaidPart[] | undefined} */
		this.said = body?.detail_said;
		/** @type {{key?: string, row?: number, text: string, text_said?: import('./i18n.js').SaidPart[]}[]} */
		this.errors = Array.isArray(body?.errors) ? body.errors : [];
		this.retryAfter = 0;
	}
}

let csrf = '';
/** @type {() => void} */
let onSignedOut = () => {};

/** @param {string | null} value */
export function setCsrf(value) { csrf = value ?? ''; }
/** @param {() => void} act */
export function whenSignedOut(act) { onSignedOut = act; }

/** Path with each part percent-encoded. @param {...string} parts */
export function at(...parts) {
	return `/api/v1/${parts.map(encodeURIComponent).join('/')}`;
}

/** @param {Response} answer */
async function bodyOf(answer) {
	const type = answer.headers.get('Content-Type') ?? '';
	const text = await answer.text();
	if (!type.includes('json') || !text) return text;
	return JSON.parse(text);
}

/**
 * @param {string} method @param {string} path
 * @param {{json?: any, text?: string, blob?: Blob, type?: string, headers?: Record<string, string>}} [send]
 * @returns {Promise<{body: any, etag: string | null}>}
 */
export async function ask(method, path, send = {}) {
	/** @type {Record<string, string>} */
	const headers = { ...send.headers };
	if (method !== 'GET' && csrf) headers['X-Offhook-CSRF'] = csrf;
	if (send.type) headers['Content-Type'] = send.type;
	else if (send.json !== undefined) headers['Content-Type'] = 'application/json';
	const body = send.json !== undefined ? JSON.stringify(send.json) : send.blob ?? send.text;
	let answer, read;
	try {
		answer = await fetch(path, { method, headers, body, credentials: 'same-origin' });
		read = await bodyOf(answer);
	} catch { // no answer, or only a part of one
		throw new Problem(0, null);
	}
	if (answer.ok) return { body: read, etag: answer.headers.get('ETag') };
	if (answer.status === 401 && !/^\/api\/v1\/session(\/|$)/.test(path)) onSignedOut();
	const problem = new Problem(answer.status, read);
	problem.retryAfter = Number(answer.headers.get('Retry-After') ?? 0);
	throw problem;
}

/** @param {string} path @returns {Promise<any>} */
export async function get(path) { return (await ask('GET', path)).body; }
/** @param {string} path @param {any} json @returns {Promise<any>} */
export async function put(path, json) { return (await ask('PUT', path, { json })).body; }
/** @param {string} path @param {any} [json] @returns {Promise<any>} */
export async function post(path, json = {}) { return (await ask('POST', path, { json })).body; }
/** @param {string} path @returns {Promise<any>} */
export async function remove(path) { return (await ask('DELETE', path)).body; }
