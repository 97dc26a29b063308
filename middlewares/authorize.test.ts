import type { ServiceBroker, ServiceSchema } from "moleculer";
import { startBus, stopBus } from "../tests/support/servers/start-bus.ts";

const action = (access?: unknown) => ({ access, handler: () => "done" });
const vault = (actions: Record<string, unknown>) => ({ name: "vault", actions }) as ServiceSchema;

describe("Authorize", () => {
	let brokers: ServiceBroker[] = [];
	const as = (role?: string) => ({ meta: role ? { user: { id: "user-1", role } } : {} });
	const call = (name: string, role?: string) => brokers[0]!.call(`vault.${name}`, {}, as(role));

	beforeAll(async () => {
		brokers = await startBus([
			[vault({ look: action("anyone"), count: action("internal"), open: action(["admin"]) })]
		]);
	});
	afterAll(() => stopBus(brokers));

	it("allows anyone to use public actions, and services internal ones", async () => {
		await expect(call("look")).resolves.toBe("done");
		await expect(call("count")).resolves.toBe("done");
	});

	it("allows only the roles that the contract names", async () => {
		await expect(call("open", "admin")).resolves.toBe("done");
		await expect(call("open", "customer")).rejects.toMatchObject({
			type: "FORBIDDEN",
			code: 403,
			data: { requiredRoles: ["admin"] }
		});
		await expect(call("open")).rejects.toMatchObject({ type: "UNAUTHENTICATED", code: 401 });
	});

	it("stops a node with an action without access rules", async () => {
		await expect(startBus([[vault({ leak: action() })]])).rejects.toThrow(
			"Action vault.leak declares no access"
		);
	});
});
