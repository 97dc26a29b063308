import type { Wording } from "./wording.templates.ts";

const whileDisabled =
	"No events are sent to it while it is disabled. Once it is enabled, deliveries that were not made can be sent again.";

export const english: Wording = {
	language: "en",
	greeting: name => `Hello ${name},`,
	order: "Order",
	date: "Date",
	carrier: "Carrier",
	trackingNumber: "Tracking number",
	items: "Your items",
	returnedItems: "Items of this return",
	subtotal: "Subtotal",
	shipping: "Shipping",
	tax: "Tax",
	total: "Total",
	refunded: "Paid back",
	product: "Product",
	unitsLeft: "Units left",
	webhook: "Webhook",
	failingSince: "Failing since",
	lastError: "Last error",
	howToEnable: "To enable it",
	dispute: "Dispute",
	disputeReason: "Reason",
	limitedItem: ({ ordered, limit, held }) =>
		`${ordered} ordered, at most ${limit} in unpaid orders, ${held} in your other unpaid orders`,
	viewOrder: "View your order",
	trackParcel: "Track your parcel",
	footer: shop =>
		`You receive this message because of your order at ${shop}. In your account you choose what you are told about.`,
	staffFooter: shop => `You receive this message because you run ${shop}.`,
	templates: {
		confirmed: {
			subject: ({ total }) => `Your order is confirmed (${total})`,
			heading: "Thank you for your order",
			lead: ({ total }) =>
				`Your payment of ${total} has arrived, and we are getting your order ready. We will write again when it is on its way.`,
			short: ({ total }) => `Your order of ${total} is confirmed.`
		},
		payment_failed: {
			subject: () => "Your payment did not go through",
			heading: "Your payment did not go through",
			lead: () =>
				"Nothing was charged, and the order will not be delivered. You are welcome to order again with another means of payment.",
			short: () => "Your payment did not go through. Nothing was charged."
		},
		sold_out: {
			subject: () => "We cannot deliver your order",
			heading: "Sorry, this is sold out",
			lead: () =>
				"Others were faster: there is not enough left of what you ordered, so we had to cancel your order. You were not charged.",
			short: () => "Sorry, your order is cancelled: an item is sold out. You were not charged."
		},
		reservation_limit: {
			subject: () => "We could not accept your order",
			heading: "You ordered too much at one time",
			lead: () =>
				"So that others can order too, one customer can have only a part of our stock in unpaid orders at one time. That is why we had to cancel this order. You were not charged. Order less, or pay for your other orders or cancel them, and then order again.",
			short: () =>
				"Sorry, your order is cancelled: you ordered too much of an item at one time. You were not charged."
		},
		cancelled: {
			subject: () => "Your order is cancelled",
			heading: "Your order is cancelled",
			lead: () => "Your order will not be delivered, and you were not charged.",
			short: () => "Your order is cancelled. You were not charged."
		},
		cancelled_paid: {
			subject: () => "Your order is cancelled",
			heading: "Your order is cancelled",
			// Without an amount: a part of it may have been refunded before, which the event does not say.
			lead: () =>
				"Your order will not be delivered. You get your money back the way you paid. When it is on its way, we will write again and tell you the amount.",
			short: () => "Your order is cancelled. You get your money back."
		},
		expired: {
			subject: () => "Your order has expired",
			heading: "Your order has expired",
			lead: () =>
				"Your order was not completed in time, so we have cancelled it. You were not charged.",
			short: () => "Your order has expired and is cancelled. You were not charged."
		},
		shipped: {
			subject: () => "Your order is on its way",
			heading: "Your order is on its way",
			lead: ({ carrier }) => `We have handed your order to ${carrier}.`,
			short: ({ carrier }) => `Your order is on its way with ${carrier}.`
		},
		shipment_corrected: {
			subject: () => "Your parcel has another tracking number",
			heading: "Your parcel has another tracking number",
			lead: ({ carrier }) =>
				`What we wrote about your parcel was wrong: it is on its way with ${carrier}, under the number below.`,
			short: ({ carrier }) => `Your parcel with ${carrier} has another tracking number.`
		},
		delivered: {
			subject: () => "Your order has arrived",
			heading: "Your order has arrived",
			lead: () =>
				"Your order has been delivered. We hope you enjoy it. Should something be wrong, you can ask to return it.",
			short: () => "Your order has been delivered."
		},
		refunded: {
			subject: ({ refunded }) => `We have paid you back ${refunded}`,
			heading: "Your money is on its way",
			lead: ({ refunded }) =>
				`We have paid you back ${refunded}, the way you paid. Depending on your bank it takes some days to arrive.`,
			short: ({ refunded }) => `We have paid you back ${refunded}.`
		},
		refund_failed: {
			subject: () => "Your refund has not reached you",
			heading: "Your refund has not reached you",
			lead: ({ refunded }) =>
				`Your bank has sent back the ${refunded} that we paid you back. You still get this money: we will look into it, and write again when it is on its way.`,
			short: ({ refunded }) =>
				`Your bank has sent back our refund of ${refunded}. We will look into it.`
		},
		dispute_opened: {
			subject: ({ disputed }) => `A payment is disputed (${disputed})`,
			heading: "A payment is disputed",
			lead: ({ disputed }) =>
				`The customer's bank takes back ${disputed} of this order. If it is not on its way yet, it is held. Answer the dispute at the payment provider, which sets a time limit.`,
			short: ({ disputed }) => `A payment is disputed: ${disputed}. Answer at the provider.`
		},
		dispute_closed: {
			subject: ({ isWon }) => `A dispute is ${isWon ? "won" : "lost"}`,
			heading: "A dispute is decided",
			lead: ({ disputed, isWon }) =>
				isWon
					? `The dispute over ${disputed} is won: the shop keeps the money.`
					: `The dispute over ${disputed} is lost: the customer's bank keeps the money.`,
			short: ({ disputed, isWon }) => `The dispute over ${disputed} is ${isWon ? "won" : "lost"}.`
		},
		return_requested: {
			subject: () => "We have received your return request",
			heading: "We have received your return request",
			lead: () => "We will look at your request and write again when it is decided.",
			short: () => "We have received your return request."
		},
		returned: {
			subject: () => "Your return is complete",
			heading: "Your return is complete",
			lead: ({ refunded }) => `We have accepted your return and paid you back ${refunded}.`,
			short: ({ refunded }) => `Your return is complete. We have paid you back ${refunded}.`
		},
		return_rejected: {
			subject: () => "We cannot accept your return",
			heading: "We cannot accept your return",
			lead: () =>
				"We have looked at your request and cannot accept this return. Answer this message if you would like to talk about it.",
			short: () => "Sorry, we cannot accept your return."
		},
		low_stock: {
			subject: ({ product, units }) => `Low stock: ${product} (${units} left)`,
			heading: "A product is running out",
			lead: ({ product, units }) => `Of ${product} there are ${units} left to sell.`,
			short: ({ product, units }) => `Low stock: ${product}, ${units} left.`
		},
		webhook_failing: {
			subject: ({ host }) => `Webhook disabled: requests to ${host} fail`,
			heading: "A webhook is disabled",
			lead: ({ webhook, failingSince }) =>
				`No request to ${webhook} has succeeded${failingSince && ` since ${failingSince}`}, so the webhook is disabled. ${whileDisabled}`,
			short: ({ webhook, failingSince }) =>
				`Webhook disabled: No request to ${webhook} has succeeded${failingSince && ` since ${failingSince}`}.`
		},
		webhook_gone: {
			subject: ({ host }) => `Webhook disabled: ${host} answered 410 Gone`,
			heading: "A webhook is disabled",
			lead: ({ webhook }) =>
				`${webhook} answered 410 Gone, so the webhook is disabled. ${whileDisabled}`,
			short: ({ webhook }) => `Webhook disabled: ${webhook} answered 410 Gone.`
		}
	}
};
