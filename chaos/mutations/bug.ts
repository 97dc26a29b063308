import type { ScenarioName } from "./scenarios.ts";
import type { SourcePatch } from "./patched-tree.ts";

/** A mistake in the source, the scenario that shows it, and the promise that it breaks. */
export interface Bug extends SourcePatch {
	name: string;
	/** The checker that must find it. */
	promise: string;
	scenario: ScenarioName;
	/** Further replacements, where a second guard would hide the mistake. */
	furtherChanges?: readonly SourcePatch[];
}
