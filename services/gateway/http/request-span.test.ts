import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { recordSpansWith } from "../../../lib/tracing/spans.ts";
import { useRecordedSpans } from "../../../tests/support/observability/recorded-spans.ts";
import { until } from "../../../tests/support/until.ts";
import type { Incoming } from "./incoming.ts";
import { traceRequest } from "./request-span.ts";

const spans = useRecordedSpans();
let respond: (req: Incoming, res: ServerResponse) => void;
let seen: (string | undefined)[];
const server = createServer((message: IncomingMessage, res) => {
	const req = message as Incoming;
	traceRequest(req, res);
	seen.push(req.traceparent);
	respond(req, res);
});

beforeAll(async () => once(server.listen(0, "127.0.0.1"), "listening"));
afterAll(() => void server.close());
beforeEach(() => {
	seen = [];
	respond = (req, res) => {
		req.template = "/api/v1/orders/{id}";
		res.writeHead(200).end();
	};
});

const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const path = "/api/v1/orders/alice@shop.test;password=hunter2?q=4111111111111111";
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const get = (flags = "00") =>
	fetch(`${address()}${path}`, {
		headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-${flags}`, connection: "close" }
	});
const ended = () => until(async () => spans().length > 0, 5000);

it("a request is a span of its client's trace, with its route and without its path", async () => {
	await get();
	await ended();
	const [span] = spans();
	expect(span).toMatchObject({
		name: "GET /api/v1/orders/{id}",
		kind: SpanKind.SERVER,
		parentSpanContext: { traceId, spanId: "00f067aa0ba902b7" },
		status: { code: SpanStatusCode.UNSET }
	});
	expect(span!.attributes).toEqual({
		"http.request.method": "GET",
		"http.route": "/api/v1/orders/{id}",
		"http.response.status_code": 200
	});
	expect(seen).toEqual([`00-${traceId}-${span!.spanContext().spanId}-01`]);
});

it.each<
	[what: string, respond: typeof respond, name: string, attributes: object, code: SpanStatusCode]
>([
	[
		"without a route",
		(_, res) => res.writeHead(404).end(),
		"GET",
		{ "http.request.method": "GET", "http.response.status_code": 404 },
		SpanStatusCode.UNSET
	],
	[
		"that failed",
		(_, res) => res.writeHead(503).end(),
		"GET",
		{
			"http.request.method": "GET",
			"http.response.status_code": 503,
			"error.type": "503"
		},
		SpanStatusCode.ERROR
	]
])("a request %s", async (_, given, name, attributes, code) => {
	respond = given;
	await get();
	await ended();
	expect(spans()).toMatchObject([{ name, status: { code } }]);
	expect(spans()[0]!.attributes).toEqual(attributes);
});

it("a request that its client has left has no status", async () => {
	const { promise: arrived, resolve } = Promise.withResolvers<void>();
	respond = () => resolve();
	const client = request(`${address()}${path}`).on("error", () => undefined);
	client.end();
	await arrived;
	client.destroy();
	await ended();
	expect(spans()[0]!.attributes).toEqual({
		"http.request.method": "GET",
		"error.type": "aborted"
	});
});

it("a stream is no span", async () => {
	respond = (req, res) => {
		req.span = undefined;
		res.writeHead(200).end();
	};
	await (await get()).text();
	expect(spans()).toEqual([]);
});

it("while no spans are recorded, a request continues its client's trace, whose flag has no effect", async () => {
	recordSpansWith(undefined);
	await get("01");
	expect(seen).toEqual([expect.stringMatching(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`))]);
});
