import { Op, QueryTypes, type ModelStatic } from "sequelize";
import type { Standing, user } from "../../contracts/user.ts";
import { fail } from "../../lib/errors.ts";
import type { Params, Result } from "../../lib/service.ts";
import type { UserRow } from "./user.model.ts";

type List = (typeof user.actions)["standing.list"];

const toStanding = ({ id, role, locked }: UserRow): Standing => ({ id, role, locked });

/**
 * What users may do. The trigger `number_standing` (migrations/0004) numbers each change of a role or a lock in the
 * order of commits; an account has the number of its last change, so there is at most one row for each account.
 */
export class StandingRepository {
	readonly #model: ModelStatic<UserRow>;

	constructor(model: ModelStatic<UserRow>) {
		this.#model = model;
	}

	/** @throws NOT_FOUND */
	async get(id: string): Promise<Standing> {
		const row = await this.#model.findByPk(id, { attributes: ["id", "role", "locked"] });
		return row ? toStanding(row) : fail("NOT_FOUND");
	}

	/** The next changes after a number. A `last` below it says that the database was restored to an earlier time. */
	async list({ after, limit }: Params<List>): Promise<Result<List>> {
		const rows = await this.#model.findAll({
			attributes: ["id", "role", "locked", "standing"],
			where: { standing: { [Op.gt]: after } },
			order: ["standing"],
			limit
		});
		const next = Number(rows.at(-1)?.standing ?? after);
		if (rows.length > 0) return { data: rows.map(toStanding), next, last: next };
		const [row] = await this.#model.sequelize!.query<{ last: string | null; now: Date }>(
			"select max(standing) as last, clock_timestamp() as now from users.users",
			{ type: QueryTypes.SELECT }
		);
		return { data: [], next, last: Number(row!.last ?? 0), now: row!.now.toISOString() };
	}

	/** By the database's clock. */
	async now(): Promise<Date> {
		const [row] = await this.#model.sequelize!.query<{ now: Date }>(
			"select clock_timestamp() as now",
			{ type: QueryTypes.SELECT }
		);
		return row!.now;
	}
}
