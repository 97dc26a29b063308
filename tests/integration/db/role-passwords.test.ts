import { join } from "node:path";
import { AppliedMigrations } from "../../../db/applied-migrations.ts";
import { migrate } from "../../../db/migrate.ts";
import { rows } from "../../../db/client.ts";
import { serviceUrl } from "../../../db/database.ts";
import { startPostgres } from "../../../launch/servers/embedded-postgres.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";

/** On a server of its own, because roles belong to all databases of one. */

let server: Awaited<ReturnType<typeof startPostgres>>;
beforeAll(async () => {
	server = await startPostgres({
		directory: join(temporaryFolder(), "postgres"),
		connections: 20,
		progress: () => undefined,
		onCrash: reason => console.error(reason)
	});
}, 120_000);
afterAll(() => server?.stop());

function orderUrl(password: string): string {
	const url = new URL(server.url);
	url.username = "shop_orders";
	url.password = encodeURIComponent(password);
	return url.toString();
}
const connects = (url: string) =>
	rows(url, "select").then(
		() => true,
		({ code }: { code: string }) => code
	);

it("follow the URL of a service at each migration, and are derived from the owner's without one", async () => {
	await migrate(server.url);
	expect(await connects(serviceUrl(server.url, "order"))).toBe(true);
	for (const password of ["First-1", "p@s'/\"\\$1 ü\u00a0ﬁ", "Third-3"]) {
		await migrate(server.url, undefined, { roleUrls: { order: orderUrl(password) } });
		expect([password, await connects(orderUrl(password))]).toEqual([password, true]);
		expect(await connects(serviceUrl(server.url, "order"))).toBe("28P01");
		expect(await connects(serviceUrl(server.url, "payment"))).toBe(true);
	}
	await migrate(server.url);
	expect(await connects(orderUrl("Third-3"))).toBe(true);
}, 60_000);

it("need no right of the owner where they are right, and name the one that is missing where they are not", async () => {
	await migrate(server.url, undefined, { roleUrls: { order: orderUrl("Fourth-4") } });
	await rows(server.url, "create role app_owner login createrole password 'owner'");
	await rows(server.url, "create database app owner app_owner");
	const owner = new URL(server.url);
	Object.assign(owner, { username: "app_owner", password: "owner", pathname: "/app" });
	await migrate(owner.toString(), undefined, { roleUrls: { order: orderUrl("Fourth-4") } });
	await expect(
		migrate(owner.toString(), undefined, { roleUrls: { order: orderUrl("Fifth-5") } })
	).rejects.toThrow(
		/shop_orders cannot sign in with the password of ORDER_DATABASE_URL.*grant shop_orders to app_owner with admin option/
	);
}, 60_000);

it("leave a role that may read nothing of the schema public able to see the migrations", async () => {
	await rows(server.url, "revoke all on schema public from public");
	await migrate(server.url);
	const applied = new AppliedMigrations("order");
	const asRole = (text: string, values: string[][]) =>
		rows<object>(serviceUrl(server.url, "payment"), text, values);
	expect(await applied.check(asRole, { warn: line => console.error(line) })).toEqual({ ok: true });
}, 60_000);
