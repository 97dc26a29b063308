import type { ServiceBroker } from "moleculer";

interface ObjectSchema {
	type: "object";
	properties: Record<string, unknown>;
	required?: readonly string[];
}

const isObjectSchema = (params: object): params is ObjectSchema =>
	"properties" in params && (params as { type?: unknown }).type === "object";

/** `id`, and `limit?` for one that may be left out, as the keys of an object. Other forms of params are left as they are. */
export function paramNames(params: object): Record<string, unknown> {
	if (!isObjectSchema(params)) return { ...params };
	const required = new Set(params.required);
	return Object.fromEntries(
		Object.entries(params.properties).map(([name, schema]) => [
			required.has(name) ? name : `${name}?`,
			schema
		])
	);
}

interface ListedAction {
	name: string;
	action?: { params?: object };
}

interface Registry {
	getActionList(options: object): ListedAction[];
}

/**
 * moleculer-repl prints the keys of an action's params, which in a JSON Schema are "type, required, properties" for every
 * action. Its list of this broker names the params themselves.
 */
export function listParamNames(broker: ServiceBroker): void {
	const registry = broker.registry as unknown as Registry;
	const list = registry.getActionList.bind(registry);
	registry.getActionList = options =>
		list(options).map(({ action, ...item }) =>
			action?.params
				? { ...item, action: { ...action, params: paramNames(action.params) } }
				: { ...item, ...(action && { action }) }
		);
}
