import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { mockClient } from "aws-sdk-client-mock";
import { isTransient } from "../../../streams/consumer/transient-error.ts";
import { dispatch } from "../../../tests/support/notification/sample-dispatch.ts";
import type { NewNotification } from "../tracking-store.ts";
import { DynamoStore } from "./dynamo.store.ts";

const dynamo = mockClient(DynamoDBClient);
const store = new DynamoStore({ client: new DynamoDBClient({ region: "eu-west-1" }), table: "t" });

const { id, eventId: event_id, fact } = dispatch();
const planned = {
	id,
	event_id,
	fact,
	channel: "email",
	kind: "order_confirmation",
	user_id: null,
	order_id: null
} satisfies NewNotification;

function refusalOf(name: string): Promise<unknown> {
	dynamo.reset();
	// The question for the time.
	dynamo.on(GetItemCommand).resolves({});
	dynamo.on(PutItemCommand).rejects(Object.assign(new Error(name), { name }));
	return store.plan([planned]).then(
		() => "it was taken",
		(error: unknown) => error
	);
}

it.each([
	"ThrottlingException",
	"ProvisionedThroughputExceededException",
	"InternalServerError",
	"ExpiredTokenException",
	"AccessDeniedException",
	"ResourceNotFoundException",
	"CredentialsProviderError",
	"TimeoutError"
])("%s is transient", async name => expect(isTransient(await refusalOf(name))).toBe(true));

it.each(["ValidationException", "TypeError"])("%s is not transient", async name =>
	expect(isTransient(await refusalOf(name))).toBe(false)
);

it("asks for the time again when it could not be read, and the failure is transient", async () => {
	dynamo.reset();
	const client = new DynamoDBClient({ region: "eu-west-1" });
	const other = new DynamoStore({ client, table: "t" });
	dynamo.on(GetItemCommand).rejectsOnce(new Error("away")).resolves({});
	dynamo.on(PutItemCommand).resolves({});
	const error: unknown = await other.plan([planned]).catch((refused: unknown) => refused);
	expect(isTransient(error)).toBe(true);
	await expect(other.plan([planned])).resolves.toEqual([planned.id]);
});
