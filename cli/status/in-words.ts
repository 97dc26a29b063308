import type { Health } from "../../contracts/gateway.ts";
import { npmCommand, type RunningShop, whyAway } from "../../launch/shop/running-shop.ts";
import type { DatabaseReport } from "../../launch/shop/database-report.ts";

type Contents = NonNullable<DatabaseReport["contents"]>;

/** What is known of a shop, as `npm run status` found it. */
export interface StatusFacts {
	/** Undefined when no shop runs on the data folder. */
	running: RunningShop | undefined;
	/** As shown, relative to the current folder. */
	dataDir: string;
	/** Whether the data folder has an embedded database. */
	hasData: boolean;
	/** Status and checks of GET /health; undefined when nothing answers. */
	health: Pick<Health, "status" | "checks"> | undefined;
	/** Undefined without a database that answers. */
	database: DatabaseReport | undefined;
	/** Why there is none, as a sentence. */
	databaseProblem?: string | undefined;
	/** Of DATABASE_URL, or of the running shop. */
	databaseUrl: string | undefined;
	/** Of Kafka; without it the event log is in Postgres. */
	brokers: readonly string[] | undefined;
	/** Consumers of the event log; undefined when it cannot be asked. */
	consumers: { group: string; waiting: number; deadLetters: number }[] | undefined;
	/** Files that servers of the data folder write, as shown. */
	logs: { of: string; path: string }[];
	now: Date;
}

const count = (n: number, thing: string) =>
	`${n.toLocaleString("en")} ${thing}${n === 1 ? "" : "s"}`;

function duration(fromMs: number, toMs: number): string {
	const s = Math.max(0, Math.round((toMs - fromMs) / 1000));
	if (s < 120) return `${s} s`;
	if (s < 7200) return `${Math.round(s / 60)} min`;
	return s < 172_800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86_400)} days`;
}

/** `  name      text`, with further lines below the text. */
function entry(name: string, lines: readonly string[]): string[] {
	return lines.map((line, index) => `  ${(index === 0 ? name : "").padEnd(12)}${line}`);
}

function healthLine({ health }: StatusFacts): string {
	if (!health) return "does not answer";
	const down = Object.entries(health.checks ?? {}).filter(([, state]) => state !== "up");
	return down.length > 0
		? `${health.status}: ${down.map(([name]) => name).join(", ")} down`
		: health.status;
}

function runningLines(facts: StatusFacts, shop: RunningShop): string[] {
	const { command, pid, startedAt, url, health, metrics, nodes } = shop;
	const since = duration(Date.parse(startedAt), facts.now.getTime());
	const started = `by ${npmCommand(command)}, for ${since}, pid ${pid}`;
	if (shop.ended) return [whyAway(shop)!];
	if (!shop.ready) return [`A shop starts on ${facts.dataDir} ${started}.`];
	if (!url) return [`A shop without a gateway runs on ${facts.dataDir} ${started}.`];
	return [
		`A shop runs on ${facts.dataDir} ${started}.`,
		"",
		...entry("API", [`${url}/api/v1   (${healthLine(facts)})`, `${url}/docs`]),
		...(health ? entry("health", [health]) : []),
		...entry("metrics", [metrics ?? `${url}/metrics`]),
		...(nodes ? entry("nodes", [nodes.map(({ name }) => name).join(", ")]) : []),
		...entry("log", [`the terminal of ${npmCommand(command)}`])
	];
}

function notRunningLine({ dataDir, hasData, databaseUrl }: StatusFacts): string {
	if (databaseUrl) return `No shop runs on ${dataDir}; DATABASE_URL names a database.`;
	return hasData
		? `No shop runs on ${dataDir}, which has the data of one: npm start opens it.`
		: `No shop runs on ${dataDir}: npm start makes one there.`;
}

/** How to open a prompt of Postgres; without the password, which the file has, or DATABASE_URL. */
function psqlLine({ running, dataDir }: StatusFacts, url: string): string {
	if (!running?.embedded) return "psql with the URL of DATABASE_URL";
	const { hostname, port, username, pathname } = new URL(url);
	const login = `psql -h ${hostname} -p ${port} -U ${username} ${pathname.slice(1)}`;
	return `PGPASSWORD=$(cat '${dataDir}/postgres.password') ${login}`;
}

function databaseLines(facts: StatusFacts, url: string): string[] {
	const { database, running } = facts;
	const { hostname, port, pathname } = new URL(url);
	const at = `${hostname}${port && `:${port}`}${pathname}`;
	if (!database)
		return entry("database", [
			`Postgres at ${at}`,
			facts.databaseProblem ?? "It did not answer in time."
		]);
	const { version, bytes, migrationsRun, pending, unknown, contents } = database;
	const what = `${running?.embedded ? "embedded " : ""}Postgres ${version} at ${at}, ${Math.ceil(bytes / 1e6)} MB`;
	const later =
		unknown.length > 0 ? `; ${unknown.length} are of a newer version: ${unknown.join(", ")}` : "";
	const missing =
		pending.length > 0 ? `; ${pending.length} have not run: ${pending.join(", ")}` : "";
	return [
		...entry("database", [what, psqlLine(facts, url)]),
		...entry("migrations", [`${migrationsRun} have run${missing}${later}`]),
		...(contents
			? entry("backlog", [
					`${count(contents.in_progress, "order")} in progress, ${count(contents.unpublished, "event")} unpublished`,
					...consumerLines(facts),
					...webhookLines(contents)
				])
			: []),
		...(contents?.admins === 0
			? entry("admins", ["none: npm run admin -- create you@example.com"])
			: [])
	];
}

/** Only where there is something to say: most shops have none. */
function webhookLines({ undelivered, disabled_webhooks }: Contents): string[] {
	const disabled =
		disabled_webhooks > 0
			? [`${count(disabled_webhooks, "webhook")} disabled: see GET /webhooks`]
			: [];
	const waiting =
		undelivered > 0 ? [`webhooks: ${count(undelivered, "request")} to be made or repeated`] : [];
	return [...waiting, ...disabled];
}

function consumerLines({ consumers }: StatusFacts): string[] {
	return (consumers ?? []).map(
		({ group, waiting, deadLetters }) =>
			`${group}: ${count(waiting, "message")} waiting, ${count(deadLetters, "dead letter")}`
	);
}

/** The status of a shop in words. */
export function statusLines(facts: StatusFacts): string[] {
	const { running, databaseUrl, logs, brokers } = facts;
	const head = running ? runningLines(facts, running) : [notRunningLine(facts)];
	const files =
		logs.length > 0
			? entry(
					"log files",
					logs.map(({ of, path }) => `${of}: ${path}`)
				)
			: [];
	if (!databaseUrl) return [...head, ...files];
	return [
		...head,
		...files,
		...databaseLines(facts, databaseUrl),
		...entry("event log", [brokers ? `Kafka at ${brokers.join(", ")}` : "in Postgres"])
	];
}
