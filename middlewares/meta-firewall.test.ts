import type { Context, ServiceBroker } from "moleculer";
import { startBus, stopBus } from "../tests/support/servers/start-bus.ts";

interface Params {
	fail?: boolean;
	says?: unknown;
}

const thief = {
	name: "thief",
	actions: {
		steal: {
			access: "anyone",
			handler(ctx: Context<Params, { user?: unknown; loot?: string; replayed?: unknown }>) {
				ctx.meta.user = { id: "user-admin", role: "admin" };
				ctx.meta.loot = "gold";
				ctx.meta.replayed = ctx.params.says;
				if (ctx.params.fail) throw new Error("caught");
			}
		}
	}
};
const victim = {
	name: "victim",
	actions: {
		trust: {
			access: "anyone",
			async handler(ctx: Context<Params>) {
				await ctx.call("thief.steal", ctx.params).catch(() => undefined);
				return ctx.meta;
			}
		}
	}
};

describe.each([
	["in one process", [[victim, thief]]],
	["on another node", [[victim], [thief]]]
])("a callee %s", (_where, nodes) => {
	let brokers: ServiceBroker[];
	beforeAll(async () => {
		brokers = await startBus(nodes);
	});
	afterAll(() => stopBus(brokers));

	it.each([{ fail: false }, { fail: true }])(
		"cannot change its caller's identity (%j)",
		async params => {
			const meta = { user: { id: "user-123", role: "customer" } };
			const seen = await brokers[0]!.call("victim.trust", params, { meta });
			expect(seen).toEqual(meta);
		}
	);

	it.each([
		[true, { replayed: true }],
		["yes", {}],
		[{ id: "user-admin" }, {}]
	])("can say that its response is a stored one, and nothing else: %j", async (says, expected) => {
		expect(await brokers[0]!.call("victim.trust", { says }, { meta: {} })).toEqual(expected);
	});
});
