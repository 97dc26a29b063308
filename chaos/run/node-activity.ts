import { rows } from "../../db/client.ts";
import { poll } from "../../lib/retry.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Finding } from "./chaos-run.ts";

/** Every node with a database looks for work there once a second, or once in several at most. */
const activeWithinS = 10;
const waitMs = 30_000;

const activeSessions = `
	select client_port as port from pg_stat_activity
	where usename like 'shop\\_%' and query_start > clock_timestamp() - interval '${activeWithinS} s'`;

/** Those that have asked Postgres nothing of late: their connections are lost, and they do not know it. */
async function idleNodes({ nodes, servers }: Cluster): Promise<string[]> {
	const sessions = await rows<{ port: number }>(servers.postgres.url, activeSessions);
	const isActive = (name: string) => {
		const wire = nodes.find(node => node.name === name)!.wires.postgres;
		return !wire || sessions.some(({ port }) => wire.owns(port));
	};
	return nodes.map(({ name }) => name).filter(name => !isActive(name));
}

/** That a node is ready says nothing of its connections: the others may do all the work. */
export async function everyNodeWorks(cluster: Cluster): Promise<Finding> {
	const isDone = (idle: string[]) => idle.length === 0;
	const look = () => idleNodes(cluster);
	const idle = await poll(look, { everyMs: 500, withinMs: waitMs, isDone });
	return {
		promise: "P9",
		title: "After the faults every node works on its database",
		examined: `${cluster.nodes.length} nodes`,
		violations: idle.map(name => ({
			what: `${name} has asked Postgres nothing for ${activeWithinS} s`
		}))
	};
}
