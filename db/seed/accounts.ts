/** Argon2id of `demo-Password-1`, precomputed: hashing four times would slow the first start. Everybody knows it. */
export const demoPasswordHash =
	"$argon2id$v=19$m=19456,t=2,p=1$s04Z/UyXV7iL9IvVbmwPUw$+0iFFg35wa7a9U7sF6Aa7vd4IKv44hWPLL2xqsrqxog";

/** Of every demo account. */
export const demoPassword = "demo-Password-1";

/** The demo accounts; all have the password `demo-Password-1`. */
export const accounts = [
	{ id: "user-123", email: "alice@shop.test", name: "Alice Martin", role: "customer" },
	{ id: "user-456", email: "bob@shop.test", name: "Bob Keller", role: "customer", locale: "de" },
	{ id: "user-support", email: "support@shop.test", name: "Sam Rivera", role: "support" },
	{ id: "user-admin", email: "admin@shop.test", name: "Ada Novak", role: "admin" }
].map(account => ({ locale: "en", ...account, password_hash: demoPasswordHash }));
