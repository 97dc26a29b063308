import { withWrongClock } from "../../../tests/support/wrong-clock.ts";
import { DatabaseClock } from "./database-clock.ts";

it("is the node's own clock until the database was asked", () => {
	const clock = new DatabaseClock();
	expect(Math.abs(clock.nowMs() - Date.now())).toBeLessThan(1000);
	expect(Math.abs(clock.ownTimeMs(5e12) - 5e12)).toBeLessThan(1000);
});

it.each([-3_600_000, 0, 3_600_000])(
	"shows the database's time on a node that is %d ms ahead, and goes on when that one is set",
	async aheadMs => {
		const clock = new DatabaseClock();
		const databaseMs = Date.now();
		clock.read(new Date(databaseMs));
		await withWrongClock(aheadMs, async () => {
			expect(clock.nowMs() - databaseMs).toBeLessThan(1000);
			expect(clock.nowMs()).toBeGreaterThanOrEqual(databaseMs);
			const inTenMinutesMs = databaseMs + 600_000;
			expect(Math.abs(clock.ownTimeMs(inTenMinutesMs) - Date.now() - 600_000)).toBeLessThan(1000);
		});
	}
);
