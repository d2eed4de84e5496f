select * from {{ source('delivery', 'depots') }}
