import { assertSameHistory, checksumOf } from "./migration-record.ts";

const one = { service: "order", file: "0001_a.sql", sql: "create table a (x int);" };
const two = { service: "user", file: "0001_a.sql", sql: "create table b (x int);" };
const ran = (migration: typeof one, checksum: string | null = checksumOf(migration.sql)) => ({
	service: migration.service,
	file: migration.file,
	checksum
});

it.each([
	["an empty database", [], true],
	["one that is older", [ran(one)], true],
	["one of the same version", [ran(one), ran(two)], true],
	["one from before checksums", [ran(one, null), ran(two, null)], true],
	["some of its migrations only", [ran(one), ran({ ...one, file: "0002_b.sql" })], false]
])("accepts %s", (_, records, isWhole) => {
	expect(() => assertSameHistory(records, [one, two], isWhole)).not.toThrow();
});

const later = (n: number) => ran({ ...one, file: `000${n}_b.sql` });
it.each([
	["a newer one", [ran(one), later(2)], true, /newer than .* migration order\/0002_b\.sql: start/],
	["a much newer one", [2, 3, 4, 5, 6].map(later), true, /0004_b\.sql and 2 more: start/],
	["an edited one", [ran(one, "x"), ran(two)], true, /^Migration order\/0001_a\.sql was changed/],
	["an edited one of some", [ran(two, "x")], false, /^Migration user\/0001_a\.sql was changed/]
])("refuses %s in a sentence", (_, records, isWhole, sentence) => {
	const compare = () => assertSameHistory(records, [one, two], isWhole);
	expect(compare).toThrow(sentence);
	expect(compare).toThrow(expect.objectContaining({ kind: "refused" }));
});
