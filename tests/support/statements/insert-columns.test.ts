import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sourceTree } from "../../source-tree.ts";
import { insertsIn, leftOut, tablesIn, withoutColumns } from "./insert-columns.ts";

/** A column that an insert forgets is null in a row that was answered with 201, and nothing says so. */

/** What inserts leave out, and why it is null at first. A new column is in none of these, and has to be named. */
const setLater: Record<string, string> = {
	"analytics.outbox(published_at)": "set when it is published",
	"analytics.partitions(seen_until)": "a partition without events has been seen up to none",
	"analytics.products(name, category, asked_at)": "the product service is asked for them",
	"analytics.windows(emitted_at)": "set when it is emitted",
	"idempotency.request(answer)": "set when the request is answered",
	"notification.dead_letter(redriven_at)": "set by a redrive",
	"notification.notifications(reason, provider_id, lease_until, sent_at)": "set when it is sent",
	"notification.position(replay_from, replay_until, replay_floor, replay_mode)":
		"set by a replay; partitions of a log that the shop moves to",
	"notification.position(replay_from, replay_until, replay_floor, replay_mode, lost_at, log_since)":
		"set by a replay, by a loss of the log and by a move to another one",
	"orders.history(from_status, reason)": "the first row of an order has neither",
	"orders.orders(reason, shipment, limited_items)": "set by its transitions",
	"orders.outbox(published_at)": "set when it is published",
	"orders.returns(note, restock, decided_by, refunded_minor)": "set by the decision of staff",
	"orders.saga(cancel_reason, cancel_actor, last_error, waits_for)":
		"set by a cancellation, a failure and a wait",
	"orders.saga(lease_owner, lease_until, cancel_reason, cancel_actor, last_error, waits_for)":
		"a saga of a return is free until a node takes it",
	"payment.events(actor)": "the payment itself makes these, not a member of staff",
	"payment.payments(provider_ref, failure_code, review_reason, method_brand, method_last4, action_url, action_until, next_check_at, resend_at)":
		"set by the answer of the provider",
	"payment.payments(user_id, amount_minor, currency, payment_method, provider_ref, review_reason, method_brand, method_last4, lines, action_url, action_until, next_check_at, resend_at)":
		"a tombstone has no charge",
	"payment.refunds(failure_code, review_reason)": "set by the answer of the provider",
	"product.outbox(taken_at, published_at)": "set when it is published",
	"product.reservation_head(expires_at, user_id, limited_items)":
		"a tombstone has no units, customer or end",
	"product.stock_ledger(note, actor)": "a step of the saga has neither",
	"product.stock_ledger(note, actor, return_id)": "a step of the saga is of its order",
	"product.stock_ledger(order_id, note, return_id)": "the first units are of no order",
	"product.stock_ledger(order_id, note, actor, return_id)": "demo data has no actor",
	"product.stock_ledger(order_id, return_id)": "a change by staff is of no order",
	"users.users(phone, standing)": "demo accounts have no phone; a trigger numbers the standing",
	"webhook.delivery(lease_until, last_status, last_error, delivered_at)": "set by its attempts",
	"webhook.endpoint(former_secrets_until, disabled_reason, failing_since, last_error, paused_until, removed_at)":
		"set by a rotation, by failures and by a removal",
	"webhook.outbox(published_at)": "set when it is published"
};

const root = join(import.meta.dirname, "../../..");
const tables = tablesIn(readFileSync(join(root, "db/schema.sql"), "utf8"));
const sources = Object.fromEntries(
	Object.entries(sourceTree()).filter(
		([path]) =>
			/^(cli|db|idempotency|mixins|services|streams)\//.test(path) && !path.endsWith(".test.ts")
	)
);
const inserts = insertsIn(sources);

it("finds the inserts and the tables", () => {
	expect(inserts.length).toBeGreaterThan(60);
	expect(tables.get("product.products")).toContainEqual({
		name: "image_url",
		isNullable: true,
		isRequired: false
	});
	expect(tables.get("product.products")!.map(({ name }) => name)).not.toContain("search_text");
});

it("every insert names each column of its table, or it is set later", () => {
	const found = inserts.map(insert => leftOut(insert, tables)).filter(found => found !== undefined);
	expect([...new Set(found)].toSorted()).toEqual(Object.keys(setLater).toSorted());
});

it("every insert has a list of columns", () => {
	expect(withoutColumns(sources)).toEqual(["orders.incarnation"]);
});

const schema = `create table a.b (
	id uuid not null,
	"at" timestamp with time zone not null default now(),
	note text,
	words tsvector not null generated always as (f((note COLLATE "C"))) stored,
	constraint b_pkey PRIMARY KEY (id)
);`;
it.each<[string, string | undefined]>([
	["insert into a.b (id, note) values", undefined],
	["insert into a.b as x (id, note, at) values", undefined],
	["insert into a.b (id) values", "a.b(note)"],
	["insert into a.b (note) values", "a.b(id!)"],
	["insert into a.b (id, note, nope) values", "a.b has no nope"],
	["insert into a.c (id) values", "a.c is no table"],
	[
		'const r = bulk({\n\tid: "uuid",\n\tnote: "text"\n});\n`insert into a.b (${r.columns})`',
		undefined
	],
	['const r = "id"; `insert into a.b (${r})`', "a.b(note)"],
	["`insert into a.b (${unknown}, id, note)`", "a.b has no ${unknown}"]
])("%j leaves out %j", (source, found) => {
	const all = insertsIn({ "services/a.ts": source });
	expect(all.map(insert => leftOut(insert, tablesIn(schema)))).toEqual([found]);
});
