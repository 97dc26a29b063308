import { newId } from "../../../lib/id.ts";
import { expectFailure, expectProblem, successesOf } from "../expect-failure.ts";
import type { Client } from "./api-client.ts";

/** Optimistic concurrency: a change names the version that it is based on, in a call or by `If-Match`. */

interface Versioned {
	id: string;
	version: number;
	updated_at: string;
}

interface VersionedActions<R extends Versioned> {
	/** A new resource. */
	make(): Promise<R>;
	get(id: string): Promise<R>;
	/** Changes it in a way that depends on `n`. */
	update(id: string, version: number | undefined, n: number): Promise<R>;
}

export function versionedUpdate<R extends Versioned>(subject: VersionedActions<R>): void {
	const { get, update } = subject;
	let made: R;
	beforeEach(async () => {
		made = await subject.make();
	});

	it.each([
		["its version", () => made.version],
		["no version", () => undefined]
	])("is changed with %s, which counts it", async (_, version) => {
		const changed = await update(made.id, version(), 1);
		expect(changed.version).toBe(made.version + 1);
		expect(Date.parse(changed.updated_at)).toBeGreaterThanOrEqual(Date.parse(made.updated_at));
		expect(await get(made.id)).toEqual(changed);
	});

	it.each([
		["an earlier version", 0],
		["a later version", 2]
	])("is not changed with %s", async (_, ahead) => {
		const now = await update(made.id, made.version, 1);
		await expectFailure(update(made.id, made.version + ahead, 2), "STALE_VERSION");
		expect(await get(made.id)).toEqual(now);
	});

	it("has no new version where nothing changes", async () => {
		const now = await update(made.id, undefined, 1);
		expect(await update(made.id, undefined, 1)).toEqual(now);
		expect(await update(made.id, now.version, 1)).toEqual(now);
	});

	it("is changed by one of many concurrent changes of one version", async () => {
		const changes = Array.from({ length: 10 }, (_, n) => update(made.id, made.version, n));
		const [winner, ...others] = await successesOf(changes, "STALE_VERSION");
		expect(others).toEqual([]);
		expect(await get(made.id)).toEqual(winner);
	});

	it.each([["a version", 1] as const, ["no version", undefined] as const])(
		"is not found under an unknown id, with %s",
		(_, version) => expectFailure(update(newId(), version, 1), "NOT_FOUND")
	);
}

interface VersionedResource {
	client(): Client;
	/** The path of a resource that the client may read and change. */
	path(): Promise<string>;
	/** A body that changes it, in a way that depends on `n`. */
	change(n: number): object;
}

export function guardedByTag({ client, path: make, change }: VersionedResource): void {
	let path: string;
	let tag: string;
	let changes = 0;
	const read = async (headers?: Record<string, string>) => {
		const answer = await client().get<{ version: number }>(path, headers);
		return { ...answer, tag: answer.headers.get("etag")! };
	};
	const send = (headers?: Record<string, string>) =>
		client().patch<{ version: number; code?: string }>(path, change(++changes), headers);
	beforeEach(async () => {
		path = await make();
		({ tag } = await read());
	});

	it.each([
		["its tag", () => ({ "if-match": tag })],
		["any tag", () => ({ "if-match": "*" })],
		["no tag", () => undefined]
	])("is changed with %s, and has another tag then", async (_, headers) => {
		const { version } = (await read()).body;
		const { status, body } = await send(headers());
		expect([status, body.version]).toEqual([200, version + 1]);
		const now = await read();
		expect(now.body).toEqual(body);
		expect(now.tag).not.toBe(tag);
	});

	it.each([
		["of an earlier version", () => tag, "STALE_VERSION"],
		["that is weak", (now: string) => `W/${now}`, "STALE_VERSION"],
		["that is not from here", () => '"abc"', "STALE_VERSION"],
		["that is not quoted", () => "abc", "MALFORMED_HEADER"],
		["of two", (now: string) => `"0-a", ${now}`, "MALFORMED_HEADER"]
	] as const)("is not changed with a tag %s", async (_, ifMatch, code) => {
		expect((await send({ "if-match": tag })).status).toBe(200);
		const before = await read();
		expectProblem(await send({ "if-match": ifMatch(before.tag) }), code);
		expect((await read()).body).toEqual(before.body);
	});

	it("is sent only if it is not the version that the client has", async () => {
		for (const held of [tag, `"other", W/${tag}`]) {
			const { status, text, tag: same } = await read({ "if-none-match": held });
			expect([status, text, same]).toEqual([304, "", tag]);
		}
		expect((await read({ "if-none-match": '"other"' })).status).toBe(200);
		await send();
		expect((await read({ "if-none-match": tag })).status).toBe(200);
	});
}
