import { user } from "../../contracts/user.ts";
import { shownEmail, storedEmail } from "../../lib/addresses/email.ts";
import { validate } from "../../lib/validator.ts";
import { LaunchError } from "../../launch/process/launch-error.ts";
import { hashPassword, weakness } from "../../services/user/password.ts";
import type { StaffRepository } from "../../services/user/staff.repository.ts";

const { params } = user.actions.create;

/** The form in which the address is stored. @throws LaunchError for what is no address */
export function addressOf(given: string): string {
	const email = storedEmail(given.trim());
	if (!email || validate(params.properties.email, email).length > 0)
		throw new LaunchError(`${given} is no e-mail address: nothing was changed.`);
	return email;
}

interface Account {
	email: string;
	name: string | undefined;
	password: string;
}

/** Makes an admin's account; returns a sentence. @throws LaunchError when it cannot be made */
export async function create(staff: StaffRepository, account: Account): Promise<string> {
	const { email, name = email.split("@")[0]!, password } = account;
	const shown = shownEmail(email);
	const [issue] = validate(params, { email, password, name });
	const why = issue ? `${issue.pointer.slice(1)} ${issue.detail}` : weakness(password, email);
	if (why) throw new LaunchError(`Nothing was changed: ${why}.`);
	const known = await staff.create({ email, name, password_hash: await hashPassword(password) });
	if (known?.role === "admin")
		throw new LaunchError(
			known.locked
				? `${shown} is an admin already, and locked: another admin unlocks it. Nothing was changed.`
				: `${shown} is an admin already: nothing was changed, nor the password.`
		);
	if (known)
		throw new LaunchError(
			`${shown} has an account already: npm run admin -- promote ${shown} makes it an admin's.`
		);
	return `${shown} is an admin, who can sign in by POST /api/v1/auth/login.`;
}

/** Makes an account an admin's; returns a sentence. @throws LaunchError when there is nothing to do */
export async function promote(staff: StaffRepository, email: string): Promise<string> {
	const shown = shownEmail(email);
	switch (await staff.promote(email)) {
		case "promoted":
			return `${shown} is an admin from the next sign-in on.`;
		case "locked":
			return `${shown} is an admin, and still locked: another admin unlocks it.`;
		case "already":
			return `${shown} is an admin already.`;
		case "unknown":
			throw new LaunchError(`${shown} has no account: npm run admin -- create ${shown} makes one.`);
	}
}

/** One line for each member of the staff. */
export async function list(staff: StaffRepository): Promise<string> {
	const lines = (await staff.list()).map(
		({ email, role, locked }) =>
			`${role.padEnd(8)} ${shownEmail(email)}${locked ? "   (locked)" : ""}`
	);
	return (
		lines.join("\n") || "The shop has no staff: npm run admin -- create <e-mail> makes an admin."
	);
}
