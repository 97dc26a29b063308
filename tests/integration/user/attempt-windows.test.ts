import type { ServiceBroker } from "moleculer";
import { user } from "../../../contracts/user.ts";
import { call } from "../../../lib/service.ts";
import userService from "../../../services/user/user.service.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { newTokenKey } from "../../support/shop/token-key.ts";
import { useShop } from "../../support/shop/use-shop.ts";

/** The windows in which wrong passwords are counted, on nodes whose clocks are wrong. */

const environment = () => ({ ...newTokenKey(), SIGN_IN_MAX_FAILURES: "5" });
const shop = useShop([userService], environment, { nodes: 2 });

const email = "alice@shop.test";
const signIn = (node: ServiceBroker, password: string) =>
	call(node, user.actions.authenticate, { email, password }, { meta: { network: "192.0.2.1" } });

async function guess(times: number): Promise<void> {
	for (let n = 0; n < times; n++)
		await expectFailure(signIn(shop.broker, "wrong-Password-1"), "INVALID_CREDENTIALS");
}

afterEach(() => shop.database.rows("delete from users.attempts"));

describe("windows of wrong passwords", () => {
	it.each([16 * 60_000, -16 * 60_000])(
		"begin and end by the database's clock, on a node whose own is %d ms ahead",
		async aheadMs => {
			const { now } = Date;
			const clock = jest.spyOn(Date, "now");
			const [set, reset] = [
				() => clock.mockImplementation(() => now() + aheadMs),
				() => clock.mockImplementation(now)
			];
			try {
				await guess(2);
				set();
				await guess(3);
				for (const [change, node] of [
					[set, shop.nodes[1]!],
					[reset, shop.nodes[0]!]
				] as const) {
					change();
					const { data } = await expectFailure(
						signIn(node, "demo-Password-1"),
						"TOO_MANY_SIGN_INS"
					);
					const { retryAfterS } = data as { retryAfterS: number };
					expect(retryAfterS).toBeGreaterThan(850);
					expect(retryAfterS).toBeLessThanOrEqual(900);
				}
				const counts = await shop.database.rows(
					"select points from users.attempts where key like 'pair:%'"
				);
				expect(counts).toEqual([{ points: 5 }]);
			} finally {
				clock.mockRestore();
			}
		}
	);
});
