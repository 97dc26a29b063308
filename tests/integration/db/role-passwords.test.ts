import { join } from "node:path";
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
