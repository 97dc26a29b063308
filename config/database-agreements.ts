import { databaseUrlIssues } from "./database-url.ts";
import type { Environment, VariableName } from "./env.ts";

const ofServices = [
	"DATABASE_URL",
	"USER_DATABASE_URL",
	"PRODUCT_DATABASE_URL",
	"ORDER_DATABASE_URL",
	"PAYMENT_DATABASE_URL",
	"NOTIFICATION_DATABASE_URL",
	"ANALYTICS_DATABASE_URL"
] as const satisfies VariableName[];

/** Deferred commits are safe only if every service's next commit flushes them (decision 0005). */
function durabilityIssues(values: Environment): string[] {
	const urls = ofServices.flatMap(name => values[name] ?? []).filter(url => URL.canParse(url));
	const servers = new Set(urls.map(url => new URL(url).host));
	return values.DURABILITY === "prefix" && servers.size > 1
		? ["DURABILITY: must be strict when services use different Postgres servers"]
		: [];
}

/** What is wrong with the URLs of databases, and with all of them together. No URL is printed: it has a password. */
export function databaseIssues(values: Environment): string[] {
	const ofUrls = [...ofServices, "EVENT_LOG_DATABASE_URL" as const].flatMap(name => {
		const url = values[name];
		if (url === undefined) return [];
		return databaseUrlIssues(url).map(issue => `${name}: ${issue}`);
	});
	return [...ofUrls, ...durabilityIssues(values)];
}
