import { execFileSync } from "node:child_process";
import { chromium, type Browser } from "playwright-core";

/** Paths of the distributions. */
const names = ["chromium", "chromium-browser", "google-chrome"];

/** @throws Error that says what is missing */
function chromiumPath(): string {
	for (const name of names)
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
