import { nullable, oneOf, strictObject, T, type ActionSpec, type Static } from "../lib/schema.ts";
import { OrderStatus } from "./order-status.ts";
import { admins } from "./roles.ts";
import { Cursor, Instant, Limit, NextCursor, OptionalKey, text, Uuid } from "./values.ts";

/** What a sleeping saga waits for: an error to pass, the outcome of a charge, the customer, a refund, or staff. */
export const sagaWaits = ["fault", "outcome", "customer", "refund", "human"] as const;
const SagaWait = oneOf(sagaWaits);

/** Other systems decide what an error says. */
export const longestSagaError = 500;

/** A running saga, for admins. */
export const OrderSaga = strictObject(
	{
		order_id: Uuid,
		status: OrderStatus,
		step: oneOf(["forward", "refund", "return"]),
		attempt: T.Integer({
			minimum: 0,
			description: "How often in a row it was rescheduled for what it waits for"
		}),
		waits_for: nullable(SagaWait),
		last_error: nullable(
			T.String({ maxLength: longestSagaError, description: "The beginning of a longer one" })
		),
		next_run_at: Instant,
		lease: nullable(strictObject({ owner: T.String(), until: Instant })),
		cancel_requested: T.Boolean(),
		age_s: T.Integer({ minimum: 0, description: "Since the order was placed" })
	},
	{ title: "OrderSaga" }
);
export type OrderSaga = Static<typeof OrderSaga>;

const ById = strictObject({ id: Uuid });

const operators = { kind: "command", access: admins, returns: OrderSaga } as const;

export const sagaActions = {
	"saga.list": {
		...operators,
		summary: "Orders with a running saga, the oldest first",
		kind: "query",
		params: strictObject({
			waits_for: T.Optional(SagaWait),
			limit: T.Optional(Limit),
			cursor: T.Optional(Cursor)
		}),
		returns: strictObject(
			{ data: T.Array(OrderSaga), next_cursor: NextCursor },
			{ title: "OrderSagaList" }
		)
	},
	"saga.get": {
		...operators,
		summary: "The running saga of an order; not found once the order has settled",
		kind: "query",
		params: ById
	},
	"saga.retry": {
		...operators,
		summary: "Retry a waiting order now",
		params: ById
	},
	"saga.resolve": {
		...operators,
		summary: "Cancel an order that does not finish, or end a return without a restock",
		params: strictObject({
			id: Uuid,
			decision: oneOf(["cancel", "without_restock"], {
				description:
					"`cancel`: refund what was charged; `without_restock`: of a return that cannot be restocked, because the stock is counted by hand"
			}),
			note: text(200),
			idempotency_key: OptionalKey
		})
	}
} as const satisfies Record<string, ActionSpec>;
