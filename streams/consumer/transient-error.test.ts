import { isTransient } from "./transient-error.ts";

const having = (over: object, message = "it failed") => Object.assign(new Error(message), over);

it.each([
	["a server that is not there", having({ code: "ECONNREFUSED" })],
	["a server that stops", having({ code: "57P01" })],
	["a statement that took too long", having({ code: "57014" })],
	["a deadlock", having({ code: "40P01" })],
	["a disk that is full", having({ code: "53100" })],
	["a standby that only reads", having({ code: "25006" })],
	["a password that was changed", having({ code: "28P01" })],
	["a database that is not there", having({ code: "3D000" })],
	["a connection that was cut", new Error("Connection terminated unexpectedly")],
	["a pool that has none", new Error("timeout exceeded when trying to connect")],
	["what says so itself", having({ isTransient: true })]
])("%s is no message's fault", (_, error) => expect(isTransient(error)).toBe(true));

it.each([
	["a mistake", new TypeError("cannot read properties of undefined")],
	["a constraint", having({ code: "23514" })],
	["a value that is too large", having({ code: "22003" })],
	["words that only sound like it", new Error("the connection of parts is terminated")],
	["what says so itself", having({ isTransient: false, code: "ECONNREFUSED" })]
])("%s may be", (_, error) => expect(isTransient(error)).toBe(false));
