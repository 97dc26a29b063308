import { product } from "../../../contracts/product.ts";
import { call } from "../../../lib/service.ts";
import productService from "../../../services/product/product.service.ts";
import { expectFailure, successesOf } from "../../support/expect-failure.ts";
import { admin, as } from "../../support/shop/callers.ts";
import { useShop } from "../../support/shop/use-shop.ts";

/** The SKUs of other systems, and what is the same SKU. */

const shop = useShop([productService], { LOG_LEVEL: "fatal" });
const { actions } = product;

const create = (sku: string) => {
	const entry = {
		sku,
		name: sku,
		category: "skus",
		price: { amount: 499, currency: "USD" },
		stock: 7
	};
	return call(shop.broker, actions.create, entry, as(admin));
};

it("refuses a SKU that is taken, even in parallel", async () => {
	const attempts = Array.from({ length: 8 }, () => create("SPOON-2"));
	expect(await successesOf(attempts, "DUPLICATE_SKU")).toHaveLength(1);
	await expectFailure(create("SPOON-2"), "DUPLICATE_SKU");
});

it.each([
	["shirt_XL", "SHIRT_xl"],
	["a.b/c", "A.B/C"],
	["Größe-Ä", "GRÖSSE-ä".replace("SS", "ß")],
	["ＡＢ１", "ab1"],
	["商品-1", "商品-1"],
	["é-nfc", "e\u0301-NFC"],
	["AT&T #7 (x)", "at&t #7 (X)"],
	["7", "7"]
])("takes the SKU %s of another system, and %s is the same", async (sku, same) => {
	expect((await create(sku)).sku).toBe(sku);
	await expectFailure(create(same), "DUPLICATE_SKU");
});

it.each([
	["a space at the start", " SKU"],
	["a space at the end", "SKU "],
	["a no-break space at the end", "SKU\u00a0"],
	["an ideographic space at the start", "\u3000SKU"],
	["spaces only", "  "],
	["nothing", ""],
	["a zero-width space", "SK\u200bU"],
	["a soft hyphen", "SK\u00adU"],
	["a byte order mark", "\ufeffSKU"],
	["a change of direction", "SKU\u202e"],
	["a line break", "SK\nU"],
	["65 characters", "S".repeat(65)]
])("refuses a SKU with %s, new or corrected", async (_, sku) => {
	const refused = { type: "VALIDATION_ERROR", code: 422 };
	await expect(create(sku)).rejects.toMatchObject(refused);
	const corrected = call(shop.broker, actions.update, { id: "prod-002", sku }, as(admin));
	await expect(corrected).rejects.toMatchObject(refused);
});

it("frees the SKU of an archived product, and sells the product again unless it was taken", async () => {
	const first = await create("Again-1");
	const archive = (id: string) => call(shop.broker, actions.archive, { id }, as(admin));
	const sell = (id: string) =>
		call(shop.broker, actions.update, { id, archived: false }, as(admin));
	const patched = { id: first.id, archived: true };
	await call(shop.broker, actions.update, patched, as(admin));
	expect((await call(shop.broker, actions.get, { id: first.id })).archived).toBe(true);
	expect(await sell(first.id)).toMatchObject({ archived: false, sku: "Again-1", available: 7 });
	await archive(first.id);
	const second = await create("AGAIN-1");
	await expectFailure(sell(first.id), "DUPLICATE_SKU");
	await archive(second.id);
	expect((await sell(first.id)).archived).toBe(false);
	await expectFailure(sell(second.id), "DUPLICATE_SKU");
});

it("corrects a SKU, unless another product has it", async () => {
	const { id } = await create("TYPPO-1");
	await create("TAKEN-1");
	const update = (sku: string) => call(shop.broker, actions.update, { id, sku }, as(admin));
	await expectFailure(update("taken-1"), "DUPLICATE_SKU");
	expect(await update("TYPO-1")).toMatchObject({ sku: "TYPO-1", version: 2 });
	expect(await update("typo-1")).toMatchObject({ sku: "typo-1", version: 3 });
	const { data } = await call(shop.broker, actions.list, { q: "TYPO-1" });
	expect(data.map(found => found.id)).toEqual([id]);
	expect((await create("TYPPO-1")).version).toBe(1);
});
