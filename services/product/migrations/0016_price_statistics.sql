-- How many products a range of prices has, in steps of a thousandth instead of a hundredth: with the coarser ones the
-- planner expects a page full of products in a range that has few, and reads the catalogue in its order to find them.
alter table products alter column price_minor set statistics 1000;
