import type { Context, Service, ServiceBroker } from "moleculer";
import { startBus, stopBus } from "../tests/support/servers/start-bus.ts";
import { until } from "../tests/support/until.ts";
import { fail } from "./errors.ts";
import type { Meta } from "./identity.ts";
import { contract, hint, strictObject, T } from "./schema.ts";
import { call, onHint, service, emitHint } from "./service.ts";

const shelf = contract("shelf", {
	take: {
		summary: "Take units",
		kind: "command",
		access: "anyone",
		timeoutMs: 700,
		params: strictObject({ units: T.Integer({ minimum: 1 }) }),
		returns: strictObject({ left: T.Integer() })
	},
	wait: {
		summary: "Return until when its caller waits",
		kind: "query",
		access: "internal",
		params: strictObject({}),
		returns: strictObject({ ms: T.Number() })
	},
	restock: {
		summary: "Put units back",
		kind: "command",
		access: ["admin"],
		timeoutMs: 700,
		params: strictObject({}),
		returns: strictObject({ ms: T.Number() })
	}
});

const emptied = hint("shelf.emptied", strictObject({ shelves: T.Array(T.String()) }));
const received: string[][] = [];

interface This extends Service {
	units: number;
}

const waits = (ctx: Context<unknown, Meta>) => {
	const { timeLeftMs } = ctx.headers as { timeLeftMs: number };
	return { ms: timeLeftMs };
};

const schema = service<typeof shelf.actions, This>(shelf, {
	actions: {
		take(ctx) {
			if (ctx.params.units > this.units) fail("INSUFFICIENT_STOCK", "Only a few are left");
			return { left: (this.units -= ctx.params.units) };
		},
		wait: waits,
		restock: waits
	},
	events: onHint(emptied, function (this: This, { shelves }) {
		received.push([this.name, ...shelves]);
		if (shelves.length === 0) throw new Error("nothing to look at");
	}),
	created() {
		this.units = 5;
	}
});

describe.each([
	["in one process", [[schema]]],
	["on another node", [[], [schema]]]
])("a service %s", (_where, nodes) => {
	let brokers: ServiceBroker[] = [];
	const admin = { meta: { user: { id: "user-1", role: "admin" as const } } };
	beforeAll(async () => {
		brokers = await startBus(nodes);
	});
	afterAll(() => stopBus(brokers));

	it("handles a call by its contract", async () => {
		await expect(call(brokers[0], shelf.actions.take, { units: 2 })).resolves.toEqual({ left: 3 });
	});

	it("refuses params that the contract does not allow, with pointers, before its handler runs", async () => {
		for (const params of [{ units: "1" }, { units: 0 }, {}, { units: 1, color: "red" }])
			await expect(brokers[0]!.call("shelf.take", params)).rejects.toMatchObject({
				type: "VALIDATION_ERROR",
				code: 422,
				data: [{ pointer: expect.stringMatching(/^\/(units|color)$/) }]
			});
		await expect(call(brokers[0], shelf.actions.take, { units: 3 })).resolves.toEqual({ left: 0 });
	});

	it("refuses with a failure that its caller recognises by its type", async () => {
		await expect(call(brokers[0], shelf.actions.take, { units: 1 })).rejects.toMatchObject({
			type: "INSUFFICIENT_STOCK",
			code: 409,
			retryable: false,
			data: { detail: "Only a few are left" }
		});
	});

	it("uses the timeout of the contract, the caller or the broker", async () => {
		const { ms: byContract } = await call(brokers[0], shelf.actions.restock, {}, admin);
		const { ms: byBroker } = await call(brokers[0], shelf.actions.wait, {});
		const { ms: byCaller } = await call(
			brokers[0],
			shelf.actions.restock,
			{},
			{ ...admin, timeout: 1500 }
		);
		expect(byContract).toBeLessThanOrEqual(700);
		expect(byCaller).toBeGreaterThan(700);
		expect(byCaller).toBeLessThanOrEqual(1500);
		expect(byBroker).toBeGreaterThan(1500);
	});

	it("allows only callers that the contract names", async () => {
		await expect(call(brokers[0], shelf.actions.restock, {})).rejects.toMatchObject({ code: 401 });
	});

	it("handles a hint once, and ignores an invalid one", async () => {
		received.length = 0;
		await brokers[0]!.emit("shelf.emptied", { shelves: "all" });
		emitHint(brokers[0]!, emptied, { shelves: [] });
		emitHint(brokers[0]!, emptied, { shelves: ["a", "b"] });
		await until(() => received.length === 2);
		expect(received).toEqual([["shelf"], ["shelf", "a", "b"]]);
		await expect(call(brokers[0], shelf.actions.wait, {})).resolves.toEqual({
			ms: expect.any(Number)
		});
	});
});
