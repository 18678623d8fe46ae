// Answers that overtake each other, and readings asked for while one is under way.

/** For answers that may come in another order than they were asked for: `const mine = turn()` when asking; `mine()` is true
 * while nothing was asked since. */
export function turns() {
	let last = 0;
	return () => {
		const mine = ++last;
		return () => mine === last;
	};
}

/** One reading at a time. Asked for meanwhile, it is done once more after that: what happened since is in it. The promise is
 * kept when nothing is left to read. @param {() => Promise<unknown>} read says itself what fails */
export function onceMore(read) {
	/** @type {Promise<void> | null} */
	let under = null;
	let again = false;
	const all = async () => {
		do {
			again = false;
			await read();
		} while (again);
	};
	return () => {
		again = true;
		under ??= all().finally(() => { under = null; });
		return under;
	};
}
