import { WindowStreamEvent } from "../contracts/analytics.ts";
import { OrderStreamEvent, schemaOf } from "../contracts/events.ts";
import { orderEventTypes } from "../contracts/order-status.ts";
import { isCurrency } from "../lib/currency/iso4217.ts";
import { withUnknownMembers } from "../lib/schema.ts";
import { factOf } from "../services/analytics/windows/sales-facts.ts";
import { maxClockSkewMs } from "../streams/clock-skew.ts";
import { mostBytes, oldestMs } from "../streams/messages/event-reader.ts";
import { publishedOrderEvent } from "../tests/support/streams/golden-event.ts";

/** What the Flink job knows of order events: the contract as readers of the topic use it, and what analytics makes of each type. */

const letters = Array.from({ length: 26 }, (_, n) => String.fromCharCode(65 + n));
const codes = letters.flatMap(a => letters.flatMap(b => letters.map(c => a + b + c)));

function kindOf(type: (typeof orderEventTypes)[number]): [string, string][] {
	const event = JSON.parse(String(publishedOrderEvent(type).value)) as OrderStreamEvent;
	const fact = factOf(event, Date.parse(event.time));
	return fact ? [[type, fact.kind]] : [];
}

const asText = (contract: object) => `${JSON.stringify(contract, null, "\t")}\n`;

export const orderEventContract = (): string =>
	asText({
		max_bytes: mostBytes,
		max_clock_skew_ms: maxClockSkewMs,
		oldest_ms: oldestMs,
		dataschemas: Object.fromEntries(orderEventTypes.map(type => [type, schemaOf(type)])),
		kinds: Object.fromEntries(orderEventTypes.flatMap(kindOf)),
		currencies: codes.filter(isCurrency),
		schema: withUnknownMembers(OrderStreamEvent)
	});

/** Of the windows that were published before, which a start without a checkpoint reads. */
export const windowEventContract = (): string =>
	asText({ currencies: codes.filter(isCurrency), schema: withUnknownMembers(WindowStreamEvent) });
