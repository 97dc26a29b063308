import { analytics as contract } from "../../contracts/analytics.ts";
import { service } from "../../lib/service.ts";
import { Postgres, type WithPostgres } from "../../mixins/postgres.mixin.ts";

/** What was sold, minute by minute, as the order events say. */
export default service<typeof contract.actions, WithPostgres>(contract, {
	mixins: [Postgres("analytics")],

	actions: {
		ready() {
			return this.checkDatabase();
		}
	}
});
