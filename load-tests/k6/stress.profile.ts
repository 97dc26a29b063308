import type { Options } from "k6/options";
import { buy } from "./buy.ts";
import { setUp, tearDown, type TestData } from "./set-up.ts";
import { duration, gracefulStop, thresholds } from "./thresholds.ts";

/**
 * More and more orders a second, beyond what the shop can take: it is to refuse what is too much, lose nothing and
 * recover when the load falls.
 */
export const options: Options = {
	scenarios: {
		rising: {
			executor: "ramping-arrival-rate",
			startRate: 10,
			timeUnit: "1s",
			preAllocatedVUs: 50,
			maxVUs: 240,
			gracefulStop,
			stages: [
				{ duration: duration("2m"), target: 50 },
				{ duration: duration("2m"), target: 200 },
				{ duration: duration("2m"), target: 500 },
				{ duration: duration("2m"), target: 10 }
			]
		}
	},
	thresholds: thresholds.correct
};

export const setup = () => setUp({ products: 20, stock: 1_000_000 });
export default (data: TestData) => buy(data, { thinkS: 0 });
export const teardown = (data: TestData) => tearDown(data);
