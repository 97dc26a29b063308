import { type Context, Errors, type Middleware, type ServiceBroker } from "moleculer";
import type { Msg, NatsConnection } from "nats";

interface Packet {
	type: string;
	target: string | null;
	payload: { id: string };
}

type Send = (topic: string, data: Buffer, meta: { packet: Packet }) => Promise<void>;
type Handler = (ctx: Context) => Promise<unknown>;

interface Pending {
	action: { name: string };
	nodeID: string;
	reject(error: Error): void;
}

interface Internals {
	nodeID: string;
	transit: {
		pendingRequests: Map<string, Pending>;
		removePendingRequest(id: string): void;
	};
	registry: {
		unregisterServicesByNode(nodeId: string): void;
		nodes: { disconnected(nodeId: string, isUnexpected: boolean): void };
	};
}

interface Transporter {
	broker: Internals;
	prefix: string;
	/** Another one after a connection was given up. */
	client?: Partial<NatsConnection>;
}

/** A call that finds this many nodes gone fails as unavailable. */
const attempts = 3;

const undelivered = new WeakSet<Error>();

/** The node is gone, and this call never reached it. */
function failUndelivered(broker: Internals, client: NatsConnection, id: string): void {
	const { transit, registry } = broker;
	const pending = transit.pendingRequests.get(id);
	if (!pending) return;
	const { action, nodeID, reject } = pending;
	const error = new Errors.RequestRejectedError({ action: action.name, nodeID });
	undelivered.add(error);
	transit.removePendingRequest(id);
	reject(error);
	registry.unregisterServicesByNode(nodeID);
	// Calls that did reach it have ended with it: they fail now, and not when its heartbeats are missed. First the bus says
	// which of those that were sent before did not.
	void client
		.flush()
		.catch(() => undefined)
		.then(() => registry.nodes.disconnected(nodeID, true));
}

/** Hears of undelivered calls on a connection, once. */
function listen(broker: Internals, client: NatsConnection, subjects: string): void {
	client.subscribe(`${subjects}.*`, {
		callback: (error: Error | null, message: Msg) => {
			if (!error && message.headers?.code === 503)
				failUndelivered(broker, client, message.subject.slice(subjects.length + 1));
		}
	});
}

/**
 * A process that was killed says no goodbye, and Moleculer goes on calling its node until heartbeats are missed, 5 s later.
 * nats-server knows at once: it answers a message that has a reply subject and that no connection subscribes to with the
 * status 503 (https://docs.nats.io/nats-concepts/core-nats/reqreply#no-responders). So each request has a reply subject.
 * When its node is gone, the node is dropped from the registry and the call goes to another one. This holds for
 * commands too, because such a call was never run; calls that were delivered are never repeated here.
 */
export const UndeliveredCalls: Middleware = {
	name: "UndeliveredCalls",

	transporterSend(this: Transporter, next: Send): Send {
		let known: Partial<NatsConnection> | undefined;
		return (topic, data, meta) => {
			const { broker, prefix, client } = this;
			const isRequest = meta?.packet?.type === "REQ" && meta.packet.target !== null;
			// The bus inside a process, of tests, has no client.
			if (!isRequest || !client?.publish) return next(topic, data, meta);
			const subjects = `${prefix}.UNDELIVERED.${broker.nodeID}`;
			if (known !== client) {
				known = client;
				listen(broker, client as NatsConnection, subjects);
			}
			client.publish(topic, data, { reply: `${subjects}.${meta.packet.payload.id}` });
			return Promise.resolve();
		};
	},

	remoteAction(this: ServiceBroker, next: Handler, action: { name: string }): Handler {
		return async ctx => {
			try {
				return await next(ctx);
			} catch (error) {
				const again = ctx as Context & { undeliveredTo?: number };
				const times = (again.undeliveredTo ?? 0) + 1;
				const isBound = ctx.options.nodeID !== undefined;
				if (!undelivered.has(error as Error) || times >= attempts || isBound) throw error;
				this.logger.warn(
					`${action.name} is called on another node, because ${ctx.nodeID} is gone.`
				);
				const copy = Object.assign(ctx.copy(), { undeliveredTo: times });
				return this.call(action.name, ctx.params, { ctx: copy } as object);
			}
		};
	}
} as unknown as Middleware;
