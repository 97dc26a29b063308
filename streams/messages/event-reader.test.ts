import { oneOf, strictObject, T } from "../../lib/schema.ts";
import { Instant, Uuid } from "../../contracts/values.ts";
import type { Message } from "../driver.ts";
import { reader, Unreadable } from "./event-reader.ts";

const envelope = {
	id: Uuid,
	time: Instant,
	subject: T.String(),
	partitionkey: T.String(),
	dataschema: T.String()
};
const Cup = strictObject({
	...envelope,
	type: oneOf(["cup.sold", "cup.broken"]),
	data: strictObject({ cup: T.String() })
});
const Bowl = strictObject({
	...envelope,
	type: T.Literal("bowl.sold"),
	data: strictObject({ bowl: T.String() })
});

const read = reader(
	{
		schema: Cup,
		schemas: new Map([
			["cup.sold", "cup.sold/v1"],
			["cup.broken", "cup.broken/v2"]
		]),
		belongs: ({ data }) => ({ key: data.cup, subject: data.cup })
	},
	{
		schema: Bowl,
		schemas: new Map([["bowl.sold", "bowl.sold/v1"]]),
		belongs: ({ data }) => ({ key: data.bowl, subject: "bowls" })
	}
);

const at = new Date("2026-03-01T12:00:00Z");
const event = (type: unknown, version: string, data: object, subject = "blue") => ({
	id: "0193a1c2-7b1e-7f00-8000-000000000001",
	time: at.toISOString(),
	type,
	dataschema: `${String(type)}/${version}`,
	subject,
	partitionkey: "blue",
	data
});

function result(value: object): string {
	const found = { topic: "shelf", partition: 0, offset: 0n, key: "blue", headers: {}, at };
	const message: Message = { ...found, value: Buffer.from(JSON.stringify(value)) };
	try {
		expect(read(message)).toEqual(value);
		return "read";
	} catch (error) {
		if (error instanceof Unreadable) return error.reason;
		throw error;
	}
}

it.each<[string, object, string]>([
	["of the first schema", event("cup.sold", "v1", { cup: "blue" }), "read"],
	["of another type of it", event("cup.broken", "v2", { cup: "blue" }), "read"],
	["of the second schema", event("bowl.sold", "v1", { bowl: "blue" }, "bowls"), "read"],
	["of no schema", event("plate.sold", "v1", { cup: "blue" }), "unknown-type"],
	["without a type", event(undefined, "v1", { cup: "blue" }), "unknown-type"],
	["of a type that is no text", event(["cup.sold"], "v1", { cup: "blue" }), "unknown-type"],
	["of another version", event("bowl.sold", "v2", { bowl: "blue" }), "unknown-version"],
	[
		"of the version of another type",
		{ ...event("cup.broken", "v2", { cup: "blue" }), dataschema: "cup.sold/v1" },
		"unknown-version"
	],
	["with the data of another schema", event("bowl.sold", "v1", { cup: "blue" }), "invalid"],
	["of another key", event("cup.sold", "v1", { cup: "red" }), "wrong-key"],
	["of the subject of another schema", event("bowl.sold", "v1", { bowl: "blue" }), "wrong-key"]
])("an event %s is handled as its type says", (_, value, wanted) => {
	expect(result(value)).toBe(wanted);
});
