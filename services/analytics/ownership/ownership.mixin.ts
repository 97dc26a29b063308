import type { ServiceSchema } from "moleculer";
import { config } from "../../../config/index.ts";
import { mixin } from "../../../lib/service.ts";
import type { WithStream } from "../../../mixins/stream.mixin.ts";
import { EngineOwner } from "./engine-owner.ts";

interface WithOwnership extends WithStream {
	engineOwner: EngineOwner;
}

/** Gives the outbox of a service with Stream its `mayPublish`: it starts before the outbox and stops after it. */
export function Ownership(): Partial<ServiceSchema> {
	return mixin<WithOwnership>({
		methods: {
			mayPublish(): Promise<boolean> {
				return this.engineOwner.mayPublish();
			}
		},

		started() {
			const { engine } = config().analytics;
			this.engineOwner = new EngineOwner({ driver: this.stream, engine });
		},

		async stopped() {
			await this.engineOwner?.close();
		}
	});
}
