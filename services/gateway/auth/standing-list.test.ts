import type { Standing } from "../../../contracts/user.ts";
import { expectFailure } from "../../../tests/support/expect-failure.ts";
import { until } from "../../../tests/support/until.ts";
import { StandingList } from "./standing-list.ts";

const alice = { id: "alice", role: "customer" } as const;
const admin = { id: "ada", role: "admin" } as const;

/** A user service in memory: `changes` are numbered from 1, and each account has its last number. */
function source() {
	let changes: Standing[] = [];
	return {
		down: false,
		reads: 0,
		set(standing: Standing) {
			changes.push(standing);
		},
		restore(to: number) {
			changes = changes.slice(0, to);
		},
		async read(after: number) {
			this.reads++;
			if (this.down) throw new Error("down");
			const data = changes.slice(after, after + 2);
			return { data, next: after + data.length, last: changes.length };
		}
	};
}

const stack: StandingList[] = [];
afterEach(() => Promise.all(stack.splice(0).map(list => list.stop())));

function watch(users: ReturnType<typeof source>, more = {}) {
	const changed: Standing[] = [];
	const errors: string[] = [];
	const list = new StandingList({
		read: after => users.read(after),
		onChange: standing => changed.push(standing),
		onError: ({ message }) => errors.push(message),
		everyMs: 10,
		startWaitMs: 5000,
		...more
	});
	stack.push(list);
	list.start();
	return { list, changed, errors };
}

describe("standings", () => {
	it.each<[string, typeof alice | typeof admin, Standing[], object | "ACCOUNT_LOCKED"]>([
		["of nobody who changed", alice, [], alice],
		["of another user", alice, [{ id: "bob", role: "admin", locked: true }], alice],
		["locked", alice, [{ ...alice, locked: true }], "ACCOUNT_LOCKED"],
		[
			"demoted",
			admin,
			[{ id: "ada", role: "customer", locked: false }],
			{ ...admin, role: "customer" }
		],
		[
			"promoted",
			alice,
			[{ ...alice, role: "support", locked: false }],
			{ ...alice, role: "support" }
		],
		[
			"demoted and locked",
			admin,
			[{ id: "ada", role: "customer", locked: true }],
			"ACCOUNT_LOCKED"
		],
		[
			"unlocked again",
			alice,
			[
				{ ...alice, locked: true },
				{ ...alice, locked: false }
			],
			alice
		],
		[
			"on a later page",
			alice,
			[
				...["b", "c", "d"].map(id => ({ id, role: "admin", locked: true }) as const),
				{ ...alice, locked: true }
			],
			"ACCOUNT_LOCKED"
		]
	])("say what a user may do: %s", async (_, user, changes, expected) => {
		const users = source();
		for (const change of changes) users.set(change);
		const current = watch(users).list.current(user);
		if (expected === "ACCOUNT_LOCKED") await expectFailure(current, expected);
		else expect(await current).toEqual(expected);
	});

	it("follow later changes without a hint, and report each", async () => {
		const users = source();
		const { list, changed } = watch(users);
		expect(await list.current(alice)).toEqual(alice);
		users.set({ ...alice, locked: true });
		await until(() => changed.length === 1);
		await expectFailure(list.current(alice), "ACCOUNT_LOCKED");
	});

	it("look at once after a hint", async () => {
		const users = source();
		const { list, changed } = watch(users, { everyMs: 1_000_000 });
		await list.current(alice);
		users.set({ ...alice, locked: true });
		list.nudge();
		await until(() => changed.length === 1);
	});

	it("refuse everybody until they were read once", async () => {
		const users = source();
		users.down = true;
		const { list } = watch(users, { startWaitMs: 50 });
		await expectFailure(list.current(alice), "UNAVAILABLE");
		expect(list.isKnown).toBe(false);
		users.down = false;
		await until(() => list.isKnown);
		expect(await list.current(alice)).toEqual(alice);
	});

	it("keep their last state while the user service is down, and report that once", async () => {
		const users = source();
		users.set({ id: "bob", role: "customer", locked: true });
		const { list, errors } = watch(users);
		await list.current(alice);
		users.down = true;
		const before = users.reads;
		await until(() => users.reads > before + 5);
		expect(await list.current(alice)).toEqual(alice);
		await expectFailure(list.current({ id: "bob", role: "customer" }), "ACCOUNT_LOCKED");
		expect(errors).toEqual(["down"]);
	});

	it("are read again from the start after a restore to an earlier time", async () => {
		const users = source();
		users.set({ id: "bob", role: "customer", locked: true });
		users.set({ ...alice, locked: true });
		const { list, changed } = watch(users);
		await expectFailure(list.current(alice), "ACCOUNT_LOCKED");
		users.restore(1);
		await until(() => changed.length === 3 && list.isKnown);
		expect(await list.current(alice)).toEqual(alice);
		await expectFailure(list.current({ id: "bob", role: "customer" }), "ACCOUNT_LOCKED");
	});
});
