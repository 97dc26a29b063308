import {
	shownAttempts,
	type WebhookDelivery,
	type WebhookDeliveryDetail
} from "../../../contracts/webhook.ts";
import type { Database, Transaction } from "../../../db/database.ts";
import { Batcher } from "../../../lib/batcher.ts";
import { refusedBySql } from "../../../lib/database-error.ts";
import { fail } from "../../../lib/errors.ts";
import { TimeList, beforeNewest } from "../../../lib/keyset.ts";
import { recordResults, type EndpointResult } from "../endpoints/endpoint-results.ts";
import type { Backlog } from "../webhook.metrics.ts";
import { isGone, pauseMsOf, type Attempt, type Outcome } from "../webhook.decisions.ts";
import { pingMessage } from "./message-body.ts";
import { toDelivery, type Claim, type DeliveryRow, type Outgoing } from "./delivery-row.ts";
import * as statements from "./delivery.statements.ts";

export interface Settlement {
	claim: Claim;
	attempt: Attempt;
	outcome: Outcome;
}

export interface Room {
	perEndpoint: number;
	/** What this node is sending, by endpoint. */
	sending: ReadonlyMap<string, number>;
}

const listOf = {
	pending: statements.listPending,
	delivered: statements.listDelivered,
	failed: statements.listFailed
};

type HistoryRow = Omit<WebhookDeliveryDetail["history"][number], "at"> & { at: Date };

const redeliveredTogether = 1000;
/** Rows per statement, to keep it short. */
export const expireBatchSize = 1000;

const settledRow = ({ claim, attempt, outcome }: Settlement) => ({
	id: claim.id,
	fence: claim.fence,
	redeliveries: claim.redeliveries,
	state: outcome.state,
	in_ms: outcome.state === "pending" ? outcome.inMs : 0,
	status: attempt.status,
	error: attempt.error,
	answer: attempt.answer,
	duration_ms: attempt.durationMs,
	at: claim.claimed_at.toISOString()
});

/** One success among them says that the endpoint works. */
function resultsOf(settlements: readonly Settlement[]): EndpointResult[] {
	const byEndpoint = Map.groupBy(settlements, ({ claim }) => claim.endpoint_id);
	return [...byEndpoint].sort().map(([id, own]) => {
		const failed = own.filter(({ outcome }) => outcome.state !== "delivered");
		const is_gone = own.some(({ attempt }) => isGone(attempt));
		const works = failed.length < own.length && !is_gone;
		const pauses = failed.map(({ attempt, claim }) => pauseMsOf(attempt, claim.failures + 1));
		return {
			id,
			is_gone,
			failed: works ? 0 : failed.length,
			error: failed.at(-1)?.attempt.error ?? null,
			pause_ms: Math.max(0, ...pauses)
		};
	});
}

/** What is sent to the endpoints. */
export class DeliveryRepository {
	readonly #db: Database;
	readonly #onDisabled: (endpoint: { id: string; reason: string }) => void;
	readonly #settlements = new Batcher<Settlement, boolean>({
		run: settlements => this.#settleAll(settlements),
		retryAlone: refusedBySql
	});

	constructor(db: Database, onDisabled: (endpoint: { id: string; reason: string }) => void) {
		this.#db = db;
		this.#onDisabled = onDisabled;
	}

	/** A delivery for each endpoint that wants the event. @param again once more, as a replay asks */
	static async plan(events: readonly Outgoing[], again: boolean, tx: Transaction): Promise<void> {
		if (events.length === 0) return;
		await tx.query(statements.plan, [again, ...statements.outgoingRows.values(events)]);
	}

	/** A test message. @param id of the message */
	async ping(endpointId: string, id: string): Promise<WebhookDelivery> {
		const [{ now } = { now: new Date(0) }] = await this.#db.query<{ now: Date }>(statements.now);
		const { event_id, occurred_at, body } = pingMessage(id, endpointId, now.toISOString());
		const values = [endpointId, event_id, occurred_at, body];
		const [row] = await this.#db.query<DeliveryRow>(statements.ping, values);
		return toDelivery(row!);
	}

	/** Those that are due, as many as there is room for. */
	claim({ perEndpoint, sending }: Room, leaseMs: number): Promise<Claim[]> {
		const busy = [[...sending.keys()], [...sending.values()]];
		return this.#db.query<Claim>(statements.claim, [leaseMs, perEndpoint, ...busy]);
	}

	/** False, without a change, when another node has claimed it since. Settlements that wait are stored together. */
	settle(settlement: Settlement): Promise<boolean> {
		return this.#settlements.add(settlement);
	}

	/** The latest first. @throws VALIDATION_FAILED for the cursor */
	async list(
		endpointId: string,
		state: WebhookDelivery["state"] | undefined,
		limit: number,
		cursor: string | undefined
	): Promise<{ data: WebhookDelivery[]; next_cursor: string | null }> {
		const timeOf = (row: DeliveryRow) => row.created_at;
		const list = new TimeList(`deliveries ${endpointId} ${state}`, timeOf);
		const { at, id } = list.position(cursor) ?? beforeNewest;
		const values = [endpointId, at, id, limit + 1];
		const rows = await this.#db.query<DeliveryRow>(state ? listOf[state] : statements.list, values);
		const { data, next_cursor } = list.page(rows, limit);
		return { data: data.map(toDelivery), next_cursor };
	}

	/** @throws NOT_FOUND */
	async get(endpointId: string, id: string): Promise<WebhookDeliveryDetail> {
		type Row = DeliveryRow & { body: string };
		const [row] = await this.#db.query<Row>(statements.find, [endpointId, id]);
		const { body, ...delivery } = row ?? fail("NOT_FOUND");
		const made = await this.#db.query<HistoryRow>(statements.attempts, [id, shownAttempts]);
		const history = made.map(one => ({ ...one, at: one.at.toISOString() }));
		return { ...toDelivery(delivery), body, history };
	}

	/** @throws NOT_FOUND */
	async redeliver(endpointId: string, id: string): Promise<WebhookDelivery> {
		const [row] = await this.#db.query<DeliveryRow>(statements.redeliver, [endpointId, id]);
		return toDelivery(row ?? fail("NOT_FOUND"));
	}

	async redeliverFailed(
		endpointId: string,
		from: string
	): Promise<{ redelivered: number; left: number }> {
		const values = [endpointId, from, redeliveredTogether];
		const [counted] = await this.#db.query<{ redelivered: number; left: number }>(
			statements.redeliverFailed,
			values
		);
		return counted!;
	}

	async backlog(): Promise<Backlog> {
		return (await this.#db.query<Backlog>(statements.backlog))[0]!;
	}

	/** Removes old ones, at most `expireBatchSize`; returns how many. */
	async expire(): Promise<number> {
		return (await this.#db.query(statements.expire, [expireBatchSize])).length;
	}

	async #settleAll(settlements: readonly Settlement[]): Promise<boolean[]> {
		const values = statements.settledRows.values(settlements.map(settledRow));
		const { own, disabled } = await this.#db.transaction(async tx => {
			const rows = await tx.query<{ id: string }>(statements.settle, values);
			const ids = new Set(rows.map(({ id }) => id));
			const settled = settlements.filter(({ claim }) => ids.has(claim.id));
			return { own: ids, disabled: await recordResults(resultsOf(settled), tx) };
		});
		for (const endpoint of disabled) this.#onDisabled(endpoint);
		return settlements.map(({ claim }) => own.has(claim.id));
	}
}
