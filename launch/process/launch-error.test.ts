import { MigrationError } from "../../db/migration-error.ts";
import { EnvironmentError } from "../../config/environment-error.ts";
import { diskFull, explain, explainDatabase, explainListen, LaunchError } from "./launch-error.ts";

const url = "postgres://ann:secret@db.example:5433/shop";
const coded = (code: string, message = "as Postgres says it") =>
	Object.assign(new Error(message), { code });

describe("explain", () => {
	it("exits 78 for an invalid configuration, with every error", () => {
		const { message, exitCode } = explain(new EnvironmentError(["PORT: a", "HOST: b"]));
		expect(exitCode).toBe(78);
		expect(message).toMatch(/PORT: a\n.*HOST: b/);
	});

	it("says what to do about a full disk and a folder that is not writable", () => {
		expect(explain(coded("ENOSPC")).message).toBe(diskFull);
		const denied = Object.assign(coded("EACCES"), { path: "/data/lock" });
		expect(explain(denied).message).toContain("/data/lock is not writable (EACCES)");
	});

	it("keeps the stack of a defect", () => {
		expect(explain(new TypeError("x is undefined")).message).toMatch(/TypeError.*\n\s+at /);
	});
});

describe("explainListen", () => {
	const endpoint = { host: "192.0.2.9", ports: { PORT: 80 } };

	it.each([
		["EADDRINUSE", "Port 80 is taken"],
		["EACCES", "Port 80 is for root alone"],
		["EADDRNOTAVAIL", "HOST=192.0.2.9 is no address of this machine (EADDRNOTAVAIL)"]
	])("explains %s in a sentence", (code, sentence) => {
		const error = Object.assign(coded(code), { address: endpoint.host });
		expect((explainListen(error, endpoint) as Error).message).toContain(sentence);
	});

	it.each([
		[8080, "PORT=8081."],
		[9100, "METRICS_PORT=9101."],
		[65_535, "HEALTH_PORT=65534."]
	])("names the variable of port %i", (port, advice) => {
		const ports = { PORT: 8080, METRICS_PORT: 9100, HEALTH_PORT: 65_535 };
		const error = Object.assign(coded("EADDRINUSE"), { port });
		const { message } = explainListen(error, { host: "127.0.0.1", ports }) as Error;
		expect(message).toContain(`Port ${port} is taken`);
		expect(message).toContain(` ${advice}`);
	});

	it.each([
		["npm start", "PORT=8081 npm start."],
		["npm run cluster", "PORT=8081 npm run cluster."],
		[undefined, "choose another one: PORT=8081."]
	])("names the command that was typed: %s", (command, advice) => {
		const found = { command, host: "127.0.0.1", ports: { PORT: 8080 } };
		const { message } = explainListen(coded("EADDRINUSE"), found) as Error;
		expect(message).toContain(advice);
	});

	it("leaves an error about another host alone", () => {
		const error = Object.assign(coded("ENOTFOUND"), { hostname: "db.example" });
		expect(explainListen(error, endpoint)).toBe(error);
	});
});

describe("explainDatabase", () => {
	it.each([
		["ECONNREFUSED", "No Postgres answers at db.example:5433"],
		["EAI_AGAIN", "The address of db.example:5433 cannot be looked up"],
		["57P03", "Postgres at db.example:5433 is starting up or stopping"],
		["28P01", "refuses the password of ann"],
		["3D000", "There is no database shop"],
		["42501", "a role with CREATEROLE"],
		["53100", diskFull]
	])("explains %s in a sentence without the password", (code, sentence) => {
		const explained = explainDatabase(coded(code), url) as Error;
		expect(explained).toBeInstanceOf(LaunchError);
		expect(explained.message).toContain(sentence);
		expect(explained.message).not.toContain("secret");
	});

	it("explains the cause of a failed migration", () => {
		const wrapped = new Error("migration order/0001.sql: no", { cause: coded("42501") });
		expect(explainDatabase(wrapped, url)).toBeInstanceOf(LaunchError);
	});

	it.each([
		["refused", 78],
		["failed", 1]
	] as const)("exits for a migration that was %s with %i", (kind, exitCode) => {
		const migration = new MigrationError(kind, "Not so.", coded("42601"));
		expect(explainDatabase(migration, url)).toMatchObject({ message: "Not so.", exitCode });
	});

	it("leaves a defect alone", () => {
		const defect = coded("42601", "syntax error");
		expect(explainDatabase(defect, url)).toBe(defect);
	});
});
