import type { Order } from "../../../contracts/order.ts";
import { operations, type Operation } from "../../../services/gateway/operations.ts";
import { DocsPage } from "../../support/http/docs-page.ts";
import { until } from "../../support/until.ts";
import type { Shop } from "./rest.suite.ts";

/** "Try it out" with every example as it is: an order from its placement to its return, then all other operations. */
const lifeOfOrder = [
	"placeOrder",
	"getOrderPayment",
	"getPayment",
	"shipOrder",
	"correctShipment",
	"deliverOrder",
	"refundPayment",
	"requestReturn",
	"approveReturn",
	"createWebhook",
	"pingWebhook",
	"listDeliveries",
	"getDelivery",
	"redeliver"
];

/** Operations that are refused because of the state of the shop, which their example does not bring about. */
const refused: Readonly<Record<string, { status: number; because: string }>> = {
	cancelOrder: { status: 409, because: "the order was delivered" },
	rejectReturn: { status: 409, because: "the return was approved" },
	getSaga: { status: 404, because: "the return was completed" },
	retrySaga: { status: 409, because: "the return was completed" },
	resolveSaga: { status: 409, because: "the return was completed" },
	decideReview: { status: 404, because: "no payment is in review" },
	receivePaymentMessage: { status: 401, because: "only the provider can sign" },
	getAnalyticsLetter: { status: 404, because: "there is no dead letter" },
	redriveAnalyticsLetter: { status: 404, because: "there is no dead letter" },
	getNotificationLetter: { status: 404, because: "there is no dead letter" },
	redriveNotificationLetter: { status: 404, because: "there is no dead letter" },
	getWebhookLetter: { status: 404, because: "there is no dead letter" },
	redriveWebhookLetter: { status: 404, because: "there is no dead letter" },
	getMailboxMessage: { status: 404, because: "its id is only in a page" },
	getMailboxHtml: { status: 404, because: "its id is only in a page" }
};

/** After those that need it. */
const last = ["removeWebhook"];

const rank = ({ id }: Operation) =>
	lifeOfOrder.includes(id)
		? lifeOfOrder.indexOf(id)
		: lifeOfOrder.length + Number(last.includes(id));
const tried = operations
	.toSorted((a, b) => rank(a) - rank(b))
	.map(operation => {
		const { status, because } = refused[operation.id] ?? {
			status: operation.status ?? 200,
			because: "nothing is in its way"
		};
		return [operation.id, status, because, operation] as const;
	});

const callerOf = ({ action, roles }: Operation) => {
	const welcome = roles ?? action.access;
	return welcome === "anyone" || welcome.includes("customer") ? "alice" : "admin";
};

export function exampleTests(shop: Shop): void {
	describe("the page of the API, with its examples as they are,", () => {
		let page: DocsPage;

		beforeAll(async () => {
			page = await DocsPage.open(shop.url());
		});

		it.each(tried)("tries out %s: %i, as %s", async (id, status, _, operation) => {
			const answered = new Set<number>();
			const isAnswered = async () => {
				const answer = await page.tryOut(id, shop.as(callerOf(operation)));
				answered.add(answer.status);
				return answer.status === status;
			};
			// An order takes a moment to be paid, and a return to be completed.
			await until(isAnswered, 20_000).catch(() => expect([...answered]).toContain(status));
		});

		it("places another order with every click", async () => {
			const place = () => page.tryOut("placeOrder", shop.as("alice"));
			const [first, second] = [await place(), await place()];
			expect([first.status, second.status]).toEqual([201, 201]);
			expect(second.body.id).not.toBe(first.body.id);
			const { body } = await page.tryOut("getOrder", shop.as("alice"));
			expect((body as unknown as Order).id).toBe(second.body.id);
		});
	});
}
