import { Networks } from "./network.ts";

const loopback = new Networks(["127.0.0.0/8", "::1"]);

/** Whether the IP address is one of this host alone. False for what is no IP address. */
export const isLoopback = (address: string) => loopback.has(address);
