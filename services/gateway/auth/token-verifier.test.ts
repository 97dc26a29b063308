import { generateKeyPairSync } from "node:crypto";
import { SignJWT, UnsecuredJWT, type JWTHeaderParameters, type JWTPayload } from "jose";
import { TokenVerifier } from "./token-verifier.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const other = generateKeyPairSync("ed25519");
const pem = publicKey.export({ type: "spki", format: "pem" }) as string;
const now = () => Math.floor(Date.now() / 1000);

const claims = (): JWTPayload => ({
	iss: "moleculer-commerce",
	aud: "shop-api",
	sub: "user-123",
	role: "customer",
	iat: now(),
	exp: now() + 60
});

function sign(payload: JWTPayload, header: Partial<JWTHeaderParameters> = {}, key = privateKey) {
	return new SignJWT({ ...claims(), ...payload })
		.setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", ...header })
		.sign(key);
}

/** An HS256 token with the public key as its secret: the algorithm confusion attack. */
function signWithPublicKey() {
	return new SignJWT(claims())
		.setProtectedHeader({ alg: "HS256", typ: "at+jwt" })
		.sign(new TextEncoder().encode(pem));
}

const url = "http://127.0.0.1:9/keys";

describe("a token", () => {
	const tokens = new TokenVerifier(pem);

	it("identifies its subject and role", async () => {
		expect(await tokens.verify(await sign({}))).toEqual({ id: "user-123", role: "customer" });
	});

	it("may have any key id: there is one key, and the id is ignored", async () => {
		const token = await sign({ role: "admin" }, { kid: "../../x' OR 1=1" });
		expect(await tokens.verify(token)).toEqual({ id: "user-123", role: "admin" });
	});

	it.each<[string, () => Promise<string> | string]>([
		["garbage", () => "a.b.c"],
		["expired", () => sign({ exp: now() - 6 })],
		["not valid yet", () => sign({ nbf: now() + 60 })],
		["without an end", () => sign({ exp: undefined })],
		["of another issuer", () => sign({ iss: "someone" })],
		["for another audience", () => sign({ aud: "other-api" })],
		["of another type", () => sign({}, { typ: "JWT" })],
		["without a type", () => sign({}, { typ: undefined })],
		["without a subject", () => sign({ sub: undefined })],
		["without a role", () => sign({ role: undefined })],
		["with a role that does not exist", () => sign({ role: "root" })],
		["signed with another key", () => sign({}, {}, other.privateKey)],
		[
			"with its own key",
			() => sign({}, { jwk: other.publicKey.export({ format: "jwk" }) }, other.privateKey)
		],
		["with the URL of a key", () => sign({}, { jku: url, x5u: url }, other.privateKey)],
		["signed with the public key as a secret", signWithPublicKey],
		["not signed", () => new UnsecuredJWT(claims()).encode()],
		["changed after signing", async () => (await sign({})).replace(/\.(..)/, ".AA")]
	])("is refused when %s", async (_, make) => {
		const token = await make();
		await expect(tokens.verify(token)).rejects.toMatchObject({ type: "INVALID_TOKEN" });
	});

	it("is refused when it requires an unknown extension", async () => {
		const signer = new SignJWT(claims()).setProtectedHeader({
			alg: "EdDSA",
			typ: "at+jwt",
			crit: ["x"],
			x: 1
		});
		const token = await signer.sign(privateKey, { crit: { x: true } });
		await expect(tokens.verify(token)).rejects.toMatchObject({ type: "INVALID_TOKEN" });
	});

	it("is refused once it has expired, though it is cached", async () => {
		const token = await sign({});
		await tokens.verify(token);
		jest.useFakeTimers({ now: Date.now() + 66_000 });
		try {
			await expect(tokens.verify(token)).rejects.toMatchObject({ type: "INVALID_TOKEN" });
		} finally {
			jest.useRealTimers();
		}
	});

	it("cannot be checked without a key", () => {
		expect(() => new TokenVerifier(undefined)).toThrow("Set TOKEN_PUBLIC_KEY");
	});
});
