import { serviceAddressFaults } from "./agreement/addresses.rules.ts";
import { boundFaults } from "./agreement/bounds.rules.ts";
import { entryFaults } from "./agreement/entry.rules.ts";
import { imageFaults } from "./agreement/image.rules.ts";
import { secretFaults } from "./agreement/secrets.rules.ts";
import { targetFaults } from "./agreement/targets.rules.ts";
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
	...busFaults(objects),
	...imageFaults(objects),
	...boundFaults(objects),
	...targetFaults(objects),
	...serviceAddressFaults(objects),
	...entryFaults(objects),
	...secretFaults(objects)
];
