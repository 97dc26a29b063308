import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Value = string | number | boolean;

/** A span as it was exported, with the resource that it is of. */
export interface ReceivedSpan {
	/** `service.name` of the process. */
	service: string;
	resource: Record<string, Value>;
	name: string;
	/** https://github.com/open-telemetry/opentelemetry-proto: 1 is internal, 2 a server, 5 a consumer. */
	kind: number;
	traceId: string;
	spanId: string;
	parentSpanId: string | undefined;
	attributes: Record<string, Value>;
	/** 0 is unset, 2 an error. */
	status: number;
}

interface KeyValue {
	key: string;
	value: { stringValue?: string; intValue?: number | string; boolValue?: boolean };
}

interface ExportRequest {
	resourceSpans: {
		resource: { attributes: KeyValue[] };
		scopeSpans: {
			spans: (Pick<ReceivedSpan, "name" | "kind" | "traceId" | "spanId" | "parentSpanId"> & {
				attributes: KeyValue[];
				status: { code?: number };
			})[];
		}[];
	}[];
}

const recordOf = (pairs: KeyValue[]): Record<string, Value> =>
	Object.fromEntries(
		pairs.map(({ key, value: { stringValue, intValue, boolValue } }) => [
			key,
			stringValue ?? boolValue ?? Number(intValue)
		])
	);

const spansOf = ({ resourceSpans }: ExportRequest): ReceivedSpan[] =>
	resourceSpans.flatMap(({ resource, scopeSpans }) => {
		const about = recordOf(resource.attributes);
		return scopeSpans.flatMap(({ spans }) =>
			spans.map(({ name, kind, traceId, spanId, parentSpanId, attributes, status }) => ({
				service: String(about["service.name"]),
				resource: about,
				name,
				kind,
				traceId,
				spanId,
				parentSpanId,
				attributes: recordOf(attributes),
				status: status.code ?? 0
			}))
		);
	});

/** A receiver of OTLP over HTTP with JSON, on loopback. */
export class OtlpReceiver {
	readonly spans: ReceivedSpan[] = [];
	/** Of each request, its path and its headers. */
	readonly requests: { path: string; headers: IncomingHttpHeaders }[] = [];
	/** What it replies with; undefined to reply only when it stops. */
	status: number | undefined = 200;

	readonly #waiting: ServerResponse[] = [];
	readonly #server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on("data", (chunk: Buffer) => chunks.push(chunk));
		request.on("end", () => {
			this.requests.push({ path: request.url!, headers: request.headers });
			if (this.status === undefined) return void this.#waiting.push(response);
			if (this.status === 200)
				this.spans.push(...spansOf(JSON.parse(Buffer.concat(chunks).toString()) as ExportRequest));
			response.writeHead(this.status, { "content-type": "application/json" }).end("{}");
		});
	});

	static async start(): Promise<OtlpReceiver> {
		const receiver = new OtlpReceiver();
		await once(receiver.#server.listen(0, "127.0.0.1"), "listening");
		return receiver;
	}

	get url(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	stop(): void {
		this.#server.close();
		// So that no exporter waits for longer.
		for (const response of this.#waiting) response.writeHead(200).end("{}");
		this.#server.closeIdleConnections();
	}
}
