import manifest from "../package.json" with { type: "json" };
import type { LogSource } from "../lib/log/json-lines.ts";
import type { Config } from "./index.ts";

/** What lines of the log as JSON say of this process. */
export const logSource = ({
	services,
	environment
}: Pick<Config, "services" | "environment">): LogSource => ({
	service: services.length === 1 ? services[0]! : "shop",
	version: manifest.version,
	environment,
	pid: process.pid
});
