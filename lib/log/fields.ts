/**
 * The members of a line of the log as JSON, with their types in Elasticsearch and OpenSearch. Names are those of the Elastic
 * Common Schema (https://www.elastic.co/docs/reference/ecs/ecs-field-reference).
 */
export const logFields = {
	"@timestamp": { type: "date", about: "time in UTC, ISO 8601 with milliseconds" },
	"log.level": { type: "keyword", about: "fatal, error, warn, info, debug or trace" },
	message: { type: "text", about: "the text, with that of an error; at most 8,192 characters" },
	"ecs.version": { type: "keyword", about: "version of the schema" },
	"service.name": { type: "keyword", about: "service of the node, `shop` if it runs several" },
	"service.version": { type: "keyword", about: "version of the shop" },
	"service.environment": { type: "keyword", about: "NODE_ENV" },
	"service.node.name": {
		type: "keyword",
		about: "id of the node on the bus, once its broker is made"
	},
	"process.pid": { type: "long", about: "id of the process" },
	"log.logger": {
		type: "keyword",
		about:
			"part of the node: a service, or a part of Moleculer; none for lines of the process itself"
	},
	"http.request.id": {
		type: "keyword",
		about: "`request_id` of the response, if a request caused it"
	},
	"trace.id": { type: "keyword", about: "trace of that request (W3C Trace Context)" },
	"labels.order_id": { type: "keyword", about: "order that it is about" },
	"error.type": { type: "keyword", about: "name of the error's class" },
	"error.message": { type: "text", about: "its message" },
	"error.code": { type: "keyword", about: "its code, such as ECONNREFUSED or 23505" },
	"error.stack_trace": {
		type: "text",
		about: "its stack, followed by those of its causes; at most 8,192 characters"
	}
} as const satisfies Record<string, { type: "date" | "keyword" | "long" | "text"; about: string }>;

export type LogField = keyof typeof logFields;

/** The version of the schema whose names these are. */
export const ecsVersion = "8.17.0";
