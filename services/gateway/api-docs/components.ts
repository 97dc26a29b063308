export type Json = Record<string, unknown>;

/** Collects titled schemas, so that each is defined once, under `components`. */
export class Components {
	readonly schemas: Record<string, unknown> = {};

	/** The schema as plain JSON, with references to titled schemas. */
	plain(schema: unknown): unknown {
		if (Array.isArray(schema)) return schema.map(item => this.plain(item));
		if (typeof schema !== "object" || schema === null) return schema;
		const entries = Object.entries(schema).map(([k, v]) => [k, this.plain(v)] as const);
		const { title, ...body } = Object.fromEntries(entries) as Json;
		if (typeof title === "string") return this.#reference(title, body);
		// A property may be called `title`, which is a schema.
		return Object.fromEntries(entries);
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
