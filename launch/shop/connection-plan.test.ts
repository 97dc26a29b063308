import { serviceNames } from "../../config/index.ts";
import { connectionsOf } from "./connection-plan.ts";

const settings = { databasePool: 4, durability: "prefix", kafka: undefined } as const;
const kafka = { brokers: ["localhost:9092"] } as never;

describe("the connections of a shop", () => {
	it.each([
		{ name: "one of each service", services: serviceNames, settings, expected: 91 },
		{
			name: "three order and two payment nodes",
			services: ["gateway", ...serviceNames, "order", "order", "payment"],
			settings,
			expected: 91 + 2 * 13 + 8
		},
		{
			name: "larger pools",
			services: serviceNames,
			settings: { ...settings, databasePool: 8 },
			expected: 10 + 13 + 2 * 68
		},
		{
			name: "strict durability",
			services: serviceNames,
			settings: { ...settings, durability: "strict" } as const,
			expected: 91 - 16
		},
		{
			name: "Kafka",
			services: serviceNames,
			settings: { ...settings, kafka },
			expected: 91 - 20 - 6
		},
		{ name: "a gateway alone", services: ["gateway"], settings, expected: 10 }
	])("follow from its plan: $name", ({ services, settings: given, expected }) => {
		expect(connectionsOf(services, given)).toBe(expected);
	});
});
