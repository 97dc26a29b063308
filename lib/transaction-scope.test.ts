import { insideTransaction, refuseInsideTransaction } from "./transaction-scope.ts";

const turn = () => new Promise(resolve => setImmediate(resolve));

describe("refuseInsideTransaction", () => {
	it("throws inside a transaction, after any await and in started promises", async () => {
		await insideTransaction(async () => {
			expect(() => refuseInsideTransaction("a call")).toThrow(
				"a call inside a database transaction"
			);
			await turn();
			expect(() => refuseInsideTransaction("a call")).toThrow();
			await Promise.all([
				turn().then(() => expect(() => refuseInsideTransaction("a call")).toThrow())
			]);
		});
	});

	it("allows calls before, after and beside it", async () => {
		refuseInsideTransaction("a call");
		const beside = turn().then(() => refuseInsideTransaction("a call"));
		await insideTransaction(async () => {
			await turn();
			await turn();
		});
		await beside;
		refuseInsideTransaction("a call");
	});

	it("ends with the work, even when that fails", async () => {
		await expect(insideTransaction(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
		refuseInsideTransaction("a call");
	});
});
