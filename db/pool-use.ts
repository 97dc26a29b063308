import type { Pool } from "pg";
import type { Model, ModelStatic } from "sequelize";

/** Connections of a pool at this moment. */
export interface PoolUse {
	/** `durable` and `deferred` commits (docs/decisions/0005), or `models`. */
	pool: "durable" | "deferred" | "models";
	busy: number;
	idle: number;
	/** Requests that wait for a connection. */
	waiting: number;
	/** Most connections. */
	max: number;
}

/** @param max that the pool was made with */
export const poolUse = (pool: PoolUse["pool"], of: Pool, max: number): PoolUse => ({
	pool,
	busy: of.totalCount - of.idleCount,
	idle: of.idleCount,
	waiting: of.waitingCount,
	max
});

/** sequelize-pool, which Sequelize's types do not show. */
interface ModelPool {
	using: number;
	available: number;
	waiting: number;
	maxSize: number;
}

/** The pool of a service's models; none before its service started. */
export function poolsOfModels(model: ModelStatic<Model>): PoolUse[] {
	const { connectionManager } = model.sequelize as unknown as {
		connectionManager: { pool: ModelPool };
	};
	const { using, available, waiting, maxSize } = connectionManager.pool;
	return [{ pool: "models", busy: using, idle: available, waiting, max: maxSize }];
}
