/**
 * Numbers of payment cards in a text: 13 to 19 digits (ISO/IEC 7812-1), alone or in groups, that begin as an issuer's do and
 * have the check digit of Luhn. Ids and times are rarely all three: one of ten numbers has its check digit by chance.
 */

/** Between groups; the last two are a space in a URL and in a form. */
const separator = "(?:[ \\u00a0-]|%20|\\+)";

/** Enough digits for a card. Each place is looked at 13 digits far. */
export const isCardSuspect = new RegExp(`\\d(?:${separator}?\\d){12}`);

/**
 * Groups of digits that stand by themselves: no end of a word, unless that is an escape of JSON (`\n4111…`) or of a URL
 * (`%3D4111…`), and no decimals.
 */
const digitGroups = new RegExp(
	`(?:(?<=%[\\dA-Fa-f]{2})|(?<!(?<!\\\\)\\w|\\d\\.|%))\\d+(?:${separator}\\d+)*(?!\\w|\\.\\d)`,
	"g"
);

/** The first digits of the issuers, with the lengths of their numbers. */
const issuers: readonly (readonly [begin: RegExp, lengths: readonly number[]])[] = [
	[/^4/, [13, 16, 19]], // Visa
	[/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]], // Mastercard
	[/^3[47]/, [15]], // American Express
	[/^3(?:0[0-5]|[689])/, [14, 15, 16, 17, 18, 19]], // Diners Club
	[/^35(?:2[89]|[3-8])/, [16, 17, 18, 19]], // JCB
	[/^220[0-4]/, [16, 17, 18, 19]], // Mir
	[/^8[12]/, [16, 17, 18, 19]], // UnionPay, RuPay
	[/^(?:5[0678]|6)/, [13, 14, 15, 16, 17, 18, 19]] // Maestro, Discover, UnionPay
];
const [shortest, longest] = [13, 19];

function hasCheckDigit(digits: string): boolean {
	let sum = 0;
	for (const [index, digit] of [...digits].reverse().entries()) {
		const doubled = Number(digit) * (index % 2 === 0 ? 1 : 2);
		sum += doubled > 9 ? doubled - 9 : doubled;
	}
	return sum % 10 === 0;
}

const isCard = (digits: string) =>
	issuers.some(([begin, lengths]) => lengths.includes(digits.length) && begin.test(digits)) &&
	hasCheckDigit(digits);

/** People and forms write 4-4-4-4, 4-6-5 and the like. The groups of a UUID or a date are others. */
const isGroup = (digits: string, isLast: boolean) =>
	isLast ? digits.length <= 7 : digits.length >= 4 && digits.length <= 6;

/** The index after the last group of a card that begins at this group; none if none does. */
function endOfCard(groups: readonly string[], from: number): number | undefined {
	let digits = "";
	let end: number | undefined;
	for (let to = from; to < groups.length && digits.length < longest; to += 1) {
		const group = groups[to]!;
		digits += group;
		const isWritten = to === from || isGroup(group, true);
		if (isWritten && digits.length >= shortest && isCard(digits)) end = to + 1;
		if (!isGroup(group, false)) break;
	}
	return end;
}

const groupOrSeparator = new RegExp(`(${separator})`);

/** Other numbers may be before and after a card in one row of groups. */
function masked(row: string, mask: string): string {
	// Groups have even places, the separators between them odd ones.
	const parts = row.split(groupOrSeparator);
	const groups = parts.filter((_, place) => place % 2 === 0);
	let text = "";
	for (let from = 0; from < groups.length;) {
		const end = endOfCard(groups, from);
		text += (end === undefined ? groups[from]! : mask) + (parts[2 * (end ?? from + 1) - 1] ?? "");
		from = end ?? from + 1;
	}
	return text;
}

/** The text with the mask instead of each card number. */
export const withoutCards = (text: string, mask: string) =>
	text.replace(digitGroups, row => masked(row, mask));
