import type { Service, ServiceBroker } from "moleculer";
import pg from "pg";
import { config, useConfig } from "../../../config/index.ts";
import { user } from "../../../contracts/user.ts";
import { call } from "../../../lib/service.ts";
import userService from "../../../services/user/user.service.ts";
import { errorOf, expectFailure, type CaughtFailure } from "../../support/expect-failure.ts";
import { newTokenKey } from "../../support/shop/token-key.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { AttemptRepository } from "../../../services/user/sign-in/attempt.repository.ts";

/** How often a password may be guessed, and who is kept out by the guesses of others. */

const limits = {
	SIGN_IN_MAX_FAILURES: "5",
	SIGN_IN_MAX_FAILURES_OF_NETWORK: "12",
	SIGN_IN_MAX_FAILURES_OF_ACCOUNT: "20",
	REGISTRATIONS_MAX: "4"
};
// No bus is between the nodes: they share the database alone.
const shop = useShop([userService], () => ({ ...newTokenKey(), ...limits }), { nodes: 2 });

const password = "demo-Password-1";
const wrong = "wrong-Password-1";
const [alice, bob, admin] = ["alice@shop.test", "bob@shop.test", "admin@shop.test"] as const;

interface From {
	network?: string;
	node?: ServiceBroker;
}
const signIn = (email: string, secret: string, { network, node = shop.broker }: From = {}) =>
	call(node, user.actions.authenticate, { email, password: secret }, { meta: { network } });
const register = (email: string, { network, node = shop.broker }: From = {}) =>
	call(node, user.actions.create, { email, password: "a-Long-enough-1" }, { meta: { network } });

/** The codes of failures, "ok" for successes. */
const codes = (works: Promise<unknown>[]) =>
	Promise.all(
		works.map(async work =>
			work.then(
				() => "ok",
				error => (error as CaughtFailure).type as string
			)
		)
	);
const count = (all: readonly string[], code: string) => all.filter(one => one === code).length;
/** A busy machine refuses some that wait too long, before it knows that they are limited. */
const refusedOf = (all: readonly string[]) =>
	all.filter(code => /^TOO_MANY_|^OVERLOADED$/.test(code)).length;
const times = <R>(n: number, work: (i: number) => R): R[] =>
	Array.from({ length: n }, (_, i) => work(i));

async function fail(n: number, email: string | ((i: number) => string), from: From): Promise<void> {
	for (let i = 0; i < n; i++) {
		const address = typeof email === "string" ? email : email(i);
		await expectFailure(signIn(address, wrong, from), "INVALID_CREDENTIALS");
	}
}
const rows = () =>
	shop.database.rows<{ key: string; points: number; expire: string }>(
		"select key, points, expire from users.attempts order by key"
	);
const pointsOf = async (kind: string) =>
	(await rows()).filter(({ key }) => key.startsWith(`${kind}:`)).map(({ points }) => points);
const endWindow = () => shop.database.rows("update users.attempts set expire = 1");

afterEach(() => shop.database.rows("delete from users.attempts"));

