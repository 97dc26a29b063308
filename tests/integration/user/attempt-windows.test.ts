import type { ServiceBroker } from "moleculer";
import { user } from "../../../contracts/user.ts";
import { call } from "../../../lib/service.ts";
import userService from "../../../services/user/user.service.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { newTokenKey } from "../../support/shop/token-key.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { withWrongClock } from "../../support/wrong-clock.ts";

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
			const wrongly = <R>(work: () => Promise<R>) => withWrongClock(aheadMs, work);
			const expectLimited = async (node: ServiceBroker) => {
				const refused = signIn(node, "demo-Password-1");
				const { data } = await expectFailure(refused, "TOO_MANY_SIGN_INS");
				const { retryAfterS } = data as { retryAfterS: number };
				expect(retryAfterS).toBeGreaterThan(850);
				expect(retryAfterS).toBeLessThanOrEqual(900);
			};
			await guess(2);
			await wrongly(() => guess(3));
			await wrongly(() => expectLimited(shop.nodes[1]!));
			await expectLimited(shop.nodes[0]!);
			const counts = await shop.database.rows(
				"select points from users.attempts where key like 'pair:%'"
			);
			expect(counts).toEqual([{ points: 5 }]);
		}
	);
});
