import type { ServiceBroker } from "moleculer";
import notificationService from "../../../services/notification/notification.service.ts";
import type { WithStream } from "../../../mixins/stream.mixin.ts";
import { deliveryConformance } from "../../support/notification/delivery.conformance.ts";
import {
	startDeliveryEnvironment,
	type DeliveryEnvironment
} from "../../support/notification/delivery-environment.ts";
import { describeWith } from "../../support/describe-with.ts";
import { installWithinMs } from "../../support/python-venv.ts";
import { startNode } from "../../support/servers/start-node.ts";
import { topics } from "../../../streams/messages/topics.ts";
import { until } from "../../support/until.ts";

describeWith("python")("a notification node", () => {
	let shop: DeliveryEnvironment;
	let node: ServiceBroker;

	beforeAll(async () => {
		shop = await startDeliveryEnvironment();
		for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
			process.env[name] = shop.environment[name];
		node = await startNode([notificationService], {
			...shop.environment,
			SERVICES: "notification"
		});
		// It creates them after its start.
		for (const topic of [topics.orders, topics.notifications])
			await until(
				() =>
					log()
						.extents(topic)
						.catch(() => undefined),
				20_000
			);
	}, installWithinMs);
	afterAll(async () => {
		await node?.stop();
		await shop?.stop();
		for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) delete process.env[name];
	}, 60_000);

	let known = 0;
	const log = () => (node.getLocalService("notification") as unknown as WithStream).stream;

	deliveryConformance("a node that consumes the log", () => ({
		aws: shop.aws,
		database: shop.database,
		keeps: false,
		offerContacts: isOffered => shop.offerContacts(isOffered),
		sendDue: async () => undefined,
		async deliver(messages) {
			for (const [topic, own] of Map.groupBy(messages, ({ topic }) => topic))
				await log().publish(topic, own);
			return 0;
		},
		async deadLettered() {
			const rows = await until(() =>
				shop.database.rows<{ reason: string }>(
					"select reason from notification.dead_letter order by at"
				)
			);
			const fresh = rows.slice(known).map(({ reason }) => reason);
			known = rows.length;
			return fresh;
		}
	}));
});
