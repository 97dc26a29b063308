import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { builtK6 } from "../load/k6-program.ts";
import { packagedPostgres } from "../../launch/servers/packaged-postgres.ts";
import { whyNoKafka } from "../../launch/servers/kafka-jars.ts";

/** Programs that parts of the tests need besides Node. */

export const cacheFolder = join(import.meta.dirname, "../../.cache");

export interface Requirement {
	/** The tests that need it, as a subject. */
	part: string;
	/** How to get it, as a sentence. */
	remedy: string;
	isThere(): boolean;
}

const succeeds = (program: string, ...args: string[]) => spawnSync(program, args).status === 0;
const hasVenv = () => succeeds("python3", "-c", "import venv, ensurepip");

/** Terraform takes its providers from a registry, or from what TERRAFORM_WRAPPER runs. */
const registry = "https://registry.terraform.io/.well-known/terraform.json";
const answers = (url: string) =>
	succeeds(
		process.execPath,
		"--eval",
		`fetch("${url}", { signal: AbortSignal.timeout(3000) }).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))`
	);
let hasProviders: boolean | undefined;

const isInstalled = (program: string) => succeeds("which", program);

/** Paths of the distributions. */
export const browserPrograms = ["chromium", "chromium-browser", "google-chrome"];
export const alertmanagerPrograms = ["prometheus-alertmanager", "alertmanager"];
export const stripeMockProgram = join(cacheFolder, "stripe-mock/stripe-mock");
export const kustomizeProgram = join(cacheFolder, "kustomize/kustomize");
const motoProgram = join(cacheFolder, "moto/bin/moto_server");

export const requirements = {
	java: {
		part: "tests with a Kafka broker",
		remedy: "Install Java 17 or newer (Debian: openjdk-17-jre-headless).",
		isThere: () => whyNoKafka() === undefined
	},
	javac: {
		part: "tests of the Flink job",
		remedy: "Install a JDK of Java 17 or newer (Debian: default-jdk-headless).",
		isThere: () => succeeds("javac", "-version")
	},
	shellcheck: {
		part: "tests of shell scripts",
		remedy: "Install ShellCheck (Debian: shellcheck).",
		isThere: () => isInstalled("shellcheck")
	},
	go: {
		part: "tests against Stripe's own mock",
		remedy: "Install Go (Debian: golang-go), which builds it once.",
		isThere: () => existsSync(stripeMockProgram) || succeeds("go", "version")
	},
	k6: {
		part: "tests of the load tests",
		remedy:
			"Install k6, Python with venv on Linux and x64 (Debian: python3-venv), or Go (golang-go), which builds it once.",
		isThere: () =>
			succeeds("k6", "version") || existsSync(builtK6) || hasVenv() || succeeds("go", "version")
	},
	kustomize: {
		part: "tests of the Kubernetes manifests",
		remedy: "Install kubectl, kustomize, or Go (Debian: golang-go), which builds kustomize once.",
		isThere: () =>
			existsSync(kustomizeProgram) ||
			["kubectl", "kustomize"].some(isInstalled) ||
			succeeds("go", "version")
	},
	python: {
		part: "tests against a simulated AWS and of the Python client",
		remedy: "Install Python with venv (Debian: python3-venv), into which they are installed once.",
		isThere: () => existsSync(motoProgram) || succeeds("moto_server", "--help") || hasVenv()
	},
	postgres: {
		part: "tests on a Postgres as it is packaged",
		remedy: "Install Postgres (Debian: postgresql); its service need not run.",
		isThere: () => packagedPostgres() !== undefined
	},
	buildah: {
		part: "tests of the image",
		remedy: "Install buildah and mmdebstrap (Debian packages of these names), and run as root.",
		isThere: () => process.getuid?.() === 0 && ["buildah", "mmdebstrap"].every(isInstalled)
	},
	prometheus: {
		part: "tests of metrics, rules and alerts",
		remedy:
			"Install Prometheus and Alertmanager (Debian: prometheus, prometheus-alertmanager); their services need not run.",
		isThere: () =>
			["prometheus", "promtool", "amtool"].every(isInstalled) &&
			alertmanagerPrograms.some(isInstalled)
	},
	terraform: {
		part: "tests of the infrastructure on AWS",
		remedy:
			"Install Terraform 1.11 or newer; its providers are downloaded once, from registry.terraform.io, or served by the command TERRAFORM_WRAPPER.",
		isThere: () =>
			succeeds("terraform", "version") &&
			(hasProviders ??= process.env.TERRAFORM_WRAPPER !== undefined || answers(registry))
	},
	chromium: {
		part: "tests of pages in a browser",
		remedy: "Install Chromium (Debian: chromium) or Google Chrome.",
		isThere: () => browserPrograms.some(isInstalled)
	}
} satisfies Record<string, Requirement>;

export type RequirementName = keyof typeof requirements;

/** No part may be left out in CI: `CI` has a value that does not mean no. */
export const mayLeaveOut = (ci = process.env.CI ?? "") => ["", "0", "false"].includes(ci);

/** One sentence or two for each part that is left out here, with what would include it. */
export function partsLeftOut(all: Readonly<Record<string, Requirement>> = requirements): string[] {
	return Object.values(all)
		.filter(({ isThere }) => !isThere())
		.map(({ part, remedy }) => `Left out: ${part}. ${remedy}`);
}
