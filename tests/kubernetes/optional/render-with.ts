import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { render, root, type ClusterObject } from "../cluster-objects.ts";

const policies = "  - ../../components/network-policies\n";

/** The objects of an overlay with further components, added as DEPLOYMENT.md says: before the network policies. */
export function renderWith(overlay: string, components: readonly string[]): ClusterObject[] {
	const folder = temporaryFolder();
	cpSync(root, folder, { recursive: true });
	const file = join(folder, overlay, "kustomization.yaml");
	const more = components.map(name => `  - ../../components/${name}\n`).join("");
	writeFileSync(file, readFileSync(file, "utf8").replace(policies, more + policies));
	return render(overlay, folder);
}
