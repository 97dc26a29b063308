/** The parts of a configuration of the OpenTelemetry collector, and how its pipelines name them. Jaeger is one too. */

const kinds = ["receivers", "processors", "exporters"] as const;

type Parts = Readonly<Record<string, unknown>>;

export interface CollectorConfig {
	extensions?: Parts;
	receivers?: Parts;
	processors?: Parts;
	exporters?: Parts;
	service: {
		extensions?: string[];
		pipelines: Record<string, Partial<Record<(typeof kinds)[number], string[]>>>;
	};
}

/** A collector refuses a name that is not defined, and ignores a part that nothing names. */
export function partFaults(config: CollectorConfig): string[] {
	const { extensions = [], pipelines } = config.service;
	const named = {
		extensions: [["service", extensions] as const],
		...Object.fromEntries(
			kinds.map(kind => [
				kind,
				Object.entries(pipelines).map(([name, one]) => [name, one[kind] ?? []] as const)
			])
		)
	};
	return Object.entries(named).flatMap(([kind, lists]) => {
		const defined = Object.keys(config[kind as keyof typeof named] ?? {});
		const used = lists.flatMap(([, names]) => names);
		return [
			...lists.flatMap(([where, names]) =>
				names
					.filter(name => !defined.includes(name))
					.map(name => `${where} names ${name}, which is not among its ${kind}`)
			),
			...defined.filter(name => !used.includes(name)).map(name => `nothing uses ${name}`)
		];
	});
}

/** In a pipeline: what refuses data goes before what keeps it in memory. */
export const orderFaults = ({ service }: CollectorConfig): string[] =>
	Object.entries(service.pipelines)
		.filter(([, { processors = [] }]) => processors.indexOf("memory_limiter") > 0)
		.map(([name]) => `memory_limiter is not the first processor of ${name}`);
