import { differingPackages } from "./packages.ts";

const lock = (packages: Record<string, { version?: string; dev?: boolean }>) => ({ packages });

it("names each package that runs and has another version, or is gone", () => {
	const old = lock({
		"": { version: "0.1.0" },
		"node_modules/a": { version: "1.0.0" },
		"node_modules/b": { version: "1.0.0" },
		"node_modules/b/node_modules/c": { version: "1.0.0" },
		"node_modules/test": { version: "1.0.0", dev: true }
	});
	const present = lock({
		"": { version: "0.2.0" },
		"node_modules/a": { version: "1.0.0" },
		"node_modules/b": { version: "1.1.0" },
		"node_modules/new": { version: "1.0.0" }
	});
	expect(differingPackages(old, old)).toEqual([]);
	expect(differingPackages(old, present)).toEqual([
		"b 1.0.0 → 1.1.0",
		"b/node_modules/c 1.0.0 → none"
	]);
});
