// Microsoft's own client libraries drive teamsim: whatever pleases them is a fair stand-in.
// Prints TAP. Arguments: LOGIN_URL GRAPH_URL CONTROL TENANT CLIENT_ID SECRET
import assert from "node:assert/strict";
import { ConfidentialClientApplication } from "@azure/msal-node";
import { Client, PageIterator, GraphError } from "@microsoft/microsoft-graph-client";

const [login, graphUrl, control, tenant, clientId, secret] = process.argv.slice(2);
let n = 0;

async function test(name, body) {
	n++;
	try {
		await body();
		console.log(`ok ${n} - ${name}`);
	} catch (e) {
		console.log(`not ok ${n} - ${name}`);
		for (const line of String(e.stack || e).split("\n"))
			console.log(`# ${line}`);
		process.exitCode = 1;
	}
}

async function steer(method, path, body) {
	const answer = await fetch(control + path, { method, body: body && JSON.stringify(body) });
	assert.equal(answer.status, 200, path);
	return answer.json();
}

function application(clientSecret) {
	return new ConfidentialClientApplication({
		auth: { clientId, clientSecret, authority: `${login}/${tenant}`, knownAuthorities: [new URL(login).host] },
	});
}

const scopes = ["https://graph.microsoft.com/.default"];
const app = application(secret);

function graph() {
	return Client.init({
		baseUrl: graphUrl,
		customHosts: new Set([new URL(graphUrl).hostname]),
		authProvider: done => app.acquireTokenByClientCredential({ scopes })
			.then(result => done(null, result.accessToken), e => done(e, null)),
	});
}

const client = graph();
const busy = { sessionId: clientId, availability: "Busy", activity: "InACall", expirationDuration: "PT1H" };

async function fails(status, code, action) {
	await assert.rejects(action, e => {
		assert.ok(e instanceof GraphError, String(e));
		assert.equal(e.statusCode, status);
		assert.equal(e.code, code);
		assert.ok(e.requestId, "the library found no request id");
		return true;
	});
}

const people = [];
for (let i = 0; i < 25; i++)
	people.push({ email: `p${i}@acme.example`, name: `Person ${i}`, aliases: [`alias${i}@acme.example`] });
await steer("POST", "/users", people);
await steer("POST", "/users", { email: "ana@acme.example", upn: "o'neil#EXT#@acme.example", name: "Ana" });

await test("a token from msal-node, and its cache", async () => {
	const asked = Date.now(), first = await app.acquireTokenByClientCredential({ scopes });
	assert.equal(first.tokenType, "Bearer");
	const life = (first.expiresOn - asked) / 1000, took = (Date.now() - asked) / 1000;
	assert.ok(life > 3590 && life <= 5400 + took, `lives ${life} s`);
	const claims = JSON.parse(Buffer.from(first.accessToken.split(".")[1], "base64url"));
	assert.deepEqual(claims.roles, ["Presence.ReadWrite.All", "User.Read.All"]);
	assert.equal(claims.appid, clientId);
	assert.ok((await app.acquireTokenByClientCredential({ scopes })).fromCache);
});

await test("a wrong secret is a named error", async () => {
	await assert.rejects(application("wrong").acquireTokenByClientCredential({ scopes }), e => {
		assert.equal(e.errorCode, "invalid_client");
		assert.match(e.message, /AADSTS7000215/);
		return true;
	});
});

let ana;
await test("a person is found by filter and by UPN", async () => {
	const upn = "o'neil#EXT#@acme.example";
	const quoted = upn.replaceAll("'", "''").replaceAll("#", "%23"); // the library leaves # to its caller
	const found = await client.api("/users").filter(`userPrincipalName eq '${quoted}' or mail eq '${quoted}'`)
		.select("id,mail,userPrincipalName").get();
	assert.equal(found.value.length, 1);
	ana = found.value[0].id;
	assert.deepEqual(Object.keys(found.value[0]).sort(), ["id", "mail", "userPrincipalName"]);
	const alias = await client.api("/users").filter("proxyAddresses/any(p:p eq 'smtp:alias7@acme.example')").get();
	assert.equal(alias.value[0].mail, "p7@acme.example");
	const one = await client.api(`/users/${encodeURIComponent(upn)}`).get();
	assert.equal(one.id, ana);
});

