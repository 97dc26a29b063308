import { configOfCommand, type Config } from "../config/index.ts";
import {
	alternatives,
	commandLine,
	knownWord,
	usageError
} from "../launch/process/command-line.ts";
import { explainDatabase, explainOutdated } from "../launch/process/launch-error.ts";
import { run } from "../launch/process/lifecycle.ts";
import { shownPath } from "../launch/shop/banner.ts";
import { databaseOfShop } from "../launch/shop/owner-database.ts";

const usage = `Usage: npm run admin -- create <e-mail> [--name <name>] [--password-file <file>|-]
       npm run admin -- promote <e-mail>
       npm run admin -- list
Makes the first admin of a shop, or lists its staff; the shop may run meanwhile. An admin gives others their role by
PATCH /api/v1/users/{id}.
create asks for the password at the terminal, or reads the first line of the file (- for standard input). promote
makes an existing account an admin's.
Uses USER_DATABASE_URL or DATABASE_URL, or the embedded database of DATA_DIR.`;

const { values, positionals } = commandLine(
	usage,
	{ name: { type: "string" }, "password-file": { type: "string" } },
	true
);
const commands = ["create", "promote", "list"] as const;
const [word, given, ...more] = positionals;
if (word === undefined) usageError(usage, `Name a command: ${alternatives(commands)}.`);
const command = knownWord(usage, word, commands);
const takesAddress = command !== "list";
if (takesAddress && !given) usageError(usage, `${command} wants an e-mail address.`);
if (more.length > 0 || (given && !takesAddress))
	usageError(usage, `Not understood: ${positionals.join(" ")}`);
if (command !== "create" && Object.keys(values).length > 0)
	usageError(usage, "--name and --password-file are for create.");

/** Which shop it was: settings of another one are easily forgotten. */
function placeOf(url: string, { databaseUrl, serviceDatabaseUrls, dataDir }: Config): string {
	if (!databaseUrl && !serviceDatabaseUrls.user) return `the shop of ${shownPath(dataDir)}`;
	const { host, pathname } = new URL(url);
	return `the database ${pathname.slice(1)} at ${host}`;
}

run(async life => {
	const config = configOfCommand({ runsServices: false });
	const { addressOf, create, list, promote } = await import("./admin/staff-commands.ts");
	const { newPassword } = await import("./admin/password-input.ts");
	const { StaffRepository } = await import("../services/user/staff.repository.ts");
	const email = takesAddress ? addressOf(given!) : "";
	const password = command === "create" ? await newPassword(values["password-file"]) : "";
	const url = config.serviceDatabaseUrls.user ?? (await databaseOfShop(life, config));
	const staff = new StaffRepository(url);
	const perform = {
		create: () => create(staff, { email, name: values.name, password }),
		promote: () => promote(staff, email),
		list: () => list(staff)
	};
	try {
		console.log(await perform[command]());
		if (takesAddress) console.log(`The account is in ${placeOf(url, config)}.`);
	} catch (error) {
		throw explainOutdated(explainDatabase(error, url));
	}
	await life.end(0);
});
