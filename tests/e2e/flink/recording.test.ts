import { readFileSync } from "node:fs";
import { recordedFile, recordingText } from "../../support/flink/recorded-orders.ts";

it("tests/support/flink/orders.jsonl is what its seed gives (else: write it with recordingText)", () => {
	expect(readFileSync(recordedFile, "utf8")).toBe(recordingText());
});
