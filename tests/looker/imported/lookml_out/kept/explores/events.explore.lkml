include: "/explores/generated/events.explore.lkml"
include: "/kept/views/event_tags.view.lkml"
include: "/kept/views/sessions.view.lkml"

explore: +events {
  fields: [ALL_FIELDS*, -buyers_user_facts.measures*, -buyers_referrer.measures*, -buyers_referrer_user_facts.measures*]

  join: sessions {
    relationship: many_to_one
    sql_on: ${events.session_id} = ${sessions.session_id} ;;
  }

  join: event_tags {
    relationship: one_to_many
    sql: LEFT JOIN UNNEST(${events.tags}) AS event_tags ON TRUE ;;
  }
}
