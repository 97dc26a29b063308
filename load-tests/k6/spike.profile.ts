import type { Options } from "k6/options";
import { buy } from "./buy.ts";
import { setUp, tearDown, type TestData } from "./set-up.ts";
import { duration, gracefulStop, thresholds } from "./thresholds.ts";

const stock = 100;

/**
 * A flash sale: 200 customers want one product at once, of which there are 100 units. Exactly those are sold. From one
 * address a gateway takes 250 connections (CONNECTIONS_MAX_OF_NETWORK).
 */
export const options: Options = {
	scenarios: {
		busy: {
			executor: "ramping-vus",
			stages: [
				{ duration: "5s", target: 200 },
				{ duration: duration("1m"), target: 200 },
				{ duration: "5s", target: 0 }
			],
			gracefulRampDown: gracefulStop,
			gracefulStop
		}
	},
	thresholds: { ...thresholds.correct, shop_orders_confirmed: [`count==${stock}`] }
};

export const setup = () => setUp({ products: 1, stock });
export default (data: TestData) => buy(data);
export const teardown = (data: TestData) => tearDown(data);
