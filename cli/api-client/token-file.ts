import { readFile } from "node:fs/promises";
import { exitCodes, LaunchError } from "../../launch/process/launch-error.ts";

/** Three parts of base64url: RFC 7515. */
const signedToken = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** The access token of a file that a user named with --token. @throws LaunchError */
export async function tokenOfFile(path: string): Promise<string> {
	const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
		throw new LaunchError(
			`--token ${path} cannot be read (${error.code}): name a file with an admin's access token.`,
			exitCodes.configuration
		);
	});
	if (signedToken.test(text.trim())) return text.trim();
	throw new LaunchError(
		`--token ${path} holds no access token: write into it the access_token of an admin's sign-in.`,
		exitCodes.configuration
	);
}
