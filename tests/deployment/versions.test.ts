import { natsVersion } from "../../launch/servers/nats-binary.ts";
import { readCompose } from "./compose-file.ts";

/** k8s/ has the images of docker-compose.yml, which tests/kubernetes/manifests.test.ts compares. */
it("the bus in containers has the version that the tests run", () => {
	expect(readCompose().services.nats!.image).toBe(`nats:${natsVersion}-alpine`);
});
