import type { Session } from "../../db/database.ts";
import type { OutboxStatements } from "./outbox.statements.ts";

/** A holder that is silent for this long is replaced, in ms. */
export const leaseMs = 10_000;
/** A holder that has not been confirmed for so long asks again before it publishes, in ms. */
export const renewEveryMs = 3000;

/** Another relay holds the lease, or it has expired. */
class LeaseLost extends Error {
	constructor() {
		super("the relay's lease has expired, or another node took over");
	}
}

/**
 * The right to publish an outbox, which one relay has at a time, for 10 s from its last confirmation. It expires by the
 * clock of the database, so it does not depend on a connection that is silent; the fence tells a holder that was frozen
 * from the one that took over.
 */
export class RelayLease {
	readonly #fence: number;
	readonly #session: Session;
	readonly #statements: OutboxStatements;
	/** When the confirmation was asked for. */
	#confirmed: Instant;

	private constructor(
		session: Session,
		statements: OutboxStatements,
		fence: number,
		confirmed: Instant
	) {
		this.#session = session;
		this.#statements = statements;
		this.#fence = fence;
		this.#confirmed = confirmed;
	}

	/** Undefined while another relay holds it. */
	static async acquire(
		session: Session,
		statements: OutboxStatements
	): Promise<RelayLease | undefined> {
		const sentAt = instant();
		const [row] = await session.query<{ fence: number }>(statements.acquireLease, [leaseMs]);
		return row && new RelayLease(session, statements, row.fence, sentAt);
	}

	/**
	 * Makes sure that the lease is held, for several seconds more. @throws Error when it is lost, or the database does not
	 * answer
	 */
	async hold(): Promise<void> {
		if (sinceMs(this.#confirmed) < renewEveryMs) return;
		// Again, if the answer came so late that it says little of now.
		do await this.#renew();
		while (sinceMs(this.#confirmed) >= leaseMs / 2);
	}

	/** Marks rows as published. @throws LeaseLost, and then marks none */
	async mark(ids: readonly number[]): Promise<void> {
		const values = [ids, this.#fence];
		const [row] = await this.#session.query<{ held: boolean }>(this.#statements.mark, values);
		if (!row!.held) throw new LeaseLost();
	}

	async release(): Promise<void> {
		await this.#session.query(this.#statements.releaseLease, [this.#fence]);
	}

	async #renew(): Promise<void> {
		const sentAt = instant();
		const values = [leaseMs, this.#fence];
		const rows = await this.#session.query(this.#statements.renewLease, values);
		if (rows.length === 0) throw new LeaseLost();
		this.#confirmed = sentAt;
	}
}

type Instant = readonly [monotonicMs: number, wallMs: number];

const instant = (): Instant => [performance.now(), Date.now()];

/** By the clock that moved more: a monotonic clock stands while its machine is suspended. */
const sinceMs = ([monotonicMs, wallMs]: Instant) =>
	Math.max(performance.now() - monotonicMs, Math.abs(Date.now() - wallMs));
