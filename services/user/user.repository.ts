import type { ModelStatic } from "sequelize";
import type { Contact, User, user } from "../../contracts/user.ts";
import type { Locale } from "../../contracts/values.ts";
import { shownEmail } from "../../lib/addresses/email.ts";
import { driverError } from "../../lib/database-error.ts";
import { fail, Failure } from "../../lib/errors.ts";
import { newId } from "../../lib/id.ts";
import { TextId, TimeList } from "../../lib/keyset.ts";
import type { Params, Result } from "../../lib/service.ts";
import { behind, updateVersioned } from "../../mixins/sequelize-queries.ts";
import type { UserRow } from "./user.model.ts";

type Actions = typeof user.actions;

const newest = new TimeList("newest", (row: UserRow) => row.created_at, { id: TextId });

function toUser(row: UserRow): User {
	const { id, email, name, role, locale, phone, locked, version, created_at, updated_at } = row;
	return {
		id,
		email: shownEmail(email),
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

/** Accounts. Addresses are stored and looked up in normalised form (`normalEmail`), and shown by `shownEmail`. */
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
	 * @throws NOT_FOUND, STALE_VERSION, LAST_ADMIN
	 */
	async update(id: string, version: number | undefined, changes: object): Promise<User> {
		try {
			await updateVersioned(this.#model, id, version, changes);
		} catch (error) {
			const { constraint } = driverError(error) as { constraint?: string };
			throw constraint === "users_last_admin" ? new Failure("LAST_ADMIN") : error;
		}
		return this.get(id);
	}

	async list({ limit = 20, cursor }: Params<Actions["list"]>): Promise<Result<Actions["list"]>> {
		const after = newest.position(cursor);
		const rows = await this.#model.findAll({
			where: after ? behind("created_at", "desc", { value: after.at, id: after.id }) : {},
			order: [
				["created_at", "desc"],
				["id", "desc"]
			],
			// One extra row says whether there is a next page, without a count.
			limit: limit + 1
		});
		const { data, next_cursor } = newest.page(rows, limit);
		return { data: data.map(toUser), next_cursor };
	}
}
