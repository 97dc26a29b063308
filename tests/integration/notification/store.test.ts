import { CreateTableCommand, DeleteTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoStore } from "../../../services/notification/storage/dynamo.store.ts";
import { tableSpec } from "../../support/servers/dynamo-table.ts";
import { PostgresStore } from "../../../services/notification/storage/postgres.store.ts";
import { describeWith } from "../../support/describe-with.ts";
import { startMoto, type Moto } from "../../support/servers/moto.ts";
import { installWithinMs } from "../../support/python-venv.ts";
import { message, trackingConformance } from "../../support/notification/tracking.conformance.ts";
import { until } from "../../support/until.ts";
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

	describe("nodes whose clocks differ by 10 minutes", () => {
		const skewMs = 600_000;
		const real = Date.now;
		let other: DynamoDBClient;
		let here: DynamoStore;
		let ahead: DynamoStore;

		beforeEach(async () => {
			const TableName = `notifications-${++table}`;
			await client.send(new CreateTableCommand(tableSpec(TableName)));
			// Each node asks for the time by itself.
			other = new DynamoDBClient(moto.client);
			here = new DynamoStore({ client, table: TableName });
			ahead = new DynamoStore({ client: other, table: TableName });
		});
		afterEach(() => other?.destroy());

		/** What the node does whose clock is ahead. */
		async function onNodeAhead<R>(work: (store: DynamoStore) => Promise<R>): Promise<R> {
			const clock = jest.spyOn(Date, "now").mockImplementation(() => real() + skewMs);
			return work(ahead).finally(() => clock.mockRestore());
		}

		it("do not claim what another is sending, nor what is to be retried later", async () => {
			const planned = message();
			await here.plan([planned]);
			const claim = (await here.claimOne(planned.id, 60_000))!;
			const claimAhead = () =>
				onNodeAhead(async store => [
					...(await store.claim("email", 10, 60_000)),
					await store.claimOne(planned.id, 60_000)
				]);
			await expect(claimAhead()).resolves.toEqual([undefined]);
			await here.settle(claim, { state: "pending", inMs: 60_000, counted: true, reason: "busy" });
			await expect(claimAhead()).resolves.toEqual([undefined]);
		});

		it("delay no message that one of them plans", async () => {
			const planned = message();
			await onNodeAhead(store => store.plan([planned]));
			// The clocks agree to a second.
			await until(async () => (await here.claim("email", 10, 60_000)).length > 0, 10_000);
		});
	});
});
