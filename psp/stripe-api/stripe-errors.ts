/** Errors as Stripe's API words them. */

export interface StripeError {
	type: "api_error" | "card_error" | "idempotency_error" | "invalid_request_error";
	message: string;
	code?: string;
	decline_code?: string;
	param?: string;
	payment_intent?: unknown;
	payment_method?: unknown;
}

/** A request that is refused before anything was done. */
export class Refusal extends Error {
	readonly status: number;
	readonly error: StripeError;
	readonly headers: Record<string, string>;

	constructor(status: number, error: StripeError, headers: Record<string, string> = {}) {
		super(error.message);
		this.status = status;
		this.error = error;
		this.headers = headers;
	}
}

/** A parameter that is missing or wrong. */
export function wrong(param: string, message: string, code?: string): Refusal {
	return new Refusal(400, { type: "invalid_request_error", code, param, message });
}

export function missing(what: string, id: string, param: string, status = 404): Refusal {
	const message = `No such ${what}: '${id}'`;
	return new Refusal(status, {
		type: "invalid_request_error",
		code: "resource_missing",
		param,
		message
	});
}

export const internal: StripeError = {
	type: "api_error",
	message: "Sorry, something went wrong on our end."
};

export function rateLimited(): Refusal {
	const message = "Too many requests hit the API too quickly.";
	return new Refusal(
		429,
		{ type: "invalid_request_error", code: "rate_limit", message },
		{ "Retry-After": "1" }
	);
}

export function unavailable(): Refusal {
	const message = "The API cannot serve at the moment.";
	return new Refusal(503, { type: "api_error", message }, { "Retry-After": "1" });
}

export function noKey(): Refusal {
	return new Refusal(401, {
		type: "invalid_request_error",
		message: "Invalid API Key provided, or none."
	});
}

export function keyReused(): Refusal {
	const message =
		"Keys for idempotent requests can only be used with the same parameters they were first used with.";
	return new Refusal(400, { type: "idempotency_error", message });
}

export function keyInUse(): Refusal {
	const message =
		"There is currently another in-progress request using this idempotency key. Please try again later.";
	return new Refusal(409, {
		type: "idempotency_error",
		code: "idempotency_key_in_use",
		message
	});
}

const ownCodes = new Set([
	"expired_card",
	"incorrect_cvc",
	"processing_error",
	"payment_intent_authentication_failure"
]);

/** A bank's decline, in Stripe's two codes. */
export function cardError(failure: string): StripeError {
	const type = "card_error";
	if (failure === "payment_intent_authentication_failure")
		return {
			type,
			code: failure,
			message: "The provided payment method has failed authentication."
		};
	const message = "Your card was declined.";
	if (ownCodes.has(failure)) return { type, code: failure, decline_code: failure, message };
	const decline_code = failure === "card_declined" ? "generic_decline" : failure;
	return { type, code: "card_declined", decline_code, message };
}
