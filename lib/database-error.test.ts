import { databaseFault, isFullPool, sqlState } from "./database-error.ts";

const having = (code: string) => Object.assign(new Error("it failed"), { code });
const wrapped = (original: Error) => Object.assign(new Error("from the ORM"), { original });

const retriesExceeded = new Error("Connection error", { cause: having("ECONNREFUSED") });
const sequelizeEnded = new Error(
	"ConnectionManager.getConnection was called after the connection manager was closed!"
);

describe("faults of a database", () => {
	it.each([
		["a server that is not there", having("ECONNREFUSED"), "unavailable"],
		["a name server that does not answer", having("EAI_AGAIN"), "unavailable"],
		["a network that is not there", having("ENETUNREACH"), "unavailable"],
		["a server that stops", having("57P01"), "unavailable"],
		["a disk that is full", having("53100"), "unavailable"],
		["no connection left", having("53300"), "unavailable"],
		["an input or output error", having("58030"), "unavailable"],
		["a standby that only reads", having("25006"), "unavailable"],
		["a statement that took too long", having("57014"), "overdue"],
		["a lock that took too long", having("55P03"), "overdue"],
		["a transaction that was idle too long", having("25P03"), "overdue"],
		["a deadlock", having("40P01"), "undone"],
		["a serialisation failure", having("40001"), "undone"],
		[
			"a plan of before a migration",
			Object.assign(new Error("cached plan must not change result type"), {
				code: "0A000",
				routine: "RevalidateCachedQuery"
			}),
			"undone"
		],
		["a feature that is not supported", having("0A000"), undefined],
		["a password that was changed", having("28P01"), "misconfigured"],
		["a database that is not there", having("3D000"), "misconfigured"],
		["a connection that was cut", new Error("Connection terminated unexpectedly"), "unavailable"],
		["a full pool", new Error("timeout exceeded when trying to connect"), "unavailable"],
		["Sequelize's full pool", wrapped(new Error("Operation timeout")), "unavailable"],
		["a connection without an answer", wrapped(new Error("timeout expired")), "unavailable"],
		[
			"a pool of pg that has ended",
			new Error("Cannot use a pool after calling end on the pool"),
			"unavailable"
		],
		["Sequelize's pool that has ended", sequelizeEnded, "unavailable"],
		["a network without a free port", having("EADDRNOTAVAIL"), "unavailable"],
		["a full disk", having("ENOSPC"), "unavailable"],
		["a connection that is closed", having("ERR_STREAM_DESTROYED"), "unavailable"],
		["a broker that is away", retriesExceeded, "unavailable"],
		["a wrapped refusal", wrapped(having("ECONNREFUSED")), "unavailable"],
		["a wrapped shutdown", wrapped(having("57P01")), "unavailable"]
	])("%s", (_, error, fault) => expect(databaseFault(error)).toBe(fault));

	it.each([
		["a mistake", new TypeError("cannot read properties of undefined")],
		["a constraint", having("23514")],
		["a wrapped constraint", wrapped(having("23505"))],
		["a value that is too large", having("22003")],
		["a missing table", having("42P01")],
		["a missing file", having("ENOENT")],
		["an argument of the wrong type", having("ERR_INVALID_ARG_TYPE")],
		["a text that only sounds like it", new Error("the connection of parts is terminated")]
	])("%s is none", (_, error) => expect(databaseFault(error)).toBeUndefined());

	it.each([
		["of pg", new Error("timeout exceeded when trying to connect"), true],
		["of Sequelize", wrapped(new Error("Operation timeout")), true],
		["but not a server that does not answer", having("ETIMEDOUT"), false]
	])("knows a full pool: %s", (_, error, is) => expect(isFullPool(error)).toBe(is));

	it("has the state that Sequelize wraps", () => {
		expect(sqlState(wrapped(having("23505")))).toBe("23505");
		expect(sqlState(having("EPIPE"))).toBeUndefined();
		expect(sqlState(null)).toBeUndefined();
	});
});
