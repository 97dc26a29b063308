import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { envFile, parseEnvFile, readEnvFile } from "./env-file.ts";

const dashes = "-".repeat(5);

describe("a file of settings", () => {
	const text = `# a comment
PORT=9000
LOG_LEVEL="debug"
export HOST=0.0.0.0
SHOP_NAME=
PROT=1
DATABASE_URL_FILE=/run/secrets/url
AWS_PROFILE=shop
NODE_EXTRA_CA_CERTS=ca.pem
TOKEN_PRIVATE_KEY="${dashes}BEGIN PRIVATE KEY${dashes}
abc
${dashes}END PRIVATE KEY${dashes}"
`;

	it("sets what the environment does not, over several lines too", () => {
		const { values } = parseEnvFile(text, { PORT: "8000", HOST: "" });
		expect(values).toMatchObject({ LOG_LEVEL: "debug", HOST: "0.0.0.0", AWS_PROFILE: "shop" });
		expect(values.TOKEN_PRIVATE_KEY).toContain("\nabc\n");
		expect(Object.keys(values)).not.toContain("PORT");
		expect(Object.keys(values)).not.toContain("SHOP_NAME");
	});

	it("names each line without an effect", () => {
		expect(parseEnvFile(text, { PORT: "8000" }).warnings.toSorted()).toEqual([
			"NODE_EXTRA_CA_CERTS has no effect there: set it in the environment",
			"PORT is ignored, because the environment sets it too",
			"PROT is no setting of the shop"
		]);
	});

	it.each([
		["DATABASE_URL", "DATABASE_URL_FILE=/run/url", "DATABASE_URL_FILE"],
		["DATABASE_URL_FILE", "DATABASE_URL=postgres://a@b/c", "DATABASE_URL"],
		["PRICING_JSON", "PRICING_JSON={}", "PRICING_JSON"]
	])("gives way to %s of the environment: %s", (given, line, ignored) => {
		const { values, warnings } = parseEnvFile(line, { [given]: "x" });
		expect(values).toEqual({});
		expect(warnings).toEqual([`${ignored} is ignored, because the environment sets it too`]);
	});

	it.each(["DEMO=false", "STREAM_DATABASE_URL_FILE=/run/url"])(
		"leaves the warning about a retired name to the reader of the environment: %s",
		line => {
			const { names, warnings } = parseEnvFile(line, {});
			expect({ names, warnings }).toEqual({ names: [], warnings: [] });
		}
	);

	it.each([
		"DATABASE_URL postgres://u:s3cret@db/shop?sslmode=require",
		"DATABASE_URL: postgres://u:s3cret@db/shop?sslmode=require",
		"MC4CAQs3cretAwBQ=="
	])("prints nothing of a line that may be a secret: %s", line => {
		expect(parseEnvFile(line, {}).warnings).toEqual(["a line is no NAME=value"]);
	});

	it("takes variables of libpq and the AWS SDK", () => {
		expect(parseEnvFile("PGPASSWORD=x\nPGSSLMODE=require\nAWS_PROFILE=y", {})).toMatchObject({
			names: ["AWS_PROFILE", "PGPASSWORD", "PGSSLMODE"],
			warnings: []
		});
	});

	it("is ignored by git, because it may have secrets", () => {
		const lines = readFileSync(join(import.meta.dirname, "../.gitignore"), "utf8").split("\n");
		expect(lines).toEqual(expect.arrayContaining([".env", ".env.*", "!.env.example"]));
	});

	it("must be readable if ENV_FILE names it", () => {
		const path = join(mkdtempSync(join(tmpdir(), "env-")), "shop.env");
		expect(() => readEnvFile({ ENV_FILE: path })).toThrow("ENV_FILE: cannot be read: ENOENT");
		writeFileSync(path, text);
		const environment: NodeJS.ProcessEnv = { ENV_FILE: path };
		readEnvFile(environment);
		expect(environment.PORT).toBe("9000");
		expect(envFile()).toMatchObject({ path, names: expect.arrayContaining(["PORT"]) });
	});
});
