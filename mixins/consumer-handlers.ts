import type { consumerActions } from "../contracts/streams.ts";
import { fail } from "../lib/errors.ts";
import type { Handlers } from "../lib/service.ts";
import type { ReplayMode } from "../streams/consumer/replay.runner.ts";
import type { ConsumerControl } from "./consumer-control.ts";
import type { WithConsumer } from "./consumer.mixin.ts";

type Actions = ReturnType<typeof consumerActions<readonly ReplayMode[]>>;

const controlOf = ({ control }: WithConsumer): ConsumerControl => control ?? fail("UNAVAILABLE");

/** Handlers of the actions of `consumerActions`. @param defaultMode of a replay */
export function consumerHandlers(defaultMode: ReplayMode): Handlers<Actions, WithConsumer> {
	return {
		"stream.lag"() {
			return controlOf(this).lag();
		},

		"stream.replay"(ctx) {
			const { from, mode = defaultMode, dry_run = false } = ctx.params;
			return controlOf(this).replay(from, mode, dry_run);
		},

		"dlq.list"(ctx) {
			const { redriven = false, limit = 20, cursor } = ctx.params;
			return controlOf(this).list(redriven, limit, cursor);
		},

		"dlq.show"(ctx) {
			return controlOf(this).show(ctx.params.id);
		},

		"dlq.redrive"(ctx) {
			return controlOf(this).redrive(ctx.params.id);
		},

		"dlq.redriveAll"(ctx) {
			const { limit = 20, cursor } = ctx.params;
			return controlOf(this).redriveAll(limit, cursor);
		}
	};
}
