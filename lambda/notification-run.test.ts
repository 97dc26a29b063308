import { SQSClient } from "@aws-sdk/client-sqs";
import { toConfig, useConfig } from "../config/index.ts";
import { readEnvironment } from "../config/read-environment.ts";
import { Database } from "../db/database.ts";
import type { Channel } from "../services/notification/channel.ts";
import * as channelFactory from "../services/notification/channels/channel.factory.ts";
import * as storeFactory from "../services/notification/storage/store.factory.ts";
import type { NotificationStore } from "../services/notification/tracking-store.ts";
import { ContactsOverBus } from "./contacts.ts";
import { openRun } from "./notification-run.ts";

jest.mock("../services/notification/channels/channel.factory.ts");
jest.mock("../services/notification/storage/store.factory.ts");
jest.mock("@aws-sdk/client-sqs");

const settings = { deadLetterQueueUrl: "https://sqs.example/queue" };
const cannot = new Error("cannot be opened");

/** Parts in the order in which they are opened, each with what makes it fail. */
const parts: readonly [part: string, fail: () => void][] = [
	["store", () => jest.mocked(storeFactory.openStore).mockRejectedValue(cannot)],
	["channels", () => jest.mocked(channelFactory.openChannels).mockRejectedValue(cannot)],
	[
		"queue",
		() =>
			jest.mocked(SQSClient).mockImplementation(() => {
				throw cannot;
			})
	]
];

let closed: string[];

beforeEach(() => {
	closed = [];
	const close = (part: string) => async () => void closed.push(part);
	useConfig(toConfig(readEnvironment({ DATABASE_URL: "postgres://shop:shop@localhost/shop" })));
	jest.spyOn(Database.prototype, "close").mockImplementation(close("database"));
	jest.spyOn(ContactsOverBus.prototype, "close").mockImplementation(close("contacts"));
	jest
		.mocked(storeFactory.openStore)
		.mockResolvedValue({ close: () => void closed.push("store") } as NotificationStore);
	const channel = { close: close("channels") } as Channel;
	jest.mocked(channelFactory.openChannels).mockResolvedValue(new Map([["email", channel]]));
	jest
		.mocked(SQSClient)
		.mockImplementation(() => ({ destroy: () => closed.push("queue") }) as unknown as SQSClient);
});
afterEach(() => jest.restoreAllMocks());

it.each(parts)("closes what is open when the %s cannot be opened", async (part, fail) => {
	fail();
	await expect(openRun(settings, jest.fn())).rejects.toBe(cannot);
	const opened = ["database", "store", "channels", "contacts"];
	const before = { store: 1, channels: 2, queue: 4 }[part];
	expect(closed.toSorted()).toEqual(opened.slice(0, before).toSorted());
});

it("closes all of it once, also when one fails to close", async () => {
	const run = await openRun(settings, jest.fn());
	expect(closed).toEqual([]);
	jest.spyOn(Database.prototype, "close").mockRejectedValue(new Error("was closed"));
	await expect(run.close()).resolves.toBeUndefined();
	expect(closed.toSorted()).toEqual(["channels", "contacts", "queue", "store"]);
});
