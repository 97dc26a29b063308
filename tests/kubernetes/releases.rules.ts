import { containersOf, nodesOf, workloadsOf, type ClusterObject } from "./cluster-objects.ts";
import { faultOf, type Fault } from "./fault-lines.ts";

/** The versions that an overlay runs. */

const tagsOf = (objects: readonly ClusterObject[]) =>
	workloadsOf(objects).flatMap(workload =>
		containersOf(workload)
			.map(({ image }) => image.split("/").at(-1)!.split(":"))
			.filter(([name]) => name === "moleculer-commerce")
			.map(([, tag = ""]) => ({ workload, tag }))
	);

/** 1.10.0 is newer than 1.9.0. */
const isNewer = (one: string, other: string) =>
	one.localeCompare(other, "en", { numeric: true }) > 0;

/**
 * The migration has the version of the source. Nodes have it as well, or all of them an older one: that is the way back. A
 * node that is newer than the migration is never ready.
 * @param version of package.json
 */
export function versionFaults(objects: readonly ClusterObject[], version: string): Fault[] {
	const nodes = new Set<ClusterObject>(nodesOf(objects));
	const tags = tagsOf(objects);
	const [first] = tags.filter(({ workload }) => nodes.has(workload));
	return tags.flatMap(({ workload, tag }) => {
		const fault = (text: string) => [faultOf(workload, `newTag: ${tag}`, text)];
		if (!nodes.has(workload))
			return tag === version ? [] : fault(`is of version ${tag}, and the source of ${version}`);
		if (isNewer(tag, version))
			return fault(`is of version ${tag}, newer than the source (${version})`);
		return tag === first!.tag
			? []
			: fault(`is of version ${tag}, and ${first!.workload.metadata.name} of ${first!.tag}`);
	});
}

/** A revision is the tag of the version, which may end in more: `v1.2.0-back.1` for a way back. */
export function revisionFaults(application: ClusterObject, version: string): Fault[] {
	const revision = application.spec.source.targetRevision as string;
	if (revision.replace(/-.*/, "") === `v${version}`) return [];
	const text = `runs the revision ${revision}, and the source has the version ${version}`;
	// Others have this revision too; the line beside it is of this environment only.
	return [faultOf(application, `path: ${application.spec.source.path}`, text)];
}
