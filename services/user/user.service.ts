import { config } from "../../config/index.ts";
import { admins } from "../../contracts/roles.ts";
import { standingChanged, user as contract } from "../../contracts/user.ts";
import { demoPasswordHash } from "../../db/seed/accounts.ts";
import { requireRole } from "../../lib/access.ts";
import { shownEmail, storedEmail } from "../../lib/addresses/email.ts";
import { fail, invalid } from "../../lib/errors.ts";
import { identityOf, type Meta } from "../../lib/identity.ts";
import { Periodic } from "../../lib/periodic.ts";
import { broadcastHint, service } from "../../lib/service.ts";
import { SequelizeModel, type WithModel } from "../../mixins/sequelize-model.mixin.ts";
import { defineUser, type UserRow } from "./user.model.ts";
import { hashPassword, passwordMatches, weakness } from "./password.ts";
import { AttemptGuard } from "./sign-in/attempt-guard.ts";
import { AttemptLimits } from "./sign-in/attempt-limits.ts";
import { AttemptOutcomes } from "./sign-in/attempt-outcomes.ts";
import { AttemptRepository } from "./sign-in/attempt.repository.ts";
import { StandingRepository } from "./standing.repository.ts";
import { UserRepository } from "./user.repository.ts";
import { TokenIssuer } from "./token-issuer.ts";

interface This extends WithModel<UserRow> {
	users: UserRepository;
	standing: StandingRepository;
	tokens: TokenIssuer;
	guard: AttemptGuard;
	outcomes: AttemptOutcomes;
	/** Removes counts of attempts whose window has ended. */
	purge: Periodic;
}

/** Accounts from before local parts were limited keep their address, which is none any more. */
const normalEmail = (email: string) => storedEmail(email.trim()) ?? email.trim().toLowerCase();

/** The account that a caller means: any for an admin, else their own; others do not exist. */
function accountId(meta: Meta, asked: string | undefined): string {
	const { id, role } = identityOf(meta);
	if (asked === undefined || asked === id || role === "admin") return asked ?? id;
	return fail("NOT_FOUND");
}

/** Production refuses the published password of the demo. */
const mayEnter = ({ locked, password_hash }: UserRow) =>
	!locked && !(config().production && password_hash === demoPasswordHash);

/**
 * Accounts and access tokens. Neither the response nor its time reveals whether an address has an account, so
 * both registration and sign-in always hash.
 */
export default service<typeof contract.actions, This>(contract, {
	mixins: [SequelizeModel(defineUser)],

	actions: {
		async create(ctx) {
			const { password } = ctx.params;
			const email = normalEmail(ctx.params.email);
			const detail = weakness(password, email);
			if (detail) invalid("/password", "weak", detail);
			const { name = email.split("@")[0]!, locale } = ctx.params;
			await this.guard.register(ctx.meta.network, async () => {
				const password_hash = await hashPassword(password);
				await this.users.create({ email, name, ...(locale && { locale }), password_hash });
			});
			return { status: "accepted" };
		},

		async authenticate(ctx) {
			const claim = { email: normalEmail(ctx.params.email), network: ctx.meta.network };
			const { id, email, role } = await this.guard.signIn(claim, async () => {
				const row = await this.users.withPassword(claim.email);
				const matches = await passwordMatches(row?.password_hash, ctx.params.password);
				return row && matches && mayEnter(row) ? row : undefined;
			});
			return {
				access_token: await this.tokens.sign({ id, role }, await this.standing.now()),
				token_type: "Bearer",
				expires_in: this.tokens.ttlS,
				user: { id, email: shownEmail(email), role }
			};
		},

		async update(ctx) {
			const { id, version, ...changes } = ctx.params;
			const self = identityOf(ctx.meta);
			const account = accountId(ctx.meta, id);
			const owned = changes.role === undefined && changes.locked === undefined;
			if (!owned) requireRole(self, admins);
			const personal = ["name", "locale", "phone"].some(member => member in changes);
			if (personal && account !== self.id)
				fail("FORBIDDEN", "Users change their name, language and phone themselves");
			const updated = await this.users.update(account, version, changes);
			if (!owned) broadcastHint(this.broker, standingChanged, {});
			return updated;
		},

		get(ctx) {
			return this.users.get(accountId(ctx.meta, ctx.params.id));
		},

		list(ctx) {
			return this.users.list(ctx.params);
		},

		async contacts(ctx) {
			return { contacts: await this.users.contacts(ctx.params) };
		},

		"standing.get"(ctx) {
			return this.standing.get(ctx.params.id);
		},

		"standing.list"(ctx) {
			return this.standing.list(ctx.params);
		},

		keys() {
			return { keys: [this.tokens.publicKey] };
		},

		ready() {
			return this.checkModel();
		}
	},

	async started() {
		const { privateKey, ttlS } = config().token;
		this.tokens = await TokenIssuer.fromPem(privateKey, ttlS);
		this.users = new UserRepository(this.model);
		this.standing = new StandingRepository(this.model);
		const attempts = new AttemptRepository(this.model.sequelize!);
		this.outcomes = new AttemptOutcomes(this.broker, line => this.logger.warn(line));
		const limits = new AttemptLimits(attempts, privateKey!, config().signIn);
		this.guard = new AttemptGuard(limits, this.outcomes);
		this.purge = new Periodic({
			everyMs: 60_000,
			work: () => attempts.purge(),
			onError: ({ message }) => this.logger.warn("cannot remove counts of attempts:", message)
		});
		this.purge.start();
	},

	stopping: {
		stopPolling() {
			void this.purge?.stop();
		}
	},

	async stopped() {
		await this.purge?.stop();
		this.outcomes?.stop();
	}
});
