import type { ErrorCode } from "../lib/errors.ts";

/** What each problem means and what to do about it, for its page; one or two sentences after its title. */
export const problemAdvice: Readonly<Record<ErrorCode, string>> = {
	UNAUTHENTICATED:
		"The request has no access token. Sign in with POST /api/v1/auth/login, and send the token as Authorization: Bearer.",
	INVALID_TOKEN:
		"The access token has expired, was signed by another shop, or is garbled. Sign in again.",
	ACCOUNT_LOCKED:
		"An administrator has locked the account. Nothing that it sends is done until it is unlocked.",
	INVALID_CREDENTIALS:
		"There is no account with this address and password. The answer is the same for an unknown address.",
	INVALID_SIGNATURE:
		"A message of the payment provider was not signed with the secret of this shop. Compare STRIPE_WEBHOOK_SECRET with the provider's.",
	FORBIDDEN:
		"You are signed in, and may not do this. Where it is for certain roles, required_roles names them; a role that was just given takes effect with the next sign-in.",
	NOT_FOUND:
		"There is nothing at this path, or it belongs to somebody else: the answer does not tell which.",
	METHOD_NOT_ALLOWED: "The path takes other methods: the Allow header lists them.",
	METHOD_NOT_IMPLEMENTED: "No path of the shop takes this method.",
	MALFORMED_JSON: "The body cannot be parsed. The detail says where it ends being JSON.",
	MALFORMED_PATH: "The path has a percent sign that does not begin an encoded character in UTF-8.",
	MALFORMED_HEADER: "The detail names the header and what it takes.",
	MALFORMED_REQUEST:
		"What arrived is not HTTP/1.1, so the connection was closed. Look for a proxy or a client that breaks requests.",
	REQUEST_TOO_SLOW:
		"The rest of the request did not arrive in time, so nothing was done. Send it again.",
	HEADERS_TOO_LARGE:
		"All headers together may have 16 KiB. Cookies of another site are a usual cause.",
	PAYLOAD_TOO_LARGE: "Divide the request into several smaller ones.",
	URI_TOO_LONG: "Put what is long into fewer or shorter parameters.",
	UNSUPPORTED_MEDIA_TYPE:
		"Send the body as Content-Type: application/json, in UTF-8 and not compressed.",
	EXPECTATION_FAILED: "Leave the Expect header out.",
	VALIDATION_FAILED:
		"Each of the errors names a member by a JSON pointer and says what it must be. Nothing was done.",
	UNKNOWN_PRODUCT:
		"Read the catalogue again: the product was archived, or its id is wrong. Nothing was reserved.",
	MIXED_CURRENCIES: "Place one order for each currency.",
	CURRENCY_NOT_PAYABLE: "The payment provider takes no charge in this currency.",
	SHIPPING_NOT_PRICED:
		"An operator of the shop adds the price to PRICING_JSON for this region and currency.",
	AMOUNT_TOO_SMALL:
		"The payment provider has a least amount for each currency. Order more at one time.",
	AMOUNT_TOO_LARGE: "The payment provider has a largest amount. Divide the order.",
	IDEMPOTENCY_KEY_MISSING:
		"Send a header Idempotency-Key with a new UUID for each thing that you want done, and the same one when you send that again.",
	IDEMPOTENCY_KEY_MALFORMED: "A key has 1 to 255 visible ASCII characters. A UUID is one.",
	IDEMPOTENCY_KEY_REUSED:
		"This key belongs to an earlier request with another body, which was not repeated. Use a new key for a new request.",
	IDEMPOTENCY_KEY_IN_USE:
		"The first request with this key has no answer yet. Send it again after Retry-After: you get the answer of the first one.",
	ILLEGAL_TRANSITION:
		"Read the resource again: its status has changed, or the step is not open from there. The detail names the status.",
	PRICE_CHANGED: "Show the customer the new total, and place the order with it.",
	RETURN_EXCEEDS_ORDER: "Return at most what was ordered and has not been returned yet.",
	LAST_ADMIN: "Make another account an admin first.",
	DUPLICATE_SKU: "Another product has this SKU. Choose another one, or change that product.",
	DUPLICATE_WEBHOOK: "GET /api/v1/webhooks lists them. Change that one, or remove it first.",
	TOO_MANY_WEBHOOKS: "Remove one that is not needed, or have one receiver pass the events on.",
	WEBHOOK_DISABLED:
		"Nothing is sent to it. Mend the receiver, and enable it with PATCH /api/v1/webhooks/{id} and enabled: true.",
	INSUFFICIENT_STOCK: "The adjustment would leave fewer units than are reserved for orders.",
	REDRIVE_FAILED: "The detail says why. Mend the cause, and redrive it again.",
	REPLAY_RUNNING: "Wait for its end: GET of the consumer's lag shows how far it is.",
	LOG_TOO_SHORT:
		"The event log has lost or removed messages of that time. Refill it from the database first, or choose a later time.",
	STALE_VERSION:
		"Somebody has changed it since you read it. Read it again, and send the change with the new entity tag in If-Match.",
	PAYMENT_NOT_REFUNDABLE:
		"Only a captured charge can be refunded. Read the payment for its status.",
	PAYMENT_NOT_IN_REVIEW: "Somebody has decided it already. Read the payment for its status.",
	REFUND_REFUSED: "The payment provider has the reason in its dashboard.",
	REFUND_EXCEEDS_PAYMENT: "Read the payment: it says what is left of it.",
	TOO_MANY_OPEN_ORDERS:
		"Wait until one of your orders has been paid or has ended, or ask the shop for a higher limit.",
	TOO_MANY_STREAMS: "Close one of your event streams before you open another.",
	TOO_MANY_SIGN_INS: "Wait as long as Retry-After says. A correct password is not accepted before.",
	TOO_MANY_REGISTRATIONS: "Wait as long as Retry-After says.",
	OVERLOADED:
		"Nothing was done. Send the request again, with the same Idempotency-Key, after Retry-After.",
	UNAVAILABLE:
		"Nothing was done, or it is unknown what was. Send the request again, with the same Idempotency-Key, after Retry-After.",
	TIMEOUT:
		"The work may still be done. Send the request again with the same Idempotency-Key: it is done once, and you get its answer.",
	INTERNAL:
		"A defect of the shop, which is in its log with the request id of instance. Tell the operators this id."
};
