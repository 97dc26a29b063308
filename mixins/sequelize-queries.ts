import { fn, literal, Op, type Model, type ModelStatic, type WhereOptions } from "sequelize";
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
	if (changed > 0 || (await model.findOne({ where: at } as never))) return;
	fail((await model.findByPk(id)) ? "STALE_VERSION" : "NOT_FOUND");
}
