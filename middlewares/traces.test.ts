import { SpanStatusCode } from "@opentelemetry/api";
import { ServiceBroker, type Middleware } from "moleculer";
import { toConfig, useConfig } from "../config/index.ts";
import { readEnvironment } from "../config/read-environment.ts";
import { Failure } from "../lib/errors.ts";
import { parseTraceparent } from "../lib/tracing/traceparent.ts";
import { sampledTrace, useRecordedSpans } from "../tests/support/observability/recorded-spans.ts";
import { MetaFirewall } from "./meta-firewall.ts";
import { Traces } from "./traces.ts";

const spans = useRecordedSpans();

/** Without its hooks, which would start an exporter. */
const { localAction } = Traces as unknown as Record<string, unknown>;
const withoutExporter = { name: "Traces", localAction } as unknown as Middleware;

interface Caller {
	meta: { traceparent?: string; user?: object };
	call(name: string, params?: object): Promise<unknown>;
}

const broker = new ServiceBroker({
	logger: false,
	internalServices: false,
	middlewares: [withoutExporter, MetaFirewall]
});

beforeAll(async () => {
	const OTEL_EXPORTER_OTLP_ENDPOINT = "http://127.0.0.1:9";
	useConfig(toConfig(readEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT })));
	broker.createService({
		name: "a",
		actions: {
			inner: ({ meta }: Caller) => meta.traceparent,
			async outer(ctx: Caller) {
				const before = ctx.meta.traceparent;
				const inner = await Promise.all([ctx.call("a.inner"), ctx.call("a.inner")]);
				return { before, inner, after: ctx.meta.traceparent };
			},
			async failing(ctx: Caller) {
				const before = ctx.meta.traceparent;
				await ctx.call("a.refused").catch(() => undefined);
				return { before, after: ctx.meta.traceparent };
			},
			refused: () => Promise.reject(new Failure("INSUFFICIENT_STOCK")),
			broken: () => Promise.reject(new Failure("UNAVAILABLE"))
		}
	});
	await broker.start();
});
afterAll(() => broker.stop());

const call = (name: string, traceparent = sampledTrace) =>
	broker.call<Record<string, unknown>, object>(
		name,
		{ password: "hunter2" },
		{ meta: { traceparent, user: { id: "hunter2" } } }
	);

const idOf = (traceparent: unknown) => parseTraceparent(traceparent as string)?.spanId;

it("a span of an action is the parent of those of its calls, and has no parameters", async () => {
	const { before, inner, after } = await call("a.outer");
	const [first, second, outer] = spans();
	expect(outer).toMatchObject({
		name: "a.outer",
		attributes: { "rpc.system": "moleculer", "rpc.method": "a.outer" },
		status: { code: SpanStatusCode.UNSET },
		parentSpanContext: { spanId: idOf(sampledTrace) }
	});
	const id = outer!.spanContext().spanId;
	expect([first, second].map(span => span!.parentSpanContext?.spanId)).toEqual([id, id]);
	expect((inner as string[]).map(idOf).toSorted()).toEqual(
		[first, second].map(span => span!.spanContext().spanId).toSorted()
	);
	expect([before, after].map(idOf)).toEqual([id, id]);
	const recorded = spans().map(({ name, attributes, status }) => ({ name, attributes, status }));
	expect(JSON.stringify(recorded)).not.toContain("hunter2");
});

it("a call that failed leaves its caller in the span that it was in", async () => {
	const { before, after } = await call("a.failing");
	expect(after).toBe(before);
});

it.each([
	["a.refused", SpanStatusCode.UNSET, "INSUFFICIENT_STOCK"],
	["a.broken", SpanStatusCode.ERROR, "UNAVAILABLE"]
])("%s ends its span with the status %d and its code", async (name, code, type) => {
	await expect(call(name)).rejects.toThrow();
	expect(spans()).toMatchObject([{ name, status: { code }, attributes: { "error.type": type } }]);
});

it("an action of a trace that is not sampled has no span", async () => {
	const unsampled = sampledTrace.replace(/1$/, "0");
	await expect(call("a.inner", unsampled)).resolves.toBe(unsampled);
	expect(spans()).toEqual([]);
});

describe("the metadata of a call, once its action has ended", () => {
	const before = { traceparent: sampledTrace };
	const other = { traceparent: "of another attempt" };
	type Ctx = { meta: Record<string, unknown> };
	const wrap = localAction as (next: (ctx: Ctx) => Promise<unknown>, action: object) => typeof next;

	it.each<[what: string, next: (ctx: Ctx) => Promise<unknown>, meta: object]>([
		["is what it was", () => Promise.resolve(), before],
		["is what it was, after a failure", () => Promise.reject(new Error("no")), before],
		[
			"says that the reply is a stored one",
			async ({ meta }) => void (meta.replayed = true),
			{ ...before, replayed: true }
		],
		["is left to another attempt", async ctx => void (ctx.meta = other), other]
	])("%s", async (_, next, meta) => {
		const ctx: Ctx = { meta: before };
		await wrap(next, { name: "a.b" })(ctx).catch(() => undefined);
		expect(ctx.meta).toEqual(meta);
		expect(before).toEqual({ traceparent: sampledTrace });
	});
});
