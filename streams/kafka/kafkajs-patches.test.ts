import { createRequire } from "node:module";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { patchKafkajs } from "./kafkajs-patches.ts";

patchKafkajs();

const require = createRequire(__filename);
const Connection = require("kafkajs/src/network/connection");
const socketFactory = require("kafkajs/src/network/socketFactory");
const apiKeys = require("kafkajs/src/protocol/requests/apiKeys");
const Encoder = require("kafkajs/src/protocol/encoder");

const logger = { namespace: () => logger, debug() {}, error() {}, warn() {}, info() {} };

/** A request without content; of these kinds kafkajs authenticates none first. */
const request = (requestTimeout: number | null) => ({
	request: {
		apiKey: apiKeys.ApiVersions,
		apiVersion: 0,
		apiName: "any",
		encode: async () => new Encoder()
	},
	response: { decode: async () => ({}), parse: async () => ({}) },
	requestTimeout
});

describe("a connection whose server says nothing", () => {
	let server: Server;
	beforeAll(async () => {
		server = createServer().listen(0, "127.0.0.1");
		await once(server, "listening");
	});
	afterAll(() => void server.close());

	async function connect() {
		const connection = new Connection({
			host: "127.0.0.1",
			port: (server.address() as AddressInfo).port,
			logger,
			socketFactory: socketFactory(),
			requestTimeout: 200,
			connectionTimeout: 1000
		});
		await connection.connect();
		return connection;
	}

	it("is destroyed after the first request without an answer", async () => {
		const connection = await connect();
		const closed = new Promise(resolve => connection.socket.once("close", resolve));
		await expect(connection.send(request(null))).rejects.toThrow(/timed out/);
		await closed;
		expect(connection.isConnected()).toBe(false);
	});

	it("is kept for a request that may take longer and was sent before", async () => {
		const connection = await connect();
		const startedAt = performance.now();
		const long = connection.send(request(1200));
		await expect(connection.send(request(null))).rejects.toThrow(/timed out/);
		expect(connection.isConnected()).toBe(true);
		await expect(long).rejects.toThrow(/timed out/);
		expect(performance.now() - startedAt).toBeGreaterThan(1100);
	});
});
