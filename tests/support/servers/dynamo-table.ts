import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";

/**
 * The definition of the table. `due` holds only pending messages, because only these have a `queue`. One
 * partition each of `due` and `by_time` accepts 1,000 writes a second, which is more than is ever sent.
 */
export function tableSpec(TableName: string): CreateTableCommandInput {
	const index = (IndexName: string, hash: string, range: string) => ({
		IndexName,
		KeySchema: [
			{ AttributeName: hash, KeyType: "HASH" as const },
			{ AttributeName: range, KeyType: "RANGE" as const }
		],
		Projection: { ProjectionType: "ALL" as const }
	});
	const types = { id: "S", queue: "S", due_at: "N", user_id: "S", everyone: "S", position: "S" };
	return {
		TableName,
		BillingMode: "PAY_PER_REQUEST",
		KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
		AttributeDefinitions: Object.entries(types).map(([AttributeName, type]) => ({
			AttributeName,
			AttributeType: type as "S" | "N"
		})),
		GlobalSecondaryIndexes: [
			index("due", "queue", "due_at"),
			index("by_user", "user_id", "position"),
			index("by_time", "everyone", "position")
		]
	};
}
