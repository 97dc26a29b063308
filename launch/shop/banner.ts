import { relative } from "node:path";
import { accounts, demoPassword } from "../../db/seed/accounts.ts";
import { firstRequests } from "../../db/seed/first-requests.ts";
import { npmCommand, type RunningShop } from "./running-shop.ts";

/** Relative to the current folder, if it is in it. */
export function shownPath(path: string): string {
	const shown = relative(process.cwd(), path);
	return shown.startsWith("..") ? path : shown;
}

export interface BannerFacts {
	/** That printed it. */
	command: RunningShop["command"];
	/** Of the gateway. */
	url: string;
	/** Where health checks are too, if they have a port of their own. */
	health?: string | undefined;
	/** Where metrics are, if they have a port of their own. */
	metrics?: string | undefined;
	/** Where customers reach it. */
	publicUrl: string;
	/** The file of settings, if there is one. */
	settings?: { path: string; names: string[] } | undefined;
	demo: boolean;
	production?: boolean;
	/** Absolute path of the data folder. */
	dataDir: string;
	/** True when Postgres was started by us. */
	embedded: boolean;
	/** Set if Kafka carries the events. */
	kafka?: { brokers: readonly string[] } | undefined;
	/** The payment provider. */
	payment: { provider: "simulator" | "stripe"; apiUrl: string };
	/** Set while the shop has no admin. */
	adminHint?: string | undefined;
	/** More lines, e.g. the nodes of a cluster. */
	runs?: string[];
}

function links({
	url,
	publicUrl,
	demo,
	health,
	metrics = `${url}/metrics`
}: BannerFacts): string[] {
	return [
		`  shop      ${url}/api/v1/products`,
		`  docs      ${url}/docs`,
		`  health    ${url}/health`,
		...(health ? [`            ${health}   (HEALTH_PORT)`] : []),
		`  metrics   ${metrics}`,
		...(publicUrl === url ? [] : [`  links     begin with ${publicUrl}   (PUBLIC_URL)`]),
		...(demo ? [`  mailbox   ${url}/dev/mailbox   (captured outgoing mail)`] : [])
	];
}

function demoLines(url: string): string[] {
	return [
		"",
		`  Demo accounts, password ${demoPassword}:`,
		...accounts.map(
			({ id, email, role }) =>
				`    ${email.padEnd(18)} ${role}${role === "customer" ? ` ${id}` : ""}${id === "user-123" ? " (who acts here without a token)" : ""}`
		),
		"",
		"  Try:",
		...firstRequests(url).map(command => `    ${command}`),
		"    npm run demo"
	];
}

function settingsLine({ path, names }: NonNullable<BannerFacts["settings"]>): string {
	return `  Settings: ${shownPath(path)} sets ${names.join(", ")}; the environment goes before it`;
}

function paymentLine({ provider, apiUrl }: BannerFacts["payment"], ledger: string): string {
	if (provider === "stripe") return `  Payments: by Stripe's API at ${apiUrl}`;
	return `  Payments: simulated, no money moves${ledger}`;
}

/** Printed once the shop accepts orders. */
export function banner(facts: BannerFacts): string {
	const { command, url, demo, production, dataDir, embedded, payment } = facts;
	const { settings, adminHint, runs = [] } = facts;
	const shown = shownPath(dataDir);
	return [
		"",
		"The shop is open.",
		"",
		...links(facts),
		...(demo ? demoLines(url) : []),
		"",
		embedded ? `  Embedded: Postgres, in ${shown}/postgres` : "  Database: the one of DATABASE_URL",
		`  Events:   ${facts.kafka ? `Kafka at ${facts.kafka.brokers.join(", ")}` : "in Postgres"}`,
		paymentLine(payment, demo ? `; ledger in ${shown}/psp-ledger.jsonl` : ""),
		...(settings && settings.names.length > 0 ? [settingsLine(settings)] : []),
		...(adminHint ? [`  ${adminHint}`] : []),
		...runs.map(line => `  ${line}`),
		"  Stop:     Ctrl-C",
		...(embedded && !production ? [`  Reset:    ${npmCommand(command)} -- --fresh`] : []),
		""
	].join("\n");
}
