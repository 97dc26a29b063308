/** Headers of every response. */
export const everyAnswer = new Map([
	["X-Content-Type-Options", "nosniff"],
	["Referrer-Policy", "no-referrer"],
	["Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"],
	["Cross-Origin-Resource-Policy", "same-origin"],
	["Cache-Control", "no-store"]
]);
