import { isTransient } from "./transient-error.ts";

const having = (over: object) => Object.assign(new Error("it failed"), over);

it.each([
	["a fault of the database", having({ code: "57P01" })],
	["a network without a free port", having({ code: "EADDRNOTAVAIL" })],
	["a name server without an answer", having({ code: "EAI_AGAIN" })],
	["a full disk", having({ code: "ENOSPC" })],
	["an error that says so", having({ isTransient: true })]
])("%s is transient", (_, error) => expect(isTransient(error)).toBe(true));

it.each([
	["a constraint", having({ code: "23514" })],
	["a message that a function of Node cannot take", having({ code: "ERR_INVALID_ARG_TYPE" })],
	["an error that says so", having({ isTransient: false, code: "ECONNREFUSED" })]
])("%s is not transient", (_, error) => expect(isTransient(error)).toBe(false));
