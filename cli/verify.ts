import type pg from "pg";
import { configOfCommand } from "../config/index.ts";
import { connect, progress } from "../launch/shop/prepare-shop.ts";
import { databaseOfShop } from "../launch/shop/owner-database.ts";
import { explainOutdated } from "../launch/process/launch-error.ts";
import { run, type Lifecycle } from "../launch/process/lifecycle.ts";
import type { VerifyContext, Verifier } from "../verify/verifier.ts";
import {
	alternatives,
	commandLine,
	knownWord,
	usageError
} from "../launch/process/command-line.ts";

/** Each subject is a file that exports its verifier as `verify`. */
const subjects: Record<string, () => Promise<{ verify: Verifier }>> = {
	analytics: () => import("../verify/analytics.verifier.ts"),
	orders: () => import("../verify/orders.verifier.ts"),
	payments: () => import("../verify/payments.verifier.ts"),
	stock: () => import("../verify/stock.verifier.ts"),
	stream: () => import("../verify/stream.verifier.ts")
};

const names = Object.keys(subjects);
const usage = `Usage: npm run verify -- ${names.join("|")}
Checks stored data for inconsistencies: prints each difference and exits 1, or exits 0.
Reads the database of DATABASE_URL, or the embedded one of DATA_DIR, whether the shop runs or not.`;

const everyMs = 2000;

/** At most one line in two seconds. */
function throttledProgress(): VerifyContext["progress"] {
	let last = performance.now();
	return (done, things) => {
		if (performance.now() - last < everyMs) return;
		last = performance.now();
		progress(`${done} ${things} so far`);
	};
}

/** @throws LaunchError when it cannot be reached */
async function snapshot(life: Lifecycle, url: string): Promise<pg.Client> {
	const client = await connect(life, url, "verify");
	await client.query("begin isolation level repeatable read read only");
	return client;
}

const { positionals } = commandLine(usage, {}, true);
const [given = "", ...more] = positionals;
if (!given) usageError(usage, `Name what to verify: ${alternatives(names)}.`);
const subject = knownWord(usage, given, names);
if (more.length > 0) usageError(usage, `Name one to verify, without ${more.join(" ")}.`);
const load = subjects[subject]!;

run(async life => {
	const settings = configOfCommand({ runsServices: false });
	const config = { ...settings, databaseUrl: await databaseOfShop(life, settings) };
	const client = await snapshot(life, config.databaseUrl);
	const { verify } = await load();
	let differences = 0;
	try {
		for await (const difference of verify({ client, config, progress: throttledProgress() })) {
			console.log(difference);
			differences++;
		}
	} catch (error) {
		throw explainOutdated(error);
	}
	console.log(differences === 0 ? `No differences in ${subject}.` : `${differences} differences.`);
	await life.end(differences === 0 ? 0 : 1);
});
