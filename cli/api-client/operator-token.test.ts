import { generateKeyPairSync } from "node:crypto";
import { DatabaseClock } from "../../services/gateway/auth/database-clock.ts";
import { TokenVerifier } from "../../services/gateway/auth/token-verifier.ts";
import { operator } from "../../lib/identity.ts";
import { operatorToken } from "./shop-api.ts";

/** Operators' tokens are signed by the clock of their machine, and compared with the one of the shop's database. */

const pair = generateKeyPairSync("ed25519");
const privateKey = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const publicKey = pair.publicKey.export({ type: "spki", format: "pem" }).toString();

/** A gateway whose database is that far ahead of this machine. */
function verifierAhead(seconds: number): TokenVerifier {
	const clock = new DatabaseClock();
	clock.read(new Date(Date.now() + seconds * 1000));
	return new TokenVerifier(publicKey, clock);
}

const token = () =>
	operatorToken({ dataDir: "", production: true, token: { privateKey, publicKey, ttlS: 10 } });

it.each([-900, -660, -30, 0, 30, 660, 900])(
	"is valid where the shop's clock is %i s ahead",
	async ahead => {
		expect(await verifierAhead(ahead).verify(await token())).toEqual(operator);
	}
);

it("is refused where the shop's clock is 970 s ahead, whatever the life of other tokens", async () => {
	const refused = verifierAhead(970).verify(await token());
	await expect(refused).rejects.toMatchObject({ type: "INVALID_TOKEN" });
});
