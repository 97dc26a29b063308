import { ServiceBroker } from "moleculer";
import { order } from "../../contracts/order.ts";
import { product } from "../../contracts/product.ts";
import { listParamNames, paramNames } from "./action-params.ts";

it.each<[object, string[]]>([
	[{ type: "object", properties: {} }, []],
	[{ type: "object", properties: { id: {}, limit: {} }, required: ["id"] }, ["id", "limit?"]],
	[{ id: "string", type: "string" }, ["id", "type"]],
	[order.actions.get.params, ["id", "at?"]],
	[product.actions["stock.get"].params, ["product_id"]]
])("%j has the params %j", (params, names) => {
	expect(Object.keys(paramNames(params))).toEqual(names);
});

it("names those of every action in the list of a broker, and changes no schema", async () => {
	const broker = new ServiceBroker({ logger: false, nodeID: "prompt", validator: false });
	const { params } = product.actions["stock.get"];
	const before = JSON.stringify(params);
	broker.createService({
		name: "product",
		actions: { "stock.get": { params, handler: () => null }, plain: () => null }
	});
	await broker.start();
	listParamNames(broker);
	type Listed = { name: string; action: { params?: object } }[];
	const listed = (broker.registry as unknown as { getActionList(o: object): Listed }).getActionList(
		{}
	);
	await broker.stop();
	const keys = (name: string) =>
		Object.keys(listed.find(item => item.name === name)!.action.params ?? {});
	expect(keys("product.stock.get")).toEqual(["product_id"]);
	expect(keys("product.plain")).toEqual([]);
	expect(JSON.stringify(params)).toBe(before);
});
