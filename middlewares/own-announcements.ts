import type { Middleware } from "moleculer";
import { nodeNames } from "../config/node-servers.ts";

/** What a node says of a service in an INFO packet, as far as it is looked at here. */
interface Announced {
	name: string;
	/** By full name. */
	actions?: Record<string, unknown>;
}

interface Packet {
	payload?: { sender?: unknown; services?: Announced[] };
}

type Handler = (command: string, packet: Packet) => unknown;

const names = new Set<string>(nodeNames);

/** The service that a node runs alone, of an id as moleculer.config.ts gives it; undefined for a node of several. */
function roleOf(sender: unknown): string | undefined {
	const role = String(sender).split(".", 1)[0]!;
	return names.has(role) ? role : undefined;
}

/** Without services of the shop that are another node's, and without their actions. */
function own(role: string, services: readonly Announced[]): Announced[] {
	const isOthers = (name: string) => names.has(name) && name !== role;
	return services
		.filter(({ name }) => !isOthers(name))
		.map(service => ({
			...service,
			actions: Object.fromEntries(
				Object.entries(service.actions ?? {}).filter(([name]) => !isOthers(name.split(".", 1)[0]!))
			)
		}));
}

/**
 * A registry believes what a node announces, so that one node which is taken over could announce the actions of others
 * and get their calls, passwords of sign-ins among them. The bus of a cluster lets a node hear only calls to ids that
 * begin with its own service (k8s/base/nats/permissions.conf); this ignores services of another name than the id's.
 */
export const OwnAnnouncements: Middleware = {
	name: "OwnAnnouncements",
	transitMessageHandler(next: Handler): Handler {
		return (command, packet) => {
			const { payload } = packet;
			const role = roleOf(payload?.sender);
			if (command === "INFO" && role !== undefined && payload?.services)
				payload.services = own(role, payload.services);
			return next(command, packet);
		};
	}
} as unknown as Middleware;
