import type { Options } from "k6/options";
import { buy } from "./buy.ts";
import { setUp, tearDown, type TestData } from "./set-up.ts";
import { duration, gracefulStop, thresholds } from "./thresholds.ts";

/** The load of a busy day: 100 customers for five minutes. */
export const options: Options = {
	scenarios: {
		busy: {
			executor: "ramping-vus",
			stages: [
				{ duration: "30s", target: 100 },
				{ duration: duration("5m"), target: 100 },
				{ duration: "10s", target: 0 }
			],
			gracefulRampDown: gracefulStop,
			gracefulStop
		}
	},
	thresholds: thresholds.sized
};

export const setup = () => setUp({ products: 20, stock: 1_000_000 });
export default (data: TestData) => buy(data);
export const teardown = (data: TestData) => tearDown(data);
