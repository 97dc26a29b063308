import { ownUrl } from "./own-url.ts";
import { readEnvironment } from "./read-environment.ts";
import { toConfig } from "./index.ts";

describe("links to the shop", () => {
	it.each([
		["127.0.0.1", 8080, "http://127.0.0.1:8080"],
		["0.0.0.0", 3000, "http://localhost:3000"],
		["::", 3000, "http://localhost:3000"],
		["::1", 8081, "http://[::1]:8081"],
		["shop.internal", 80, "http://shop.internal:80"]
	])("of a gateway on %s and port %i begin with %s", (HOST, PORT, url) =>
		expect(ownUrl({ HOST, PORT })).toBe(url)
	);

	it("follow HOST and PORT, unless a public URL is configured", () => {
		const own = toConfig(readEnvironment({ HOST: "0.0.0.0", PORT: "9000" }));
		expect(own.shop.orderUrl).toBe("http://localhost:9000/api/v1/orders/{id}");
		expect(own.payment.returnUrl).toBe("http://localhost:9000/docs");
		const configured = toConfig(
			readEnvironment({
				PORT: "9000",
				SHOP_ORDER_URL: "https://shop.example/o/{id}",
				PAYMENT_RETURN_URL: "https://shop.example/paid"
			})
		);
		expect(configured.shop.orderUrl).toBe("https://shop.example/o/{id}");
		expect(configured.payment.returnUrl).toBe("https://shop.example/paid");
	});
});
