-- How a user wants to be written to: the language, and a number (E.164) for text messages.
alter table users add column locale text not null default 'en';
alter table users add column phone text check (phone ~ '^\+[1-9][0-9]{6,14}$');