describe("guessing the password of one account from one network", () => {
	const network = "192.0.2.1";

	it("ends after so many failures, with the right password too", async () => {
		await fail(5, alice, { network });
		for (const secret of [wrong, password]) {
			const { data } = await expectFailure(signIn(alice, secret, { network }), "TOO_MANY_SIGN_INS");
			const { retryAfterS } = data as { retryAfterS: number };
			expect(retryAfterS).toBeGreaterThan(0);
			expect(retryAfterS).toBeLessThanOrEqual(900);
			expect(data).toEqual({ retryAfterS });
		}
		expect(await pointsOf("pair")).toEqual([5]);
	});

	it("ends on all nodes together, also with many guesses at once", async () => {
		const guesses = times(300, i => signIn(alice, wrong, { network, node: shop.nodes[i % 2]! }));
		const found = await codes(guesses);
		expect(count(found, "INVALID_CREDENTIALS")).toBe(5);
		expect(refusedOf(found)).toBe(295);
		expect(await pointsOf("pair")).toEqual([5]);
		expect(await pointsOf("network")).toEqual([5]);
		for (const node of shop.nodes)
			await expectFailure(signIn(alice, password, { network, node }), "TOO_MANY_SIGN_INS");
	});

	it("ends for an unknown account alike", async () => {
		const failures = async (email: string) => {
			const found: unknown[] = [];
			for (let i = 0; i < 7; i++) {
				const { type, data } = (await errorOf(
					signIn(email, wrong, { network: "192.0.2.9" })
				)) as CaughtFailure;
				found.push([type, Object.keys(data)]);
			}
			await shop.database.rows("delete from users.attempts");
			return found;
		};
		expect(await failures("nobody@shop.test")).toEqual(await failures(alice));
	});

	it.each([
		["alice@shop.test", ["ALICE@shop.test", " Alice@Shop.Test ", "alice@SHOP.TEST\t"]],
		["zoe@bücher.test", ["zoe@xn--bcher-kva.test", "ZOE@BÜCHER.test", "zoe@ｂücher。test"]],
		["no address", ["NO ADDRESS", " no address "]]
	])("counts %s in any spelling", async (email, spellings) => {
		const all = [email, ...spellings];
		await fail(5, i => all[i % all.length]!, { network });
		for (const spelling of all)
			await expectFailure(signIn(spelling, wrong, { network }), "TOO_MANY_SIGN_INS");
		expect(await pointsOf("account")).toEqual([5]);
	});

	it("leaves other accounts in this network, and the account in other networks", async () => {
		await fail(5, alice, { network });
		await expectFailure(signIn(alice, password, { network }), "TOO_MANY_SIGN_INS");
		await signIn(bob, password, { network });
		await signIn(alice, password, { network: "192.0.2.2" });
		await signIn(alice, password);
	});

	it("may go on when the window has ended", async () => {
		await fail(5, alice, { network });
		await expectFailure(signIn(alice, password, { network }), "TOO_MANY_SIGN_INS");
		await endWindow();
		await fail(4, alice, { network });
		await signIn(alice, password, { network });
	});

	it("is not made longer by attempts that are refused", async () => {
		await fail(5, alice, { network });
		const before = await rows();
		await codes(times(20, () => signIn(alice, wrong, { network })));
		expect(await rows()).toEqual(before);
	});

	it("starts from nothing when the right password is given", async () => {
		for (let round = 0; round < 2; round++) {
			await fail(4, alice, { network });
			await signIn(alice, password, { network });
			expect(await pointsOf("pair")).toEqual([]);
		}
		// The other counts forget only the attempt that was right: it must not wash out guesses of other accounts.
		expect(await pointsOf("network")).toEqual([8]);
		expect(await pointsOf("account")).toEqual([8]);
	});

	it("counts a locked account's right password as wrong", async () => {
		const setLocked = (locked: boolean) =>
			shop.database.rows("update users.users set locked = $2 where email = $1", [bob, locked]);
		await setLocked(true);
		try {
			for (let i = 0; i < 5; i++)
				await expectFailure(signIn(bob, password, { network }), "INVALID_CREDENTIALS");
			await expectFailure(signIn(bob, password, { network }), "TOO_MANY_SIGN_INS");
		} finally {
			await setLocked(false);
		}
	});
});

describe("right passwords", () => {
	it("are never limited, however many there are at one time", async () => {
		const network = "192.0.2.3";
		const found = await codes(
			times(20, i => signIn([alice, bob, admin][i % 3]!, password, { network }))
		);
		expect(found).toEqual(times(20, () => "ok"));
		expect(await pointsOf("network")).toEqual([0]);
		expect((await pointsOf("account")).every(points => points === 0)).toBe(true);
	});
});

