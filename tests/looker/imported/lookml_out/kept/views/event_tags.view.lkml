view: event_tags {

  dimension: tag {
    type: string
    sql: ${TABLE} ;;
  }
}
