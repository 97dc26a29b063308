import pg from "pg";
import { LimitedClient } from "./limited-client.ts";

/**
 * Sequelize listens to the errors of a connection some moments after it was opened. If the server ends the connection
 * before that, the `error` event has no listener and ends the process.
 */
class ListeningClient extends LimitedClient {
	/** Sequelize does not hand out a connection again for which this is true. */
	_invalid?: boolean;

	constructor(options: pg.ClientConfig) {
		super(options);
		this.on("error", () => (this._invalid = true));
	}
}

/** `dialectModule` of Sequelize: pg, whose connections have time limits, and a listener for errors from the start. */
export const sequelizeDriver: object = { ...pg, Client: ListeningClient };
