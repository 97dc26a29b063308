import { join } from "node:path";

/** A folder for each version, with its contracts, the source that its image has, and checksums. */
export const releases = join(import.meta.dirname, "../../releases");

/** The name of the archive with the source, also among the checksums of a release. */
export const archiveName = "source.tar.gz";
