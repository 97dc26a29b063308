import type { ContractSnapshot } from "../../scripts/release/contract-snapshot.ts";
import { breaksOf } from "./contract.rules.ts";

/** What readers of a topic rely on besides the schemas of its messages. */

const hourMs = 3_600_000;
const byUser = "$message.payload#/data/user_id";
const byOrder = "$message.payload#/data/order_id";

const shop = () =>
	({
		version: "1.0.0",
		actions: {},
		hints: {},
		routes: {},
		webhooks: {},
		schemas: {},
		messages: {
			OrderEvent: { topics: ["orders"], key: byUser, parts: {} },
			Window: { topics: ["windows"], key: "$message.payload#/subject", parts: {} },
			DeadLetter: { topics: ["orders.dlq"], parts: {} }
		},
		topics: {
			orders: { cleanup: ["delete"], retentionMs: 168 * hourMs },
			"orders.dlq": { cleanup: ["delete"], retentionMs: 672 * hourMs },
			windows: { cleanup: ["compact"] }
		}
	}) satisfies ContractSnapshot as ContractSnapshot;

type Change = (present: ContractSnapshot) => unknown;

function breaks(change: Change) {
	const present = shop();
	change(present);
	return breaksOf(shop(), present);
}

const renameOrders: Change = ({ topics }) => {
	topics.sales = topics.orders!;
	delete topics.orders;
};

it.each<[text: string, change: Change]>([
	[
		`event OrderEvent: key is ${byOrder}, was ${byUser}`,
		s => (s.messages.OrderEvent!.key = byOrder)
	],
	[`event OrderEvent: key is no member, was ${byUser}`, s => delete s.messages.OrderEvent!.key],
	["event DeadLetter: key is x, was no member", s => (s.messages.DeadLetter!.key = "x")],
	[
		"event OrderEvent is not in the topic orders any more",
		s => (s.messages.OrderEvent!.topics = [])
	],
	[
		"event Lost is new in the topic orders, whose readers do not know it",
		s => (s.messages.Lost = s.messages.OrderEvent!)
	],
	[
		"event OrderEvent is new in the topic windows, whose readers do not know it",
		s => s.messages.OrderEvent!.topics.push("windows")
	],
	["topic orders is gone", s => delete s.topics.orders],
	["topic orders is gone", renameOrders],
	["topic orders.dlq is gone", s => delete s.topics["orders.dlq"]],
	[
		"topic orders: cleanup policy is compact, was delete",
		s => (s.topics.orders = { cleanup: ["compact"] })
	],
	[
		"topic windows: cleanup policy is delete, was compact",
		s => (s.topics.windows = { cleanup: ["delete"], retentionMs: hourMs })
	],
	[
		"topic windows: cleanup policy is compact and delete, was compact",
		s => (s.topics.windows!.cleanup = ["compact", "delete"])
	],
	[
		"topic orders: messages are kept 24 h, were 168 h",
		s => (s.topics.orders!.retentionMs = 24 * hourMs)
	],
	[
		"topic windows: messages are kept 24 h, were for ever",
		s => (s.topics.windows!.retentionMs = 24 * hourMs)
	],
	[
		"topic orders.dlq: messages are kept 168 h, were 672 h",
		s => (s.topics["orders.dlq"]!.retentionMs = 168 * hourMs)
	]
])("%s", (text, change) => {
	expect(breaks(change).map(one => one.text)).toEqual([text]);
});

it.each<[what: string, change: Change]>([
	["nothing", () => undefined],
	["a new topic", s => (s.topics.returns = s.topics.orders!)],
	[
		"a new event in a topic of its own",
		s => {
			s.topics.returns = s.topics.orders!;
			s.messages.Lost = { topics: ["returns"], key: byUser, parts: {} };
		}
	],
	[
		"an event that is in a new topic too",
		s => {
			s.topics.returns = s.topics.orders!;
			s.messages.OrderEvent!.topics.push("returns");
		}
	],
	["messages that are kept longer", s => (s.topics.orders!.retentionMs = 720 * hourMs)],
	["messages that are kept for ever", s => delete s.topics.orders!.retentionMs]
])("%s breaks nothing", (_, change) => {
	expect(breaks(change)).toEqual([]);
});

it.each<[what: string, change: Change, isEvent: boolean]>([
	["another key", s => (s.messages.OrderEvent!.key = byOrder), true],
	["a removed topic", s => delete s.topics.orders, false],
	["a new kind of message", s => (s.messages.Lost = s.messages.OrderEvent!), false]
])("%s says whether the event needs a new version", (_, change, isEvent) => {
	expect(breaks(change).map(one => one.isEvent)).toEqual([isEvent]);
});
