import {
	fn,
	literal,
	Op,
	where as compare,
	type Model,
	type ModelStatic,
	type Order,
	type WhereOptions
} from "sequelize";
import { fail } from "../lib/errors.ts";
import type { Keyset } from "../lib/keyset.ts";

/** Rows behind a keyset. The first bound is implied by the second; an index can start from it. */
export function behind(
	column: string,
	direction: "asc" | "desc",
	{ value, id }: Keyset<unknown>
): WhereOptions {
	const [past, from] = direction === "asc" ? [Op.gt, Op.gte] : [Op.lt, Op.lte];
	return {
		[column]: { [from]: value },
		[Op.or]: [{ [column]: { [past]: value } }, { id: { [past]: id } }]
	};
}

/** An order with ties by id in the same direction, and the rows behind a keyset in it. */
export interface KeysetOrder {
	readonly order: Order;
	behind(keyset: Keyset<unknown>): WhereOptions;
}

export function orderByColumn(column: string, direction: "asc" | "desc"): KeysetOrder {
	return {
		order: [
			[column, direction],
			["id", direction]
		],
		behind: keyset => behind(column, direction, keyset)
	};
}

/** By an expression of SQL that is never null, the highest first. */
export function orderByHighest(expression: string): KeysetOrder {
	const value = literal(expression);
	return {
		order: [
			[value, "desc"],
			["id", "desc"]
		],
		behind: keyset => ({
			[Op.or]: [
				compare(value, Op.lt, keyset.value),
				{ [Op.and]: [compare(value, Op.eq, keyset.value), { id: { [Op.lt]: keyset.id } }] }
			]
		})
	};
}

/** The row has another value in one of the columns. */
const differs = (changes: object): WhereOptions => ({
	[Op.or]: Object.entries(changes).map(([column, value]) =>
		value === null
			? { [column]: { [Op.not]: null } }
			: { [column]: { [Op.or]: [{ [Op.ne]: value }, { [Op.is]: null }] } }
	)
});

/**
 * Changes a row in one statement, if it still is at `version` where that is given. What changes nothing is no new
 * version: a repeated request is none, nor one without a member.
 * @throws NOT_FOUND, STALE_VERSION
 */
export async function updateVersioned<M extends Model>(
	model: ModelStatic<M>,
	id: string,
	version: number | undefined,
	changes: object
): Promise<void> {
	const next = { version: literal("version + 1"), updated_at: fn("clock_timestamp") };
	const isEmpty = Object.values(changes).every(value => value === undefined);
	const at = version === undefined ? { id } : { id, version };
	const where = { [Op.and]: [at, differs(changes)] };
	const [changed] = isEmpty ? [0] : await model.update({ ...changes, ...next }, { where } as never);
	// It may have reached the version in between, with other values.
	const isSame =
		isEmpty || version === undefined ? at : { [Op.and]: [at, { [Op.not]: differs(changes) }] };
	if (changed > 0 || (await model.findOne({ where: isSame } as never))) return;
	fail((await model.findByPk(id)) ? "STALE_VERSION" : "NOT_FOUND");
}
