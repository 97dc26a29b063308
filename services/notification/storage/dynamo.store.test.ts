import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
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
