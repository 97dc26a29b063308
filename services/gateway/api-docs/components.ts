export type Json = Record<string, unknown>;

/** Our keyword `rule` is unknown to other tools: it is the description where there is none. */
function described({ rule, ...schema }: Json): Json {
	if (typeof rule !== "string") return rule === undefined ? schema : { rule, ...schema };
	const description = `${rule[0]!.toUpperCase()}${rule.slice(1)}`;
	return { ...schema, description: schema.description ?? description };
}

/** Collects titled schemas, so that each is defined once, under `components`. */
export class Components {
	readonly schemas: Record<string, unknown> = {};

	/** The schema as plain JSON, with references to titled schemas. */
	plain(schema: unknown): unknown {
		if (Array.isArray(schema)) return schema.map(item => this.plain(item));
		if (typeof schema !== "object" || schema === null) return schema;
		const entries = Object.entries(schema).map(([k, v]) => [k, this.plain(v)] as const);
		// A property may be called `title` or `rule`, which is a schema.
		const { title, ...body } = described(Object.fromEntries(entries));
		if (typeof title === "string") return this.#reference(title, body);
		return title === undefined ? body : { title, ...body };
	}

	/** @throws Error when two schemas have one title */
	#reference(title: string, body: unknown): Json {
		const known = this.schemas[title];
		if (known && JSON.stringify(known) !== JSON.stringify(body))
			throw new Error(`two schemas are called ${title}`);
		this.schemas[title] = body;
		return { $ref: `#/components/schemas/${title}` };
	}
}
