import { configOfCommand } from "../config/index.ts";
import { prepareDatabase } from "../launch/shop/prepare-shop.ts";
import { adminHint } from "../launch/shop/owner-database.ts";
import { exitCodes, LaunchError } from "../launch/process/launch-error.ts";
import { run } from "../launch/process/lifecycle.ts";
import { useLogFormat } from "../launch/process/log-format.ts";
import { commandLine } from "../launch/process/command-line.ts";

const usage = `Usage: DATABASE_URL=postgres://… npm run migrate
Brings the database to the present shape and, in demo mode, adds the demo data.`;

commandLine(usage, {});

run(async life => {
	const given = configOfCommand({ runsServices: false });
	useLogFormat(given);
	const { databaseUrl } = given;
	if (!databaseUrl)
		throw new LaunchError(
			"Set DATABASE_URL: npm start migrates the embedded database by itself.",
			exitCodes.configuration
		);
	await prepareDatabase(databaseUrl, given);
	console.log("The database is up to date.");
	const hint = await adminHint(databaseUrl);
	if (hint) console.log(hint);
	await life.end(0);
});
