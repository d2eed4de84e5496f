select * from {{ source('raw', 'tiers') }}
