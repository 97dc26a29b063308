import type { ActionSchema, Context, Middleware, ServiceBroker } from "moleculer";
import { config } from "../config/index.ts";
import type { Meta } from "../lib/identity.ts";
import { logSource } from "../lib/log/source.ts";
import { RepeatedLines } from "../lib/log/repeated-lines.ts";
import { openTracing } from "../lib/tracing/otlp.ts";
import {
	endWithError,
	recordSpansWith,
	startSpan,
	traceparentOfSpan
} from "../lib/tracing/spans.ts";

type Handler = (ctx: Context<unknown, Meta>) => Promise<unknown>;

/** Of each broker that exports spans. */
const exporters = new WeakMap<ServiceBroker, { close(): Promise<void> }>();

async function open(broker: ServiceBroker): Promise<void> {
	const { tracing } = config();
	if (!tracing) return;
	const { service, version, environment, pid } = logSource(config());
	const lost = new RepeatedLines(line => broker.logger.warn(`tracing: ${line}`));
	const { tracer, close } = await openTracing({
		...tracing,
		resource: {
			"service.namespace": "moleculer-commerce",
			"service.name": service,
			"service.version": version,
			"service.instance.id": broker.nodeID,
			"deployment.environment.name": environment,
			"process.pid": pid
		},
		onLost: (kind, line) => lost.add(kind, line)
	});
	recordSpansWith(tracer);
	const end = async () => {
		recordSpansWith(undefined);
		await close();
		lost.stop();
	};
	exporters.set(broker, { close: end });
}

/**
 * Records a span of every action that runs here for a sampled trace, and has the calls that it makes continue that span.
 * Moleculer's own tracing would record parameters, passwords among them, and does not know W3C Trace Context.
 */
export const Traces: Middleware = {
	name: "Traces",
	localAction(next: Handler, { name }: ActionSchema) {
		if (!config().tracing) return next;
		const attributes = { "rpc.system": "moleculer", "rpc.method": name };
		return async (ctx: Context<unknown, Meta>) => {
			const before = ctx.meta;
			const span = startSpan({ name: name!, attributes }, before.traceparent);
			if (!span) return next(ctx);
			// Of its own: another attempt at this call has the same one.
			const own: Meta = { ...before, traceparent: traceparentOfSpan(span) };
			ctx.meta = own;
			try {
				const result = await next(ctx);
				span.end();
				return result;
			} catch (error) {
				endWithError(span, error);
				throw error;
			} finally {
				// What the handler says of its reply goes back (meta-firewall.ts).
				const { replayed } = own;
				if (ctx.meta === own) ctx.meta = replayed ? { ...before, replayed } : before;
			}
		};
	},
	starting: open,
	async stopped(broker: ServiceBroker) {
		await exporters.get(broker)?.close();
	}
} as unknown as Middleware;