await test("set, get, clear; a second clear is 404", async () => {
	await client.api(`/users/${ana}/presence/setPresence`).post(busy);
	const presence = await client.api(`/users/${ana}/presence`).get();
	assert.equal(presence.availability, "Busy");
	assert.equal(presence.activity, "InACall");
	assert.equal(presence.id, ana);
	await client.api(`/users/${ana}/presence/clearPresence`).post({ sessionId: clientId });
	assert.equal((await client.api(`/communications/presences/${ana}`).get()).availability, "Offline");
	await fails(404, "NotFound", client.api(`/users/${ana}/presence/clearPresence`).post({ sessionId: clientId }));
});

await test("errors carry status, code and request id", async () => {
	await fails(400, "InvalidArgument", client.api(`/users/${ana}/presence/setPresence`)
		.post({ ...busy, activity: "Busy" }));
	await fails(404, "NotFound", client.api("/users/00000000-0000-4000-8000-000000000000/presence").get());
	await fails(404, "Request_ResourceNotFound", client.api("/users/nobody@acme.example").get());
});

await test("the preferred state and the status message", async () => {
	await client.api(`/users/${ana}/presence/setPresence`).post(busy);
	await client.api(`/users/${ana}/presence/setUserPreferredPresence`)
		.post({ availability: "DoNotDisturb", activity: "DoNotDisturb", expirationDuration: "PT8H" });
	await client.api(`/users/${ana}/presence/setStatusMessage`)
		.post({ statusMessage: { message: { content: "Not now", contentType: "text" } } });
	const presence = await client.api(`/users/${ana}/presence`).get();
	assert.equal(presence.availability, "DoNotDisturb");
	assert.equal(presence.statusMessage.message.content, "Not now");
	await client.api(`/users/${ana}/presence/clearUserPreferredPresence`).post({});
	assert.equal((await client.api(`/users/${ana}/presence`).get()).availability, "Busy");
});

await test("pages, by the library's iterator", async () => {
	const names = [];
	const first = await client.api("/users").top(4).select("mail").get();
	await new PageIterator(client, first, user => names.push(user.mail)).iterate();
	assert.equal(names.length, 26);
	assert.equal(new Set(names).size, 26);
});

await test("many in one request, and the session ends by the clock", async () => {
	const all = await client.api("/users").top(999).select("id").get();
	const ids = all.value.map(u => u.id);
	const many = await client.api("/communications/getPresencesByUserId").post({ ids });
	assert.equal(many.value.length, 26);
	assert.equal(many.value.find(p => p.id === ana).activity, "InACall");
	await steer("POST", "/clock/advance", { seconds: 3000 }); // minutes for a machine with other work
	await app.acquireTokenByClientCredential({ scopes, skipCache: true });
	assert.equal((await client.api(`/users/${ana}/presence`).get()).availability, "Busy");
	await steer("POST", "/clock/advance", { seconds: 600 });
	assert.equal((await client.api(`/users/${ana}/presence`).get()).availability, "Offline");
});

await test("a batch: parts counted, in any order", async () => {
	await steer("POST", "/faults", { kind: "batch-shuffle" });
	const before = (await steer("GET", "/counters")).requests.setPresence;
	const headers = { "Content-Type": "application/json" };
	const requests = [
		{ id: "1", method: "POST", url: `/users/${ana}/presence/setPresence`, headers, body: busy },
		{ id: "2", method: "POST", url: "/users/00000000-0000-4000-8000-000000000000/presence/setPresence", headers,
			body: busy },
		{ id: "3", method: "GET", url: "/users/p3@acme.example" },
	];
	const answer = await client.api("/$batch").post({ requests });
	const status = Object.fromEntries(answer.responses.map(r => [r.id, r.status]));
	assert.deepEqual(status, { 1: 200, 2: 404, 3: 200 });
	assert.equal((await steer("GET", "/counters")).requests.setPresence, before + 2);
	await steer("DELETE", "/faults");
});

