import { Parser } from "@asyncapi/parser";
import { asyncApiDocument } from "../services/gateway/gateway.asyncapi.ts";
import { topicSpecs } from "../streams/topics.ts";

describe("the description of the streams", () => {
	it("is valid to AsyncAPI's own parser", async () => {
		const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncApiDocument()));
		expect(diagnostics.map(({ message, path }) => `${path.join("/")}: ${message}`)).toEqual([]);
		const addresses = document!
			.channels()
			.all()
			.map(channel => channel.address());
		const made = topicSpecs({ partitions: 1, retentionMs: 1 }).map(({ name }) => name);
		expect(addresses.toSorted()).toEqual(made.toSorted());
	});

	it("is not valid to it when it refers to what is not there", async () => {
		const broken = JSON.stringify(asyncApiDocument()).replaceAll(
			"messages/Window",
			"messages/Nothing"
		);
		const { diagnostics } = await new Parser().parse(broken);
		expect(diagnostics.map(({ message }) => message).join()).toContain("Nothing");
	});
});
