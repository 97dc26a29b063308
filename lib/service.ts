import type { CallingOptions, Context, Service, ServiceBroker, ServiceSchema } from "moleculer";
import type { Meta } from "./identity.ts";
import type {
	ActionContract,
	ActionSpec,
	Actions,
	Contract,
	Hint,
	Static,
	TObject
} from "./schema.ts";
import type { StopSteps } from "./shutdown/phases.ts";

export type Params<S extends ActionSpec> = Static<S["params"]>;
export type Result<S extends ActionSpec> = Static<S["returns"]>;
export type ActionContext<S extends ActionSpec> = Context<Params<S>, Meta>;

/** One handler per action of the contract; a missing, extra or ill-typed one fails `tsc`. */
export type Handlers<A extends Actions, This> = {
	[K in keyof A]: (this: This, ctx: ActionContext<A[K]>) => Promise<Result<A[K]>> | Result<A[K]>;
};

type Rest = Omit<ServiceSchema, "name" | "actions" | "methods" | "created" | "started" | "stopped">;

export interface ServiceDefinition<A extends Actions, This> extends Rest {
	actions: Handlers<A, This>;
	methods?: Record<string, (...args: never[]) => unknown> & ThisType<This>;
	created?(this: This): void;
	started?(this: This): void | Promise<void>;
	/** What it does when the node is about to stop, while all services still run. */
	stopping?: StopSteps & ThisType<This>;
	stopped?(this: This): void | Promise<void>;
}

/**
 * Combines a contract with its handlers into a Moleculer schema. The contract's params, access and timeout of
 * an action become part of it, so the broker enforces them on every node.
 */
export function service<A extends Actions, This extends Service>(
	contract: Contract<A>,
	definition: ServiceDefinition<A, This>
): ServiceSchema {
	const actions = Object.entries<ActionContract>(contract.actions).map(([key, spec]) => [
		key,
		{
			params: spec.params,
			access: spec.access,
			visibility: spec.access === "internal" ? "public" : "published",
			...(spec.timeoutMs && { timeout: spec.timeoutMs }),
			handler: definition.actions[key]
		}
	]);
	return {
		...definition,
		name: contract.name,
		actions: Object.fromEntries(actions)
	} as unknown as ServiceSchema;
}

type MixinDefinition<This> = Pick<Rest, "settings" | "dependencies" | "mixins" | "events"> &
	Partial<Pick<ServiceDefinition<Actions, This>, "methods" | "created" | "started" | "stopped">> & {
		actions?: Record<string, unknown>;
		hooks?: unknown;
		[extra: string]: unknown;
	};

/** A part of a schema that services share; `This` is the service that it is mixed into. */
export function mixin<This>(definition: MixinDefinition<This>): Partial<ServiceSchema> {
	return definition as unknown as Partial<ServiceSchema>;
}

/** Anything that can call actions: a broker, a context, a service's broker. */
export interface Caller {
	call(action: string, params: unknown, opts?: CallingOptions): PromiseLike<unknown>;
}

/**
 * Calls an action by its contract. Params are strict: no unknown members, no text for a number.
 * @throws Failure of the action; a Moleculer error when the node is gone or the call timed out
 */
export function call<S extends ActionSpec>(
	via: unknown,
	action: ActionContract<S>,
	params: Params<NoInfer<S>>,
	opts: CallingOptions = {}
): Promise<Result<S>> {
	const timeout = opts.timeout ?? action.timeoutMs;
	const options = timeout === undefined ? opts : { ...opts, timeout };
	return (via as Caller).call(action.name, params, options) as Promise<Result<S>>;
}

/**
 * Sends a hint to one node of every service that subscribes to it. Hints are unreliable, so this does not
 * wait: the broker drops a hint if the other side is down.
 */
export function emitHint<D extends TObject>(
	broker: ServiceBroker,
	{ name }: Hint<D>,
	data: Static<NoInfer<D>>
): void {
	void broker.emit(name, data).catch(() => undefined);
}

/** Sends a hint to every subscribed node. */
export function broadcastHint<D extends TObject>(
	broker: ServiceBroker,
	{ name }: Hint<D>,
	data: Static<NoInfer<D>>
): void {
	void broker.broadcast(name, data).catch(() => undefined);
}

type Events = NonNullable<ServiceSchema["events"]>;

/** For a service's `events`: the handler of a hint. An invalid hint is dropped before. */
export function onHint<D extends TObject, This = Service>(
	{ name, data }: Hint<D>,
	handler: (this: This, data: Static<NoInfer<D>>) => unknown
): Events {
	return {
		[name]: {
			params: data,
			handler(this: This, ctx: Context<Static<D>>) {
				return handler.call(this, ctx.params);
			}
		}
	} as unknown as Events;
}
