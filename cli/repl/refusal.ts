import type { FailureData, ValidationIssue } from "../../lib/errors.ts";

/** An error of an action. The issues of the validator are bare, those of a service come with a failure. */
export interface Refused {
	message: string;
	data?: FailureData | ValidationIssue[];
}

/** A refusal in words: what it is, and each error with its place on a line of its own. */
export function refusalLines({ message, data = {} }: Refused): string[] {
	const { detail, errors = [] } = Array.isArray(data) ? { errors: data } : data;
	const title = [message, ...(detail && detail !== message ? [detail] : [])].join(": ");
	return [title, ...errors.map(error => `  ${[error.pointer, error.detail].join(" ").trim()}`)];
}
