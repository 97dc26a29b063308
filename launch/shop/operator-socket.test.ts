import { existsSync, linkSync, mkdtempSync, renameSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServiceBroker } from "moleculer";
import { Failure } from "../../lib/errors.ts";
import { callOverSocket, fitsSocket, NoAnswer, openOperatorSocket } from "./operator-socket.ts";

const folder = mkdtempSync(join(tmpdir(), "socket-"));
let count = 0;
const newPath = () => join(folder, `${++count}.sock`);

/** Answers with what it was called with, and refuses one action. */
const broker = {
	call: (action: string, params: unknown, options: unknown) =>
		action === "order.refuse"
			? Promise.reject(new Failure("NOT_FOUND", { detail: "there is none" }))
			: Promise.resolve({ action, params, options })
} as unknown as ServiceBroker;

describe("the operator's socket", () => {
	it("calls actions, and passes their errors on", async () => {
		const path = newPath();
		const close = await openOperatorSocket(broker, path);
		const call = { action: "order.get", params: { id: "1" }, meta: {} };
		expect(await callOverSocket(path, call)).toEqual({
			action: "order.get",
			params: { id: "1" },
			options: { meta: {} }
		});
		await expect(callOverSocket(path, { ...call, action: "order.refuse" })).rejects.toMatchObject({
			type: "NOT_FOUND",
			code: 404,
			data: { detail: "there is none" }
		});
		expect(statSync(path).mode & 0o777).toBe(0o600);
		await close();
		expect(existsSync(path)).toBe(false);
	});

	it("answers with an error when the result is no JSON, and goes on", async () => {
		const path = newPath();
		const close = await openOperatorSocket(
			{ call: () => Promise.resolve({ count: 1n }) } as unknown as ServiceBroker,
			path
		);
		const call = { action: "order.get", params: {}, meta: {} };
		await expect(callOverSocket(path, call)).rejects.toThrow(/BigInt/);
		await expect(callOverSocket(path, call)).rejects.toThrow(/BigInt/);
		await close();
	});

	it("says that no shop answers where none listens, and where it ends before it answers", async () => {
		const call = { action: "order.get", params: {}, meta: {} };
		await expect(callOverSocket(newPath(), call)).rejects.toThrow(NoAnswer);
		const path = newPath();
		let close = () => Promise.resolve();
		const ending = { call: () => close().then(() => ({})) } as unknown as ServiceBroker;
		close = await openOperatorSocket(ending, path);
		await expect(callOverSocket(path, call)).rejects.toThrow(NoAnswer);
	});

	it("takes the place of a socket that no process serves", async () => {
		const path = newPath();
		// A process that is killed leaves its socket, and one that ends in order does not.
		const kept = `${path}.kept`;
		const server = createServer().listen(path);
		await new Promise(resolve => server.once("listening", resolve));
		linkSync(path, kept);
		await new Promise(resolve => server.close(resolve));
		renameSync(kept, path);
		const close = await openOperatorSocket(broker, path);
		await close();
	});

	it("replaces no file, and no socket that a process serves", async () => {
		const file = newPath();
		writeFileSync(file, "notes");
		await expect(openOperatorSocket(broker, file)).rejects.toThrow("is no socket");
		expect(existsSync(file)).toBe(true);
		const path = newPath();
		const close = await openOperatorSocket(broker, path);
		await expect(openOperatorSocket(broker, path)).rejects.toThrow("A process serves the socket");
		await close();
	});

	it("needs a folder, and a path that fits", async () => {
		await expect(openOperatorSocket(broker, join(folder, "none/x.sock"))).rejects.toThrow(
			"There is no socket at"
		);
		expect(fitsSocket("x".repeat(107))).toBe(true);
		expect(fitsSocket("é".repeat(54))).toBe(false);
	});
});
