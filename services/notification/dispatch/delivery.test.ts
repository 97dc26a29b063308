import type { WebhookDisabledEvent } from "../../../contracts/events.ts";
import { buildWebhookDisabled } from "../../../tests/support/streams/webhook-event.ts";
import { shop } from "../../../tests/support/notification/sample-dispatch.ts";
import type { Claim } from "../tracking-store.ts";
import { dispatchesOf } from "./delivery.ts";

const claimOf = ({ id, type, time, data }: WebhookDisabledEvent): Claim => ({
	id,
	event_id: id,
	channel: "email",
	kind: "webhook_disabled",
	user_id: null,
	order_id: null,
	fact: { type, time, data },
	attempts: 1,
	resends: 0,
	fence: 1
});
const admin = { email: "a@shop.test", phone: null, locale: "en" } as const;
const admins = ["Ada", "Bo"].map(name => ({ ...admin, id: name, name }));

describe("a message about a disabled webhook", () => {
	it("is one for each admin, with the time since when it fails", () => {
		const event = buildWebhookDisabled({ failing_since: "2026-02-22T12:30:00.000Z" });
		const sent = dispatchesOf(claimOf(event), admins, shop);
		expect(new Set(sent.map(({ id }) => id)).size).toBe(2);
		for (const { rendered } of sent) expect(rendered.text).toContain("since February 22, 2026");
	});

	it("has no such time if it is unknown", () => {
		const event = buildWebhookDisabled({ failing_since: null });
		const [sent] = dispatchesOf(claimOf(event), admins, shop);
		expect(sent!.rendered.text).not.toMatch(/since|1970/);
	});
});
