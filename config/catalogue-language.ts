/** Text search configurations that every Postgres from 15 on has, by ISO 639-1 code. */
const configurations: Readonly<Record<string, string>> = {
	ar: "arabic",
	ca: "catalan",
	da: "danish",
	de: "german",
	el: "greek",
	en: "english",
	es: "spanish",
	eu: "basque",
	fi: "finnish",
	fr: "french",
	ga: "irish",
	hi: "hindi",
	hu: "hungarian",
	hy: "armenian",
	id: "indonesian",
	it: "italian",
	lt: "lithuanian",
	nb: "norwegian",
	ne: "nepali",
	nl: "dutch",
	nn: "norwegian",
	no: "norwegian",
	pt: "portuguese",
	ro: "romanian",
	ru: "russian",
	sr: "serbian",
	sv: "swedish",
	ta: "tamil",
	tr: "turkish",
	yi: "yiddish"
};

/** The text search configuration of a language; of one that Postgres has no stems for, that of whole words. */
export const textSearchConfiguration = (language: string) => configurations[language] ?? "simple";
