import type { ServiceBroker } from "moleculer";
import { startNats } from "../../../launch/servers/nats-server.ts";
import userService from "../../../services/user/user.service.ts";
import { testDatabase, type TestDatabase } from "../servers/database.ts";
import { startNode } from "../servers/start-node.ts";
import { temporaryFolder } from "../servers/temporary-folder.ts";
import { newTokenKey } from "../shop/token-key.ts";
import { startMessageAws, type MessageAws } from "./message-aws.ts";

/** What turns events into messages needs: a database, a bus with a user node, and AWS. */
export interface DeliveryEnvironment {
	readonly aws: MessageAws;
	readonly database: TestDatabase;
	/** Settings of a node or a function in it. */
	readonly environment: Record<string, string>;
	/** Stops or starts the user node. */
	offerContacts(isOffered: boolean): Promise<void>;
	stop(): Promise<void>;
}

export async function startDeliveryEnvironment(): Promise<DeliveryEnvironment> {
	await using starting = new AsyncDisposableStack();
	const aws = await startMessageAws();
	starting.defer(() => aws.stop());
	const database = await testDatabase();
	starting.defer(() => database.drop());
	const nats = await startNats({
		directory: temporaryFolder(),
		progress: step => process.stderr.write(`tests: ${step}\n`),
		onCrash: reason => process.stderr.write(`tests: ${reason}\n`)
	});
	starting.defer(() => nats.stop());
	const environment = {
		...aws.environment,
		...newTokenKey(),
		NODE_ENV: "test",
		DATABASE_URL: database.url,
		NATS_URL: nats.url
	};
	let users: ServiceBroker | undefined;
	const offerContacts = async (isOffered: boolean) => {
		await users?.stop();
		users = isOffered
			? await startNode([userService], { ...environment, SERVICES: "user" })
			: undefined;
	};
	starting.defer(() => offerContacts(false));
	await offerContacts(true);
	const started = starting.move();
	return { aws, database, environment, offerContacts, stop: () => started.disposeAsync() };
}
