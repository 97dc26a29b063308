interface LockedPackage {
	version?: string;
	dev?: boolean;
}

interface Lock {
	packages: Record<string, LockedPackage>;
}

/** What runs, by path: without the tree itself and what only tests need. */
function running({ packages }: Lock): Map<string, string | undefined> {
	const entries = Object.entries(packages).filter(([path, { dev }]) => path !== "" && !dev);
	return new Map(entries.map(([path, { version }]) => [path, version]));
}

/** Packages of the old lock file that the present one has in another version or not at all: `nats 2.29.3 → 2.30.0`. */
export function differingPackages(old: Lock, present: Lock): string[] {
	const versions = running(present);
	return [...running(old)]
		.filter(([path, version]) => versions.get(path) !== version)
		.map(([path, version]) => {
			const name = path.replace("node_modules/", "");
			return `${name} ${version} → ${versions.get(path) ?? "none"}`;
		});
}
