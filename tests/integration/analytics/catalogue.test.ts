import {
	Catalogue,
	type ProductDescription
} from "../../../services/analytics/reports/catalogue.ts";
import { buildOrderEvent } from "../../support/streams/order-message.ts";
import { WindowStore } from "../../support/analytics/window-database.ts";

let store: WindowStore;
let asked: string[][] = [];
let known: ProductDescription[] = [];
let catalogue: Catalogue;

beforeAll(async () => {
	store = await WindowStore.open();
	catalogue = new Catalogue({
		pg: store.pg,
		describe: async ids => {
			asked.push(ids.toSorted());
			return known.filter(({ product_id }) => ids.includes(product_id));
		},
		everyMs: 1000,
		onError: () => undefined
	});
}, 30_000);

afterAll(() => store.close());

beforeEach(() => {
	asked = [];
	known = [
		{ product_id: "mug", name: "Mug", category: "kitchen" },
		{ product_id: "cap", name: "Cap", category: "clothes" }
	];
});

const sold = (...ids: string[]) =>
	buildOrderEvent({ items: ids.map(product_id => ({ product_id, quantity: 1, unit_price: 100 })) });

const products = () =>
	store.rows("select id, name, category from analytics.products order by category, id");

async function sell(...ids: string[]): Promise<void> {
	await store.rows("truncate analytics.products");
	await store.begin([[sold(...ids), sold(ids[0]!)]]);
	await store.settle();
}

describe("details of sold products", () => {
	it("are requested once, for all new products", async () => {
		await sell("mug", "cap");
		await catalogue.describeUnknown();
		await catalogue.describeUnknown();
		expect(asked).toEqual([["cap", "mug"]]);
		expect(await products()).toEqual([
			{ id: "cap", name: "Cap", category: "clothes" },
			{ id: "mug", name: "Mug", category: "kitchen" }
		]);
	});

	it("stay as they were first stored", async () => {
		await sell("mug");
		await catalogue.describeUnknown();
		known = [{ product_id: "mug", name: "Jug", category: "garden" }];
		await store.rows("update analytics.products set asked_at = null");
		await catalogue.describeUnknown();
		expect(asked).toHaveLength(1);
		expect(await products()).toEqual([{ id: "mug", name: "Mug", category: "kitchen" }]);
	});

	it("are requested again a minute later if they were unknown", async () => {
		await sell("mug", "ghost");
		await catalogue.describeUnknown();
		await catalogue.describeUnknown();
		expect(asked).toHaveLength(1);
		await store.rows("update analytics.products set asked_at = asked_at - interval '1 minute'");
		await catalogue.describeUnknown();
		expect(asked[1]).toEqual(["ghost"]);
		expect(await products()).toContainEqual({ id: "ghost", name: null, category: null });
	});

	it("are requested by one of two concurrent nodes", async () => {
		await sell("mug", "cap");
		await Promise.all([catalogue.describeUnknown(), catalogue.describeUnknown()]);
		expect(asked.flat().toSorted()).toEqual(["cap", "mug"]);
	});
});
