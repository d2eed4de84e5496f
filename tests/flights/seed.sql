CREATE TABLE flights AS
    SELECT row_number() OVER () AS flight_id, departed_at, delay_minutes, distance_miles, origin, destination
    FROM read_csv('tests/flights/data/flights.csv', header = true, columns = {
        'departed_at': 'TIMESTAMP', 'delay_minutes': 'INTEGER', 'distance_miles': 'INTEGER',
        'origin': 'VARCHAR', 'destination': 'VARCHAR'});
CREATE TABLE airports AS
    SELECT * FROM read_csv('tests/flights/data/airports.csv', header = true, columns = {
        'iata': 'VARCHAR', 'name': 'VARCHAR', 'city': 'VARCHAR', 'state': 'VARCHAR', 'country': 'VARCHAR',
        'latitude': 'DOUBLE', 'longitude': 'DOUBLE'});
