import type { Config } from "../config/index.ts";
import type { Database, Statement } from "./database.ts";

/**
 * Which event log a shop uses. Positions of consumers, and which rows of outboxes were published, are of one log, so a
 * node that would use another one is refused. A Kafka that lost its data stays the shop's log, so no cluster is named.
 */
export type LogKind = "kafka" | "postgres";

/** The log that the settings name. */
export const namedLog = ({ kafka }: Pick<Config, "kafka">): LogKind =>
	kafka ? "kafka" : "postgres";

/** No row before the first use. */
export const readEventLog: Statement = {
	name: "streams.read_event_log",
	text: "select kind from streams.event_log where is_only"
};

/** $1 the log of this node, which becomes the shop's where none is in use yet. No row while another one claims it. */
const claimEventLog: Statement = {
	name: "streams.claim_event_log",
	text: `
	with claimed as (
		insert into streams.event_log (kind) select $1
		where not exists (select from streams.event_log where is_only)
		on conflict do nothing returning kind
	)
	select kind from claimed union all select kind from streams.event_log where is_only`
};

/**
 * Makes this log the shop's where none is in use yet. Answers the one in use: at a first start, all services of a node
 * claim it at once, and one that comes second waits for the first without seeing its row, which the next statement does.
 */
export async function claimLog(
	db: Pick<Database, "query">,
	kind: LogKind
): Promise<LogKind | undefined> {
	const [claimed] = await db.query<{ kind: LogKind }>(claimEventLog, [kind]);
	const [inUse] = claimed ? [claimed] : await db.query<{ kind: LogKind }>(readEventLog);
	return inUse?.kind;
}

const places: Record<LogKind, string> = { kafka: "Kafka", postgres: "the log in Postgres" };
const remedies: Record<LogKind, string> = {
	kafka: "set KAFKA_BROKERS, or stop the shop and move them with npm run log:switch",
	postgres: "unset KAFKA_BROKERS, or stop the shop and move them with npm run log:switch"
};

/** Why a node that would use this log does not start; undefined where it is the shop's. */
export function refusalOfLog(inUse: LogKind, named: LogKind): string | undefined {
	if (inUse === named) return undefined;
	return `The events of this shop are in ${places[inUse]}, and its settings name ${places[named]}: ${remedies[inUse]}.`;
}
