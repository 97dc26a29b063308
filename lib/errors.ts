import type { Role } from "./schema.ts";

/**
 * Every error a caller may see: code → HTTP status and title. The code travels between nodes as
 * `err.type` (classes do not survive the wire), so callers ask `is(err, "OUT_OF_STOCK")`. Clients see `slug(code)` as
 * `code`.
 */
export const errorTable = {
	UNAUTHENTICATED: [401, "Authentication is required"],
	INVALID_TOKEN: [401, "The access token is not valid"],
	ACCOUNT_LOCKED: [401, "Your account is locked; ask an administrator of the shop"],
	INVALID_CREDENTIALS: [401, "The e-mail address or the password is wrong"],
	INVALID_SIGNATURE: [401, "The signature is missing or invalid"],
	FORBIDDEN: [403, "Not allowed"],
	NOT_FOUND: [404, "Not found"],
	METHOD_NOT_ALLOWED: [405, "Method not allowed"],
	METHOD_NOT_IMPLEMENTED: [501, "The shop does not know this method"],
	MALFORMED_JSON: [400, "The body is not well-formed JSON"],
	MALFORMED_PATH: [400, "The path is malformed"],
	MALFORMED_HEADER: [400, "A header is malformed"],
	MALFORMED_REQUEST: [400, "The request is not well-formed HTTP"],
	REQUEST_TOO_SLOW: [408, "The request took too long to arrive"],
	HEADERS_TOO_LARGE: [431, "The headers are too large"],
	PAYLOAD_TOO_LARGE: [413, "The body is too large"],
	URI_TOO_LONG: [414, "The request target is too long"],
	UNSUPPORTED_MEDIA_TYPE: [415, "The media type is not supported"],
	EXPECTATION_FAILED: [417, "The Expect header takes 100-continue only"],
	VALIDATION_FAILED: [422, "The request is not valid"],
	UNKNOWN_PRODUCT: [422, "A product does not exist or is no longer sold"],
	MIXED_CURRENCIES: [422, "All items of an order must be priced in one currency"],
	CURRENCY_NOT_PAYABLE: [422, "The order's currency cannot be paid"],
	SHIPPING_NOT_PRICED: [422, "The shop has no shipping price for this address in this currency"],
	AMOUNT_TOO_SMALL: [422, "The amount is too small to be charged"],
	AMOUNT_TOO_LARGE: [422, "The amount is too large"],
	IDEMPOTENCY_KEY_MISSING: [400, "The Idempotency-Key header is required"],
	IDEMPOTENCY_KEY_MALFORMED: [400, "The Idempotency-Key header is malformed"],
	IDEMPOTENCY_KEY_REUSED: [422, "The idempotency key was used with another request"],
	IDEMPOTENCY_KEY_IN_USE: [409, "A request with this idempotency key is still running"],
	ILLEGAL_TRANSITION: [409, "The order's status does not allow this transition"],
	PRICE_CHANGED: [409, "The total is not what was expected"],
	RETURN_EXCEEDS_ORDER: [422, "The return exceeds the quantity ordered"],
	LAST_ADMIN: [409, "The last active admin can be neither locked nor demoted"],
	DUPLICATE_SKU: [409, "The SKU is taken"],
	DUPLICATE_WEBHOOK: [409, "There is a webhook with this URL"],
	TOO_MANY_WEBHOOKS: [409, "There are too many webhooks"],
	WEBHOOK_DISABLED: [409, "The webhook is disabled"],
	INSUFFICIENT_STOCK: [409, "There is not enough stock"],
	REDRIVE_FAILED: [409, "The message still cannot be handled"],
	REPLAY_RUNNING: [409, "A replay is running"],
	LOG_TOO_SHORT: [409, "The log does not go back so far"],
	STALE_VERSION: [412, "The resource has changed since it was read"],
	PAYMENT_NOT_REFUNDABLE: [409, "The payment's status does not allow a refund"],
	PAYMENT_NOT_IN_REVIEW: [409, "The payment is not in review"],
	REFUND_REFUSED: [409, "The payment provider refused the refund"],
	REFUND_EXCEEDS_PAYMENT: [422, "The refund exceeds what is left of the payment"],
	TOO_MANY_OPEN_ORDERS: [429, "Too many of your orders are open; try again when one has finished"],
	TOO_MANY_STREAMS: [429, "Too many of your streams are open"],
	TOO_MANY_SIGN_INS: [429, "Too many failed sign-ins; try again later"],
	TOO_MANY_REGISTRATIONS: [429, "Too many registrations from your network; try again later"],
	OVERLOADED: [503, "The shop is overloaded; try again soon"],
	UNAVAILABLE: [503, "A service of the shop is unavailable; try again soon"],
	TIMEOUT: [504, "The request timed out; its outcome is unknown"],
	INTERNAL: [500, "Something went wrong"]
} as const satisfies Record<string, readonly [status: number, title: string]>;

export type ErrorCode = keyof typeof errorTable;

/** One invalid value; `pointer` is an RFC 6901 pointer into the body. */
export interface ValidationIssue {
	pointer: string;
	code: string;
	detail: string;
}

export interface FailureData {
	/** A sentence for the caller; never SQL, a stack, or a node's name. */
	detail?: string;
	errors?: ValidationIssue[];
	/** Seconds after which the caller may try again, where that is known. */
	retryAfterS?: number;
	/** Any of these roles would be let in. */
	requiredRoles?: Role[];
}

/**
 * An expected refusal. It has the members that Moleculer copies between nodes (`code` is the HTTP status,
 * `type` the error code, `data` the detail), so the other side needs no class.
 */
export class Failure extends Error {
	override readonly name = "Failure";
	readonly type: ErrorCode;
	readonly code: number;
	readonly data: FailureData;
	readonly retryable = false;

	constructor(type: ErrorCode, data: FailureData = {}) {
		super(errorTable[type][1]);
		this.type = type;
		this.code = errorTable[type][0];
		this.data = data;
	}
}

/** Throws a `Failure`. A refusal for a role says which would do: see `requireRole`. @throws always */
export function fail(type: "FORBIDDEN", detail: string): never;
export function fail(
	type: Exclude<ErrorCode, "FORBIDDEN">,
	detail?: string,
	errors?: ValidationIssue[]
): never;
export function fail(type: ErrorCode, detail?: string, errors?: ValidationIssue[]): never {
	throw new Failure(type, { detail, errors });
}

/** Refuses one member of the input. @param pointer a JSON pointer to it @throws VALIDATION_FAILED */
export function invalid(pointer: string, code: string, detail: string): never {
	return fail("VALIDATION_FAILED", undefined, [{ pointer, code, detail }]);
}

/** True for this failure, thrown here or on another node. */
export function is(error: unknown, type: ErrorCode): boolean {
	return (error as { type?: unknown } | null)?.type === type;
}

/** The URL-friendly name of a code: `INSUFFICIENT_STOCK` → `insufficient-stock`. */
export function slug(type: ErrorCode): string {
	return type.toLowerCase().replaceAll("_", "-");
}
