import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { exitCodes, LaunchError } from "../../launch/process/launch-error.ts";

/** A question whose answer the terminal does not show. */
async function ask(question: string): Promise<string> {
	process.stderr.write(question);
	// The line editor echoes to its output.
	const output = new Writable({ write: (_chunk, _encoding, done) => done() });
	const lines = createInterface({ input: process.stdin, output, terminal: true });
	try {
		return await lines.question("").catch(() => {
			throw new LaunchError("Nothing was changed.");
		});
	} finally {
		lines.close();
		process.stderr.write("\n");
	}
}

/** The first line of a text: an editor adds a line break to a file. */
const firstLine = (content: string) => content.split(/\r?\n/, 1)[0]!;

/**
 * A new password: from the file, `-` for standard input, or asked for twice at the terminal.
 * @throws LaunchError
 */
export async function newPassword(file: string | undefined): Promise<string> {
	if (file === "-") return firstLine(await text(process.stdin));
	if (file !== undefined)
		return firstLine(
			await readFile(file, "utf8").catch(({ message }: Error) => {
				throw new LaunchError(`The password file cannot be read: ${message}`, exitCodes.usage);
			})
		);
	if (!process.stdin.isTTY)
		throw new LaunchError(
			"There is no terminal to ask for a password: give --password-file a file, or - for standard input.",
			exitCodes.usage
		);
	const password = await ask("Password (12 characters at least): ");
	if ((await ask("The same again: ")) !== password)
		throw new LaunchError("The passwords differ: nothing was changed.");
	return password;
}
