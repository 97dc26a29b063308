import { makeTemplate } from "./database.ts";

/** Starts what the system tests need, unless the environment already names it. */
export default async function setup(): Promise<void> {
	process.env.TEST_TEMPLATE = await makeTemplate();
}
