import { isSecretName, maskedText } from "./masked-text.ts";

it.each([
	["postgres://shop:pw@db/shop?x=1", "postgres://shop:***@db/shop?x=1"],
	["nats://a:b@one,nats://c:d@two", "nats://a:***@one,nats://c:***@two"],
	["redis://:pw@cache", "redis://:***@cache"],
	["basic dXNlcjpwYXNz", "basic ***"],
	["alice.b+c@mail.example wrote", "***@mail.example wrote"],
	["o'brien@mail.example", "***@mail.example"],
	["nats://s3cr3ttokenofthebus@host", "nats://***@host"],
	["GET /x?token=abc&page=1", "GET /x?token=***&page=1"],
	['{"password":"ab","n":1}', '{"password":"***","n":1}'],
	["pi_123_secret_456 failed", "*** key *** failed"],
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

/** 50 KB each, none of which takes long: half a minute with a pattern that starts again at each character. */
it.each([
	["names", "a".repeat(50_000)],
	["tokens", "eyJ-".repeat(12_500)],
	["hosts", `a@${"a".repeat(50_000)}`],
	["addresses", "a@".repeat(25_000)],
	["URLs", "a://".repeat(12_500)],
	["users", `a://${"a".repeat(25_000)}:${"a".repeat(25_000)}`],
	["keys", "-----BEGIN ".repeat(4500)],
	["schemes", `Bearer ${" ".repeat(50_000)}`],
	["secrets", "pi_".repeat(16_000)]
])("a long text of %s is read once", (_, text) => {
	const from = performance.now();
	maskedText(`@ eyJ ${text}`);
	expect(performance.now() - from).toBeLessThan(2000);
});

it.each([
	"password",
	"pin",
	"sessionId",
	"STRIPE_SECRET_KEY",
	"access_token",
	"Authorization",
	"set-cookie",
	"apiKey"
])("the value of %s is not logged", name => expect(isSecretName(name)).toBe(true));

it.each(["id", "order_id", "status", "compass", "key"])("the value of %s is", name =>
	expect(isSecretName(name)).toBe(false)
);
