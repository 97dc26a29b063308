import type { Options } from "k6/options";
import { buy } from "./buy.ts";
import { setUp, tearDown, type TestData } from "./set-up.ts";
import { duration, gracefulStop, thresholds } from "./thresholds.ts";

/** Does it work at all? Five customers for half a minute. */
export const options: Options = {
	scenarios: {
		steady: { executor: "constant-vus", vus: 5, duration: duration("30s"), gracefulStop }
	},
	thresholds: thresholds.correct
};

export const setup = () => setUp({ products: 3, stock: 100_000 });
export default (data: TestData) => buy(data);
export const teardown = (data: TestData) => tearDown(data);
