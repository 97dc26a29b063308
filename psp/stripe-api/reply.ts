/** `lost`: the request was executed, and the connection ends in the middle of the response. */
export interface Reply {
	status: number;
	body: unknown;
	headers?: Record<string, string>;
	lost?: boolean;
}
