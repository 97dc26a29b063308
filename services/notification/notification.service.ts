import { notification as contract } from "../../contracts/notification.ts";
import { service } from "../../lib/service.ts";
import { Postgres, type WithPostgres } from "../../mixins/postgres.mixin.ts";

/** Tells customers and staff what became of orders, as the order events say. */
export default service<typeof contract.actions, WithPostgres>(contract, {
	mixins: [Postgres("notification")],

	actions: {
		ready() {
			return this.checkDatabase();
		}
	}
});
