import { isSecretName, maskedText } from "./masked-text.ts";

it.each([
	["postgres://shop:pw@db/shop?x=1", "postgres://shop:***@db/shop?x=1"],
	["nats://a:b@one,nats://c:d@two", "nats://a:***@one,nats://c:***@two"],
	["redis://:pw@cache", "redis://:***@cache"],
	["basic dXNlcjpwYXNz", "basic ***"],
	["alice.b+c@mail.example wrote", "***@mail.example wrote"],
	["sk_test_1 and rk_live_2", "*** key *** and *** key ***"]
])("%s is written as %s", (text, masked) => {
	expect(maskedText(text)).toBe(masked);
});

it.each([
	"GET /api/v1/orders/1 200 1.2 ms",
	"dead-lettered orders 3@17: handling-failed: x",
	"http://127.0.0.1:8080/health",
	"https://shop.example/a@b",
	"a basic rule",
	"a task_list"
])("%s stays as it is", text => {
	expect(maskedText(text)).toBe(text);
});

it.each(["password", "STRIPE_SECRET_KEY", "access_token", "Authorization", "set-cookie", "apiKey"])(
	"the value of %s is not logged",
	name => expect(isSecretName(name)).toBe(true)
);

it.each(["id", "order_id", "status", "compass", "key"])("the value of %s is", name =>
	expect(isSecretName(name)).toBe(false)
);
