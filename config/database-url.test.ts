import { commandSession, keyedSession, modelSession } from "../db/session-settings.ts";
import { databaseUrlIssues, ownSettings, withOwnOptions } from "./database-url.ts";

describe("the query of a Postgres URL", () => {
	it.each([
		"postgres://a:b@db/shop",
		"postgres://a:b@db/shop?sslmode=require&application_name=x",
		"postgres://a@db/shop?options=endpoint%3Dcool-name",
		"postgres://a:b@db/shop?sslmode=require&channel_binding=require",
		"postgres://a:b@%2Frun%2Fpostgresql/shop",
		"postgres://a@[::1]:5433/shop?options=-c%20work_mem%3D8MB"
	])("may be that of %s", url => expect(databaseUrlIssues(url)).toEqual([]));

	it.each([
		["options=-c%20statement_timeout%3D0", "statement_timeout in options"],
		["options=-cstatement_timeout%3D0", "statement_timeout in options"],
		["options=--statement-timeout%3D0", "statement_timeout in options"],
		["options=-c%20Statement_Timeout%20%3D%200", "statement_timeout in options"],
		[
			"options=-c%20work_mem%3D8MB%20-c%20synchronous_commit%3Doff",
			"synchronous_commit in options"
		],
		["options=-c%20search_path%3Dpublic", "search_path in options"],
		["statement_timeout=0", "must not set statement_timeout"],
		["lock_timeout=0&sslmode=require", "must not set lock_timeout"],
		["pgbouncer=true", "has the parameter pgbouncer; known ones are sslmode"],
		["keepAlive=false", "has the parameter keepAlive"],
		["user=owner", "has the parameter user"],
		["password=x", "has the parameter password"],
		["host=other", "has the parameter host"],
		["sslmode=bogus", "has the sslmode bogus; known ones are disable, prefer"],
		["sslrootcert=/nope.pem", "names the file /nope.pem as sslrootcert, which is not there"]
	])("is refused with %s", (query, issue) => {
		const issues = databaseUrlIssues(`postgres://a@db/shop?${query}`);
		expect(issues).toHaveLength(1);
		expect(issues[0]).toContain(issue);
	});

	it.each([
		["postgres://a:p#w@db/shop", "is no URL"],
		["postgres://a:100%@db/shop", "has a % in its user or password that is not written %25"],
		["postgres://a:b@db:99999/shop", "is no URL"],
		["postgres://", "must name a user, a host and a database"],
		["postgres:///shop?host=/run/postgresql", "must name a user, a host and a database"],
		["postgres://db/shop", "must name a user"],
		["postgres://a@db", "must name a user, a host and a database"]
	])("%s is refused", (url, issue) => {
		expect(databaseUrlIssues(url)).toEqual([expect.stringContaining(issue)]);
	});

	it("names every setting that the shop makes", () => {
		const made = [keyedSession({ synchronous_commit: "off" }), modelSession, commandSession];
		for (const [, name] of made.join(" ").matchAll(/-c (\w+)=/g))
			expect(ownSettings).toContain(name);
	});
});

describe("withOwnOptions", () => {
	it("puts the shop's settings behind those of the URL", () => {
		expect(
			withOwnOptions("postgres://db/shop?options=-c%20work_mem%3D8MB&sslmode=require", "-c jit=off")
		).toEqual({
			connectionString: "postgres://db/shop?sslmode=require",
			options: "-c work_mem=8MB -c jit=off"
		});
	});

	it("takes the rest behind a second question mark for a value, as pg does", () => {
		expect(
			withOwnOptions("postgres://db/shop?application_name=who?&options=-c%20a%3Db", "-c jit=off")
		).toEqual({
			connectionString: "postgres://db/shop?application_name=who%3F",
			options: "-c a=b -c jit=off"
		});
	});

	it.each(["postgres://db/shop", "postgres://db/shop?sslmode=require"])("leaves %s as it is", url =>
		expect(withOwnOptions(url, "-c jit=off")).toEqual({
			connectionString: url,
			options: "-c jit=off"
		})
	);
});
