import { X509Certificate } from "node:crypto";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/servers/temporary-folder.ts";

const guide = readFileSync(join(import.meta.dirname, "../../DEPLOYMENT.md"), "utf8");

/** The commands of DEPLOYMENT.md that make the certificates of the bus. */
const commands = [...guide.matchAll(/^openssl .*$/gm)].map(([command]) => command);

it("the commands of the guide make a certificate that the servers of the bus can use, of an authority that clients trust", () => {
	expect(commands).toHaveLength(3);
	const cwd = temporaryFolder();
	for (const command of commands) execFileSync("sh", ["-c", command], { cwd, stdio: "pipe" });
	const [authority, server] = ["bus-ca.crt", "tls.crt"].map(
		file => new X509Certificate(readFileSync(join(cwd, file)))
	) as [X509Certificate, X509Certificate];
	expect(authority.ca).toBe(true);
	expect(server.verify(authority.publicKey)).toBe(true);
	// Of nodes, and of servers among each other (k8s/overlays/production/nats-cluster.conf).
	for (const host of ["nats", "nats-0.nats-cluster"]) expect(server.checkHost(host)).toBeDefined();
	expect(server.checkHost("other")).toBeUndefined();
	// Servers are clients of each other.
	expect(server.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
	expect(Date.parse(server.validTo) - Date.now()).toBeGreaterThan(800 * 86_400_000);
});
