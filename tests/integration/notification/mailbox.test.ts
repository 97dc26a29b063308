import { newId } from "../../../lib/id.ts";
import { openChannels } from "../../../services/notification/channels/channel.factory.ts";
import {
	mailboxSize,
	MailboxStore
} from "../../../services/notification/channels/mailbox-store.ts";
import { dispatch } from "../../support/notification/sample-dispatch.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { useDatabase } from "../../support/servers/use-database.ts";

describe("the mailbox", () => {
	const database = useDatabase("notification");
	let mailbox: MailboxStore;

	beforeAll(() => {
		mailbox = new MailboxStore(database.db);
	});
	beforeEach(() => database.rows("delete from notification.mailbox"));

	async function send(channel: "email" | "sms", message = dispatch()) {
		const channels = await openChannels({ onError: error => fail(error) }, mailbox);
		return channels.get(channel)!.send(message);
	}
	const fail = (error: Error) => {
		throw error;
	};

	it("receives messages when no channel is configured", async () => {
		const message = dispatch();
		await expect(send("email", message)).resolves.toEqual({ providerId: message.id });
		const { subject, html, text } = message.rendered;
		await expect(mailbox.get(message.id)).resolves.toEqual({
			id: message.id,
			channel: "email",
			to: "zoe@shop.test",
			type: "order.confirmed",
			order_id: (message.fact.data as { order_id: string }).order_id,
			subject,
			html,
			text,
			received_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/)
		});
	});

	it("shows a text message as a phone would", async () => {
		const message = dispatch({ to: "+4915112345678" });
		await send("sms", message);
		const { short: text } = message.rendered;
		const shown = await mailbox.get(message.id);
		expect(shown).toMatchObject({ channel: "sms", subject: null, html: null, text });
	});

	it("stores a message once, even if it is sent repeatedly", async () => {
		const message = dispatch();
		await Promise.all(Array.from({ length: 10 }, () => send("email", message)));
		await send("email", { ...message, to: "other@shop.test" });
		await expect(mailbox.list(10)).resolves.toEqual([
			expect.objectContaining({ id: message.id, to: "zoe@shop.test" })
		]);
	});

	it("lists the newest first", async () => {
		const messages = [dispatch(), dispatch(), dispatch()];
		for (const message of messages) await send("email", message);
		const ids = (await mailbox.list(2)).map(({ id }) => id);
		expect(ids).toEqual([messages[2]!.id, messages[1]!.id]);
	});

	it("keeps only the newest", async () => {
		await database.rows(
			`insert into notification.mailbox (id, channel, recipient, type, body)
			select gen_random_uuid(), 'sms', 'old ' || n, 'order.shipped', '' from generate_series(1, $1) n`,
			[mailboxSize]
		);
		const message = dispatch();
		await send("email", message);
		await send("email", message);
		const kept = await mailbox.list(2 * mailboxSize);
		expect(kept).toHaveLength(mailboxSize);
		expect([kept[0]!.id, kept.at(-1)!.to]).toEqual([message.id, "old 2"]);
	});

	it("knows no other ids", async () => {
		await expectFailure(mailbox.get(newId()), "NOT_FOUND");
	});
});
