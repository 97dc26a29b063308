-- It was written after every batch and read by nothing: a consumer stores its positions with its effects.
drop table committed;
