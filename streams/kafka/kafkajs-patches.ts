import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/**
 * kafkajs checks each millisecond for waiting requests, even if there are none: an idle consumer costs
 * a twentieth of a core (tulios/kafkajs#1751, unfixed).
 */
function patchIdlePolling(): void {
	const { prototype } = require("kafkajs/src/network/requestQueue");
	const schedule = prototype.scheduleCheckPendingRequests;
	prototype.scheduleCheckPendingRequests = function (this: typeof prototype) {
		if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
	};
}

/**
 * After a request without an answer kafkajs keeps the connection, and sends the next one on it: to a broker that is
 * gone without a word this lasts until the kernel gives up, after a quarter of an hour. Kafka's own client closes
 * such a connection too (NetworkClient.handleTimedOutRequests). A broker answers in order, so that a request behind one
 * that may take longer, such as a JoinGroup, says nothing of the connection.
 */
function patchSilentConnections(): void {
	const { prototype } = require("kafkajs/src/network/connection");
	const send = prototype.send;
	prototype.send = function (this: typeof prototype, request: object) {
		return send.call(this, request).catch((error: Error & { sentAt: number }) => {
			const others: { sentAt: number }[] = [...this.requestQueue.inflight.values()];
			const isBehind = others.some(({ sentAt }) => sentAt <= error.sentAt);
			if (error.name === "KafkaJSRequestTimeoutError" && !isBehind)
				this.socket?.destroy(Object.assign(error, { code: "ETIMEDOUT" }));
			throw error;
		});
	};
}

/**
 * A connect that took too long goes on in the kernel, and its error after two minutes ends the connection that was made
 * meanwhile.
 */
function patchLateConnects(): void {
	const { prototype } = require("kafkajs/src/network/connection");
	const disconnect = prototype.disconnect;
	prototype.disconnect = async function (this: typeof prototype) {
		const { socket } = this;
		const isMade = this.isConnected();
		const answer = await disconnect.call(this);
		if (!isMade) socket?.destroy();
		return answer;
	};
}

/** Mends defects of kafkajs 2.2.4 in its classes. To be called once, before a client is made. */
export function patchKafkajs(): void {
	patchIdlePolling();
	patchSilentConnections();
	patchLateConnects();
}
