import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataFolder } from "./data-folder.ts";
import { tokenKeys } from "./token-keys.ts";
import { LaunchError } from "../process/launch-error.ts";

let data: DataFolder;
beforeEach(() => {
	data = new DataFolder(mkdtempSync(join(tmpdir(), "shop-data-")));
});
afterEach(() => rmSync(data.path, { recursive: true }));

const token = { privateKey: undefined, publicKey: undefined, ttlS: 600 };

describe("the data folder", () => {
	it("lets one launcher in at a time", () => {
		const unlock = data.lock();
		expect(() => data.lock()).toThrow(LaunchError);
		unlock();
		data.lock()();
	});

	it("is not made under a file", () => {
		const file = join(data.path, "notes.txt");
		writeFileSync(file, "x");
		expect(() => new DataFolder(join(file, "shop"))).toThrow(/a file with this name exists/);
	});

	it("distinguishes a lock that cannot be opened from one that is held", () => {
		mkdirSync(join(data.path, "lock"));
		expect(() => data.lock()).toThrow(/lock is not writable/);
	});

	it("removes the file of a cluster that was killed", () => {
		writeFileSync(data.runFile, "{}");
		data.lock()();
		expect(existsSync(data.runFile)).toBe(false);
	});

	it("deletes only its own files", async () => {
		for (const name of ["psp-ledger.jsonl", "token-key.pem", "notes.txt"])
			writeFileSync(join(data.path, name), "x");
		await data.empty();
		expect(existsSync(join(data.path, "psp-ledger.jsonl"))).toBe(false);
		expect(existsSync(data.tokenKey)).toBe(false);
		expect(existsSync(join(data.path, "notes.txt"))).toBe(true);
	});
});

describe("token keys", () => {
	it("are generated once and readable by their owner only", () => {
		const first = tokenKeys({ production: false, token }, () => data.tokenKey);
		expect(tokenKeys({ production: false, token }, () => data.tokenKey)).toEqual(first);
		expect(first.publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----/);
		expect(statSync(data.tokenKey).mode & 0o777).toBe(0o600);
	});

	it("are never generated in production", () => {
		expect(() => tokenKeys({ production: true, token }, () => data.tokenKey)).toThrow(
			/TOKEN_PRIVATE_KEY/
		);
		expect(existsSync(data.tokenKey)).toBe(false);
	});

	it("are derived from a configured private key", () => {
		const { privateKey, publicKey } = tokenKeys({ production: false, token }, () => data.tokenKey);
		const given = { ...token, privateKey };
		const noFolder = (): string => {
			throw new Error("no folder is needed");
		};
		expect(tokenKeys({ production: true, token: given }, noFolder).publicKey).toBe(publicKey);
		const half = { ...token, publicKey };
		expect(tokenKeys({ production: true, token: half }, noFolder)).toEqual({ publicKey });
	});
});
