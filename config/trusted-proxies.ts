import { Networks } from "../lib/addresses/network.ts";
import { EnvironmentError } from "./environment-error.ts";

/** The proxies of TRUSTED_PROXIES. @throws EnvironmentError */
export function parseTrustedProxies(list: string): Networks {
	try {
		return new Networks(list === "" ? [] : list.split(",").map(entry => entry.trim()));
	} catch (error) {
		throw new EnvironmentError([`TRUSTED_PROXIES: ${(error as Error).message}`]);
	}
}
