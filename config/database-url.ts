import { existsSync } from "node:fs";

/** What a URL of Postgres may say. */

/** Settings of sessions on which the shop's limits and its durability rest (db/session-settings.ts). */
export const ownSettings: ReadonlySet<string> = new Set([
	"statement_timeout",
	"lock_timeout",
	"idle_in_transaction_session_timeout",
	"idle_session_timeout",
	"transaction_timeout",
	"tcp_keepalives_idle",
	"tcp_keepalives_interval",
	"tcp_keepalives_count",
	"tcp_user_timeout",
	"enable_seqscan",
	"jit",
	"synchronous_commit",
	"search_path",
	"datestyle",
	"default_transaction_isolation",
	"default_transaction_read_only"
]);

/** Parameters that pg knows, and that change nothing the shop relies on. */
const parameters: readonly string[] = [
	"sslmode",
	"ssl",
	"sslcert",
	"sslkey",
	"sslrootcert",
	"sslnegotiation",
	"uselibpqcompat",
	"application_name",
	"options",
	// Of libpq: pg ignores them, and strings of providers have them.
	"channel_binding",
	"connect_timeout",
	"gssencmode",
	"keepalives",
	"target_session_attrs"
];

const sslModes = ["disable", "prefer", "require", "verify-ca", "verify-full", "no-verify"];

/** `-c name=value` and `--name=value`, as libpq passes them on; a backslash escapes a space. */
const setting = /(?:^|\s)(?:-c\s*|--)([\w.-]+)\s*=/g;

const namesSet = (options: string) =>
	[...options.matchAll(setting)].map(([, name]) => name!.toLowerCase().replaceAll("-", "_"));

function parameterIssues(name: string): string[] {
	if (ownSettings.has(name))
		return [`must not set ${name}, because the shop sets it for each session`];
	return parameters.includes(name)
		? []
		: [`has the parameter ${name}; known ones are ${parameters.join(", ")}`];
}

function isEncoded(part: string): boolean {
	try {
		decodeURIComponent(part);
		return true;
	} catch {
		return false;
	}
}

/** Why a URL of Postgres cannot be used, as ends of a sentence that begins with its variable. */
export function databaseUrlIssues(text: string): string[] {
	if (!URL.canParse(text))
		return ["is no URL; in a password, characters such as @ / # are written %40 %2F %23"];
	const { hostname, username, password, pathname, searchParams: query } = new URL(text);
	if (!isEncoded(username) || !isEncoded(password))
		return ["has a % in its user or password that is not written %25"];
	// The role of each service is put in place of the user, which URL allows only with a host.
	if (!hostname || !username || pathname.length < 2)
		return [
			"must name a user, a host and a database, as in postgres://user:password@host:5432/shop"
		];
	const sslMode = query.get("sslmode");
	const issues =
		sslMode && !sslModes.includes(sslMode)
			? [`has the sslmode ${sslMode}; known ones are ${sslModes.join(", ")}`]
			: [];
	for (const name of ["sslrootcert", "sslcert", "sslkey"]) {
		const path = query.get(name);
		if (path && !existsSync(path))
			issues.push(`names the file ${path} as ${name}, which is not there`);
	}
	for (const name of query.keys()) issues.push(...parameterIssues(name));

	for (const name of namesSet(query.get("options") ?? ""))
		if (ownSettings.has(name))
			issues.push(`must not set ${name} in options, because the shop sets it for each session`);
	return issues;
}

/**
 * The URL without its `options`, and these with the shop's own behind them: of two values of one setting Postgres takes
 * the last. pg itself would take those of the URL, and drop the others.
 */
export function withOwnOptions(
	url: string,
	own: string | undefined
): { connectionString: string; options: string | undefined } {
	const mark = url.indexOf("?");
	const base = mark < 0 ? url : url.slice(0, mark);
	const parameters = new URLSearchParams(mark < 0 ? "" : url.slice(mark));
	const given = parameters.get("options");
	if (given === null) return { connectionString: url, options: own };
	parameters.delete("options");
	const rest = parameters.size > 0 ? `?${parameters.toString()}` : "";
	return { connectionString: `${base}${rest}`, options: own ? `${given} ${own}` : given };
}
