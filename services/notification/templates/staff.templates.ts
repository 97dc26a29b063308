import { count, instant, line, publicUrl } from "./format.templates.ts";
import type { Detail, StaffFact, WebhookFact } from "./facts.templates.ts";
import type { TemplateValues, Wording } from "./wording.templates.ts";

/** What is in messages to admins that are not about an order. */

/** The URL of a webhook without what may be secret; its id, if that leaves nothing. */
function webhookOf({ data: { url, webhook_id } }: WebhookFact) {
	const shown = publicUrl(url);
	return { webhook: shown || webhook_id, host: URL.parse(shown)?.host ?? webhook_id };
}

const sinceOf = ({ failingSince }: WebhookFact, language: string) =>
	failingSince ? instant(failingSince, language) : "";

export function staffValuesOf(fact: StaffFact, { language }: Wording): Partial<TemplateValues> {
	switch (fact.type) {
		case "product.low_stock":
			return { product: line(fact.data.name), units: count(fact.data.available, language) };
		case "webhook.disabled":
			return { ...webhookOf(fact), failingSince: sinceOf(fact, language) };
	}
}

export function staffDetailsOf(fact: StaffFact, wording: Wording): Detail[] {
	switch (fact.type) {
		case "product.low_stock": {
			const { product_id, name, available } = fact.data;
			return [
				{ label: wording.product, value: `${line(name)} (${product_id})` },
				{ label: wording.unitsLeft, value: count(available, wording.language) }
			];
		}
		case "webhook.disabled": {
			const { webhook_id, last_error } = fact.data;
			const since = sinceOf(fact, wording.language);
			const request = `PATCH /api/v1/webhooks/${webhook_id} {"enabled": true}`;
			return [
				{ label: wording.webhook, value: webhookOf(fact).webhook },
				...(since ? [{ label: wording.failingSince, value: since }] : []),
				{ label: wording.lastError, value: line(last_error) },
				{ label: wording.howToEnable, value: request }
			];
		}
	}
}
