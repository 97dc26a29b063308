-- outside a transaction
-- `npm run verify -- orders` compares each order with its events, by pages of 1,000 orders; without this each page read
-- the whole archive.
create index concurrently if not exists outbox_archive_order on outbox_archive (order_id, version);
