import { execFileSync } from "node:child_process";
import { browserPrograms } from "../../../cli/test/requirements.ts";
import { chromium, type Browser } from "playwright-core";

/** @throws Error that says what is missing */
function chromiumPath(): string {
	for (const name of browserPrograms)
		try {
			return execFileSync("which", [name], { encoding: "utf8" }).trim();
		} catch {
			// Try the next one.
		}
	throw new Error("Pages are looked at in a real browser: install Debian's package chromium");
}

/** A real browser without a window. It has no network access except to its pages. */
export function openBrowser(): Promise<Browser> {
	const quietFlags = ["networking", "timer-throttling"].map(what => `--disable-background-${what}`);
	return chromium.launch({
		executablePath: chromiumPath(),
		args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", ...quietFlags]
	});
}
