import { Networks } from "../lib/addresses/network.ts";
import { EnvironmentError } from "./environment-error.ts";

/** The networks that a variable lists. @param name of the variable @throws EnvironmentError */
export function parseNetworks(name: string, list: string): Networks {
	try {
		return new Networks(list === "" ? [] : list.split(",").map(entry => entry.trim()));
	} catch (error) {
		throw new EnvironmentError([`${name}: ${(error as Error).message}`]);
	}
}
