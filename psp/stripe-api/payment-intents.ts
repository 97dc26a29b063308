import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Call } from "./call.ts";
import type { ApiContext } from "./context.ts";
import type { Reply } from "./reply.ts";
import type { Charge } from "../ledger/charge.ts";
import { canonical, textOf, textsOf, type Form } from "./form.ts";
import { testMethod } from "../ledger/payment-methods.ts";
import { refusedCharge } from "./amounts/currency-rules.ts";
import { createdSince, page } from "./pagination.ts";
import { missing, wrong, type StripeError } from "./stripe-errors.ts";
import {
	declinedError,
	intentObject,
	pendingIntent,
	type Representation
} from "./stripe-objects.ts";

/** `/v1/payment_intents`: created and confirmed at once, retrieved, searched, cancelled. */

const known = new Set([
	"amount",
	"automatic_payment_methods",
	"confirm",
	"currency",
	"description",
	"expand",
	"metadata",
	"payment_method",
	"payment_method_types",
	"return_url",
	"statement_descriptor"
]);

function checked(form: Form) {
	const unknownName = Object.keys(form).find(name => !known.has(name));
	if (unknownName)
		throw wrong(unknownName, `Received unknown parameter: ${unknownName}`, "parameter_unknown");
	const need = (name: string) => {
		const text = textOf(form, name);
		if (!text) throw wrong(name, `Missing required param: ${name}.`, "parameter_missing");
		return text;
	};
	const amount = Number(need("amount"));
	if (!Number.isInteger(amount) || amount < 1)
		throw wrong("amount", "Invalid positive integer", "parameter_invalid_integer");
	const currency = need("currency").toUpperCase();
	const refused = refusedCharge(amount, currency);
	if (refused) throw refused;
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

function view({ origin }: ApiContext, form: Form): Representation {
	return { origin: origin(), expandCharge: canonical(form.expand ?? "").includes("latest_charge") };
}

export async function createIntent(context: ApiContext, call: Call): Promise<Reply> {
	const { form, fault } = call;
	const { payment_method, ...given } = checked(form);
	const method = testMethod(payment_method);
	if (!method) throw missing("PaymentMethod", payment_method, "payment_method", 400);
	const options = view(context, form);
	const { hangMs = 0, ...injected } = { ...method.charge, ...fault };
	return context.idempotency.once(call, {
		fault: injected,
		async run(asked) {
			const ref = `pi_${randomBytes(12).toString("hex")}`;
			const metadata = textsOf(form, "metadata");
			const { amount, currency } = given;
			context.pending.set(ref, { ref, amount, currency, metadata });
			try {
				if (hangMs > 0) await delay(hangMs);
				const attempt = { key: ref, ref, ...given, payment_method, metadata, method, asked };
				const { charge, line } = await context.engine.charge({
					...attempt,
					decline: fault.decline
				});
				return { line, charge };
			} finally {
				context.pending.delete(ref);
			}
		},
		answer: ({ charge }) => madeReply(charge!, options)
	});
}

function madeReply(charge: Charge, options: Representation): Reply {
	if (charge.status === "failed")
		return { status: 402, body: { error: declinedError(charge, options) } };
	return { status: 200, body: intentObject(charge, options) };
}

function find({ engine }: ApiContext, id: string): Charge {
	const charge = engine.state.charge(id);
	if (!charge) throw missing("payment_intent", id, "intent");
	return charge;
}

export async function showIntent(context: ApiContext, { id, form }: Call): Promise<Reply> {
	return { status: 200, body: intentObject(find(context, id), view(context, form)) };
}

export async function cancelIntent(context: ApiContext, call: Call): Promise<Reply> {
	const { id, form, fault } = call;
	find(context, id);
	const options = view(context, form);
	return context.idempotency.once(call, {
		fault: fault,
		async run(asked) {
			const line = await context.engine.answer(id, "canceled", asked);
			const charge = find(context, id);
			// An earlier answer may have won, and this one changed nothing.
			return { line, charge: charge.canceled ? charge : undefined };
		},
		answer: ({ charge }) =>
			charge
				? { status: 200, body: intentObject(charge, options) }
				: { status: 400, body: { error: tooLate(intentObject(find(context, id), options)) } }
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

export async function listIntents(context: ApiContext, { form, path }: Call): Promise<Reply> {
	const options = view(context, form);
	const since = createdSince(context.engine.state.charges(), ({ line }) => line.at, form);
	const body = page(
		since,
		({ line }) => line.ref,
		form,
		path,
		charge => intentObject(charge, options)
	);
	return { status: 200, body };
}

/** Parses the queries that shops use: `metadata['order_id']:'…'`. */
export async function searchIntents(context: ApiContext, { form, path }: Call): Promise<Reply> {
	const query = textOf(form, "query") ?? "";
	const [, name, value] = /^metadata\[["']([^"']+)["']\]:\s*["']([^"']*)["']$/.exec(query) ?? [];
	if (!name || value === undefined)
		throw wrong(
			"query",
			"The simulator searches by one metadata field alone.",
			"search_query_invalid"
		);
	const options = view(context, form);
	const found = context.engine.state.tagged(name, value).toReversed();
	const waiting = [...context.pending.values()].filter(({ metadata }) => metadata[name] === value);
	const data = [
		...waiting.map(pendingIntent),
		...found.map(charge => intentObject(charge, options))
	];
	const body = { object: "search_result", url: path, has_more: false, next_page: null, data };
	return { status: 200, body };
}
