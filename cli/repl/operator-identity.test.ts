import { operator } from "../../lib/identity.ts";
import { OperatorIdentity } from "./operator-identity.ts";

type Call = (action: string, params: unknown, options?: object) => unknown;
const wrap = (OperatorIdentity as unknown as { call(next: Call): Call }).call;

/** The identity of an outgoing call. */
const actor = (options?: { meta?: object }) =>
	wrap((_action, _params, sent) => (sent as { meta?: { user?: object } })?.meta?.user)(
		"order.list",
		{},
		options
	);

it("gives a call typed at the REPL the operator's identity", () => {
	expect(actor({ meta: { $repl: true } })).toBe(operator);
});

it("keeps the identity that was typed", () => {
	const user = { id: "user-123", role: "customer" };
	expect(actor({ meta: { $repl: true, user } })).toBe(user);
});

it("gives a service's own call no identity", () => {
	expect(actor()).toBeUndefined();
	expect(actor({ meta: {} })).toBeUndefined();
});
