import { CreateTableCommand, DeleteTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoStore } from "../../../services/notification/storage/dynamo.store.ts";
import { tableSpec } from "../../support/servers/dynamo-table.ts";
import { PostgresStore } from "../../../services/notification/storage/postgres.store.ts";
import { describeWith } from "../../support/describe-with.ts";
import { installWithinMs, startMoto, type Moto } from "../../support/servers/moto.ts";
import { trackingConformance } from "../../support/notification/tracking.conformance.ts";
import { useDatabase } from "../../support/servers/use-database.ts";

describe("Postgres", () => {
	const database = useDatabase("notification");

	trackingConformance("Postgres", async () => {
		await database.rows("delete from notification.notifications");
		const add = "set occurred_at = occurred_at - $1::int * interval '1 day'";
		return {
			store: new PostgresStore(database.db),
			other: new PostgresStore(database.db),
			age: async days =>
				void (await database.rows(`update notification.notifications ${add}`, [days])),
			close: async () => undefined
		};
	});
});

describeWith("python")("DynamoDB", () => {
	let moto: Moto;
	let client: DynamoDBClient;
	let table = 0;

	beforeAll(async () => {
		moto = await startMoto();
		// Moto checks a condition and writes in two steps, and another request can come in between.
		const requestHandler = { requestTimeout: 10_000, httpAgent: { maxSockets: 1 } };
		client = new DynamoDBClient({ ...moto.client, requestHandler });
	}, installWithinMs);
	afterAll(async () => {
		client?.destroy();
		await moto?.stop();
	});

	trackingConformance("DynamoDB", async () => {
		const TableName = `notifications-${++table}`;
		await client.send(new CreateTableCommand(tableSpec(TableName)));
		let passedMs = 0;
		const now = () => Date.now() + passedMs;
		return {
			store: new DynamoStore({ client, table: TableName, now }),
			other: new DynamoStore({ client, table: TableName, now }),
			age: async days => void (passedMs += days * 86_400_000),
			close: async () => void (await client.send(new DeleteTableCommand({ TableName })))
		};
	});
});
