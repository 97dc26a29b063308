import { exitCodes, LaunchError } from "../process/launch-error.ts";

/** The address that a user gave with --url, without a slash at its end. @throws LaunchError that says how it begins */
export function shopUrl(given: string): string {
	if (/^https?:\/\//i.test(given) && URL.canParse(given)) return given.replace(/\/+$/, "");
	const host = given.replace(/^(\w+:(?=\/))?\/*/, "");
	const example = URL.canParse(`http://${host}`) ? `http://${host}` : "http://localhost:8080";
	throw new LaunchError(
		`--url must begin with http:// or https://, as in --url ${example}: ${JSON.stringify(given)} does not name a shop.`,
		exitCodes.usage
	);
}
