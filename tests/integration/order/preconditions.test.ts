import { order, type Order } from "../../../contracts/order.ts";
import { newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import { admin, alice, as } from "../../support/shop/callers.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { place } from "../../support/shop/orders.ts";
import { orderServices } from "../../support/shop/services.ts";
import { useShop } from "../../support/shop/use-shop.ts";

/** Changes of orders that depend on the version that their sender has read (If-Match), and corrections of parcels. */

const shop = useShop(orderServices, {
	LOG_LEVEL: "fatal",
	SAGA_POLL_MS: "50",
	ORDER_MAX_OPEN: "0"
});
const { actions } = order;

const confirmed = async () => (await place(shop.broker, { wait_s: 10 })).order;
const parcel = { carrier: "UPS", tracking_number: "1Z" };
type Options = { version?: number; idempotency_key?: string };

const ship = ({ id }: Order, options: Options = {}, goods = parcel) =>
	call(shop.broker, actions.ship, { id, ...goods, ...options }, as(admin));
const correct = ({ id }: Order, options: Options = {}, goods = parcel) =>
	call(shop.broker, actions.correctShipment, { id, ...goods, ...options }, as(admin));
const deliver = ({ id }: Order, options: Options = {}) =>
	call(shop.broker, actions.deliver, { id, ...options }, as(admin));
const cancel = async ({ id }: Order, options: Options = {}) => {
	const params = { id, idempotency_key: newId(), ...options };
	return (await call(shop.broker, actions.cancel, params, as(alice))).order;
};
const shown = ({ id }: Order) => call(shop.broker, actions.get, { id }, as(admin));
const other = { carrier: "DHL", tracking_number: "JD01" };

const commands: readonly [
	name: string,
	make: () => Promise<Order>,
	act: (of: Order, options?: Options) => Promise<Order>
][] = [
	["cancel", confirmed, cancel],
	["ship", confirmed, ship],
	[
		"correctShipment",
		async () => ship(await confirmed()),
		(of, options) => correct(of, options, other)
	],
	["deliver", async () => ship(await confirmed()), deliver]
];

describe.each(commands)("%s", (_, make, act) => {
	it("is refused for a version that is not the current one, and changes nothing", async () => {
		const of = await make();
		for (const version of [of.version - 1, of.version + 1])
			await expectFailure(act(of, { version }), "STALE_VERSION");
		expect(await shown(of)).toEqual(await shown(of));
		expect((await shown(of)).version).toBe(of.version);
	});

	it("takes the current version, and is then no conflict when it is repeated with that", async () => {
		const of = await make();
		const { version } = of;
		const done = await act(of, { version });
		expect(done.version).toBe(version + 1);
		expect((await act(of, { version })).version).toBe(done.version);
	});

	it("has the version as no part of the request that a key names", async () => {
		const of = await make();
		const idempotency_key = newId();
		const first = await act(of, { version: of.version, idempotency_key });
		expect(await act(of, { version: 1, idempotency_key })).toEqual(first);
		expect(await act(of, { idempotency_key })).toEqual(first);
	});
});

describe("the correction of a shipment", () => {
	const events = ({ id }: Order) =>
		shop.database.rows<{ type: string; payload: { shipment: object; status: string } }>(
			"select type, payload from orders.events where order_id = $1 order by version",
			[id]
		);

	it.each([
		["is on its way", async () => ship(await confirmed()), "shipped"],
		["has arrived", async () => deliver(await ship(await confirmed())), "delivered"]
	] as const)("of a parcel that %s keeps the status, and is an event", async (_, make, status) => {
		const of = await make();
		const corrected = await correct(of, {}, other);
		expect(corrected).toMatchObject({ status, shipment: other });
		expect((await events(of)).at(-1)).toMatchObject({
			type: "order.shipment_corrected",
			payload: { status, shipment: other }
		});
	});

	it("that changes nothing is no event", async () => {
		const of = await ship(await confirmed());
		expect((await correct(of)).version).toBe(of.version);
	});

	it("is refused before the order is shipped", async () => {
		await expectFailure(correct(await confirmed(), {}, other), "ILLEGAL_TRANSITION");
	});
});
