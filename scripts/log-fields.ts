import { logFields } from "../lib/log/fields.ts";

/** How long the log is kept in the store of observability/logging. */
const keptFor = "14d";

/** The members of a line of the log as JSON, for docs/observability.md. */
export const logFieldsList = (): string =>
	Object.entries(logFields)
		.map(([name, { type, about }]) => `- \`${name}\` (${type}): ${about}.`)
		.join("\n");

const typeOf = (name: string, type: string) => {
	// A stack is read, not searched for; the message is.
	if (name === "error.stack_trace") return { type, index: false };
	return type === "keyword" ? { type, ignore_above: 1024 } : { type };
};

/** What a collector adds, by the names that Elastic's own agents use. The first is of both, the others are of Kubernetes. */
export const placeFields = ["container.name", "kubernetes.namespace", "kubernetes.pod.name"];

/**
 * The index template of Elasticsearch for these lines: a data stream, so that whole indices are deleted once they are old.
 * Other members are kept and not indexed, because a line with a new member must not be refused.
 */
export const indexTemplate = () => ({
	index_patterns: ["shop-logs"],
	priority: 500,
	data_stream: {},
	// Without this template nothing makes an index of this name (action.auto_create_index).
	allow_auto_create: true,
	template: {
		settings: { number_of_shards: 1, number_of_replicas: 0 },
		lifecycle: { data_retention: keptFor },
		mappings: {
			dynamic: false,
			properties: Object.fromEntries([
				...Object.entries(logFields).map(([name, { type }]) => [name, typeOf(name, type)]),
				...placeFields.map(name => [name, typeOf(name, "keyword")])
			])
		}
	}
});
