import { sqlState } from "../lib/database-error.ts";

/** A migration that cannot run, as a sentence for the one who starts the shop. */
export class MigrationError extends Error {
	/** `refused`: by this code, before anything was changed. `failed`: by Postgres. */
	readonly kind: "refused" | "failed";

	constructor(kind: MigrationError["kind"], message: string, cause?: Error) {
		super(message, { cause });
		this.kind = kind;
	}
}

/** Postgres counts characters of the text, from 1 on; it does so for errors of the parser, not of the execution. */
function lineOf(sql: string, position: string | undefined): string {
	if (!position) return "";
	const before = [...sql].slice(0, Number(position) - 1);
	return `, line ${before.filter(character => character === "\n").length + 1}`;
}

/** The error of Postgres with its detail, the file, and the line if it says one. */
export function failedMigration(name: string, sql: string, cause: Error): MigrationError {
	const { position, detail } = cause as Error & { position?: string; detail?: string };
	const state = sqlState(cause);
	const code = state ? ` (${state})` : "";
	// Such as the key of which there are two.
	const details = detail ? `: ${detail}` : "";
	return new MigrationError(
		"failed",
		`migration ${name}${lineOf(sql, position)}: ${cause.message}${code}${details}`,
		cause
	);
}