await test("a throttled part of a batch: outer 200, and outer 424 as older pages have it", async () => {
	const headers = { "Content-Type": "application/json" };
	const requests = [1, 2].map(i => ({ id: String(i), method: "POST", url: `/users/${ana}/presence/setPresence`,
		headers, body: busy }));
	const fill = () => steer("POST", "/limiter", { shape: "fixed", quota: 1, window_ms: 3600000,
		retry_after: "integer" });
	await fill();
	const answer = await client.api("/$batch").post({ requests });
	assert.deepEqual(answer.responses.map(r => r.status).sort(), [200, 429]);
	const refused = answer.responses.find(r => r.status === 429);
	const wait = Object.entries(refused.headers).find(([name]) => name.toLowerCase() === "retry-after");
	assert.ok(Number(wait[1]) > 0);
	assert.equal(refused.body.error.code, "TooManyRequests");
	await steer("POST", "/faults", { kind: "batch-424" });
	await fill();
	await assert.rejects(client.api("/$batch").post({ requests }), e => {
		assert.equal(e.statusCode, 424); // the library takes it for a failure: only who reads the body sees the parts
		return true;
	});
	await steer("DELETE", "/faults");
	await steer("POST", "/limiter", { shape: "sliding", quota: 0, window_ms: 30000 });
});

await test("a state picked by hand and another program's session are seen", async () => {
	const seen = async () => (await client.api(`/users/${ana}/presence`).get()).availability;
	const user = `/users/${ana}`;
	await client.api(`/users/${ana}/presence/setPresence`).post(busy);
	assert.equal(await seen(), "Busy");
	await steer("POST", `${user}/pin`, { availability: "BeRightBack" });
	assert.equal(await seen(), "BeRightBack");
	await steer("POST", `${user}/pin`, { availability: null });
	await steer("POST", `${user}/session`, { app: "aaaaaaaa-0000-4000-8000-000000000001", availability: "DoNotDisturb" });
	assert.equal(await seen(), "DoNotDisturb");
	await steer("POST", `${user}/session`, { app: "aaaaaaaa-0000-4000-8000-000000000001", availability: null });
	await steer("POST", `${user}/session`, { availability: null }); // the same client id: ours is gone
	assert.equal(await seen(), "Offline");
	await fails(404, "NotFound", client.api(`/users/${ana}/presence/clearPresence`).post({ sessionId: clientId }));
});

await test("a 429 with Retry-After is honoured by the library", async () => {
	await steer("POST", "/limiter", { shape: "sliding", quota: 1, window_ms: 2000, count_rejects: false });
	const throttled = async () => (await steer("GET", "/counters")).throttled;
	const before = await throttled();
	let took = 0;
	while (await throttled() === before) { // on a slow machine the window may be over between two
		const from = Date.now();
		await client.api(`/users/${ana}/presence`).get();
		took = Date.now() - from;
	}
	assert.ok(took >= 1000, `repeated after ${took} ms already`);
	await steer("POST", "/limiter", { quota: 1500, window_ms: 30000, count_rejects: true });
});

await test("chunked and compressed answers are read", async () => {
	await steer("POST", "/faults", [{ kind: "chunked", count: 2 }, { kind: "gzip", count: 1 }]);
	for (let i = 0; i < 2; i++)
		assert.equal((await client.api("/users").top(20).get()).value.length, 20);
	await steer("DELETE", "/faults");
});

await test("a 503 is repeated, a reset is an error", async () => {
	await steer("POST", "/faults", { kind: "status", status: 503, retry_after: "1", count: 1 });
	await client.api(`/users/${ana}/presence`).get();
	for (const when of ["before", "after", "mid"]) {
		await steer("POST", "/faults", { kind: "reset", when, count: 1 });
		await assert.rejects(client.api(`/users/${ana}/presence`).get(), when);
	}
	assert.equal((await steer("GET", "/faults")).faults.length, 0);
	await client.api(`/users/${ana}/presence`).get();
});

await test("an expired token is 401, a new one is taken", async () => {
	await steer("POST", "/faults", { kind: "expire-tokens" });
	await fails(401, "InvalidAuthenticationToken", client.api(`/users/${ana}/presence`).get());
	await app.acquireTokenByClientCredential({ scopes, skipCache: true });
	await client.api(`/users/${ana}/presence`).get();
});

const delta = "/users/delta?$select=id,mail,userPrincipalName,proxyAddresses,accountEnabled,userType,assignedPlans";

async function read(link) {
	const rows = new Map(), first = await client.api(link).get();
	const pages = new PageIterator(client, first, row => {
		rows.set(row.id, row);
		return true;
	});
	await pages.iterate();
	const next = pages.getDeltaLink();
	assert.ok(next?.startsWith(graphUrl), "the library found no delta link");
	return { rows, next };
}

