import type { Sequelize } from "sequelize";
import { newClient } from "../../../db/client.ts";
import { Database, serviceUrl } from "../../../db/database.ts";
import productService from "../../../services/product/product.service.ts";
import { useDatabase } from "../../support/servers/use-database.ts";
import { useShop } from "../../support/shop/use-shop.ts";

/** Settings of a session as each kind of connection gets them, on a server that is configured otherwise. */

const database = useDatabase();
const others = [
	"jit = on",
	"tcp_keepalives_idle = 7200",
	"idle_session_timeout = 0",
	"datestyle = 'SQL, DMY'",
	"default_transaction_isolation = 'serializable'"
];
const formats = { dates: "ISO, MDY", isolation: "read committed" };

async function configureOtherwise(of: { rows(sql: string): Promise<unknown> }): Promise<void> {
	for (const setting of others)
		await of.rows(
			`do $$ begin execute format($sql$alter database %I set ${setting}$sql$, current_database()); end $$`
		);
}
beforeAll(() => configureOtherwise(database));

const shop = useShop([productService], {}, { prepare: configureOtherwise });

const text = `select current_setting('jit') as jit, current_setting('tcp_keepalives_idle') as idle,
	current_setting('idle_session_timeout') as frozen, current_setting('datestyle') as dates,
	current_setting('transaction_isolation') as isolation`;
const show = { name: "show", text };

function service(): Database {
	const url = serviceUrl(database.url, "order");
	const db = new Database({ url, pool: 1, durability: "prefix", name: "settings" });
	database.defer(() => db.close());
	return db;
}

async function ofCommand(): Promise<object> {
	const client = newClient({ connectionString: database.url });
	await client.connect();
	database.defer(() => client.end());
	return (await client.query(text)).rows[0];
}

async function ofSession(): Promise<object | undefined> {
	const session = await service().session({ onLost: () => undefined });
	const [row] = await session.query(show);
	await session.close();
	return row;
}

type Models = { model: { sequelize: Sequelize } };
async function ofModel(): Promise<object> {
	const { model } = shop.broker.getLocalService("product") as unknown as Models;
	const [rows] = await model.sequelize.query(text);
	return rows[0] as object;
}

it.each([
	["a query", async () => (await service().query(show))[0]],
	["a deferred query", async () => (await service().deferred(show))[0]],
	["a transaction", async () => (await service().transaction(tx => tx.query(show)))[0]],
	["a session", ofSession],
	["a model", ofModel]
])(
	"%s of a service compiles no plans, reads times as they are, and its server notices a silent or frozen client",
	async (_, read) => {
		expect(await read()).toEqual({ jit: "off", idle: "10", frozen: "1min", ...formats });
	}
);

it("a command compiles no plans, its server notices a silent client, and it may pause", async () => {
	expect(await ofCommand()).toEqual({ jit: "off", idle: "10", frozen: "0", ...formats });
});
