import { staff } from "../../../contracts/roles.ts";
import { roleRefusal } from "../../../lib/access.ts";
import { type ErrorCode, Failure, type FailureData, slug } from "../../../lib/errors.ts";
import { toProblem } from "../../../http/problem.ts";
import type { Access, Role } from "../../../lib/schema.ts";
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

/** Refusals of some customers, by operations that all roles may call. */
const forbidden: Readonly<Record<string, FailureData>> = {
	placeOrder: { detail: "An order can be placed for oneself only" },
	listNotifications: roleRefusal("customer", staff)
};

function dataOf(code: ErrorCode, operationId: string, access: Access): FailureData {
	if (code !== "FORBIDDEN") return data[code] ?? {};
	return forbidden[operationId] ?? roleRefusal("customer", access as readonly Role[]);
}

/** One name for equal examples: the code, and the roles that would be let in. */
export function exampleName(code: ErrorCode, operationId: string, access: Access): string {
	const { requiredRoles = [] } = dataOf(code, operationId, access);
	return [slug(code), ...requiredRoles].join("-");
}

interface Refusing {
	id: string;
	access: Access;
	codes: readonly ErrorCode[];
}

/** The problems of all operations, by their names. */
export function exampleProblems(operations: readonly Refusing[]): Json {
	const named = operations.flatMap(({ id, access, codes }) =>
		codes.map((code): [string, Json] => {
			const failure = new Failure(code, dataOf(code, id, access));
			const value: unknown = JSON.parse(toProblem(failure, requestId).body);
			return [exampleName(code, id, access), { summary: failure.message, value }];
		})
	);
	return Object.fromEntries(named.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
