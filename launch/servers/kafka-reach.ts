import { LaunchError } from "../process/launch-error.ts";

/** No broker answers there. @param remedy what to do about it, with the blank or the colon before it */
export const unreachable = (where: string, remedy: string, { message }: Error) =>
	new LaunchError(`No Kafka answers at ${where}${remedy}: ${message}`);
