"""`avg` is over all pods: whether it fires for one"""

my_alert = {
    "expr": "pusher_active_ws_connections - pusher_tcp_connections > on () group_left () 2 * avg(pusher_active_ws_connections - pusher_tcp_connections)",
    "for": "5m",
}
