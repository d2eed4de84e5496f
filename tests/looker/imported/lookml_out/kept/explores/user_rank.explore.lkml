include: "/kept/views/user_rank.view.lkml"

explore: user_rank {
  hidden: yes
}
