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

const token = (ttlS: number) =>
	operatorToken({ dataDir: "", production: true, token: { privateKey, publicKey, ttlS } });

const aheadS = [-900, -660, -30, 0, 30, 660, 900];
const accepted = [10, 600, 3600].flatMap(ttlS => aheadS.map(ahead => [ttlS, ahead] as const));

it.each(accepted)(
	"with a life of %i s is valid where the shop's clock is %i s ahead",
	async (ttlS, ahead) => {
		expect(await verifierAhead(ahead).verify(await token(ttlS))).toEqual(operator);
	}
);

it.each([
	[10, 930],
	[600, 1560],
	[3600, 4560]
])("with a life of %i s is refused where it is %i s ahead", async (ttlS, ahead) => {
	const refused = verifierAhead(ahead).verify(await token(ttlS));
	await expect(refused).rejects.toMatchObject({ type: "INVALID_TOKEN" });
});
