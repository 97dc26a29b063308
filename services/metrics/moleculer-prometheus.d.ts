declare module "moleculer-prometheus" {
	import type { ServiceSchema } from "moleculer";
	const schema: ServiceSchema;
	export default schema;
}
