import notificationService from "../../../services/notification/notification.service.ts";
import userService from "../../../services/user/user.service.ts";
import { topicSpecs } from "../../../streams/messages/topics.ts";
import { newTokenKey } from "../../support/shop/token-key.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { streamDriver } from "../../support/streams/stream-driver.ts";
import {
	buildWebhookDisabled,
	webhookDisabledMessage
} from "../../support/streams/webhook-event.ts";
import { until } from "../../support/until.ts";

interface Mail {
	recipient: string;
	subject: string;
	html: string;
	body: string;
}

describe("a disabled webhook, from the log to the mailbox", () => {
	const shop = useShop(
		[userService, notificationService],
		{ LOG_LEVEL: "fatal", ...newTokenKey() },
		{
			prepare: database =>
				database.rows("update users.users set role = 'admin' where id = 'user-support'")
		}
	);

	const mailsOf = (id: string) =>
		shop.database.rows<Mail>(
			`select recipient, subject, html, body from notification.mailbox
			where body like '%' || $1 || '%' order by recipient`,
			[id]
		);

	async function publish(...events: ReturnType<typeof buildWebhookDisabled>[]): Promise<void> {
		const log = streamDriver(shop.database, 2);
		// The service creates the topics after its start, which may be later than this.
		await log.createTopics(topicSpecs({ partitions: 2, retentionMs: 3_600_000 }));
		await log.publish("notifications", events.map(webhookDisabledMessage));
		await log.close();
	}

	it("is a mail to each of two admins, once for an event that is published twice", async () => {
		const url = "https://key:secret@erp.example/hooks/orders?token=secret";
		const event = buildWebhookDisabled({ url, last_error: "connection <refused>" });
		const last = buildWebhookDisabled({ reason: "gone", failing_since: null });
		await publish(event, event, last);
		await until(async () => (await mailsOf(last.subject)).length === 2, 20_000);

		const mails = await until(async () => {
			const found = await mailsOf(event.subject);
			return found.length >= 2 ? found : undefined;
		}, 20_000);
		expect(mails.map(({ recipient }) => recipient)).toEqual([
			"admin@shop.test",
			"support@shop.test"
		]);
		for (const { subject, html, body } of mails) {
			expect(`${subject} ${html} ${body}`).not.toContain("secret");
			expect(subject).toContain("erp.example");
			expect(body).toContain("https://erp.example/hooks/orders");
			expect(body).toContain("connection <refused>");
			expect(html).toContain("connection &lt;refused&gt;");
		}
		const messages = await shop.database.rows(
			"select kind, user_id, order_id, fact ->> 'type' as type from notification.notifications where event_id = $1",
			[event.id]
		);
		expect(messages).toEqual([
			{ kind: "webhook_disabled", user_id: null, order_id: null, type: "webhook.disabled" }
		]);
		const kept = await shop.database.rows(
			"select 1 from notification.notifications where fact::text like '%secret%'"
		);
		expect(kept).toEqual([]);
	}, 60_000);

	it("is dead-lettered with its reason when it is of another version, and the next one is sent", async () => {
		const unknown = { ...buildWebhookDisabled(), dataschema: "https://shop.example/v2" };
		const next = buildWebhookDisabled({ webhook_id: unknown.subject });
		await publish(unknown, next);
		await until(async () => (await mailsOf(next.subject)).length === 2, 20_000);
		const deadLetters = await shop.database.rows(
			"select topic, reason from notification.dead_letter"
		);
		expect(deadLetters).toEqual([{ topic: "notifications", reason: "unknown-version" }]);
	}, 60_000);
});
