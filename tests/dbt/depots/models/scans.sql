select * from {{ source('delivery', 'scans') }}
