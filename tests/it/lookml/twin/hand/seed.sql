CREATE TABLE customers (id INT, parent_id INT, name TEXT, region TEXT, secret TEXT, credit DECIMAL(10, 2));
INSERT INTO customers VALUES (1, NULL, 'ada', 'N', 's1', 100), (2, 1, 'bo', 'S', 's2', 50), (3, 1, 'cy', NULL, 's3', 7);
CREATE TABLE orders (id INT, customer_id INT, status TEXT, amount DECIMAL(10, 2), shipping DECIMAL(10, 2),
  is_test BOOLEAN, created_at TIMESTAMPTZ, due_on DATE);
INSERT INTO orders VALUES
  (1, 1, 'open', 10, 1, false, '2024-03-01 04:30:00+00', '2024-03-05'),
  (2, 1, 'open', 30, 2, NULL, '2024-03-02 12:00:00+00', '2024-03-20'),
  (3, 2, 'done', 50, 3, false, '2024-03-10 12:00:00+00', '2024-03-11'),
  (4, 1, 'void', 5, 4, false, '2023-03-10 12:00:00+00', '2023-03-12'),
  (5, 3, NULL, 70, 5, true, '2024-02-10 12:00:00+00', NULL);
CREATE TABLE items (id INT, order_id INT, quantity INT, shipping DECIMAL(10, 2));
INSERT INTO items VALUES (1, 1, 2, 1), (2, 1, 3, 1), (3, 2, 1, 2), (4, 3, 4, 3), (5, 3, 4, 3), (6, 9, 9, 9);
