import { configOfCommand } from "../config/index.ts";
import { awaitDatabase } from "../launch/shop/database-wait.ts";
import { prepareDatabase, progress } from "../launch/shop/prepare-shop.ts";
import { adminHint } from "../launch/shop/owner-database.ts";
import { exitCodes, LaunchError } from "../launch/process/launch-error.ts";
import { run } from "../launch/process/lifecycle.ts";
import { useLogFormat } from "../launch/process/log-format.ts";
import { commandLine, usageError } from "../launch/process/command-line.ts";

const usage = `Usage: DATABASE_URL=postgres://… npm run migrate [-- --wait <seconds>]
Brings the database to the present shape and, in demo mode, adds the demo data.
--wait <seconds>  how long to try while no Postgres answers, or while it starts up (0)`;

const { values } = commandLine(usage, { wait: { type: "string", default: "0" } });
if (!/^\d{1,4}$/.test(values.wait))
	usageError(usage, "--wait takes a number of seconds, from 0 to 9,999");

run(async life => {
	const given = configOfCommand({ runsServices: false });
	useLogFormat(given);
	const { databaseUrl } = given;
	if (!databaseUrl)
		throw new LaunchError(
			"Set DATABASE_URL: npm start migrates the embedded database by itself.",
			exitCodes.configuration
		);
	await awaitDatabase(databaseUrl, { seconds: Number(values.wait), onProgress: progress });
	await prepareDatabase(databaseUrl, given);
	console.log("The database is up to date.");
	const hint = await adminHint(databaseUrl);
	if (hint) console.log(hint);
	await life.end(0);
});
