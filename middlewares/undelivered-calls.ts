import { setTimeout as delay } from "node:timers/promises";
import { type Context, Errors, type Middleware, type ServiceBroker } from "moleculer";
import type { Msg, NatsConnection } from "nats";

interface Packet {
	type: string;
	target: string | null;
	payload: { id: string; stream?: unknown };
}

type Send = (topic: string, data: Buffer, meta: { packet: Packet }) => Promise<void>;
type Handler = (ctx: Context) => Promise<unknown>;

interface Pending {
	action: { name: string };
	nodeID: string;
	reject(error: Error): void;
}

interface LostNode {
	available: boolean;
	/** As it announced them. */
	services: readonly object[];
}

interface Internals {
	nodeID: string;
	transit: {
		pendingRequests: Map<string, Pending>;
		removePendingRequest(id: string): void;
	};
	registry: {
		unregisterServicesByNode(nodeId: string): void;
		registerServices(node: LostNode, services: readonly object[]): void;
		nodes: {
			get(nodeId: string): LostNode | undefined;
			disconnected(nodeId: string, isUnexpected: boolean): void;
		};
	};
	ping(nodeId: string, timeoutMs: number): Promise<object | null>;
}

interface Transporter {
	broker: Internals;
	prefix: string;
	/** Another one after a connection was given up. */
	client?: Partial<NatsConnection>;
}

/** What a call carries from one node to the next. */
interface Resent {
	undeliveredTo?: number;
	sentFirstAt?: number;
	_retryAttempts?: number;
}

/** Nodes to which a call is sent, one after another, before it fails as unavailable. */
const attempts = 3;

/** nats.js connects again after 2 s; a node that only lost its connection goes on with the calls that it has. */
const reconnectsWithinMs = 2500;
const answersPingWithinMs = 1000;

const undelivered = new WeakSet<Error>();

/**
 * Gets no new calls from now on. When it does not come back, its process is gone, and so are the calls that it had: they fail
 * then. Otherwise its services are registered again.
 */
async function watchLost(broker: Internals, nodeId: string): Promise<void> {
	const { registry } = broker;
	registry.unregisterServicesByNode(nodeId);
	await delay(reconnectsWithinMs, undefined, { ref: false });
	const isBack = await broker.ping(nodeId, answersPingWithinMs).catch(() => null);
	// A heartbeat or its DISCONNECT packet may have said so before.
	const node = registry.nodes.get(nodeId);
	if (!node?.available) return;
	if (isBack) registry.registerServices(node, node.services);
	else registry.nodes.disconnected(nodeId, true);
}

/** Learns of undelivered calls on a connection. */
function listen(broker: Internals, client: NatsConnection, subjects: string): void {
	const lost = new Set<string>();
	const fail = (id: string) => {
		const { transit } = broker;
		const pending = transit.pendingRequests.get(id);
		if (!pending) return;
		const { action, nodeID, reject } = pending;
		const error = new Errors.RequestRejectedError({ action: action.name, nodeID });
		undelivered.add(error);
		transit.removePendingRequest(id);
		reject(error);
		if (lost.has(nodeID)) return;
		lost.add(nodeID);
		void watchLost(broker, nodeID)
			.catch(() => undefined)
			.finally(() => lost.delete(nodeID));
	};
	client.subscribe(`${subjects}.*`, {
		callback: (error: Error | null, message: Msg) => {
			if (!error && message.headers?.code === 503) fail(message.subject.slice(subjects.length + 1));
		}
	});
}

/**
 * A process that was killed sends no DISCONNECT packet, and Moleculer goes on calling its node until heartbeats are missed,
 * 5 s later. nats-server knows at once: it answers a message that has a reply subject and that no connection subscribes to
 * with the status 503 (https://docs.nats.io/nats-concepts/core-nats/reqreply#no-responders). So each request has a reply
 * subject. When its node has no connection, the node gets no further calls and this one goes to another node. This holds for
 * commands too, because such a call was never run; a call that was delivered is never repeated here.
 */
export const UndeliveredCalls: Middleware = {
	name: "UndeliveredCalls",

	transporterSend(this: Transporter, next: Send): Send {
		let known: Partial<NatsConnection> | undefined;
		return (topic, data, meta) => {
			const { broker, prefix, client } = this;
			const packet = meta?.packet;
			// The parts of a stream have one id, and the first may have been delivered.
			const isRequest = packet?.type === "REQ" && packet.target !== null && !packet.payload.stream;
			// The bus inside a process, of tests, has no client.
			if (!isRequest || !client?.publish) return next(topic, data, meta);
			const subjects = `${prefix}.UNDELIVERED.${broker.nodeID}`;
			if (known !== client) {
				known = client;
				listen(broker, client as NatsConnection, subjects);
			}
			client.publish(topic, data, { reply: `${subjects}.${packet.payload.id}` });
			return Promise.resolve();
		};
	},

	remoteAction(this: ServiceBroker, next: Handler, action: { name: string }): Handler {
		return async call => {
			const ctx = call as Context & Resent;
			ctx.sentFirstAt ??= performance.now();
			try {
				return await next(ctx);
			} catch (error) {
				const undeliveredTo = (ctx.undeliveredTo ?? 0) + 1;
				const isBound = ctx.options.nodeID !== undefined;
				if (!undelivered.has(error as Error) || undeliveredTo >= attempts || isBound) throw error;
				// The limit is that of the call, not of each attempt.
				const limit = ctx.options.timeout;
				const timeout = limit ? limit - (performance.now() - ctx.sentFirstAt) : undefined;
				if (timeout !== undefined && timeout < 1) throw error;
				this.logger.warn(`${action.name} goes to another node: ${ctx.nodeID} has no connection`);
				const { sentFirstAt, _retryAttempts } = ctx;
				const again = Object.assign(ctx.copy(), { undeliveredTo, sentFirstAt, _retryAttempts });
				again.options = { ...ctx.options, ...(timeout && { timeout }) };
				return this.call(action.name, ctx.params, { ctx: again } as object);
			}
		};
	}
} as unknown as Middleware;
