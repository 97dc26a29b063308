import { Parser } from "@asyncapi/parser";
import { asyncApiDocument } from "../services/gateway/gateway.asyncapi.ts";
import { deadLettersOf, topics } from "../streams/topics.ts";

describe("the description of the streams", () => {
	it("is valid to AsyncAPI's own parser", async () => {
		const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncApiDocument()));
		expect(diagnostics.map(({ message, path }) => `${path.join("/")}: ${message}`)).toEqual([]);
		const addresses = document!
			.channels()
			.all()
			.map(channel => channel.address());
		const { orders, windows, late } = topics;
		expect(addresses.toSorted()).toEqual([orders, windows, late, deadLettersOf(orders)].toSorted());
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
