// The server's clock: leases and ends are counted by it, not by the reader's.
let skew = 0;

/** @param {string} now */
export function setServerTime(now) { skew = Date.parse(now) - Date.now(); }
export function serverNow() { return Date.now() + skew; }
