import { rows } from "../../db/client.ts";
import type { Cluster } from "./cluster.ts";
import type { ChaosNode } from "./node.ts";

const holder = `
	select client_port as port from orders.relay_lease join pg_stat_activity using (pid, backend_start)
	where lease_until > clock_timestamp()`;

/** The order node whose session holds the lease of the relay; undefined while there is none. */
export async function relayHolder({ servers, nodes }: Cluster): Promise<ChaosNode | undefined> {
	const sessions = await rows<{ port: number }>(servers.postgres.url, holder);
	return nodes.find(({ wires }) => sessions.some(({ port }) => wires.postgres?.owns(port)));
}
