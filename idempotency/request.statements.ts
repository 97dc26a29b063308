import type { Statement } from "../db/database.ts";
import { bulk } from "../lib/bulk.ts";

/**
 * True when no other transaction works on a request under the key; then this one does, until it ends. It never
 * waits: a request that waited in a statement would hold its connection, and all orders of its batch.
 */
export const isFree = (principal: string, key: string) =>
	`pg_try_advisory_xact_lock(hashtextextended(${principal} || ' ' || ${key}, 0))`;

export const findRequest: Statement = {
	name: "idempotency.find",
	text: `select request_hash, subject, answer, is_answered, created_at,
			(extract(epoch from clock_timestamp() - created_at) * 1000)::float8 as age_ms
		from idempotency.request where principal = $1 and key = $2`
};

export const claimKey: Statement = {
	name: "idempotency.claim",
	text: `
with lock as materialized (
	select ${isFree("$1::text", "$2::text")} as is_free
),
claimed as (
	insert into idempotency.request (principal, key, action, request_hash, subject, is_answered)
	select $1, $2, $3, $4::bytea, $5::uuid, false from lock where is_free
	on conflict do nothing returning key
)
select is_free, exists (select from claimed) as is_claimed from lock`
};

export const answerRows = bulk({ principal: "text", key: "text", answer: "json" });

/** Locked in the order of their keys, so that two batches cannot deadlock. Those that were answered are not returned. */
export const storeAnswers: Statement = {
	name: "idempotency.answer",
	text: `
with asked as materialized (
	select * from ${answerRows.as("x")}
),
unanswered as materialized (
	select principal, key from idempotency.request r join asked using (principal, key)
	where not r.is_answered order by principal, key for update of r
)
update idempotency.request r set answer = asked.answer, is_answered = true
from unanswered join asked using (principal, key)
where r.principal = unanswered.principal and r.key = unanswered.key
returning r.principal, r.key`
};
