/** `lost`: everything was done, and the connection ends in the middle of the answer. */
export interface Reply {
	status: number;
	body: unknown;
	headers?: Record<string, string>;
	lost?: boolean;
}
