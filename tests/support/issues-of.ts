import { readEnvironment } from "../../config/read-environment.ts";
import type { EnvironmentError } from "../../config/environment-error.ts";

/** The issues of these environment variables, one per line; none if they are valid. */
export function issuesOf(source: Record<string, string | undefined>): string[] {
	try {
		readEnvironment(source);
		return [];
	} catch (error) {
		return (error as EnvironmentError).lines;
	}
}
