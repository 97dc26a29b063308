import type pg from "pg";
import { poll } from "../../lib/retry.ts";
import { LaunchError } from "../../launch/process/launch-error.ts";
import { serviceRoles } from "../../launch/shop/owner-database.ts";
import { leaseMs } from "../../streams/outbox/relay-lease.ts";

/** For commands that change what a running shop relies on. */

export const shopRuns = () => new LaunchError("The shop runs on this database: stop it first.");

const outboxes = `
	select nspname as schema from pg_class c join pg_namespace n on n.oid = relnamespace
	where relname = 'relay_lease' and relkind = 'r' order by 1`;

const noNewRelay = (schema: string) =>
	`select pg_try_advisory_lock(hashtext('relay'), hashtext('${schema}')) as yes`;
/** Not by the holder's session: pg_stat_activity hides its start from an owner who is no superuser. */
const relayEnded = (schema: string) =>
	`select not exists (select from ${schema}.relay_lease where lease_until > clock_timestamp()) as yes`;

const openSessions = `
	select count(*)::int as count from pg_stat_activity
	where datname = current_database() and usename = any ($1) and pid <> pg_backend_pid()`;

/** Whether services have sessions with this database. */
export async function hasServiceSessions(client: pg.Client): Promise<boolean> {
	const { rows } = await client.query<{ count: number }>(openSessions, [serviceRoles]);
	return rows[0]!.count > 0;
}

/**
 * Waits for the leases of relays that were killed, and for the sessions of their nodes, and lets no relay take a lease
 * while this process lives: relays ask for the same lock. @throws LaunchError while the shop runs
 */
export async function assertShopStopped(client: pg.Client): Promise<void> {
	const ask = async (question: string) =>
		(await client.query<{ yes: boolean }>(question)).rows[0]!.yes;
	const { rows } = await client.query<{ schema: string }>(outboxes);
	const looks = [
		...rows
			.flatMap(({ schema }) => [noNewRelay(schema), relayEnded(schema)])
			.map(q => () => ask(q)),
		async () => !(await hasServiceSessions(client))
	];
	for (const look of looks)
		if (!(await poll(look, { everyMs: 500, withinMs: leaseMs + 1000 }))) throw shopRuns();
}
