import { randomBytes } from "node:crypto";

/** Standard Webhooks takes 24 to 64 bytes; HMAC-SHA256 gains nothing from more than 32 (RFC 2104, section 3). */
const secretBytes = 32;

/** A new secret, in the form of Standard Webhooks. */
export const newSecret = (): string => `whsec_${randomBytes(secretBytes).toString("base64")}`;
