import { limitedItems } from "./limited-items.ts";

const items = [
	{ product_id: "prod-001", name: "Laptop Stand" },
	{ product_id: "prod-002", name: "Mug" }
];
const most = (limit: number, name = "Laptop Stand") =>
	`You can have at most ${limit} of ${name} in unpaid orders at one time`;
const again = "before you order again.";

it.each([
	[6, 5, 0, `${most(5)}. Order no more than that, and more once it is paid.`],
	[2, 1, 0, `${most(1)}. Order no more than that, and more once it is paid.`],
	[
		4,
		5,
		3,
		`${most(5)}, and 3 are in your other unpaid orders. Order no more than 2, or pay for those orders or cancel them ${again}`
	],
	[
		5,
		5,
		1,
		`${most(5)}, and 1 is in your other unpaid orders. Order no more than 4, or pay for those orders or cancel them ${again}`
	],
	[
		1,
		5,
		5,
		`${most(5)}, and 5 are in your other unpaid orders. Pay for those orders or cancel them ${again}`
	],
	// Units were sold since, so the limit is lower than it was.
	[
		1,
		2,
		5,
		`${most(2)}, and 5 are in your other unpaid orders. Pay for those orders or cancel them ${again}`
	]
])("says what to do about %i ordered of %i with %i held", (quantity, limit, held, detail) => {
	const limited = { product_id: "prod-001", quantity, limit, held };
	expect(limitedItems([limited], items)).toEqual([{ ...limited, detail }]);
});

it("names each product, by its id where the order has none of that id", () => {
	const limited = ["prod-002", "prod-003"].map(product_id => ({
		product_id,
		quantity: 3,
		limit: 2,
		held: 0
	}));
	const details = limitedItems(limited, items).map(({ detail }) => detail);
	expect(details[0]).toContain(most(2, "Mug"));
	expect(details[1]).toContain(most(2, "prod-003"));
});
