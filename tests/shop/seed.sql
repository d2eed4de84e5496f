CREATE TABLE customers (customer_id BIGINT, parent_id BIGINT, name TEXT, country TEXT);
INSERT INTO customers VALUES (1, NULL, 'Ada', 'DE'), (2, 1, 'Bo', 'FR'), (3, 1, 'Cy', NULL), (4, 9, 'Di', 'DE');
CREATE TABLE orders (order_id BIGINT, customer_id BIGINT, ordered_at TIMESTAMPTZ, shipped_on DATE, amount DECIMAL(12,2), status TEXT, is_paid BOOLEAN);
INSERT INTO orders VALUES
  (1, 1, '2025-01-31 22:59:59+00', '2025-02-01', 10.00, 'done', true),
  (2, 1, '2025-01-31 23:00:00+00', '2025-02-03', 20.50, 'done', false),
  (3, 2, '2025-02-10 12:00:00+00', NULL, 5.25, 'open', NULL),
  (4, 2, '2025-02-28 12:00:00+00', '2025-03-01', 50.00, NULL, true),
  (5, 3, '2025-03-30 00:30:00+00', '2025-03-31', 9.99, 'done', true),
  (6, 3, '2025-03-30 01:30:00+00', '2025-03-31', NULL, 'done', false),
  (7, NULL, '2025-03-31 21:59:59+00', '2025-04-01', 70.00, 'open', true),
  (8, 7, '2025-03-31 22:00:00+00', '2025-04-02', 1.01, 'done', true),
  (9, 4, NULL, '2025-03-05', 3.00, 'lost', false);
CREATE TABLE refunds (refund_id BIGINT, order_id BIGINT, refunded_at TIMESTAMPTZ, amount DECIMAL(12,2), reason TEXT);
INSERT INTO refunds VALUES
  (1, 1, '2025-02-05 10:00:00+00', 4.00, 'late'), (2, 1, '2025-02-06 10:00:00+00', 1.00, 'late'),
  (3, 4, '2025-03-02 10:00:00+00', 50.00, NULL), (4, 99, '2025-04-02 10:00:00+00', 2.00, 'lost');
