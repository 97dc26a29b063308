import { config } from "../../config/index.ts";
import type { Database } from "../../db/database.ts";
import { awsOptions } from "./notification.aws.ts";
import { PostgresStore } from "./notification.store.postgres.ts";
import type { TrackingStore } from "./notification.store.ts";

/** Where this shop keeps what is known of messages. */
export async function openStore(db: Database): Promise<TrackingStore> {
	const { notifications, aws } = config();
	if (notifications.store === "postgres") return new PostgresStore(db);
	// Most shops never need the client.
	const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
	const { DynamoStore } = await import("./notification.store.dynamo.ts");
	const client = new DynamoDBClient(awsOptions(aws));
	return new DynamoStore({ client, table: notifications.table });
}
