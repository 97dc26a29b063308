import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new folder, which is deleted with the test run at the latest. */
export function temporaryFolder(): string {
	return mkdtempSync(join(process.env.TEST_FOLDER ?? tmpdir(), "shop-"));
}
