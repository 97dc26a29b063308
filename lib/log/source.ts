import manifest from "../../package.json" with { type: "json" };
import type { LogSource } from "./json-lines.ts";

interface Settings {
	readonly services: readonly string[];
	/** NODE_ENV. */
	readonly environment: string;
}

/** What lines of the log as JSON say of this process. */
export const logSource = ({ services, environment }: Settings): LogSource => ({
	service: services.length === 1 ? services[0]! : "shop",
	version: manifest.version,
	environment,
	pid: process.pid
});
