import { busFaults } from "./bus.rules.ts";
import type { ClusterObject } from "./cluster-objects.ts";
import type { Fault } from "./fault-lines.ts";
import { nodeFaults, podFaults } from "./pods.rules.ts";
import { referenceFaults } from "./references.rules.ts";
import { replicaFaults } from "./replicas.rules.ts";
import { rightsFaults } from "./rights.rules.ts";

/** All that is wrong with the objects of an overlay. */
export const manifestFaults = (objects: readonly ClusterObject[]): Fault[] => [
	...referenceFaults(objects),
	...podFaults(objects),
	...nodeFaults(objects),
	...rightsFaults(objects),
	...replicaFaults(objects),
	...busFaults(objects)
];
