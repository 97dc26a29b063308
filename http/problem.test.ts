import { Errors } from "moleculer";
import { roleRefusal } from "../lib/access.ts";
import { Failure } from "../lib/errors.ts";
import { validate } from "../lib/validator.ts";
import { Problem, toProblem } from "./problem.ts";

const id = "00000000-0000-4000-8000-000000000000";
const secret = "select * from users at node-7";

describe("the problem of an error", () => {
	it("has the detail and issues of a refusal", () => {
		const faults = [{ pointer: "/a", code: "required", detail: "is required" }];
		const error = new Failure("VALIDATION_FAILED", { detail: "No.", errors: faults });
		const { status, body } = toProblem(error, id);
		expect(status).toBe(422);
		expect(JSON.parse(body)).toEqual({
			type: "http://127.0.0.1:8080/problems/validation-failed",
			title: "The request is not valid",
			status: 422,
			detail: "No.",
			instance: `urn:request:${id}`,
			code: "validation-failed",
			errors: faults
		});
	});

	it("names the roles that would be let in", () => {
		const { body } = toProblem(new Failure("FORBIDDEN", roleRefusal("customer", ["admin"])), id);
		const problem = JSON.parse(body) as object;
		expect(problem).toMatchObject({
			detail: "This needs the role admin; your role is customer",
			required_roles: ["admin"]
		});
		expect(validate(Problem, problem)).toEqual([]);
	});

	it("is the same for a refusal that came from another node without its class", () => {
		const { message, type, code, data } = new Failure("NOT_FOUND", { detail: "No such thing" });
		const remote = Object.assign(new Error(message), { type, code, data, nodeID: "node-7" });
		expect(toProblem(remote, id)).toEqual(toProblem(new Failure(type, data), id));
	});

	it.each([
		[new Errors.ServiceNotFoundError({ action: secret }), 503, "unavailable"],
		[new Errors.ServiceNotAvailableError({ action: secret }), 503, "unavailable"],
		[new Errors.RequestRejectedError({ action: secret }), 503, "unavailable"],
		[new Errors.QueueIsFullError({ action: secret }), 503, "overloaded"],
		[new Errors.RequestTimeoutError({ action: secret, nodeID: secret }), 504, "timeout"],
		[new Errors.RequestSkippedError({ action: secret, nodeID: secret }), 504, "timeout"],
		[new Errors.ValidationError(secret, "VALIDATION_ERROR", { secret }), 500, "internal"],
		[new Errors.MoleculerClientError(secret, 404, "constructor", { secret }), 500, "internal"],
		[new Error(secret), 500, "internal"],
		[new Failure("INTERNAL", { detail: secret }), 500, "internal"],
		[new Failure("TIMEOUT", { detail: secret }), 504, "timeout"],
		[undefined, 500, "internal"],
		[secret, 500, "internal"]
	])("has only the title for an internal error: %s", (error, status, code) => {
		const problem = toProblem(error, id);
		expect([problem.status, JSON.parse(problem.body).code]).toEqual([status, code]);
		expect(problem.body).not.toMatch(/select|node-7|stack|action/);
		expect(validate(Problem, JSON.parse(problem.body))).toEqual([]);
	});

	it("has WWW-Authenticate without a token, and Retry-After when overloaded", () => {
		expect(toProblem(new Failure("UNAUTHENTICATED"), id).headers["WWW-Authenticate"]).toBe(
			"Bearer"
		);
		expect(toProblem(new Failure("INVALID_TOKEN"), id).headers["WWW-Authenticate"]).toBe(
			'Bearer error="invalid_token"'
		);
		expect(toProblem(new Failure("UNAVAILABLE"), id).headers["Retry-After"]).toBe("1");
		expect(toProblem(new Failure("OVERLOADED"), id).headers["Retry-After"]).toBe("1");
		const limited = toProblem(new Failure("TOO_MANY_SIGN_INS", { retryAfterS: 613 }), id);
		expect([limited.status, limited.headers["Retry-After"]]).toEqual([429, "613"]);
		expect(validate(Problem, JSON.parse(limited.body))).toEqual([]);
		expect(toProblem(new Failure("NOT_FOUND"), id).headers).toEqual({
			"Content-Type": "application/problem+json",
			"Cache-Control": "no-store"
		});
	});
});
