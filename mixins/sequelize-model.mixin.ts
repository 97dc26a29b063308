import type { Service, ServiceSchema } from "moleculer";
import DbService from "moleculer-db";
import SequelizeAdapter from "moleculer-db-adapter-sequelize";
import {
	QueryTypes,
	Sequelize,
	type Model,
	type ModelAttributes,
	type ModelStatic
} from "sequelize";
import { config, type ServiceName } from "../config/index.ts";
import { withOwnOptions } from "../config/database-url.ts";
import { AppliedMigrations, type Ask } from "../db/applied-migrations.ts";
import { connectTimeoutMs, idleTimeoutMs, modelSession } from "../db/session-settings.ts";
import { sequelizeDriver } from "../db/sequelize-driver.ts";
import { mixin } from "../lib/service.ts";
import { closeLast } from "./close-last.ts";
import { databaseUrlOf } from "./postgres.mixin.ts";

/**
 * A model has every column of its row: one that is forgotten is neither read nor written, and nothing says so.
 * `Joined` are members that come from other tables.
 */
export type ColumnsOf<R extends Model, Joined extends keyof R = never> = Record<
	Exclude<keyof R, keyof Model | Joined>,
	ModelAttributes[string]
>;

/** Members that the mixin adds to a service. */
export interface WithModel<M extends Model> extends Service {
	/** Set from `started()` on. */
	model: ModelStatic<M>;
	migrations: AppliedMigrations;
	/** For the `ready` action: the pool of the model is another one than that of `Postgres`. */
	checkModel(): Promise<{ ok: boolean }>;
}

interface AdapterBase {
	db: Sequelize | undefined;
	model: ModelStatic<Model>;
	service: WithModel<Model> & { schema: { model(db: Sequelize): ModelStatic<Model> } };
}

/**
 * The default adapter syncs tables and blocks the start while the database is down. This one only prepares:
 * the first query connects, and the `ready` action reports whether that works.
 */
class LazySequelizeAdapter extends (SequelizeAdapter as unknown as new () => AdapterBase) {
	async connect(): Promise<void> {
		const { service } = this;
		const { databasePool } = config();
		const url = databaseUrlOf(service.name as ServiceName);
		const { connectionString, options } = withOwnOptions(url, modelSession);
		this.db = new Sequelize(connectionString, {
			dialectModule: sequelizeDriver,
			logging: false,
			pool: { max: databasePool, min: 0, acquire: connectTimeoutMs, idle: idleTimeoutMs },
			dialectOptions: {
				options,
				application_name: `shop ${service.name} models`
			}
		});
		const { db } = this;
		closeLast(service.broker, { what: `the models of ${service.name}`, close: () => db.close() });
		this.model = service.schema.model(db);
		service.model = this.model;
	}

	/** Others may still call the service: `closeLast`. */
	async disconnect(): Promise<void> {}
}

const crud = Object.keys((DbService as unknown as ServiceSchema).actions!);

/**
 * moleculer-db on Sequelize, restricted: the model is for the service's repository, and the actions that
 * would let a caller query or write any column are removed.
 *
 * Moleculer clones a schema deeply when it mixes it in, which would copy a Sequelize instance with its pool;
 * `defineModel` is called once the service starts.
 */
export function SequelizeModel(
	defineModel: (db: Sequelize) => ModelStatic<Model>
): Partial<ServiceSchema> {
	return mixin<WithModel<Model>>({
		mixins: [DbService as unknown as ServiceSchema],
		actions: Object.fromEntries(crud.map(name => [name, false])),
		adapter: new LazySequelizeAdapter(),
		model: defineModel,

		created() {
			this.migrations ??= new AppliedMigrations(this.name as ServiceName);
		},

		methods: {
			async checkModel(): Promise<{ ok: boolean }> {
				const db = this.model.sequelize!;
				await db.authenticate();
				const ask: Ask = (text, bind) => db.query(text, { bind, type: QueryTypes.SELECT });
				return this.migrations.check(ask, this.logger);
			}
		}
	});
}
