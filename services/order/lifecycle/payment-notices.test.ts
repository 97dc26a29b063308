import { Errors, type ServiceBroker } from "moleculer";
import type { Database } from "../../../db/database.ts";
import type { OrderRepository } from "../storage/order.repository.ts";
import { PaymentNotices } from "./payment-notices.ts";

const unknownService = new Errors.ServiceNotFoundError({ action: "payment.notice.list" });
const timeout = new Errors.RequestTimeoutError({ action: "payment.notice.list", nodeID: "n" });

let now: number;
let answers: (Error | "none")[];
let reported: string[];
let notices: PaymentNotices;

beforeEach(() => {
	jest.useFakeTimers({ now: 0, doNotFake: ["nextTick"] });
	now = 0;
	jest.spyOn(performance, "now").mockImplementation(() => now);
	reported = [];
	const answer = () => {
		const next = answers.length > 1 ? answers.shift()! : answers[0]!;
		return next === "none" ? Promise.resolve({ notices: [] }) : Promise.reject(next);
	};
	notices = new PaymentNotices({
		broker: { call: answer } as unknown as ServiceBroker,
		db: {} as Database,
		orders: {} as OrderRepository,
		everyMs: 1000,
		onTransition: () => undefined,
		onDue: () => undefined,
		onError: ({ message }) => reported.push(message)
	});
});
afterEach(async () => {
	jest.useRealTimers();
	jest.restoreAllMocks();
	await notices.stop();
});

async function passed(seconds: number): Promise<void> {
	for (let n = 0; n < seconds; n++) {
		now += 1000;
		await jest.advanceTimersByTimeAsync(1000);
	}
}

it.each<[what: string, given: (Error | "none")[], seconds: number, reports: number]>([
	["is not there for 20 s", [unknownService], 20, 0],
	["is not there for 40 s", [unknownService], 40, 1],
	["does not answer", [timeout], 3, 1],
	["was there and is gone", ["none", unknownService], 3, 1],
	["is there", ["none"], 40, 0]
])("a payment service that %s", async (_, given, seconds, reports) => {
	answers = given;
	notices.start();
	await passed(seconds);
	expect(reported).toHaveLength(reports);
});
