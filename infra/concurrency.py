"""How many executions of each function may run at once, on AWS and on one machine.

Plain data, because not every emulator reads it from the template: the local stack sets it again.
"""

# On a laptop each execution is a process of its own, and they share its cores. On AWS they are
# reserved: the account needs as many to spare. There the wallets can be asked by all that ask
# them at once, with eight lanes in a sweep: payments cannot starve what settles them.
#
# What only reads has a share of its own, and a smaller one. When too many look or list at once,
# they are refused, and payments go on: reads can never use up what is reserved for them.
CONCURRENCY = {
    "payments_api": {"aws": 200, "local": 6},
    "payments_reads": {"aws": 50, "local": 2},
    "wallets_api": {"aws": 100, "local": 3},
    "wallets_reads": {"aws": 30, "local": 2},
    "ops_api": {"aws": 10, "local": 2},
    "wallet_commands": {"aws": 240, "local": 6},
    "access_commands": {"aws": 5, "local": 2},
    "ledger_stream": {"aws": 20, "local": 2},
    "payment_stream": {"aws": 20, "local": 2},
    "account_stream": {"aws": 20, "local": 1},
    "circuit_stream": {"aws": 2, "local": 1},
    "report_stream": {"aws": 2, "local": 1},
    "payment_worker": {"aws": 20, "local": 2},
    "sweeper": {"aws": 2, "local": 2},
    "reconciliation": {"aws": 10, "local": 2},
    "reconciliation_manual": {"aws": 10, "local": 2},
    "reconciliation_api": {"aws": 10, "local": 2},
    "anomalies_api": {"aws": 10, "local": 1},
    "anomaly_scorer": {"aws": 15, "local": 2},
    "webhooks_api": {"aws": 10, "local": 1},
    "webhooks": {"aws": 10, "local": 1},
    "webhook_sender": {"aws": 20, "local": 2},
}
