import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { notification } from "../../../contracts/notification.ts";
import { call } from "../../../lib/service.ts";
import notificationService from "../../../services/notification/notification.service.ts";
import { tableSpec } from "../../support/servers/dynamo-table.ts";
import userService from "../../../services/user/user.service.ts";
import { neverReplayed } from "../../../streams/consumer/storage/inbox.repository.ts";
import { describeWith } from "../../support/describe-with.ts";
import { startMoto } from "../../support/servers/moto.ts";
import { installWithinMs } from "../../support/python-venv.ts";
import { buildOrderEvent } from "../../support/streams/order-message.ts";
import { place } from "../../support/shop/orders.ts";
import { until } from "../../support/until.ts";
import { admin, as } from "../../support/shop/callers.ts";
import { useShop, type Shop } from "../../support/shop/use-shop.ts";
import { newTokenKey } from "../../support/shop/token-key.ts";
import { orderServices } from "../../support/shop/services.ts";

/** The shop with DynamoDB as the store of messages. */

// Credentials as the AWS SDK finds them.
const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };

const services = [userService, ...orderServices, notificationService];
describeWith("python")("a shop whose messages are stored in DynamoDB", () => {
	const shop: Shop = useShop(
		services,
		async () => {
			const moto = await startMoto();
			shop.defer(() => moto.stop());
			const client = new DynamoDBClient(moto.client);
			await client.send(new CreateTableCommand(tableSpec("messages")));
			client.destroy();
			return {
				...newTokenKey(),
				NOTIFICATION_STORE: "dynamodb",
				NOTIFICATION_TABLE: "messages",
				AWS_REGION: moto.client.region,
				AWS_ENDPOINT_URL: moto.client.endpoint
			};
		},
		{ startWithinMs: installWithinMs }
	);

	beforeAll(() => Object.assign(process.env, credentials));
	afterAll(() => {
		for (const name of Object.keys(credentials)) delete process.env[name];
	});

	it("notifies a customer once, and stores only the mailbox in Postgres", async () => {
		const { order } = await place(shop.broker, { wait_s: 10 });
		const staff = as(admin);
		const [message, ...more] = await until(async () => {
			const { data } = await call(shop.broker, notification.actions.list, {}, staff);
			const own = data.filter(({ order_id }) => order_id === order.id);
			return own.some(({ state }) => state === "sent") ? own : undefined;
		}, 30_000);
		expect(message).toMatchObject({ kind: "order_confirmation", user_id: "user-123", attempts: 1 });
		expect(more).toEqual([]);
		expect(await shop.database.rows("select 1 from notification.notifications")).toEqual([]);
		expect(await shop.database.rows("select 1 from notification.mailbox")).toHaveLength(1);
	}, 60_000);

	it("sends nothing about an event that is marked as applied", async () => {
		const { id, data, type } = buildOrderEvent({ user_id: "user-123" });
		await shop.database.rows("insert into notification.inbox (event_id, replay) values ($1, $2)", [
			id,
			neverReplayed
		]);
		await shop.database.rows(
			`insert into orders.outbox (event_id, order_id, user_id, version, type, payload)
		values ($1, $2, $3, 2, $4, $5)`,
			[id, data.order_id, data.user_id, type, JSON.stringify(data)]
		);
		// Of the same user, so that it is behind it in the partition.
		const { order } = await place(shop.broker, { wait_s: 10 });
		const listed = async () => {
			const staff = as(admin);
			const { data: messages } = await call(shop.broker, notification.actions.list, {}, staff);
			return messages.map(({ order_id }) => order_id);
		};
		// The server in these tests answers 500 now and then while it is busy; the list is read again.
		const all = await until(async () => {
			const found = await listed().catch((): string[] => []);
			return found.includes(order.id) ? found : undefined;
		}, 30_000);
		expect(all).not.toContain(data.order_id);
	}, 60_000);
});