describe("a crowd in one network", () => {
	it("waits for itself, and not those in other networks for it", async () => {
		let done = 0;
		const crowd = times(150, () =>
			signIn(alice, password, { network: "192.0.2.12" }).finally(() => done++)
		);
		const found = codes(crowd);
		await signIn(bob, password, { network: "192.0.2.13" });
		expect(done).toBeLessThan(75);
		const all = await found;
		expect(count(all, "ok")).toBeGreaterThan(0);
		expect(count(all, "ok") + count(all, "OVERLOADED")).toBe(150);
	});
});

describe("guessing passwords of many accounts from one network", () => {
	const network = "2001:db8:0:1::/64";
	const somebody = (i: number) => `somebody-${i}@shop.test`;

	it("ends after so many failures, for accounts that never signed in from there", async () => {
		await fail(12, somebody, { network });
		await expectFailure(signIn(somebody(99), wrong, { network }), "TOO_MANY_SIGN_INS");
		await expectFailure(signIn(alice, password, { network }), "TOO_MANY_SIGN_INS");
		await signIn(alice, password, { network: "2001:db8:0:2::/64" });
	});

	it("hashes no more than that of many at once, and adds no rows when it is limited", async () => {
		const found = await codes(times(200, i => signIn(somebody(i), wrong, { network })));
		expect(count(found, "INVALID_CREDENTIALS")).toBe(12);
		expect(refusedOf(found)).toBe(188);
		expect(await pointsOf("network")).toEqual([12]);
		const before = (await rows()).length;
		await codes(times(50, i => signIn(somebody(1000 + i), wrong, { network })));
		expect(await rows()).toHaveLength(before);
	});

	it("does not keep customers out who signed in from there before", async () => {
		await signIn(alice, password, { network });
		await fail(12, somebody, { network });
		await expectFailure(signIn(bob, password, { network }), "TOO_MANY_SIGN_INS");
		await signIn(alice, password, { network });
		// Their own account is guarded there as everywhere.
		await fail(5, alice, { network });
		await expectFailure(signIn(alice, password, { network }), "TOO_MANY_SIGN_INS");
	});
});

describe("guessing the password of one account from many networks", () => {
	const networkOf = (i: number) => `198.51.100.${i}`;
	const guessAll = async () => {
		for (let i = 0; i < 20; i++) await fail(1, alice, { network: networkOf(i) });
	};

	it("ends after so many failures, from networks that are new to the account", async () => {
		await guessAll();
		for (const network of [networkOf(99), networkOf(0), undefined])
			await expectFailure(signIn(alice, password, { network }), "TOO_MANY_SIGN_INS");
		await signIn(bob, password, { network: networkOf(99) });
	});

	it("does not keep the customer out of a network that they signed in from before", async () => {
		await signIn(alice, password, { network: "192.0.2.4" });
		await guessAll();
		await expectFailure(signIn(alice, password, { network: "192.0.2.5" }), "TOO_MANY_SIGN_INS");
		await signIn(alice, password, { network: "192.0.2.4" });
		await signIn(alice, password, { network: "192.0.2.4" });
	});
});

describe("registrations", () => {
	const network = "192.0.2.6";

	it("are limited by network, on all nodes together", async () => {
		const many = times(40, i =>
			register(`new-${i}@shop.test`, { network, node: shop.nodes[i % 2]! })
		);
		const found = await codes(many);
		expect(count(found, "ok")).toBe(4);
		expect(refusedOf(found)).toBe(36);
		const { data } = await expectFailure(
			register("late@shop.test", { network }),
			"TOO_MANY_REGISTRATIONS"
		);
		expect(data).toEqual({ retryAfterS: expect.any(Number) });
		await register("elsewhere@shop.test", { network: "192.0.2.7" });
		await endWindow();
		await register("late@shop.test", { network });
	});

	it("count for taken addresses too, and not for passwords that are refused", async () => {
		for (let i = 0; i < 3; i++)
			await expectFailure(
				call(
					shop.broker,
					user.actions.create,
					{ email: "x@shop.test", password: "Password1234" },
					{ meta: { network } }
				),
				"VALIDATION_FAILED"
			);
		for (let i = 0; i < 4; i++) await register(alice, { network });
		await expectFailure(register(alice, { network }), "TOO_MANY_REGISTRATIONS");
	});

	it("do not limit sign-ins, nor calls of services", async () => {
		await codes(times(5, i => register(`more-${i}@shop.test`, { network })));
		await signIn(alice, password, { network });
		for (let i = 0; i < 6; i++) await register(`service-${i}@shop.test`);
	});
});

