import { isCardSuspect, withoutCards } from "./card-numbers.ts";

/** What a line of the log must not have, and what is written instead. */
const masks: readonly (readonly [RegExp, string])[] = [
	// Credentials in a URL: the user may stay, because it is a role or an account of a service.
	[/(\w:\/\/[^\s/:@]*):[^\s/@]+@/g, "$1:***@"],
	// A token in the place of a user.
	[/(\w:\/\/)[^\s/:@*]{16,}@/g, "$1***@"],
	// In a query, a form, or JSON as text.
	[/\b(password|passwd|token|secret|authorization)(=|"\s?:\s?")[^\s"',;&]+/gi, "$1$2***"],
	[/\bpi_\w{1,64}?_secret_\w+|\bAKIA[A-Z0-9]{12,}/g, "*** key ***"],
	[
		/-----BEGIN ([A-Z ]*)PRIVATE KEY-----[^]*?(-----END \1PRIVATE KEY-----|$)/g,
		"*** private key ***"
	],
	[/\b(sk|rk)_(live|test)_\w+|\bwhsec_[\w+/=]+/g, "*** key ***"],
	// A JSON Web Token: its header begins with {" in base64.
	[/(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*/g, "*** token ***"],
	[/\b(Bearer|Basic) +[\w.+/=-]{8,}/gi, "$1 ***"],
	// Of an e-mail address the host stays: it says whose mail server it is about.
	[/(?<![\w.+'-])[\w.+'-]+@(?=[a-z0-9-]+\.[a-z0-9-])/gi, "***@"]
];

/** Cheap, and true for each text that a mask may change. */
const isSuspect =
	/[@]|PRIVATE KEY|[sr]k_|_secret_|AKIA|whsec_|eyJ|bearer|basic|passw|token|secret|authorization/i;

/**
 * The same text without passwords in URLs, private keys, tokens, keys of the payment provider, names of e-mail addresses and
 * numbers of payment cards.
 */
export function maskedText(text: string): string {
	const cardless = isCardSuspect.test(text) ? withoutCards(text, "*** card ***") : text;
	if (!isSuspect.test(cardless)) return cardless;
	return masks.reduce((masked, [pattern, instead]) => masked.replace(pattern, instead), cardless);
}

const secretName =
	/^(pass|pwd|pin|cvc|cvv|auth|jwt|dsn)$|passw(or)?d|passcode|session[-_]?id|passphrase|secret|token|authorization|cookie|api[-_]?key|private|credential/i;

/** Whether the value of a member of this name must not be logged. */
export const isSecretName = (name: string) => secretName.test(name);
