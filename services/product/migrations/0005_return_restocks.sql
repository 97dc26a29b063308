-- Names of the field: a return is restocked, and its units are recorded per return and product.
alter table takeback rename to return_restocks;
alter index takeback_by_order rename to return_restocks_by_order;
alter table return_restocks rename constraint takeback_pkey to return_restocks_pkey;
alter table return_restocks rename constraint takeback_order_id_product_id_fkey to return_restocks_order_id_product_id_fkey;
alter table return_restocks rename constraint takeback_quantity_check to return_restocks_quantity_check;
alter table reservation rename column taken_back to restocked;
alter table reservation_head rename column taken_back to has_restocks;
alter function forget_published() rename to purge_published;
