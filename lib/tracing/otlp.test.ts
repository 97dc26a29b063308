import { OtlpReceiver } from "../../tests/support/observability/otlp-receiver.ts";
import { openTracing, type TracingSettings } from "./otlp.ts";
import { recordSpansWith, startRequestSpan, startSpan, traceparentOfSpan } from "./spans.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const header = `00-${traceId}-00f067aa0ba902b7-01`;
let receiver: OtlpReceiver;
let lost: string[];

beforeEach(async () => {
	receiver = await OtlpReceiver.start();
	lost = [];
});
afterEach(() => {
	recordSpansWith(undefined);
	receiver.stop();
});

async function open(settings: Partial<TracingSettings> = {}) {
	const tracing = await openTracing({
		endpoint: receiver.url,
		headers: {},
		sampleRatio: 1,
		resource: { "service.name": "order" },
		onLost: (kind, line) => lost.push(`${kind}: ${line}`),
		...settings
	});
	recordSpansWith(tracing.tracer);
	return tracing;
}

function request(): string {
	const span = startRequestSpan({ name: "GET /", attributes: { "http.route": "/" } }, header)!;
	span.end();
	return traceparentOfSpan(span);
}

test("spans that wait are sent at the end, with their process and the headers", async () => {
	const { close } = await open({ endpoint: `${receiver.url}/otlp/`, headers: { "x-key": "1" } });
	startSpan({ name: "work", attributes: { n: 1 } }, request())!.end();
	await close();
	expect(receiver.requests).toMatchObject([
		{
			path: "/otlp/v1/traces",
			headers: { "x-key": "1", "content-type": "application/json" }
		}
	]);
	const [first, second] = receiver.spans;
	expect(first).toMatchObject({
		service: "order",
		name: "GET /",
		kind: 2,
		traceId,
		parentSpanId: "00f067aa0ba902b7",
		attributes: { "http.route": "/" },
		status: 0
	});
	expect(second).toMatchObject({
		name: "work",
		kind: 1,
		traceId,
		parentSpanId: first!.spanId,
		attributes: { n: 1 }
	});
	expect(lost).toEqual([]);
});

test("a share of requests is sampled, whatever their trace is called", async () => {
	const { close } = await open({ sampleRatio: 0.3 });
	const flags = Array.from({ length: 1000 }, () => request().slice(-2));
	await close();
	const sampled = flags.filter(flag => flag === "01").length;
	// Six standard deviations of a binomial distribution.
	expect(Math.abs(sampled - 300)).toBeLessThan(90);
	expect(receiver.spans).toHaveLength(sampled);
});

test.each([0, 1])("with the ratio %d it is none or all", async sampleRatio => {
	const { close } = await open({ sampleRatio });
	for (let n = 0; n < 50; n++) request();
	await close();
	expect(receiver.spans).toHaveLength(50 * sampleRatio);
});

test("spans that the receiver refuses are lost, which is said without their content", async () => {
	receiver.status = 400;
	const { close } = await open();
	request();
	await close();
	expect(lost).toEqual([expect.stringMatching(/^refused: 1 spans are lost: /)]);
	expect(lost.join()).not.toContain(traceId);
});

test("an end waits for 2 s for a receiver that does not reply", async () => {
	receiver.status = undefined;
	const { close } = await open();
	request();
	await close();
	expect(receiver.requests).toHaveLength(1);
	expect(lost).toEqual(["at the end: spans that waited at the end are lost"]);
});

test("spans that come faster than they are sent are dropped, beyond those that may wait", async () => {
	const { close } = await open();
	for (let n = 0; n < 6000; n++) request();
	await close();
	// Those that wait, and the batch that is on its way.
	expect(receiver.spans).toHaveLength(4096 + 512);
});
