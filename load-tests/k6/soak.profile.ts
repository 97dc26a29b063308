import type { Options } from "k6/options";
import { buy } from "./buy.ts";
import { setUp, tearDown, type TestData } from "./set-up.ts";
import { duration, gracefulStop, thresholds } from "./thresholds.ts";

/** A moderate load for long: does anything grow without an end? Watch memory, pools and the backlog beside it. */
export const options: Options = {
	scenarios: {
		steady: { executor: "constant-vus", vus: 20, duration: duration("1h"), gracefulStop }
	},
	thresholds: thresholds.sized
};

export const setup = () => setUp({ products: 20, stock: 10_000_000 });
export default (data: TestData) => buy(data);
export const teardown = (data: TestData) => tearDown(data);
