import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServiceBroker } from "moleculer";
import { nodeNames, type NodeName } from "../../../config/node-servers.ts";
import { startNats } from "../../../launch/servers/nats-server.ts";
import userService from "../../../services/user/user.service.ts";
import { testDatabase, type TestDatabase } from "../servers/database.ts";
import { trustedCertificate } from "../servers/mail-server.ts";
import { startNode } from "../servers/start-node.ts";
import { temporaryFolder } from "../servers/temporary-folder.ts";
import { newTokenKey } from "../shop/token-key.ts";
import { startMessageAws, type MessageAws } from "./message-aws.ts";

const configuration = join(import.meta.dirname, "../../../k8s/base/nats");

/** What turns events into messages needs: a database, a bus with a user node, and AWS. */
export interface DeliveryEnvironment {
	readonly aws: MessageAws;
	readonly database: TestDatabase;
	/** Settings of a node or a function in it. */
	readonly environment: Record<string, string>;
	/** Of the bus, as PEM. */
	readonly authority: string;
	/** Ids of the other nodes that the user node knows to be on the bus. */
	nodesOnBus(): string[];
	/** Stops or starts the user node. */
	offerContacts(isOffered: boolean): Promise<void>;
	stop(): Promise<void>;
}

const passwordOf = (name: NodeName) => `p-${name}`;

/** A server with TLS, whose users may do what those of a cluster may. */
async function startBus() {
	const folder = temporaryFolder();
	const { key, cert } = trustedCertificate();
	for (const [file, text] of Object.entries({ "tls.crt": cert, "tls.key": key }))
		writeFileSync(join(folder, file), text);
	const passwords = nodeNames.map(name => [
		`NATS_${name.toUpperCase()}_PASSWORD`,
		passwordOf(name)
	]);
	const text = ["permissions.conf", "tls.conf"].map(file =>
		readFileSync(join(configuration, file))
	);
	const server = await startNats({
		directory: temporaryFolder(),
		configuration: {
			text: text.join("\n").replaceAll("/etc/nats-tls", folder),
			environment: Object.fromEntries(passwords)
		},
		progress: step => process.stderr.write(`tests: ${step}\n`),
		onCrash: reason => process.stderr.write(`tests: ${reason}\n`)
	});
	return {
		authority: cert,
		urlFor: (name: NodeName) =>
			server.url.replace("nats://127.0.0.1", `tls://${name}:${passwordOf(name)}@localhost`),
		stop: () => server.stop()
	};
}

export async function startDeliveryEnvironment(): Promise<DeliveryEnvironment> {
	await using starting = new AsyncDisposableStack();
	const aws = await startMessageAws();
	starting.defer(() => aws.stop());
	const database = await testDatabase();
	starting.defer(() => database.drop());
	const bus = await startBus();
	starting.defer(() => bus.stop());
	const environment = {
		...aws.environment,
		...newTokenKey(),
		NODE_ENV: "test",
		DATABASE_URL: database.url,
		NATS_URL: bus.urlFor("notification")
	};
	let users: ServiceBroker | undefined;
	const offerContacts = async (isOffered: boolean) => {
		await users?.stop();
		const own = { ...environment, SERVICES: "user", NATS_URL: bus.urlFor("user") };
		users = isOffered ? await startNode([userService], own) : undefined;
	};
	starting.defer(() => offerContacts(false));
	await offerContacts(true);
	const started = starting.move();
	return {
		aws,
		database,
		environment,
		authority: bus.authority,
		nodesOnBus() {
			const known = users!.registry.getNodeList({ onlyAvailable: true, withServices: false });
			return known.map(({ id }) => id as string).filter(id => id !== users!.nodeID);
		},
		offerContacts,
		stop: () => started.disposeAsync()
	};
}
