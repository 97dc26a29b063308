import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** Every command in a block of the guides → the test that runs it, or why none does. README has a test of its own. */
const runBy: Record<string, Record<string, string>> = {
	"DEVELOPMENT_GUIDE.md": {
		"npm run dev": "tests/e2e/commands/dev.test.ts",
		"npm run status": "tests/e2e/commands/beside.test.ts",
		"npx jest services/order/order.machine.test.ts": "by hand: npm test runs jest on this file",
		"npm run check": "by hand: npm test runs its parts",
		"DATA_DIR=.shop/other PORT=8081 npm start": "tests/e2e/commands/start.test.ts",
		"npx node --inspect -r ./launch/preflight.cjs cli/start.ts":
			"by hand: an inspector waits for a person",
		"npx node --inspect-brk node_modules/jest/bin/jest.js --runInBand services/order/order.machine.test.ts":
			"by hand: an inspector waits for a person",
		"npx node --cpu-prof --cpu-prof-dir=.cache/profiles -r ./launch/preflight.cjs cli/start.ts":
			"by hand: it measures",
		"npm run chaos -- --matrix 0 --events 0 --orders 120 --kills 3 --seed 7":
			"tests/e2e/commands/chaos.test.ts"
	}
};

const commandsOf = (file: string) =>
	[...readFileSync(join(root, file), "utf8").matchAll(/^```bash\n([^]*?)^```/gm)].flatMap(
		([, block]) => block!.trim().split("\n")
	);

it.each(Object.entries(runBy))("each command of %s has a test, or a reason", (file, table) => {
	expect(commandsOf(file).sort()).toEqual(Object.keys(table).sort());
	for (const place of Object.values(table))
		if (!place.startsWith("by hand: "))
			expect([place, existsSync(join(root, place))]).toEqual([place, true]);
});
