import { rows } from "../../db/client.ts";
import { newId } from "../../lib/id.ts";

/** Whom the shop trusts with more than their own orders. */
export interface StaffMember {
	email: string;
	role: "support" | "admin";
	locked: boolean;
}

/** What an account may do. */
interface Standing {
	role: StaffMember["role"] | "customer";
	locked: boolean;
}

const insertAdmin = `
	insert into users.users (id, email, name, password_hash, role) values ($1, $2, $3, $4, 'admin')
	on conflict (email) do nothing returning id`;

const makeAdmin = `
	update users.users set role = 'admin', version = version + 1, updated_at = clock_timestamp()
	where email = $1 and role <> 'admin' returning locked`;

/**
 * Accounts of staff, for a command on the database: no admin has signed in who could do it through the API. Addresses
 * are in stored form (lib/addresses/email.ts).
 */
export class StaffRepository {
	readonly #url: string;

	/** @param url of the owner, or of the user service */
	constructor(url: string) {
		this.#url = url;
	}

	/** Makes an admin's account. @returns the one that has the address, of which nothing changes */
	async create(account: {
		email: string;
		name: string;
		password_hash: string;
	}): Promise<Standing | undefined> {
		const { email, name, password_hash } = account;
		const made = await rows(this.#url, insertAdmin, [newId(), email, name, password_hash]);
		return made.length > 0 ? undefined : this.#find(email);
	}

	/** Makes an account an admin's. */
	async promote(email: string): Promise<"promoted" | "locked" | "already" | "unknown"> {
		const [row] = await rows<{ locked: boolean }>(this.#url, makeAdmin, [email]);
		if (row) return row.locked ? "locked" : "promoted";
		return (await this.#find(email)) ? "already" : "unknown";
	}

	async #find(email: string): Promise<Standing | undefined> {
		const text = "select role, locked from users.users where email = $1";
		return (await rows<Standing>(this.#url, text, [email]))[0];
	}

	/** By role and address. */
	list(): Promise<StaffMember[]> {
		return rows<StaffMember>(
			this.#url,
			"select email, role, locked from users.users where role <> 'customer' order by role, email"
		);
	}
}
