/** What `terraform test -json -verbose` reports: a JSON object in each line. */

export interface StateResource {
	address: string;
	type: string;
	values: Record<string, unknown>;
}

interface StateModule {
	resources?: StateResource[];
	child_modules?: StateModule[];
}

/** Faults that are seen in resources, which are read by their type. */
export type Rule = (of: (type: string) => StateResource[]) => string[];

export interface State {
	outputs: Record<string, { value: unknown }>;
	resources: StateResource[];
}

interface Line {
	type: string;
	"@testrun"?: string;
	test_run?: { progress: string; status?: string };
	test_state?: { outputs?: State["outputs"]; root_module?: StateModule };
	diagnostic?: { severity: string; summary: string; detail: string };
}

export interface TestReport {
	/** Runs that passed, in their order. */
	passed: string[];
	/** `run: message` of each that did not. */
	failed: string[];
	/** What the first run that applies made. */
	state: State | undefined;
	/** What each run that applies made. */
	states: ReadonlyMap<string, State>;
}

const resourcesIn = ({ resources = [], child_modules = [] }: StateModule): StateResource[] => [
	...resources,
	...child_modules.flatMap(resourcesIn)
];

export function readReport(text: string): TestReport {
	const lines = text
		.split("\n")
		.filter(line => line.startsWith("{"))
		.map(line => JSON.parse(line) as Line);
	const ends = lines.filter(({ test_run }) => test_run?.progress === "complete");
	const errors = lines.flatMap(line => (line.diagnostic?.severity === "error" ? line : []));
	const states = new Map(
		lines.flatMap(({ test_state: made, "@testrun": run }) =>
			made
				? [
						[
							run!,
							{ outputs: made.outputs ?? {}, resources: resourcesIn(made.root_module ?? {}) }
						] as const
					]
				: []
		)
	);
	return {
		passed: ends
			.filter(({ test_run }) => test_run!.status === "pass")
			.map(line => line["@testrun"]!),
		failed: errors.map(
			line => `${line["@testrun"] ?? "all"}: ${line.diagnostic!.detail || line.diagnostic!.summary}`
		),
		state: states.values().next().value,
		states
	};
}
