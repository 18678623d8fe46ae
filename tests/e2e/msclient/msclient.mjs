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
	const first = await app.acquireTokenByClientCredential({ scopes });
	assert.equal(first.tokenType, "Bearer");
	const life = (first.expiresOn - Date.now()) / 1000;
	assert.ok(life > 3590 && life <= 5400, `lives ${life} s`);
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
	await steer("POST", "/clock/advance", { seconds: 3599 });
	await app.acquireTokenByClientCredential({ scopes, skipCache: true });
	assert.equal((await client.api(`/users/${ana}/presence`).get()).availability, "Busy");
	await steer("POST", "/clock/advance", { seconds: 1 });
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

await test("a 429 with Retry-After is honoured by the library", async () => {
	await steer("POST", "/limiter", { shape: "sliding", quota: 1, window_ms: 2000, count_rejects: false });
	await client.api(`/users/${ana}/presence`).get();
	const from = Date.now();
	await client.api(`/users/${ana}/presence`).get();
	const took = Date.now() - from;
	assert.ok(took >= 1000, `repeated after ${took} ms already`);
	assert.ok((await steer("GET", "/counters")).throttled >= 1);
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

console.log(`1..${n}`);
