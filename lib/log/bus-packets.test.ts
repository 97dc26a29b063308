import { withoutPackets } from "./bus-packets.ts";

const packet = (payload: unknown) => ({ type: "REQ", target: null, payload });
const login = { sender: "gateway.a", action: "user.login", id: "r1", ver: "4" };
const params = { password: "hunter2", street: "Elm Street 1" };

it.each<[what: string, part: string, args: unknown[], logged: unknown[]]>([
	[
		"a packet",
		"transit",
		["failed", packet({ ...login, params })],
		["failed", "packet with sender gateway.a, action user.login, id r1, ver 4"]
	],
	["a packet of null", "transit", [packet(null)], ["packet of no known form"]],
	["names of other types", "transit", [packet({ sender: params })], ["packet of no known form"]],
	[
		"a long name",
		"transit",
		[packet({ event: "x".repeat(1000) })],
		[`packet with event ${"x".repeat(100)}`]
	],
	[
		"an error that quotes",
		"transporter",
		[new SyntaxError('"hunter2" is not valid JSON')],
		["SyntaxError: the packet is not JSON"]
	],
	[
		"the content",
		"transporter",
		["Content:", "hunter2"],
		["Content: not logged, because it may have personal data"]
	],
	["other lines", "transporter", ["connected", 3], ["connected", 3]],
	["other parts", "order", ["Content:", "of an order"], ["Content:", "of an order"]]
])("%s, as the part %s logs it", (_, part, args, logged) => {
	expect(withoutPackets(args, part)).toEqual(logged);
});
