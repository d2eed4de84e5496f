create table customers (customer_id integer, country varchar, signed_up date, is_trade boolean);
insert into customers values
  (1, 'DE', '2024-01-05', true), (2, 'FR', '2024-02-11', false), (3, null, '2024-03-01', null), (4, 'DE', '2024-03-20', false);

create table orders (
  order_id integer, customer_id integer, product varchar, ordered_at timestamp, amount decimal(10, 2), is_gift boolean,
  voucher varchar
);
insert into orders values
  (1, 1, 'rye',    '2024-03-01 09:00:00', 10.00, false, null),
  (2, 1, 'roll',   '2024-03-02 10:00:00', 20.00, true,  'SPRING'),
  (3, 2, 'rye',    '2024-03-02 11:00:00',  6.00, null,  'SPRING'),
  (4, 2, 'cake',   '2024-03-09 12:00:00', 40.00, true,  null),
  (5, 3, 'roll',   '2024-04-01 08:00:00',  4.00, false, null),
  (6, 9, 'rye',    '2024-04-03 08:00:00',  8.00, false, 'MAY'),
  (7, null, null,  '2024-04-15 08:00:00',  2.00, null,  null),
  (8, 1, 'rye',    '2024-05-02 08:00:00', 12.00, false, null),
  (9, 1, 'cake',   '2024-05-31 23:30:00', 30.00, true,  null);

create table visits (visit_id integer, customer_id integer, visited_on date, channel varchar, product varchar);
insert into visits values
  (1, 1, '2024-03-01', 'search', 'rye'), (2, 1, '2024-03-02', 'mail', 'cake'), (3, 2, '2024-03-02', 'search', 'rye'),
  (4, 2, '2024-03-05', 'search', 'cake'), (5, 3, '2024-03-20', 'mail', 'roll'), (6, 4, '2024-03-21', null, 'rye'),
  (7, 3, '2024-03-31', 'search', 'roll'), (8, null, '2024-04-01', 'search', 'rye'), (9, 1, '2024-05-30', 'mail', 'cake');

create table stock (day date, shop varchar, product varchar, pieces integer);
insert into stock values
  ('2024-03-30', 'mill', 'rye', 7), ('2024-03-31', 'mill', 'rye', 5), ('2024-03-31', 'gate', 'rye', 9),
  ('2024-04-29', 'gate', 'rye', 3), ('2024-04-30', 'mill', 'rye', 2), ('2024-04-30', 'mill', 'cake', 1),
  ('2024-04-28', 'gate', 'cake', 8);

create table tiers (customer_id integer, tier varchar, valid_from date, valid_to date);
insert into tiers values
  (1, 'new', '2024-01-01', '2024-03-02'), (1, 'gold', '2024-03-02', null), (2, 'new', '2024-02-01', '2024-03-09'),
  (2, 'silver', '2024-03-09', null), (3, 'new', '2024-03-01', '2024-03-15');

create table days (date_day date, baking_week date);
insert into days select d::date, (d - interval (datediff('day', date '2024-01-03', d::date) % 7) day)::date
from generate_series(timestamp '2024-01-03', timestamp '2024-12-31', interval 1 day) t(d);
