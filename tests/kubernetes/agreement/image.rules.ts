import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
	containersOf,
	workloadsOf,
	type ClusterObject,
	type Container,
	type Workload
} from "../cluster-objects.ts";
import { faultOf, type Fault } from "../fault-lines.ts";
import { isShop } from "../pods.rules.ts";

/** What pods expect of the image of the shop: its user, its commands and its home. */

const project = join(import.meta.dirname, "../../..");
const read = (file: string) => readFileSync(join(project, file), "utf8");
const dockerfile = read("Dockerfile");

/** Last of its kind in the Dockerfile, which is that of the image. */
function instruction(name: string): string {
	const all = [...dockerfile.matchAll(new RegExp(`^${name} (.+)$`, "gm"))];
	if (all.length === 0) throw new Error(`the Dockerfile has no ${name}`);
	return all.at(-1)![1]!;
}

const [imageUser, imageGroup] = instruction("USER").split(":").map(Number);
const imageCommand = JSON.parse(instruction("CMD")) as string[];
const imageHome = /^ENV HOME=(\S+)/m.exec(dockerfile)![1]!;

/** What `node` of the image gets: the arguments of the container, or those of the image. */
export const argumentsOf = ({ args }: Container): readonly string[] => args ?? imageCommand;

/** A pattern of .dockerignore, which is also one of all that is below. */
function patternOf(line: string): RegExp {
	const parts = line
		.replace(/^!/, "")
		.split(/(\*\*\/|\*)/)
		.map(part => {
			if (part === "**/") return "(?:.*/)?";
			return part === "*" ? "[^/]*" : part.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
		});
	return new RegExp(`^${parts.join("")}(/|$)`);
}

const ignoreLines = read(".dockerignore")
	.split("\n")
	.filter(line => line && !line.startsWith("#"))
	.map(line => ({ isTaken: line.startsWith("!"), pattern: patternOf(line) }));

/** Whether a build copies the file: the last line that fits decides. */
export function isInImage(path: string): boolean {
	const line = ignoreLines.findLast(({ pattern }) => pattern.test(path));
	return existsSync(join(project, path)) && (line?.isTaken ?? true);
}

function commandFaults(workload: Workload, container: Container): Fault[] {
	return [...(container.command ?? []), ...argumentsOf(container)]
		.filter(word => /^[\w./-]+\.[cm]?[jt]s$/.test(word) && !isInImage(word))
		.map(word =>
			faultOf(workload, word, `${container.name} runs ${word}, which the image does not have`)
		);
}

type Ids = Partial<Record<"runAsUser" | "runAsGroup", number>>;

/** Folders of the image belong to its user. */
function userFaults(workload: Workload, { name, securityContext }: Container): Fault[] {
	const ids: Ids = { ...workload.spec.template.spec.securityContext, ...securityContext };
	const expected = { runAsUser: imageUser, runAsGroup: imageGroup };
	return (["runAsUser", "runAsGroup"] as const).flatMap(key => {
		const [id, own] = [ids[key], expected[key]];
		return id === undefined || id === own
			? []
			: [faultOf(workload, `${key}: ${id}`, `${name} has ${key} ${id}, and the image ${own}`)];
	});
}

/** The SDK of AWS and npm packages write there. */
function homeFaults(workload: Workload, container: Container): Fault[] {
	if (!container.securityContext?.readOnlyRootFilesystem) return [];
	const mount = container.volumeMounts?.find(({ mountPath }) => mountPath === imageHome);
	const { name } = container;
	return mount && !mount.readOnly
		? []
		: [faultOf(workload, `name: ${name}`, `${name} has no ${imageHome} that it may write to`)];
}

export const imageFaults = (objects: readonly ClusterObject[]): Fault[] =>
	workloadsOf(objects).flatMap(workload =>
		containersOf(workload)
			.filter(isShop)
			.flatMap(container => [
				...commandFaults(workload, container),
				...userFaults(workload, container),
				...homeFaults(workload, container)
			])
	);
