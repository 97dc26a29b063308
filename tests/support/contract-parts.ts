import { analytics } from "../../contracts/analytics.ts";
import { gateway } from "../../contracts/gateway.ts";
import { notification } from "../../contracts/notification.ts";
import { order } from "../../contracts/order.ts";
import { payment } from "../../contracts/payment.ts";
import { product } from "../../contracts/product.ts";
import { user } from "../../contracts/user.ts";
import type { ActionContract, Contract, TSchema } from "../../lib/schema.ts";

/** Of all services. */
export const contracts: Contract[] = [
	user,
	product,
	order,
	payment,
	notification,
	analytics,
	gateway
];
export const actions = contracts.flatMap(contract =>
	Object.values<ActionContract>(contract.actions)
);

type Located = [pointer: string, schema: TSchema];

/** A schema and all nested ones. */
export function parts(schema: TSchema, at = ""): Located[] {
	const inner: Located[] = [
		...Object.entries<TSchema>(schema.properties ?? {}),
		...Object.entries<TSchema>(schema.patternProperties ?? {}),
		...(schema.items ? [["[]", schema.items] as Located] : []),
		...((schema.anyOf ?? []) as TSchema[]).map((s, i): Located => [`anyOf ${i}`, s])
	];
	return [[at, schema], ...inner.flatMap(([name, s]) => parts(s, `${at}/${name}`))];
}
