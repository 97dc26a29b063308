import { annotationsOf } from "../places.rules.ts";
import type { Environment } from "../expected/sizes.table.ts";
import type { State } from "../test-report.ts";
import { entryLogFaults } from "./access-logs.rules.ts";

/** An annotation is text to Terraform, so what it names is read out of it. */
export function accessLogTests(stateOf: (environment: Environment) => State): void {
	const annotationsIn = ({ outputs }: State) =>
		outputs.ingress_annotations!.value as Record<string, string>;

	it.each(["dev", "staging", "production"] as const)(
		"the load balancer of %s may write its logs where its annotation says",
		environment => {
			const state = stateOf(environment);
			expect(entryLogFaults(annotationsIn(state), state.resources)).toEqual([]);
		}
	);

	it.each(["staging", "production"] as const)(
		"and where the annotation in k8s/overlays/%s says",
		environment => {
			const { resources } = stateOf(environment);
			expect(entryLogFaults(annotationsOf(environment), resources)).toEqual([]);
		}
	);

	it.each([
		["prefix=alb", "prefix=entry", "may not write to entry/AWSLogs/123456789012/"],
		["prefix=alb", "prefix=s3", "may not write to s3/AWSLogs/123456789012/"],
		["-logs-", "-images-", "images-123456789012: may not write to alb/"],
		["-logs-", "-log-", "there is no bucket"]
	])("its annotation with %s as %s is reported", (from, to, report) => {
		const state = stateOf("production");
		const changed = Object.entries(annotationsIn(state)).map(([name, value]) => [
			name,
			value.replace(from, to)
		]);
		expect(entryLogFaults(Object.fromEntries(changed), state.resources).join()).toContain(report);
	});
}
