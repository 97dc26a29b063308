import {
	errorTable,
	slug,
	type ErrorCode,
	type FailureData,
	type ValidationIssue
} from "../../lib/errors.ts";

/** Refusals of Moleculer itself, before a handler runs: code → status. */
const brokerErrors = { VALIDATION_ERROR: 422 } as const;

export type FailureCode = ErrorCode | keyof typeof brokerErrors;

/** A failure as a caller gets it: its members are those that travel between nodes. */
export interface CaughtFailure {
	type: FailureCode;
	code: number;
	data: FailureData | ValidationIssue[];
}

interface More {
	/** The failure names this part of the input. */
	pointer?: string;
	/** The code of that issue. */
	issue?: string;
	/** A text in the detail of that issue, or of the failure when no pointer is given. */
	detail?: string | RegExp;
}

type Work = Promise<unknown> | (() => unknown);

/** What the work throws. @throws Error when it succeeds */
export async function errorOf(work: Work): Promise<unknown> {
	try {
		await (typeof work === "function" ? work() : work);
	} catch (error) {
		return error;
	}
	throw new Error("The work succeeded, but it should have failed.");
}

function statusOf(code: FailureCode): number {
	return code in errorTable ? errorTable[code as ErrorCode][0] : brokerErrors[code as never];
}

/** Expects an error of this code, with the status that belongs to the code. */
function expectCode(error: unknown, code: FailureCode): void {
	expect(error).toMatchObject({ type: code, code: statusOf(code) });
}

/** Expects that the work fails with this code; returns the failure. */
export async function expectFailure(
	work: Work,
	code: FailureCode,
	{ pointer, issue, detail }: More = {}
): Promise<CaughtFailure> {
	const error = await errorOf(work);
	expectCode(error, code);
	const failure = error as CaughtFailure;
	const { data } = failure;
	const text = detail !== undefined && { detail: expect.stringMatching(detail) };
	if (pointer !== undefined)
		expect(Array.isArray(data) ? data : data.errors).toContainEqual(
			expect.objectContaining({ pointer, ...(issue && { code: issue }), ...text })
		);
	else if (text) expect(data).toMatchObject(text);
	return failure;
}

/** Expects that Postgres refuses the work with this SQLSTATE, and a message that contains this text. */
export async function expectSqlState(work: Work, state: string, text = ""): Promise<void> {
	const message = expect.stringContaining(text);
	expect(await errorOf(work)).toMatchObject({ code: state, message });
}

/** Waits for all works, expects this code of every failure, and returns the results of the others. */
export async function successesOf<R>(works: Promise<R>[], code: FailureCode): Promise<R[]> {
	const outcomes = await Promise.allSettled(works);
	for (const outcome of outcomes)
		if (outcome.status === "rejected") expectCode(outcome.reason, code);
	return outcomes.filter(outcome => outcome.status === "fulfilled").map(({ value }) => value);
}

/** Expects an HTTP response with the problem of this code and its status. */
export function expectProblem(
	answer: { status: number; body: { code?: unknown } },
	code: ErrorCode
): void {
	expect([answer.status, answer.body.code]).toEqual([errorTable[code][0], slug(code)]);
}
