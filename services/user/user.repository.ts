import { fn, literal, Op, type ModelStatic } from "sequelize";
import type { Contact, User, user } from "../../contracts/user.ts";
import type { Locale } from "../../contracts/values.ts";
import { fail } from "../../lib/errors.ts";
import { newId } from "../../lib/id.ts";
import type { Params, Result } from "../../lib/service.ts";
import { decodeSortCursor, encodeSortCursor, Milliseconds } from "../../lib/sort-cursor.ts";
import type { UserRow } from "./user.model.ts";

type Actions = typeof user.actions;

const sort = "newest";

function toUser(row: UserRow): User {
	const { id, email, name, role, locale, phone, locked, version, created_at, updated_at } = row;
	return {
		id,
		email,
		name,
		role,
		locale,
		phone,
		locked,
		version,
		created_at: created_at.toISOString(),
		updated_at: updated_at.toISOString()
	};
}

/** Accounts. Addresses are stored and looked up in normalised form (`normalEmail`). */
export class UserRepository {
	readonly #model: ModelStatic<UserRow>;

	constructor(model: ModelStatic<UserRow>) {
		this.#model = model;
	}

	/** Adds a customer; when the address is taken nothing happens, and the caller cannot tell. */
	async create(account: {
		email: string;
		name: string;
		locale?: Locale;
		password_hash: string;
	}): Promise<void> {
		const row = { id: newId(), ...account, role: "customer" };
		const fields = Object.keys(row);
		await this.#model.bulkCreate([row], { fields, ignoreDuplicates: true, returning: false });
	}

	/** With the password hash, for signing in only. */
	async withPassword(email: string): Promise<UserRow | null> {
		return this.#model.scope("withPassword").findOne({ where: { email } });
	}

	/** The users with these ids, or all unlocked users of a role. */
	async contacts({ ids, role }: Params<Actions["contacts"]>): Promise<Contact[]> {
		const where = ids ? { id: ids } : { role: role ?? null, locked: false };
		const rows = await this.#model.findAll({ where, order: ["id"], limit: 100 });
		return rows.map(({ id, email, name, locale, phone }) => ({ id, email, name, locale, phone }));
	}

	/** @throws NOT_FOUND */
	async get(id: string): Promise<User> {
		const row = await this.#model.findByPk(id);
		return row ? toUser(row) : fail("NOT_FOUND");
	}

	/**
	 * Changes an account in one statement, if its version is `version`, if given.
	 * @throws NOT_FOUND, STALE_VERSION
	 */
	async update(id: string, version: number | undefined, changes: object): Promise<User> {
		const next = { version: literal("version + 1"), updated_at: fn("clock_timestamp") };
		const [changed] = await this.#model.update(
			{ ...changes, ...next },
			{ where: version === undefined ? { id } : { id, version } }
		);
		const found = await this.get(id);
		return changed > 0 ? found : fail("STALE_VERSION");
	}

	async list({ limit = 20, cursor }: Params<Actions["list"]>): Promise<Result<Actions["list"]>> {
		const rows = await this.#model.findAll({
			where: cursor === undefined ? {} : this.#olderThan(cursor),
			order: [
				["created_at", "desc"],
				["id", "desc"]
			],
			// One extra row says whether there is a next page, without a count.
			limit: limit + 1
		});
		const page = rows.slice(0, limit);
		const last = rows.length > limit ? page.at(-1) : undefined;
		return {
			data: page.map(toUser),
			next_cursor: last ? encodeSortCursor(sort, last.created_at.getTime(), last.id) : null
		};
	}

	/** The first condition is redundant; it lets the index start there. */
	#olderThan(cursor: string) {
		const { value, id } = decodeSortCursor(cursor, sort, Milliseconds);
		const last = new Date(value);
		return {
			created_at: { [Op.lte]: last },
			[Op.or]: [{ created_at: { [Op.lt]: last } }, { id: { [Op.lt]: id } }]
		};
	}
}
