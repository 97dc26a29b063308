import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Call } from "./call.ts";
import type { Desk } from "./context.ts";
import type { Reply } from "./reply.ts";
import type { Charge } from "../ledger/charge.ts";
import { canonical, textOf, textsOf, type Form } from "./form.ts";
import { testMethod } from "../ledger/payment-methods.ts";
import { createdSince, page } from "./pagination.ts";
import { missing, wrong, type StripeError } from "./stripe-errors.ts";
import {
	declinedError,
	intentObject,
	undecidedIntent,
	type Representation
} from "./stripe-objects.ts";

/** `/v1/payment_intents`: made and confirmed at once, looked up, searched, given up. */

const known = new Set([
	...["amount", "automatic_payment_methods", "confirm", "currency", "description", "expand"],
	...["metadata", "payment_method", "payment_method_types", "return_url", "statement_descriptor"]
]);

const mostMinor = 99_999_999;

function checked(form: Form) {
	const stray = Object.keys(form).find(name => !known.has(name));
	if (stray) throw wrong(stray, `Received unknown parameter: ${stray}`, "parameter_unknown");
	const need = (name: string) => {
		const text = textOf(form, name);
		if (!text) throw wrong(name, `Missing required param: ${name}.`, "parameter_missing");
		return text;
	};
	const amount = Number(need("amount"));
	if (!Number.isInteger(amount) || amount < 1)
		throw wrong("amount", "Invalid positive integer", "parameter_invalid_integer");
	if (amount > mostMinor)
		throw wrong("amount", "Amount must be no more than 999,999.99.", "amount_too_large");
	const currency = need("currency").toUpperCase();
	if (!/^[A-Z]{3}$/.test(currency)) throw wrong("currency", `Invalid currency: ${currency}`);
	if (need("confirm") !== "true")
		throw wrong("confirm", "The simulator makes only payment intents that are confirmed at once.");
	return { amount, currency, payment_method: need("payment_method"), return_url: returnUrl(form) };
}

function returnUrl(form: Form): string | null {
	const url = textOf(form, "return_url");
	if (url === undefined) return null;
	if (!/^https?:\/\//.test(url) || !URL.canParse(url))
		throw wrong("return_url", "Not a valid URL", "url_invalid");
	return url;
}

function view({ origin }: Desk, form: Form): Representation {
	return { origin: origin(), expandCharge: canonical(form.expand ?? "").includes("latest_charge") };
}

export async function createIntent(desk: Desk, call: Call): Promise<Reply> {
	const { form, fault } = call;
	const { payment_method, ...given } = checked(form);
	const method = testMethod(payment_method);
	if (!method) throw missing("PaymentMethod", payment_method, "payment_method", 400);
	const how = view(desk, form);
	const { hangMs = 0, ...trouble } = { ...method.charge, ...fault };
	return desk.idempotency.once(call, {
		trouble,
		async run(asked) {
			const ref = `pi_${randomBytes(12).toString("hex")}`;
			const metadata = textsOf(form, "metadata");
			const { amount, currency } = given;
			desk.undecided.set(ref, { ref, amount, currency, metadata });
			try {
				if (hangMs > 0) await delay(hangMs);
				const attempt = { key: ref, ref, ...given, payment_method, metadata, method, asked };
				const { charge, line } = await desk.engine.charge({ ...attempt, decline: fault.decline });
				return { line, charge };
			} finally {
				desk.undecided.delete(ref);
			}
		},
		answer: ({ charge }) => madeReply(charge!, how)
	});
}

function madeReply(charge: Charge, how: Representation): Reply {
	if (charge.status === "failed")
		return { status: 402, body: { error: declinedError(charge, how) } };
	return { status: 200, body: intentObject(charge, how) };
}

function find({ engine }: Desk, id: string): Charge {
	const charge = engine.book.charge(id);
	if (!charge) throw missing("payment_intent", id, "intent");
	return charge;
}

export async function showIntent(desk: Desk, { id, form }: Call): Promise<Reply> {
	return { status: 200, body: intentObject(find(desk, id), view(desk, form)) };
}

export async function cancelIntent(desk: Desk, call: Call): Promise<Reply> {
	const { id, form, fault } = call;
	find(desk, id);
	const how = view(desk, form);
	return desk.idempotency.once(call, {
		trouble: fault,
		async run(asked) {
			const line = await desk.engine.answer(id, "canceled", asked);
			const charge = find(desk, id);
			// Another answer may have come first, and this one changed nothing.
			return { line, charge: charge.canceled ? charge : undefined };
		},
		answer: ({ charge }) =>
			charge
				? { status: 200, body: intentObject(charge, how) }
				: { status: 400, body: { error: tooLate(intentObject(find(desk, id), how)) } }
	});
}

function tooLate(intent: ReturnType<typeof intentObject>): StripeError {
	return {
		type: "invalid_request_error",
		code: "payment_intent_unexpected_state",
		message: `You cannot cancel this PaymentIntent because it has a status of ${intent.status}.`,
		payment_intent: intent
	};
}

export async function listIntents(desk: Desk, { form, path }: Call): Promise<Reply> {
	const how = view(desk, form);
	const since = createdSince(desk.engine.book.charges(), ({ line }) => line.at, form);
	const body = page(
		since,
		({ line }) => line.ref,
		form,
		path,
		charge => intentObject(charge, how)
	);
	return { status: 200, body };
}

/** Understands what a shop asks: `metadata['order_id']:'…'`. */
export async function searchIntents(desk: Desk, { form, path }: Call): Promise<Reply> {
	const query = textOf(form, "query") ?? "";
	const [, name, value] = /^metadata\[["']([^"']+)["']\]:\s*["']([^"']*)["']$/.exec(query) ?? [];
	if (!name || value === undefined)
		throw wrong(
			"query",
			"The simulator searches by one metadata field alone.",
			"search_query_invalid"
		);
	const how = view(desk, form);
	const found = desk.engine.book.tagged(name, value).toReversed();
	const waiting = [...desk.undecided.values()].filter(({ metadata }) => metadata[name] === value);
	const data = [...waiting.map(undecidedIntent), ...found.map(charge => intentObject(charge, how))];
	const body = { object: "search_result", url: path, has_more: false, next_page: null, data };
	return { status: 200, body };
}
