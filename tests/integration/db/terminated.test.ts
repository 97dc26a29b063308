import { setImmediate as nextTurn } from "node:timers/promises";
import { product } from "../../../contracts/product.ts";
import { call } from "../../../lib/service.ts";
import productService from "../../../services/product/product.service.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { until } from "../../support/until.ts";

/** Connections that Postgres ends: administrators and failovers do, also when a connection was only just opened. */

const shop = useShop([productService], { LOG_LEVEL: "fatal" });
const get = () => call(shop.broker, product.actions.get, { id: "prod-001" });
type Models = { model: { sequelize: { query(sql: string): Promise<unknown> } } };
/** Without the breaker of an action, which would open. */
const query = () =>
	(shop.broker.getLocalService("product") as unknown as Models).model.sequelize.query("select 1");

it("does not end a node, whenever the connection ends, and is answered again afterwards", async () => {
	const terminate = `select pg_terminate_backend(pid) from pg_stat_activity
		where datname = current_database() and application_name like 'shop product models'`;
	let ended = 0;
	let isOver = false;
	const reader = async () => {
		while (!isOver) {
			await query().catch(() => undefined);
			// A query that fails at once waits for nothing.
			await nextTurn();
		}
	};
	const readers = Array.from({ length: 8 }, reader);
	for (let n = 0; n < 1000; n++) ended += (await shop.database.rows(terminate)).length;
	isOver = true;
	await Promise.all(readers);
	expect(ended).toBeGreaterThan(100);
	await until(async () => (await get().catch(() => undefined))?.id === "prod-001");
	expect((await get()).id).toBe("prod-001");
}, 60_000);
