-- Search by words in the language of the catalogue, and by parts of words in any script (docs/decisions/0026). Needs no
-- extension: pg_trgm ignores letters other than ASCII where the server's locale is C.
drop index products_by_search;
alter table products drop column search;
alter table products add column language text not null default 'english';

-- ICU knows the case and the order of all letters; a server without it knows those of its locale.
do $$
declare
	icu text := (select 'collate "und-x-icu"' from pg_collation where collname = 'und-x-icu' limit 1);
begin
	execute format($f$
		create function fold_case(given text) returns text language sql immutable strict parallel safe
		return lower(normalize(given, nfkc) %1$s)
	$f$, icu);
	if icu is not null then
		alter table products alter column name type text collate "und-x-icu";
	end if;
end $$;

-- One expression, which `on conflict` can name.
drop index products_by_sku;
create unique index products_by_sku on products (fold_case(sku)) where not archived;

-- A text without what people leave out when they type: case, width, combining marks of Latin, Greek and Cyrillic,
-- points of Hebrew and Arabic. Marks of other scripts are letters of their own (が is not か), so they stay.
create function search_form(given text) returns text language sql immutable strict parallel safe
return regexp_replace(
	translate(
		replace(replace(replace(replace(
			fold_case(regexp_replace(normalize(given, nfkd),
				'[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u065f\u0670]', '', 'g')),
			'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
		'øłđðıħς’‘ʼ‐‒–—', 'oldđihσ''''''----'),
	'\s+', ' ', 'g');

-- Without punctuation: "AT&T" is also "att", "Wi-Fi" also "wifi".
create function search_squeezed(form text) returns text language sql immutable strict parallel safe
return regexp_replace(form, '[!-/:-@\[-`{-~·]', '', 'g');

-- Where parts of words are looked for. The name is the first line.
create function search_text(name text, sku text, description text) returns text
language sql immutable strict parallel safe
return search_form(name) || E'\n' || search_form(sku) || E'\n' || search_squeezed(search_form(name)) || E'\n'
	|| search_form(description);

-- Words in their stems, as they are written and without their marks: stems need the marks, and people leave them out.
-- The lexeme between them keeps the last word of one from being next to the first of the other.
create function search_words(language text, given text) returns tsvector
language sql immutable strict parallel safe
return case when fold_case(given) = search_form(given) then to_tsvector(language::regconfig, fold_case(given))
	else to_tsvector(language::regconfig, fold_case(given)) || '''~'':1'
		|| to_tsvector(language::regconfig, search_form(given)) end;

-- The words of a term next to each other.
create function search_words_query(language text, term text) returns tsquery
language sql immutable strict parallel safe
return phraseto_tsquery(language::regconfig, fold_case(term))
	|| phraseto_tsquery(language::regconfig, search_form(term));

-- All characters of a text, and all runs of two.
create function search_runs(form text) returns text[] language sql immutable strict parallel safe
return (
	select coalesce(array_agg(character || next) || array_agg(character), '{}')
	from (
		select character, lead(character, 1, '') over () as next
		from unnest(string_to_array(form, null)) character
	) run
);

-- Finds every text that contains a part, because it has all of its runs, and some others.
create function search_runs_query(part text) returns tsquery language sql immutable strict parallel safe
return coalesce((
	select string_agg('''' || replace(replace(run, '\', '\\'), '''', '''''') || '''', ' & ')
	from unnest(search_runs(part)) run
	where length(run) = least(2, length(part))
), '')::tsquery;

alter table products add column search_text text not null
	generated always as (search_text(name collate "C", sku collate "C", description collate "C")) stored;
alter table products add column search_words tsvector not null generated always as (
	setweight(search_words(language collate "C", name collate "C"), 'A')
	|| setweight(search_words(language collate "C", description collate "C"), 'B')
) stored;
alter table products add column search_runs tsvector not null generated always as (
	array_to_tsvector(search_runs(search_text(name collate "C", sku collate "C", description collate "C")))
) stored;
create index products_by_words on products using gin (search_words);
create index products_by_runs on products using gin (search_runs);
