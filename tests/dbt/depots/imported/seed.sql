create schema delivery;
create table delivery.scans (scan_id integer, parcel_id integer, depot_id integer, scanned_at timestamp, loaded_at timestamp);
insert into delivery.scans values
  (1, 10, 1, '2024-03-04 07:00:00', '2024-03-05 02:00:00'), (2, 10, 2, '2024-03-04 18:00:00', '2024-03-05 02:00:00'),
  (3, 11, 1, '2024-03-05 09:00:00', '2024-03-06 02:00:00'), (4, 10, 1, '2024-03-06 00:00:00', '2024-03-06 02:00:00'),
  (5, 12, 1, '2024-03-06 23:00:00', '2024-03-07 02:00:00'), (6, null, 3, '2024-03-07 12:00:00', '2024-03-08 02:00:00');
create table delivery.parcels (parcel_id integer, service varchar, loaded_at timestamp);
insert into delivery.parcels values
  (10, 'express', '2024-03-05 00:00:00'), (10, 'standard', '2024-03-06 00:00:00'), (11, 'express', '2024-03-06 00:00:00'),
  (12, 'express', '2024-03-08 00:00:00');
create table delivery.depots (depot_id integer, manager varchar, from_at timestamp, to_at timestamp);
insert into delivery.depots values
  (1, 'Ida', '2024-01-01 00:00:00', '2024-03-05 08:00:00'), (1, 'Jon', '2024-03-05 08:00:00', null),
  (2, 'Kim', '2024-03-04 12:00:00', null);
create table delivery.terminals (terminal_id integer, vendor_id integer);
insert into delivery.terminals values (1, 7), (2, 8), (3, null);
create table delivery.vendors (vendor_id integer, vendor_name varchar, from_at timestamp, to_at timestamp);
insert into delivery.vendors values
  (7, 'Old', '2024-01-01 00:00:00', '2024-03-05 08:00:00'), (7, 'New', '2024-03-05 08:00:00', null),
  (8, 'Duo', '2024-03-04 00:00:00', '2024-03-05 00:00:00');
