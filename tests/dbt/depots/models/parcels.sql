select * from {{ source('delivery', 'parcels') }}
