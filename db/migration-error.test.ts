import { failedMigration } from "./migration-error.ts";

const sentence = 'migration order/1.sql: syntax error at or near "x" (42601)';

it.each<[fields: object, sentence: string]>([
	[{}, sentence],
	[{ position: "1" }, sentence.replace(":", ", line 1:")],
	[{ position: "3" }, sentence.replace(":", ", line 2:")],
	[{ position: "8" }, sentence.replace(":", ", line 3:")],
	[{ detail: "Key (sku)=(A-1) is duplicated." }, `${sentence}: Key (sku)=(A-1) is duplicated.`],
	[{ code: undefined }, sentence.replace(" (42601)", "")]
])("a failure with %j is the sentence %j", (fields, expected) => {
	const error = Object.assign(new Error('syntax error at or near "x"'), { code: "42601" });
	const { message } = failedMigration("order/1.sql", "😀\nab\ncd", Object.assign(error, fields));
	expect(message).toBe(expected);
});
