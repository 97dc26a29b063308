import type { Statement } from "../../../db/database.ts";
import { bulk } from "../../../lib/bulk.ts";
import { endpointColumns } from "./endpoint.ts";

/** For so long former secrets sign too, and receivers can take over the new one. */
const bothSignForHours = 24;
/** The first ones are those that receivers have. */
const mostFormerSecrets = 4;

/** Two that are made at one time count each other. */
export const lockCount: Statement = {
	name: "webhook.endpoint_lock_count",
	text: "select pg_advisory_xact_lock(hashtext('webhook.endpoint'))"
};

export const known: Statement = {
	name: "webhook.endpoint_known",
	text: `select count(*)::int as count, coalesce(bool_or(url = $1), false) as is_taken
		from webhook.endpoint where removed_at is null`
};

export const insert: Statement = {
	name: "webhook.endpoint_insert",
	text: `insert into webhook.endpoint (id, url, description, event_types, secret) values ($1, $2, $3, $4, $5)
		returning ${endpointColumns}`
};

export const list: Statement = {
	name: "webhook.endpoint_list",
	text: `select ${endpointColumns} from webhook.endpoint where removed_at is null order by id`
};

export const find: Statement = {
	name: "webhook.endpoint_find",
	text: `select ${endpointColumns} from webhook.endpoint where id = $1 and removed_at is null`
};

export const lock: Statement = { name: "webhook.endpoint_lock", text: `${find.text} for update` };

/** Of an endpoint with a new state: its earlier failures do not count. */
const isRenewed = "(url <> $2 or $5 and not enabled)";

/** $2 to $5 with what they are to be. Events from before it was enabled are not sent. */
export const update: Statement = {
	name: "webhook.endpoint_update",
	text: `
	update webhook.endpoint set url = $2, description = $3, event_types = $4, enabled = $5,
		disabled_reason = case when $5 then null else coalesce(disabled_reason, 'admin') end,
		active_since = case when $5 and not enabled then clock_timestamp() else active_since end,
		failures = case when ${isRenewed} then 0 else failures end,
		failing_since = case when ${isRenewed} then null else failing_since end,
		last_error = case when ${isRenewed} then null else last_error end,
		paused_until = case when ${isRenewed} then null else paused_until end,
		updated_at = clock_timestamp()
	where id = $1 returning ${endpointColumns}`
};

/** Scheme and host: a path or a query may hold a secret. */
const originOf = (url: string) => `substring(${url} from '^[a-z]+://[^/?#]+')`;

/** What may be a secret is forgotten. */
export const remove: Statement = {
	name: "webhook.endpoint_remove",
	text: `
	update webhook.endpoint set removed_at = clock_timestamp(), updated_at = clock_timestamp(),
		url = ${originOf("url")}, secret = null, former_secrets = '{}', former_secrets_until = null
	where id = $1 returning ${endpointColumns}`
};

/** A request that is sent twice must not take the secret away that receivers have: all former ones of the day sign. */
export const rotate: Statement = {
	name: "webhook.endpoint_rotate",
	text: `
	update webhook.endpoint set secret = $2,
		former_secrets = (case when former_secrets_until > clock_timestamp() then former_secrets else '{}' end
			|| secret)[1:${mostFormerSecrets}],
		former_secrets_until = clock_timestamp() + interval '${bothSignForHours} hours',
		updated_at = clock_timestamp()
	where id = $1 and removed_at is null and secret <> $2 returning ${endpointColumns}`
};

/** Sends again what waits, whatever the endpoint failed before: somebody asked for it. */
export const resume: Statement = {
	name: "webhook.endpoint_resume",
	text: "update webhook.endpoint set paused_until = null where id = $1 and paused_until is not null"
};

/** An endpoint with nothing but failures for so long is disabled. */
const failingDays = 7;

export const resultRows = bulk({
	id: "uuid",
	failed: "int",
	error: "text",
	pause_ms: "int",
	is_gone: "boolean"
});

/** An endpoint that works is not written: each of its deliveries would wait for the one before. */
export const record: Statement = {
	name: "webhook.endpoint_record_results",
	text: `
	update webhook.endpoint e set
		failures = case when x.failed = 0 then 0 else e.failures + x.failed end,
		failing_since = case when x.failed > 0 then coalesce(e.failing_since, clock_timestamp()) end,
		last_error = case when x.failed > 0 then x.error end,
		paused_until = case when x.failed > 0 and x.pause_ms > 0 then clock_timestamp() + x.pause_ms * interval '1 ms' end,
		updated_at = clock_timestamp()
	from (select * from ${resultRows.as("r")} order by id) as x
	where e.id = x.id and (x.failed > 0 or e.failures > 0)`
};

/** $1 those that failed, $2 those that are gone. */
export const disable: Statement = {
	name: "webhook.endpoint_disable_failing",
	text: `
	with disabled as (
		update webhook.endpoint e set enabled = false, updated_at = clock_timestamp(),
			disabled_reason = case when e.id = any ($2::uuid[]) then 'gone' else 'failing' end
		where e.id = any ($1::uuid[]) and e.enabled and e.removed_at is null
			and (e.id = any ($2::uuid[]) or e.failing_since < clock_timestamp() - interval '${failingDays} days')
		returning e.id, e.url, e.disabled_reason, e.failing_since, e.last_error
	), announced as (
		insert into webhook.outbox (endpoint_id, payload)
		select id, jsonb_build_object('webhook_id', id, 'url', ${originOf("url")},
			'reason', disabled_reason, 'last_error', coalesce(last_error, 'unknown'),
			'failing_since', to_char(failing_since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
		from disabled
	)
	select id, disabled_reason as reason from disabled`
};