await test("everybody by delta in pages, then who has changed", async () => {
	await steer("POST", "/faults", [{ kind: "page-size", code: 7 }, { kind: "escaped-link" }]);
	const all = await read(delta);
	await steer("DELETE", "/faults");
	assert.equal(all.rows.size, 26);
	const p3 = [...all.rows.values()].find(r => r.mail === "p3@acme.example");
	assert.deepEqual(Object.keys(p3).sort(), ["accountEnabled", "assignedPlans", "id", "mail", "proxyAddresses",
		"userPrincipalName", "userType"]);
	assert.ok(p3.assignedPlans.some(p => p.service === "TeamspaceAPI" && p.capabilityStatus === "Enabled"));
	assert.deepEqual(p3.proxyAddresses, ["SMTP:p3@acme.example", "smtp:alias3@acme.example"]);
	assert.equal((await read(all.next)).rows.size, 0);
	await steer("PATCH", "/users/p3@acme.example", { unlicensed: true, aliases: ["new3@acme.example"] });
	await steer("PATCH", "/users/p4@acme.example", { disabled: true });
	await steer("POST", "/users", { email: "late@acme.example", guest: true });
	await steer("DELETE", "/users/p5@acme.example");
	const changed = await read(all.next);
	assert.equal(changed.rows.size, 4);
	assert.ok(!changed.rows.get(p3.id).assignedPlans.some(p =>
		p.service === "TeamspaceAPI" && p.capabilityStatus === "Enabled"));
	const rows = [...changed.rows.values()];
	assert.equal(rows.find(r => r.mail === "p4@acme.example").accountEnabled, false);
	assert.equal(rows.find(r => r.mail === "late@acme.example").userType, "Guest");
	assert.equal(rows.filter(r => r["@removed"]?.reason === "changed").length, 1);
	assert.equal((await client.api("/users").filter("proxyAddresses/any(p:p eq 'smtp:alias3@acme.example')").get())
		.value.length, 0);
	assert.equal((await read(changed.next)).rows.size, 0);
});

await test("a delta token ends: 410, and what it does not take is 400", async () => {
	const { next } = await read(delta);
	await steer("POST", "/faults", { kind: "delta-gone", count: 1 });
	await fails(410, "syncStateNotFound", client.api(next).get());
	assert.equal((await read(next)).rows.size, 0);
	await fails(400, "Request_UnsupportedQuery", client.api(delta + "&$top=5").get());
	const latest = await read(delta + "&$deltatoken=latest");
	assert.equal(latest.rows.size, 0);
	await steer("POST", "/clock/advance", { seconds: 7 * 86400 + 1 });
	await app.acquireTokenByClientCredential({ scopes, skipCache: true });
	await fails(410, "syncStateNotFound", client.api(latest.next).get());
});

await test("members of groups, nested ones too, need their own permission", async () => {
	const inner = await steer("POST", "/groups", { name: "inner", members: ["p1@acme.example", "p2@acme.example"] });
	const outer = await steer("POST", "/groups", { name: "outer", members: ["p0@acme.example"], groups: [inner.id] });
	await fails(403, "Authorization_RequestDenied", client.api(`/groups/${outer.id}/members`).get());
	await steer("POST", `/apps/${clientId}/roles`, { roles: "Presence.ReadWrite.All GroupMember.Read.All" });
	await app.acquireTokenByClientCredential({ scopes, skipCache: true });
	const direct = await client.api(`/groups/${outer.id}/members`).select("id").get();
	assert.deepEqual(direct.value.map(m => m["@odata.type"]).sort(), ["#microsoft.graph.group", "#microsoft.graph.user"]);
	const ids = [];
	const first = await client.api(`/groups/${outer.id}/transitiveMembers`).select("id").top(1).get();
	await new PageIterator(client, first, m => ids.push(m)).iterate();
	assert.equal(new Set(ids.filter(m => m["@odata.type"] === "#microsoft.graph.user").map(m => m.id)).size, 3);
	await fails(404, "Request_ResourceNotFound",
		client.api("/groups/00000000-0000-4000-8000-000000000000/members").get());
	await steer("POST", `/apps/${clientId}/roles`, { roles: "Presence.ReadWrite.All User.Read.All" });
	await app.acquireTokenByClientCredential({ scopes, skipCache: true });
});

console.log(`1..${n}`);
