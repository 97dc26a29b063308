import { OwnAnnouncements } from "./own-announcements.ts";

type Handler = (command: string, packet: object) => unknown;
const { transitMessageHandler } = OwnAnnouncements as unknown as {
	transitMessageHandler(next: Handler): Handler;
};

const announced = [
	{ name: "webhook", actions: { "webhook.create": {}, "user.login": {} } },
	{ name: "user", actions: { "user.login": {} } },
	{ name: "health", actions: { "health.read": {}, "payment.charge": {} } }
];

function received(sender: string, command = "INFO") {
	let payload: unknown;
	const handle = transitMessageHandler((_, packet) => {
		({ payload } = packet as { payload: unknown });
	});
	handle(command, { payload: { sender, services: structuredClone(announced) } });
	return (payload as { services: typeof announced }).services;
}

it("ignores services and actions of others that a node announces", () => {
	expect(received("webhook.host-1-abc")).toEqual([
		{ name: "webhook", actions: { "webhook.create": {} } },
		{ name: "health", actions: { "health.read": {} } }
	]);
});

it.each(["shop.host-1-abc", "guest.host-1-abc", "node-1"])("believes %s", sender => {
	expect(received(sender)).toEqual(announced);
});

it("looks at no other packet", () => {
	expect(received("webhook.host-1-abc", "HEARTBEAT")).toEqual(announced);
});
