import { operations, type Operation } from "../../../services/gateway/operations.ts";
import { invalid, type Row } from "../../support/shop/bad-input.ts";
import { type Clients, type Options, signIn } from "../../support/shop/api-client.ts";
import { testDatabase, type TestDatabase } from "../../support/servers/database.ts";
import { webhookSecret } from "../../support/shop/stripe-webhooks.ts";
import { startShop, type Running } from "../../support/servers/processes.ts";
import { catalogueRows } from "./bad-input.catalogue.ts";
import { orderRows } from "./bad-input.orders.ts";
import { paymentRows } from "./bad-input.payments.ts";
import { makeFixtures, type Fixtures } from "./bad-input.fixtures.ts";

/**
 * Responses to invalid requests: each row gets a problem (RFC 9457) with its code that names the
 * invalid field, and no row of any table changes.
 */

let database: TestDatabase;
let shop: Running;
let clients: Clients;
let fixtures: Fixtures;
/**
 * One query that distinguishes any two states of the tables that requests write. Consumers and the leases of relays are
 * left out, because they update their own rows every few seconds.
 */
let contents: string;

beforeAll(async () => {
	database = await testDatabase();
	shop = await startShop({ DATABASE_URL: database.url, STRIPE_WEBHOOK_SECRET: webhookSecret });
	clients = await signIn(shop.url);
	fixtures = await makeFixtures(clients, database);
	const [made] = await database.rows<{ sql: string }>(`
		select string_agg(format('select %L, count(*), md5(string_agg(t::text, '''' order by t::text))
			from %I.%I t', schemaname || '.' || tablename, schemaname, tablename), ' union all ') as sql
		from pg_tables where schemaname in ('orders', 'idempotency', 'payment', 'product', 'users', 'public')
			and tablename <> 'relay_lease'`);
	contents = made!.sql;
}, 60_000);

afterAll(async () => {
	await shop?.remove();
	await database?.drop();
}, 30_000);

/** Replaces `{name}` by the fixture's value. */
function filled(text: string, toText: (value: unknown) => string, pattern: RegExp): string {
	return text.replace(pattern, (all, name: string) => {
		return Object.hasOwn(fixtures, name) ? toText(fixtures[name]) : all;
	});
}

async function isRefused({ to, by, send, answer, pointer }: Row): Promise<void> {
	const [method, path] = to.split(" ") as [string, string];
	const body = send.body && filled(JSON.stringify(send.body), JSON.stringify, /"\{(\w+)\}"/g);
	const options = body === undefined ? send : { ...send, raw: body as string };
	const before = await database.rows(contents);
	const given = await clients[by].send(method, filled(path, String, /\{(\w+)\}/g), options);
	expect(`${given.status} ${given.body.code as string}`).toBe(answer);
	if (pointer) expect(given.body.errors).toContainEqual(expect.objectContaining({ pointer }));
	expect(await database.rows(contents)).toEqual(before);
}

const tables = { ...orderRows, ...paymentRows, ...catalogueRows };

describe.each(Object.entries(tables))("of %s", (_, rows) => {
	it.each(rows.map(row => [row.to.slice(0, 60), row.what, row] as const))(
		"%s refuses %s",
		(_to, _what, row) => isRefused(row)
	);
});

const uuid = "01890a5d-ac96-774b-bcce-b302099a8057";
const named = (some: readonly Operation[]) => some.map(one => [one.id, one] as const);

/** The same for every operation with a body; an id that does not exist keeps valid bodies from having an effect. */
function sent({ method, path }: Operation, send: Options, answer: string, query = ""): Row {
	const to = `${method} ${path.replace(/\{\w+\}/g, uuid)}${query}`;
	return { what: "", to, by: "admin", send, answer };
}

describe.each(named(operations.filter(({ inBody }) => inBody)))(
	"the body of %s",
	(_, operation) => {
		it.each<[string, string, string, Record<string, string>?]>([
			["that ends too early", '{"a":[', "400 malformed-json"],
			["nested 10,000 deep", "[".repeat(10_000) + "]".repeat(10_000), "400 malformed-json"],
			["with a prototype", '{"__proto__":{"role":"admin"}}', "400 malformed-json"],
			["with a member twice", '{"a":1,"a":1}', "400 malformed-json"],
			["that is an array", "[]", invalid],
			["with an unknown member", '{"surprise":1}', invalid],
			["beyond 64 KiB", `{"a":"${"a".repeat(70_000)}"}`, "413 payload-too-large"],
			["of another type", "{}", "415 unsupported-media-type", { "content-type": "text/plain" }]
		])("is refused %s", (_what, raw, answer, headers = {}) =>
			isRefused(sent(operation, { raw, headers }, answer))
		);
	}
);

const keyed = operations.filter(({ inHeaders }) => inHeaders.includes("idempotency_key"));

describe.each(named(keyed))("the idempotency key of %s", (_, operation) => {
	const isRequired = operation.action.params.required?.includes("idempotency_key");
	it.each<[string, string | null, string]>([
		...(isRequired ? [["is missing", null, "missing"] as [string, null, string]] : []),
		["is empty", "", "malformed"],
		["has a space", "a b", "malformed"],
		["is given twice", "a, b", "malformed"],
		["is not ASCII", "é", "malformed"],
		["has 256 characters", "a".repeat(256), "malformed"]
	])("is refused when it %s", (_what, key, code) =>
		isRefused(sent(operation, { key, body: {} }, `400 idempotency-key-${code}`))
	);
});

const listed = operations.filter(({ inQuery }) => inQuery.properties.limit);

describe.each(named(listed))("a page of %s", (_, operation) => {
	const { cursor } = operation.inQuery.properties;
	const limits = ["0", "-1", "101", "1e9", "1.0", "0x10", "abc", "", "5&limit=5"];
	const cursors = ["", "abc", "e30", "%00", "'%20or%201=1", "a".repeat(513)];
	const queries = [
		...limits.map(limit => `limit=${limit}`),
		...(cursor ? cursors.map(text => `cursor=${text}`) : [])
	];
	it.each(queries)("is refused for ?%s", query => {
		const pointer = `/${query.split("=")[0]!}`;
		return isRefused({ ...sent(operation, {}, invalid, `?${query}`), pointer });
	});
});

it("never caused an internal error", () => {
	expect(shop.output()).not.toMatch(/ERROR|\n\s+at /);
});
