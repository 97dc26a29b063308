import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { type BrokerOptions, Loggers } from "moleculer";
import { usesTls } from "./config/bus-url.ts";
import { config, type Config } from "./config/index.ts";
import { withoutPackets } from "./lib/log/bus-packets.ts";
import { LogContext } from "./lib/log/line-context.ts";
import { logSource } from "./lib/log/source.ts";
import { jsonLines, type LogLevel } from "./lib/log/json-lines.ts";
import { SchemaValidator } from "./lib/validator.ts";
import { AbandonedCalls } from "./middlewares/abandoned-calls.ts";
import { AnnounceServices } from "./middlewares/announce-services.ts";
import { Authorize } from "./middlewares/authorize.ts";
import { DeadlineGuard, Deadlines } from "./middlewares/deadline.ts";
import { FailingReplies } from "./middlewares/failing-replies.ts";
import { Measure } from "./middlewares/measure.ts";
import { MetaFirewall } from "./middlewares/meta-firewall.ts";
import { NoCallInTransaction } from "./middlewares/no-call-in-transaction.ts";
import { OwnAnnouncements } from "./middlewares/own-announcements.ts";
import { StopInPhases } from "./middlewares/stop-in-phases.ts";
import { Traces } from "./middlewares/traces.ts";
import { TranslateErrors } from "./middlewares/translate-errors.ts";
import { UndeliveredCalls } from "./middlewares/undelivered-calls.ts";
import { CloseLast } from "./mixins/close-last.ts";

/** Queries may be retried after these errors; commands that reached a node never are, except by the saga (docs/retries.md). */
const readRetryable = new Set(["SERVICE_NOT_AVAILABLE", "REQUEST_REJECTED", "REQUEST_TIMEOUT"]);

/**
 * An error that says that the other side is unavailable. Refusals (4xx) do not count, nor does a full backlog: a
 * breaker that it opened would also refuse repetitions, which are still answered. Nor do defects: one input that
 * causes a defect four times would open the breaker for all callers.
 */
function countsAsFailure(error: Error): boolean {
	const { code, type } = error as { code?: unknown; type?: unknown };
	const refusal = typeof code === "number" && code >= 400 && code < 500;
	const own = refusal || type === "OVERLOADED" || type === "INTERNAL";
	return type === "SERVICE_NOT_AVAILABLE" || !own;
}

/** Never reused: a node that comes back under its old id leaves callers pending. */
function nodeId(services: readonly string[]): string {
	const role = services.length === 1 ? services[0] : services.length === 0 ? "guest" : "shop";
	return `${role}.${hostname()}-${process.pid}-${randomBytes(3).toString("hex")}`;
}

/** A bus that says nothing for so long is connected to again; nats.js's own limit is 4 to 6 min. */
const busWaits = { timeout: 5000, pingInterval: 5000, maxPingOut: 2 };

/** Moleculer reads hosts and credentials from the URL, and ignores its scheme. */
const busOptions = (url: string) => ({ url, ...busWaits, ...(usesTls(url) && { tls: {} }) });

type Bindings = Parameters<InstanceType<typeof Loggers.Console>["getFormatter"]>[0];

/** Moleculer's own form, for people, who read in the words what a line is about. */
class TextLogger extends Loggers.Console {
	override getFormatter(bindings: Bindings) {
		const format = super.getFormatter(bindings);
		return (type: string, args: unknown[]) =>
			format(
				type,
				withoutPackets(args, bindings.mod).filter(arg => !(arg instanceof LogContext))
			);
	}
}

function loggerOf(settings: Config, node: string): BrokerOptions["logger"] {
	const { logLevel: level, logFormat } = settings;
	if (logFormat === "text") return new TextLogger({ level, formatter: "short" });
	const line = jsonLines({ ...logSource(settings), node });
	const formatter = (severity: LogLevel, args: unknown[], { mod }: { mod: string }) => [
		line(severity, withoutPackets(args, mod), mod)
	];
	return { type: "Console", options: { level, formatter } };
}

/** Options of every broker; the only place that names the middlewares. */
export default function brokerOptions(): BrokerOptions {
	const { namespace, natsUrl, services, callTimeoutMs } = config();
	const nodeID = nodeId(services);
	return {
		namespace,
		nodeID,
		transporter: natsUrl ? { type: "NATS", options: busOptions(natsUrl) } : null,
		serializer: "JSON",
		validator: new SchemaValidator(),
		logger: loggerOf(config(), nodeID),
		requestTimeout: callTimeoutMs,
		heartbeatInterval: 2,
		heartbeatTimeout: 5,
		maxCallLevel: 6,
		retryPolicy: {
			enabled: true,
			retries: 0,
			delay: 50,
			maxDelay: 500,
			factor: 2,
			check: error => readRetryable.has((error as { type?: string }).type ?? "")
		},
		circuitBreaker: {
			enabled: true,
			threshold: 0.5,
			minRequestCount: 4,
			windowTime: 10,
			halfOpenTime: 5000,
			check: countsAsFailure
		},
		tracking: { enabled: true, shutdownTimeout: 10_000 },
		transit: { maxQueueSize: 2000 },
		registry: { preferLocal: true },
		// Broker options contain the bus password, and `$node.options` would return them to anyone on the bus.
		internalServices: false,
		skipProcessEventRegistration: true,
		internalMiddlewares: false,
		// First is innermost. The breaker is outside the timeout, or it would never see one (moleculer#1202).
		middlewares: [
			TranslateErrors,
			DeadlineGuard,
			"ActionHook",
			"Validator",
			Authorize,
			Measure,
			Traces,
			"Bulkhead",
			// Without a `cacher` above nothing is cached: every node reads products and prices from Postgres.
			"Cacher",
			"ContextTracker",
			"Timeout",
			AbandonedCalls,
			"CircuitBreaker",
			UndeliveredCalls,
			"Retry",
			"Fallback",
			"ErrorHandler",
			"Tracing",
			"Metrics",
			"Debounce",
			"Throttle",
			FailingReplies,
			MetaFirewall,
			NoCallInTransaction,
			Deadlines(callTimeoutMs),
			CloseLast,
			AnnounceServices,
			OwnAnnouncements,
			StopInPhases
		] as BrokerOptions["middlewares"]
	};
}