describe("the counts", () => {
	it("name neither an account nor a network", async () => {
		await fail(1, alice, { network: "192.0.2.8" });
		await signIn(bob, password, { network: "192.0.2.8" });
		await register("counted@shop.test", { network: "192.0.2.8" });
		const keys = (await rows()).map(({ key }) => key);
		expect(keys.length).toBeGreaterThan(4);
		for (const key of keys)
			expect(key).toMatch(/^(pair|network|account|registrations|known):[\w-]{43}$/);
	});

	it("are removed page by page after their window, and the others stay", async () => {
		await fail(1, alice, { network: "192.0.2.8" });
		const kept = await rows();
		await shop.database.rows(
			"insert into users.attempts select 'pair:' || n, 1, 1 from generate_series(1, 1500) n"
		);
		const { model } = shop.broker.getLocalService("user") as unknown as {
			model: { sequelize: ConstructorParameters<typeof AttemptRepository>[0] };
		};
		const repository = new AttemptRepository(model.sequelize);
		expect(await repository.purge()).toBe(true);
		expect(await rows()).toHaveLength(500 + kept.length);
		expect(await repository.purge()).toBe(false);
		expect(await rows()).toEqual(kept);
	});

	it("refuse everybody when they cannot be read", async () => {
		const client = new pg.Client(shop.database.url);
		await client.connect();
		await client.query("begin; lock table users.attempts in access exclusive mode");
		const refused = await codes([
			signIn(alice, password, { network: "192.0.2.8" }),
			register("away@shop.test", { network: "192.0.2.8" })
		]);
		await client.end();
		expect(refused).toEqual(["UNAVAILABLE", "UNAVAILABLE"]);
	});
});

describe("failures", () => {
	it("are in the log, counted by kind, without names", async () => {
		const service = shop.broker.getLocalService("user") as unknown as Service & {
			outcomes: { stop(): void };
		};
		const lines: string[] = [];
		const warn = jest
			.spyOn(service.logger, "warn")
			.mockImplementation(line => lines.push(line as string));
		// What other tests left.
		service.outcomes.stop();
		service.outcomes.stop();
		lines.length = 0;
		const network = "192.0.2.11";
		await fail(5, alice, { network });
		await codes(times(30, () => signIn(alice, password, { network })));
		await codes(times(9, i => register(`logged-${i}@shop.test`, { network })));
		await signIn(bob, password, { network });
		service.outcomes.stop();
		warn.mockRestore();
		const [failed, refused, unregistered] = [
			"a sign-in failed: wrong e-mail address or password, or locked",
			"a sign-in was refused: too many failed before it",
			"a registration was refused: too many from its network"
		] as const;
		const more = (line: string, n: number) => `${line} (${n} of this kind since the last line)`;
		expect(lines).toEqual([
			failed,
			refused,
			unregistered,
			more(failed, 4),
			more(refused, 29),
			more(unregistered, 4)
		]);
	});
});

describe("without limits", () => {
	it("counts nothing that is off", async () => {
		const before = config();
		const off = {
			maxFailures: 0,
			maxFailuresOfNetwork: 0,
			maxFailuresOfAccount: 0,
			maxRegistrations: 0
		};
		useConfig({ ...before, signIn: { ...before.signIn, ...off } });
		const node = shop.nodes[1]!;
		await node.destroyService("user");
		node.createService(userService);
		await node.waitForServices("user");
		useConfig(before);
		const from = { network: "192.0.2.10", node };
		await fail(25, alice, from);
		for (let i = 0; i < 6; i++) await register(`off-${i}@shop.test`, from);
		expect(await rows()).toEqual([]);
		await signIn(alice, password, from);
	});
});
