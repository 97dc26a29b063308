import { databaseUrlIssues } from "../database-url.ts";
import { variables, type Environment, type VariableName } from "../env.ts";

type UrlName = Extract<VariableName, `${string}DATABASE_URL`>;
const urlNames = Object.keys(variables).filter((name): name is UrlName =>
	name.endsWith("DATABASE_URL")
);
const ofServices = urlNames.filter(name => name !== "EVENT_LOG_DATABASE_URL");

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
	const ofUrls = urlNames.flatMap(name => {
		const url = values[name];
		if (url === undefined) return [];
		return databaseUrlIssues(url).map(issue => `${name}: ${issue}`);
	});
	return [...ofUrls, ...durabilityIssues(values)];
}
