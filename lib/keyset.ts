import { createHash } from "node:crypto";
import { invalid } from "./errors.ts";
import { T, type Static, type TSchema } from "./schema.ts";
import { validate } from "./validator.ts";

/** An instant in ms, up to the end of the year 9999. */
export const Milliseconds = T.Integer({ minimum: 0, maximum: 253_402_300_799_999 });

const Uuid = T.String({ pattern: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" });

/** Ids that are no UUIDs. */
export const TextId = T.String({ pattern: "^[A-Za-z0-9-]{1,64}$" });

/** Where a row stands in its list. */
export interface Keyset<V> {
	value: V;
	id: string;
}

export interface KeysetListOptions<R, V extends TSchema> {
	/** The list with its order and filters: a cursor of another one would skip rows without a word. */
	name: string;
	value: V;
	/** A UUID by default. */
	id?: TSchema;
	keysetOf(row: R): Keyset<Static<V>>;
	/** The row's size in a message, where 100 rows may be more than a message takes. */
	bytesOf?(row: R): number;
}

/** A message on NATS has 1 MiB at most by default; what is added to the rows has the rest. */
const maxPageBytes = 512 * 1024;

/** The first rows, at least one, that a message takes. */
export function cutToMessage<R>(rows: R[], bytesOf: (row: R) => number): R[] {
	let bytes = 0;
	const tooMany = rows.findIndex((row, n) => (bytes += bytesOf(row)) > maxPageBytes && n > 0);
	return tooMany < 0 ? rows : rows.slice(0, tooMany);
}

/**
 * Keyset pagination of a list that is sorted by a value and then by id. A cursor is the keyset of the last row with a
 * mark of the list. It contains no secret, so it is validated, not signed.
 */
export class KeysetList<R, V extends TSchema> {
	readonly #options: KeysetListOptions<R, V>;
	readonly #mark: string;

	constructor(options: KeysetListOptions<R, V>) {
		this.#options = options;
		this.#mark = createHash("sha256").update(options.name).digest("base64url").slice(0, 8);
	}

	/**
	 * The row behind which a page begins; undefined for the first page.
	 * @throws VALIDATION_FAILED for an invalid cursor or one of another list
	 */
	after(cursor: string | undefined): Keyset<Static<V>> | undefined {
		if (cursor === undefined) return undefined;
		const bytes = Buffer.from(cursor, "base64url");
		const parts = bytes.toString("base64url") === cursor ? parse(bytes.toString()) : undefined;
		const { value, id = Uuid } = this.#options;
		if (Array.isArray(parts) && parts.length === 3 && parts[0] === this.#mark)
			if (validate(value, parts[1]).length === 0 && validate(id, parts[2]).length === 0)
				return { value: parts[1], id: parts[2] };
		return invalid("/cursor", "cursor", "is not a cursor of this list");
	}

	/**
	 * Cuts a read of `limit + 1` rows to a page: the extra row only says that there are more. A page of large rows has
	 * fewer, and at least one.
	 */
	page(rows: readonly R[], limit: number): { data: R[]; next_cursor: string | null } {
		const { bytesOf } = this.#options;
		const page = rows.slice(0, limit);
		const data = bytesOf ? cutToMessage(page, bytesOf) : page;
		const last = rows.length > data.length ? data.at(-1) : undefined;
		return { data, next_cursor: last ? this.cursor(this.#options.keysetOf(last)) : null };
	}

	cursor({ value, id }: Keyset<Static<V>>): string {
		return Buffer.from(JSON.stringify([this.#mark, value, id])).toString("base64url");
	}
}

/** Of a row as JSON. */
export const jsonBytes = (row: unknown): number => Buffer.byteLength(JSON.stringify(row));

/** A list that is sorted by UUIDv7 alone, which sort by time. @param bytesOf as in `KeysetListOptions` */
export function listById<R>(name: string, idOf: (row: R) => string, bytesOf?: (row: R) => number) {
	const keysetOf = (row: R) => ({ value: null, id: idOf(row) });
	return new KeysetList({ name, value: T.Null(), keysetOf, ...(bytesOf && { bytesOf }) });
}

export interface TimePosition {
	at: Date;
	id: string;
}

/** As parameters of SQL: before the first row of a list with the newest first. */
export const beforeNewest = { at: "infinity", id: "ffffffff-ffff-ffff-ffff-ffffffffffff" } as const;

/** A list that is sorted by an instant. */
export class TimeList<R extends { id: string }> extends KeysetList<R, typeof Milliseconds> {
	/** @param further `id` and `bytesOf` as in `KeysetListOptions` */
	constructor(
		name: string,
		timeOf: (row: R) => Date,
		further: Pick<KeysetListOptions<R, typeof Milliseconds>, "id" | "bytesOf"> = {}
	) {
		const keysetOf = (row: R) => ({ value: timeOf(row).getTime(), id: row.id });
		super({ name, value: Milliseconds, ...further, keysetOf });
	}

	/** As `after`, with the instant as a Date. */
	position(cursor: string | undefined): TimePosition | undefined {
		const after = this.after(cursor);
		return after && { at: new Date(after.value), id: after.id };
	}
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
