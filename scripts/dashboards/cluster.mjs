import { dashboard, lines, number, row } from './panels.mjs'

const jobs = 'job=~"gateway|actors|orders|all"'
const perSecond = (metric, by) => `sum by (${by}) (rate(${metric}[$__rate_interval]))`
const total = (metric) => `sum(rate(${metric}[$__rate_interval]))`
const quantile = (q, metric, by) => `histogram_quantile(${q}, sum by (${by}, le) (rate(${metric}_bucket[$__rate_interval])))`

export const cluster = dashboard('cluster', 'Sluice: cluster', [
  number('Processes up', 'short', [[`sum(up{${jobs}})`]]),
  number('Processes down', 'short', [[`count(up{${jobs}}) - sum(up{${jobs}})`]], { redFrom: 1 }),
  number('Not ready', 'short', [['count(sluice_ready) - sum(sluice_ready)']], { redFrom: 1 }),
  number('Shards without an owner', 'short', [['sum(max by (kind) (sluice_shards)) - sum(sluice_shards_owned)']], { redFrom: 1 }),
  number('Store full', 'percentunit', [['max(sluice_store_used_bytes / sluice_store_limit_bytes)']], { redFrom: 0.8 }),
  number('Alerts', 'short', [['count(ALERTS{alertname=~"Sluice.*",alertstate="firing"}) or vector(0)']], { redFrom: 1 }),
  row('Shards'),
  lines('Owned', 'short', [['sum by (instance, kind) (sluice_shards_owned)', '{{instance}} {{kind}}']], { stacked: true }),
  lines('Comings and goings, a second', 'short', [
    [total('sluice_shards_opened_total'), 'opened'],
    [total('sluice_shards_handed_over_total'), 'handed over'],
    [total('sluice_shards_fenced_total'), 'fenced'],
    [total('sluice_shard_failures_total'), 'failed'],
    [total('sluice_shards_declined_total'), 'declined'],
    [total('sluice_leases_lost_total'), 'leases lost'],
    [total('sluice_beat_failures_total'), 'beats lost'],
  ]),
  lines('Changes of epochs in five minutes', 'short', [['topk(8, changes(max by (shard) (sluice_shard_epoch)[5m:15s]))', '{{shard}}']]),
  lines('Commands a second', 'ops', [[perSecond('sluice_shard_commands_total', 'instance, kind'), '{{instance}} {{kind}}']], {
    stacked: true,
  }),
  lines('Fullest mailboxes', 'bytes', [['topk(8, sluice_shard_mailbox_bytes)', '{{shard}}']]),
  lines('Refused or dropped, a second', 'short', [
    [perSecond('sluice_shard_busy_frames_total', 'kind'), 'frames to a full mailbox, {{kind}}'],
    [perSecond('sluice_shard_late_total', 'kind'), 'commands after their deadline, {{kind}}'],
  ]),
  lines('Events in a record', 'short', [
    [quantile(0.5, 'sluice_shard_batch_events', 'kind'), '{{kind}}, half'],
    [quantile(0.99, 'sluice_shard_batch_events', 'kind'), '{{kind}}, 99 of 100'],
  ]),
  lines('Events in a record, busiest shards', 'short', [
    [
      'topk(8, rate(sluice_shard_record_events_sum[$__rate_interval]) / rate(sluice_shard_record_events_count[$__rate_interval]))',
      '{{shard}}',
    ],
  ]),
  lines('Journal that a next owner reads', 'bytes', [['topk(8, sluice_shard_journal_lag_bytes)', '{{shard}}']]),
  row('Store'),
  lines('Time for a record', 's', [
    [quantile(0.5, 'sluice_append_seconds', 'kind'), '{{kind}}, half'],
    ['kind:sluice_append_seconds:p99_1m', '{{kind}}, 99 of 100'],
  ]),
  lines('Time for a record, slowest shards', 's', [
    [
      'topk(8, rate(sluice_shard_append_seconds_sum[$__rate_interval]) / rate(sluice_shard_append_seconds_count[$__rate_interval]))',
      '{{shard}}',
    ],
  ]),
  lines('Journal written', 'Bps', [[perSecond('sluice_shard_record_bytes_total', 'kind'), '{{kind}}']], { stacked: true }),
  lines('Connections', 'short', [
    ['sum by (link) (sluice_store_connected)', '{{link}}'],
    [total('sluice_store_reconnects_total'), 'made again, a second'],
  ]),
  lines('Memory or disk', 'bytes', [
    ['max(sluice_store_used_bytes)', 'used'],
    ['max(sluice_store_limit_bytes)', 'limit'],
  ]),
  lines('Trouble, a second', 'short', [
    [total('sluice_shard_store_faults_total'), 'records not taken'],
    [total('sluice_store_losses_total'), 'records lost'],
    [total('sluice_snapshots_total'), 'snapshots'],
    [total('sluice_snapshot_failures_total'), 'snapshots failed'],
  ]),
  row('Bus'),
  lines('Frames a second', 'ops', [[perSecond('sluice_bus_frames_total', 'job, lane'), '{{job}} {{lane}}']], { stacked: true }),
  lines('Bytes a second', 'Bps', [[perSecond('sluice_bus_bytes_total', 'job, lane'), '{{job}} {{lane}}']], { stacked: true }),
  lines('Messages a second', 'ops', [[perSecond('sluice_bus_messages_total', 'lane'), '{{lane}}']]),
  lines('Under way', 'bytes', [['max by (instance, lane) (sluice_bus_under_way_bytes)', '{{instance}} {{lane}}']]),
  lines('Trouble, a second', 'short', [
    [perSecond('sluice_bus_full_total', 'lane'), 'refused {{lane}}'],
    [total('sluice_bus_undelivered_total'), 'nobody there'],
    [total('sluice_bus_reconnects_total'), 'connections made again'],
    [total('sluice_bus_lost_bytes_total'), 'bytes lost'],
  ]),
  lines('Connections', 'short', [['sum by (lane) (sluice_bus_connected)', '{{lane}}']]),
  row('Processes'),
  lines('How late event loops come round', 's', [['instance:sluice_loop_delay_seconds:p99_1m', '{{job}} {{instance}}, 99 of 100']]),
  lines('How busy event loops are', 'percentunit', [['instance:sluice_loop_active:ratio1m', '{{job}} {{instance}}']], { max: 1 }),
  lines('Processor', 'short', [[`rate(process_cpu_seconds_total{${jobs}}[$__rate_interval])`, '{{job}} {{instance}}']], { stacked: true }),
  lines('Memory', 'bytes', [[`process_resident_memory_bytes{${jobs}}`, '{{job}} {{instance}}']]),
  lines('Garbage collection, share of time', 'percentunit', [
    [perSecond(`nodejs_gc_duration_seconds_sum{${jobs}}`, 'instance'), '{{instance}}'],
  ]),
  lines('Files and sockets', 'short', [[`process_open_fds{${jobs}}`, '{{job}} {{instance}}']]),
  lines('Ready', 'short', [['sluice_ready', '{{job}} {{instance}}']]),
  lines('Versions', 'short', [['count by (version, role) (sluice_build_info)', '{{role}} {{version}}']]),
  lines('What metrics cost', 's', [
    [`scrape_duration_seconds{${jobs}}`, '{{job}} {{instance}}'],
    ['max(sluice_metrics_dropped_series)', 'series left out'],
  ]),
])
