import type { Call } from "./call.ts";
import type { ApiContext } from "./context.ts";
import type { Reply } from "./reply.ts";
import type { CallKind } from "../ledger/faults.ts";
import {
	cancelIntent,
	createIntent,
	listIntents,
	searchIntents,
	showIntent
} from "./payment-intents.ts";
import { createdSince, page } from "./pagination.ts";
import { createRefund, listDisputes, listRefunds, showRefund } from "./refund-endpoints.ts";
import { missing } from "./stripe-errors.ts";
import { eventObject } from "./stripe-objects.ts";

type Operation = (context: ApiContext, call: Call) => Promise<Reply>;

interface Route {
	readonly method: "GET" | "POST";
	readonly pattern: RegExp;
	readonly kind: CallKind;
	readonly run: Operation;
}

async function listEvents({ engine, origin }: ApiContext, { form, path }: Call): Promise<Reply> {
	const since = createdSince(engine.state.events, ({ at }) => at, form);
	const show = (one: (typeof since)[number]) => eventObject(one, origin());
	return { status: 200, body: page(since, ({ id }) => id, form, path, show) };
}

async function showEvent({ engine, origin }: ApiContext, { id }: Call): Promise<Reply> {
	const event = engine.state.events.withId(id);
	if (!event) throw missing("event", id, "id");
	return { status: 200, body: eventObject(event, origin()) };
}

function route(method: Route["method"], path: string, kind: CallKind, run: Operation): Route {
	return { method, kind, run, pattern: new RegExp(`^${path.replace(":id", "(\\w+)")}$`) };
}

/** The implemented endpoints of Stripe's API; the first match is used. */
const routes: readonly Route[] = [
	route("POST", "/v1/payment_intents", "charge", createIntent),
	route("GET", "/v1/payment_intents", "read", listIntents),
	route("GET", "/v1/payment_intents/search", "read", searchIntents),
	route("GET", "/v1/payment_intents/:id", "read", showIntent),
	route("POST", "/v1/payment_intents/:id/cancel", "cancel", cancelIntent),
	route("POST", "/v1/refunds", "refund", createRefund),
	route("GET", "/v1/refunds", "read", listRefunds),
	route("GET", "/v1/refunds/:id", "read", showRefund),
	route("GET", "/v1/disputes", "read", listDisputes),
	route("GET", "/v1/events", "read", listEvents),
	route("GET", "/v1/events/:id", "read", showEvent)
];

export function findRoute(method: string, path: string): { route: Route; id: string } | undefined {
	for (const route of routes) {
		const [match, id = ""] = route.pattern.exec(path) ?? [];
		if (match !== undefined && route.method === method) return { route, id };
	}
	return undefined;
}
