import type { Options } from "k6/options";

/** True of every run, however fast the machine is. */
const correct = {
	checks: ["rate>0.99"],
	http_req_failed: ["rate<0.01"],
	shop_orders_unsettled: ["count==0"],
	shop_orders_confirmed: ["count>0"],
	// The figures of requests with a tag are in the summary only if there is a threshold.
	"http_req_duration{kind:read}": ["max>=0"],
	"http_req_duration{kind:order}": ["max>=0"]
};

/** Of a shop that is sized for its load. */
const fast = {
	"http_req_duration{kind:read}": ["p(95)<300"],
	"http_req_duration{kind:order}": ["p(95)<1000", "p(99)<3000"],
	shop_time_to_confirmed: ["p(95)<3000"],
	shop_refusals: ["rate<0.01"]
};

type Thresholds = NonNullable<Options["thresholds"]>;

export const thresholds: Readonly<Record<"correct" | "sized", Thresholds>> = {
	correct,
	sized: { ...correct, ...fast }
};

/** For the iterations that are under way at the end: an order is followed for 30 s (buy.ts). */
export const gracefulStop = "45s";

/** `30s`, `5m`: how long the main part takes. DURATION changes it. */
export const duration = (usual: string): string => __ENV.DURATION || usual;
