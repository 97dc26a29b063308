import type { Options } from "k6/options";
import { buy } from "./buy.ts";
import { setUp, tearDown, type TestData } from "./set-up.ts";
import { duration, thresholds } from "./thresholds.ts";

/** Does it work at all? Five customers for half a minute. */
export const options: Options = {
	vus: 5,
	duration: duration("30s"),
	thresholds: { ...thresholds.correct, shop_orders_confirmed: ["count>0"] }
};

export const setup = () => setUp({ products: 3, stock: 100_000 });
export default (data: TestData) => buy(data);
export const teardown = (data: TestData) => tearDown(data);
