import { config } from "../../../config/index.ts";
import type { Database } from "../../../db/database.ts";
import { awsOptions } from "../aws/client-options.ts";
import { PostgresStore } from "./postgres.store.ts";
import type { NotificationStore } from "../tracking-store.ts";

/** The configured store of messages. */
export async function openStore(db: Database): Promise<NotificationStore> {
	const { notifications, aws } = config();
	if (notifications.store === "postgres") return new PostgresStore(db);
	// Most shops do not need the client.
	const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
	const { DynamoStore } = await import("./dynamo.store.ts");
	const client = new DynamoDBClient(awsOptions(aws));
	return new DynamoStore({ client, table: notifications.table });
}
