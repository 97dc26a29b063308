-- An international domain is stored in ASCII (A-labels), so that one address has one account. Rows from before are not
-- checked until they change.
alter table users add constraint users_email_ascii check (email ~ '^[\x21-\x7e]+$') not valid;
