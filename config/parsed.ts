import { parseArmings, type Arming } from "../lib/failpoint.ts";
import type { Environment } from "./env.ts";
import { EnvironmentError } from "./environment-error.ts";
import { parsePricing } from "./pricing-table.ts";
import { parseNetworks } from "./networks.ts";

/** Variables whose text has a form that no schema says. */

/** The failpoints of FAILPOINTS. @throws EnvironmentError */
export function parseFailpoints(text: string): Arming[] {
	try {
		return parseArmings(text);
	} catch (error) {
		throw new EnvironmentError([`FAILPOINTS: ${(error as Error).message}`]);
	}
}

/** All issues of these variables; one that is invalid for another reason is undefined, and left out. */
export function parsedIssues(env: Environment): string[] {
	return [
		() => env.PRICING_JSON && parsePricing(env.PRICING_JSON),
		() => env.FAILPOINTS && parseFailpoints(env.FAILPOINTS),
		...(["TRUSTED_PROXIES", "WEBHOOK_ALLOWED_NETWORKS"] as const).map(
			name => () => env[name] && parseNetworks(name, env[name])
		)
	].flatMap(parse => {
		try {
			parse();
			return [];
		} catch (error) {
			return (error as EnvironmentError).lines;
		}
	});
}
