import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Where Debian and its relatives put each major version of Postgres. */
const versions = "/usr/lib/postgresql";

/** Older ones were not tried. */
const oldestMajor = 15;

/** A Postgres of the system's packages. */
export interface PackagedPostgres {
	/** Folder of `initdb` and `postgres`. */
	readonly bin: string;
	readonly major: number;
}

/** The newest Postgres that is installed as a package; undefined if there is none, or only older ones than 15. */
export function packagedPostgres(folder = versions): PackagedPostgres | undefined {
	const majors = existsSync(folder) ? readdirSync(folder).map(Number) : [];
	const found = majors
		.filter(major => major >= oldestMajor)
		.map(major => ({ major, bin: join(folder, String(major), "bin") }))
		.filter(({ bin }) => existsSync(join(bin, "initdb")) && existsSync(join(bin, "postgres")));
	return found.toSorted((a, b) => b.major - a.major)[0];
}
