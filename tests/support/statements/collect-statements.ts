import { join } from "node:path";
import type { Database, Statement, Transaction } from "../../../db/database.ts";
import { refill as refillWindows } from "../../../services/analytics/windows/window.outbox.ts";
import { MailboxStore } from "../../../services/notification/channels/mailbox-store.ts";
import { PostgresStore } from "../../../services/notification/storage/postgres.store.ts";
import { refill as refillOrders } from "../../../services/order/outbox/refill.ts";
import * as productOutbox from "../../../services/product/product.outbox.ts";
import * as webhookOutbox from "../../../services/webhook/webhook.outbox.ts";
import * as sagaAdmin from "../../../services/order/saga/saga.admin.ts";
import { OrderList } from "../../../services/order/storage/order-list.ts";
import { OrderRepository } from "../../../services/order/storage/order.repository.ts";
import * as disputes from "../../../services/payment/disputes.ts";
import * as reviews from "../../../services/payment/reviews.ts";
import * as webhook from "../../../services/payment/provider-message.ts";
import { DeadLetterRepository } from "../../../streams/consumer/storage/dead-letter.repository.ts";
import { InboxRepository } from "../../../streams/consumer/storage/inbox.repository.ts";
import { PositionRepository } from "../../../streams/consumer/storage/position.repository.ts";
import type { RecordedStatement } from "./record-statements.ts";

/** Collects prepared statements without a shop that sends them. */

const root = join(import.meta.dirname, "../../..");

const isStatement = (value: unknown): value is Statement =>
	typeof value === "object" &&
	value !== null &&
	["name", "text"].every(key => typeof (value as Record<string, unknown>)[key] === "string");

/** Statements that a value has, also in a set of them, as those of an outbox are. */
function statementsOf(value: unknown): Statement[] {
	if (isStatement(value)) return [value];
	return typeof value === "object" && value !== null
		? Object.values(value).filter(isStatement)
		: [];
}

/** The methods that send their statements need much to be found before, or events of their kind. */
const exporters = [disputes, reviews, sagaAdmin, webhook, productOutbox, webhookOutbox];

/** Those that modules export. @param paths of modules, besides `exporters` */
export async function exportedStatements(paths: readonly string[]): Promise<RecordedStatement[]> {
	const modules = await Promise.all(paths.map(path => import(join(root, path)) as Promise<object>));
	return [...exporters, ...modules].flatMap(module => Object.values(module).flatMap(statementsOf));
}

/** A database and its transactions, in which nothing is found. */
function emptyDatabase(onQuery: (statement: Statement) => void): Database & Transaction {
	const query = async (statement: Statement) => {
		onQuery(statement);
		return [];
	};
	const database = {
		query,
		deferred: query,
		transaction: (work: (tx: unknown) => unknown) => work(database),
		allowLongStatements: async () => undefined
	};
	return database as unknown as Database & Transaction;
}

const { at, id, key } = { at: "2026-01-01T00:00:00.000Z", id: "id", key: "key" };

const orderCalls = (db: Database & Transaction) => {
	const orders = new OrderRepository(db);
	const list = new OrderList(db);
	const lists = [{}, { from: at }].flatMap(time =>
		([undefined, "confirmed"] as const).flatMap(status =>
			[undefined, "alice"].map(owner => list.page({ status, ...time }, owner))
		)
	);
	return [...lists, orders.progress(id), orders.unreportRefund(id, 1, db)];
};

const refillCalls = (db: Database) => [
	refillWindows(db, at, false),
	refillOrders(db, { from: at, before: at, dry: false })
];

const notificationCalls = (db: Database) => [
	new PostgresStore(db).expire(),
	new PostgresStore(db).claimOne(id, 1),
	new MailboxStore(db).get(id)
];

/** @param schema of a service that consumes events */
function consumerCalls(db: Database & Transaction, schema: string): Promise<unknown>[] {
	const positions = new PositionRepository(db, schema);
	const inbox = new InboxRepository(db, schema);
	const deadLetters = new DeadLetterRepository(db, schema);
	const message = {
		topic: "topic",
		partition: 0,
		offset: 0n,
		key,
		value: Buffer.of(),
		headers: {}
	};
	const letters = [{ ...message, reason: "invalid", detail: "", attempts: 1 } as const];
	return [
		positions.beginReplay("topic", [], { mode: "again", floorMs: 0 }, db),
		...(["", "for update"] as const).map(lock => positions.all([], lock)),
		inbox.markReplayed([id], 1, db),
		inbox.countSince(0),
		inbox.suppressed([id]),
		...[true, false].map(redriven => deadLetters.list(redriven, undefined, 1)),
		deadLetters.markRedriven(id, db),
		deadLetters.redrivenFromFuture("topic", 0),
		deadLetters.findDeadLettered(letters),
		deadLetters.insert(letters, db)
	];
}

/**
 * Those that are in methods, or that modules do not export. Some methods fail when they find nothing, after the
 * statements that are wanted.
 * @param consumers the schemas of services that consume events
 */
export async function calledStatements(consumers: readonly string[]): Promise<RecordedStatement[]> {
	const found: RecordedStatement[] = [];
	const db = emptyDatabase(({ name, text }) => found.push({ name, text }));
	await Promise.allSettled([
		...orderCalls(db),
		...refillCalls(db),
		...notificationCalls(db),
		...consumers.flatMap(schema => consumerCalls(db, schema))
	]);
	return found;
}
