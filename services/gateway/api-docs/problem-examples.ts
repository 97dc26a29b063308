import { type ErrorCode, Failure, type FailureData, slug } from "../../../lib/errors.ts";
import { toProblem } from "../../../http/problem.ts";
import type { Json } from "./components.ts";

/** Examples of problems, made as the gateway makes them. */

const requestId = "019caa13-6a00-7000-8000-00000000000c";

const issue = (pointer: string, code: string, detail: string): FailureData => ({
	errors: [{ pointer, code, detail }]
});

/** What the problem of a code says beside its title. */
const data: Partial<Record<ErrorCode, FailureData>> = {
	VALIDATION_FAILED: issue("/items/0/quantity", "minimum", "must be >= 1"),
	UNKNOWN_PRODUCT: issue(
		"/items/0/product_id",
		"unknown-product",
		"does not exist or is no longer sold"
	),
	IDEMPOTENCY_KEY_MALFORMED: { detail: "1 to 255 visible ASCII characters" },
	MALFORMED_HEADER: { detail: "If-Match takes one entity tag, or *" }
};

/** By the name of its code. */
export function exampleProblems(codes: readonly ErrorCode[]): Json {
	const named = [...new Set(codes)].toSorted().map(code => {
		const failure = new Failure(code, data[code]);
		const value: unknown = JSON.parse(toProblem(failure, requestId).body);
		return [slug(code), { summary: failure.message, value }];
	});
	return Object.fromEntries(named);
}
