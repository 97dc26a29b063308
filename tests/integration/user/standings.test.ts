import { user } from "../../../contracts/user.ts";
import type { Role } from "../../../lib/schema.ts";
import { call } from "../../../lib/service.ts";
import userService from "../../../services/user/user.service.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { admin, as } from "../../support/shop/callers.ts";
import { newTokenKey } from "../../support/shop/token-key.ts";
import { useShop } from "../../support/shop/use-shop.ts";

const { actions } = user;
const shop = useShop([userService], newTokenKey());

const change = (id: string, changes: { role?: Role; locked?: boolean }) =>
	call(shop.broker, actions.update, { id, ...changes }, as(admin));
const list = (after: number, limit = 100) =>
	call(shop.broker, actions["standing.list"], { after, limit });

let number = 0;
async function account(role: Role, locked = false): Promise<string> {
	const id = `standing-${++number}`;
	await shop.database.rows(
		"insert into users.users (id, email, name, password_hash, role, locked) values ($1, $1 || '@shop.test', $1, '', $2, $3)",
		[id, role, locked]
	);
	return id;
}

describe("standings", () => {
	it("lists an account when its role or its lock changes, and for nothing else", async () => {
		const { last } = await list(0);
		const id = await account("customer");
		await call(shop.broker, actions.update, { name: "New" }, as({ id, role: "customer" }));
		await change(id, { role: "customer", locked: false });
		expect((await list(last)).data).toEqual([]);
		await change(id, { locked: true });
		expect((await list(last)).data).toEqual([{ id, role: "customer", locked: true }]);
		await change(id, { locked: false, role: "support" });
		expect((await list(last)).data).toEqual([{ id, role: "support", locked: false }]);
		expect(await call(shop.broker, actions["standing.get"], { id })).toEqual({
			id,
			role: "support",
			locked: false
		});
	});

	it("lists a change that an operator made in SQL", async () => {
		const { last } = await list(0);
		const id = await account("customer");
		await shop.database.rows("update users.users set locked = true where id = $1", [id]);
		expect((await list(last)).data).toEqual([{ id, role: "customer", locked: true }]);
	});

	it("is read page by page, each account once", async () => {
		const start = (await list(0)).last;
		const ids: string[] = [];
		for (let i = 0; i < 7; i++) ids.push(await account("customer"));
		for (const id of ids) await change(id, { locked: true });
		await change(ids[0]!, { locked: false });
		const seen: string[] = [];
		for (let after = start; ;) {
			const page = await list(after, 3);
			seen.push(...page.data.map(({ id }) => id));
			if (page.data.length === 0) break;
			after = page.next;
		}
		expect(seen).toEqual([...ids.slice(1), ids[0]]);
	});

	it("misses no change of many at the same time, however a reader and they interleave", async () => {
		const ids = await Promise.all(Array.from({ length: 40 }, () => account("customer")));
		let after = (await list(0)).last;
		const seen = new Set<string>();
		let isDone = false;
		const changes = Promise.all(
			ids.map(id => shop.database.rows("update users.users set locked = true where id = $1", [id]))
		).finally(() => (isDone = true));
		for (let wasDone = false; !wasDone;) {
			wasDone = isDone;
			const page = await list(after);
			for (const { id } of page.data) seen.add(id);
			after = page.next;
		}
		await changes;
		expect([...seen].sort()).toEqual([...ids].sort());
	});

	it("says that an account does not exist", async () => {
		await expectFailure(call(shop.broker, actions["standing.get"], { id: "nobody" }), "NOT_FOUND");
	});
});

describe("the last active admin", () => {
	const admins = () =>
		shop.database.rows<{ id: string }>(
			"select id from users.users where role = 'admin' and not locked"
		);

	it.each<[string, { role?: Role; locked?: boolean }]>([
		["locked", { locked: true }],
		["made a customer", { role: "customer" }],
		["made support", { role: "support" }],
		["locked and demoted", { role: "customer", locked: true }]
	])("cannot be %s, whatever other admins are locked", async (_, changes) => {
		await account("admin", true);
		await expectFailure(change("user-admin", changes), "LAST_ADMIN");
		expect(await admins()).toEqual([{ id: "user-admin" }]);
	});

	it("may change their own name, and may be set to what they are", async () => {
		const same = { role: "admin", locked: false } as const;
		expect(await change("user-admin", same)).toMatchObject(same);
		await call(shop.broker, actions.update, { name: "Ada" }, as(admin));
	});

	it("stays when the last ones are demoted and locked at the same time", async () => {
		for (let round = 0; round < 10; round++) {
			const others = [await account("admin"), await account("admin")];
			const attempts = ["user-admin", ...others].map((id, i) =>
				change(id, i % 2 ? { locked: true } : { role: "customer" })
			);
			const results = await Promise.allSettled(attempts);
			expect(results.filter(({ status }) => status === "rejected")).toMatchObject([
				{ reason: { type: "LAST_ADMIN", code: 409 } }
			]);
			expect(await admins()).toHaveLength(1);
			await shop.database.rows(
				"update users.users set role = 'admin', locked = false where id = 'user-admin'"
			);
			await shop.database.rows(
				"update users.users set locked = true where id like 'standing-%' and role = 'admin'"
			);
		}
	});
});
