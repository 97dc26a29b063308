import { withClient } from "../../db/client.ts";
import { migrations } from "../../db/migrate.ts";
import { explainDatabase } from "../process/launch-error.ts";

/** The database of a shop, as `npm run status` shows it. */
export interface DatabaseReport {
	/** Of Postgres, such as 18.1. */
	version: string;
	bytes: number;
	migrationsRun: number;
	/** Those of this tree that have not run, as `service/file`. */
	pending: string[];
	/** Those that have run and that this tree does not have. */
	unknown: string[];
	/** Unknown unless exactly those of this tree have run. */
	contents?: Contents;
}

interface Contents {
	/** Orders whose saga is not done. */
	in_progress: number;
	/** Events that no relay has published. */
	unpublished: number;
	/** Of webhooks that are enabled. */
	undelivered: number;
	disabled_webhooks: number;
	/** That are not locked. */
	admins: number;
}

const server = `
	select current_setting('server_version') as version, pg_database_size(current_database())::float8 as bytes`;

const contents = `
	select (select count(*) from orders.saga)::int as in_progress,
		((select count(*) from orders.outbox where published_at is null and not quiet)
			+ (select count(*) from product.outbox where published_at is null)
			+ (select count(*) from analytics.outbox where published_at is null)
			+ (select count(*) from webhook.outbox where published_at is null))::int as unpublished,
		(select count(*) from webhook.delivery d join webhook.endpoint e on e.id = d.endpoint_id
			where d.state = 'pending' and e.enabled and e.removed_at is null)::int as undelivered,
		(select count(*) from webhook.endpoint where not enabled and removed_at is null)::int as disabled_webhooks,
		(select count(*) from users.users where role = 'admin' and not locked)::int as admins`;

/** Whether the table of migrations is there: a database that no shop has used has none. */
const isMigrated = "select to_regclass('public.migration') is not null as is_migrated";

/** @param url of the owner @throws LaunchError when it cannot be reached */
export async function databaseReport(url: string): Promise<DatabaseReport> {
	const known = (await migrations()).map(({ service, file }) => `${service}/${file}`);
	const read = withClient(url, async client => {
		const one = async <R extends object>(sql: string) => (await client.query<R>(sql)).rows[0]!;
		const { version, bytes } = await one<{ version: string; bytes: number }>(server);
		const { is_migrated } = await one<{ is_migrated: boolean }>(isMigrated);
		const run = is_migrated
			? (
					await client.query<{ name: string }>(
						"select service || '/' || file as name from public.migration"
					)
				).rows
			: [];
		const names = new Set(run.map(({ name }) => name));
		const pending = known.filter(name => !names.has(name));
		const unknown = [...names].filter(name => !known.includes(name));
		const facts = {
			version: version.split(" ")[0]!,
			bytes,
			migrationsRun: run.length,
			pending,
			unknown
		};
		return pending.length + unknown.length > 0
			? facts
			: { ...facts, contents: await one<Contents>(contents) };
	});
	return read.catch(error => {
		throw explainDatabase(error, url);
	});
}
