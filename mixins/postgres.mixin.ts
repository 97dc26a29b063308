import type { Service, ServiceSchema } from "moleculer";
import { config, type ServiceName } from "../config/index.ts";
import { AppliedMigrations, type Ask } from "../db/applied-migrations.ts";
import { Database, serviceUrl } from "../db/database.ts";
import { mixin } from "../lib/service.ts";
import { closeLast } from "./close-last.ts";

/** Members that the mixin adds to a service. */
export interface WithPostgres extends Service {
	pg: Database;
	migrations: AppliedMigrations;
	checkDatabase(): Promise<{ ok: boolean }>;
}

/** The URL of a service's own role. @throws Error when neither it nor DATABASE_URL is configured */
export function databaseUrlOf(service: ServiceName): string {
	const { databaseUrl, serviceDatabaseUrls } = config();
	const own = serviceDatabaseUrls[service];
	if (own) return own;
	if (!databaseUrl)
		throw new Error(
			`Set DATABASE_URL or ${service.toUpperCase()}_DATABASE_URL: the ${service} service has no database`
		);
	return serviceUrl(databaseUrl, service);
}

/**
 * Gives a service `this.pg`, connected as its own role until all services of the node have stopped, and the `ready`
 * action's check.
 */
export function Postgres(service: ServiceName): Partial<ServiceSchema> {
	return mixin<WithPostgres>({
		created() {
			const { databasePool, durability } = config();
			this.migrations = new AppliedMigrations(service);
			this.pg = new Database({
				url: databaseUrlOf(service),
				pool: databasePool,
				durability,
				name: `shop ${service}`,
				onError: error => this.logger.warn("idle database connection lost:", error.message)
			});
			closeLast(this.broker, { what: `the pool of ${service}`, close: () => this.pg.close() });
		},

		methods: {
			async checkDatabase(): Promise<{ ok: boolean }> {
				await this.pg.query({ name: "ready", text: "select 1" });
				const ask: Ask = (text, values) =>
					this.pg.query({ name: "missing_migrations", text }, values);
				return this.migrations.check(ask, this.logger);
			}
		}
	});
}
