import { expect, test } from 'vitest'
import type { MetricLabels } from '../cluster/metrics.ts'
import { shardName } from '../cluster/store.ts'
import { EstimateCounts } from './estimate-counts.ts'
import { Mailbox } from './mailbox.ts'
import { ShardCounters } from './shard-counters.ts'
import { ShardMetrics } from './shard-metrics.ts'

test('EST-9 counts of estimates stay when a shard goes and comes back, and are told by shard', () => {
  const name = shardName('inv', 3)
  const metrics = new ShardMetrics()
  const former = { ...owned, counters: new ShardCounters(), estimates: countsOf(10, 4, 9) }
  const latter = { ...owned, counters: new ShardCounters(), estimates: countsOf(5, 2, 4) }
  expect(told(metrics, [[name, former]])).toMatchObject({
    'sluice_estimates_total inv.3': 10,
    'sluice_estimates_inside_p90_total inv.3': 9,
  })
  metrics.ended(name, former)
  expect(told(metrics, [])).toMatchObject({ 'sluice_estimates_total inv.3': 10 })
  expect(told(metrics, [[name, latter]])).toMatchObject({
    'sluice_estimates_total inv.3': 15,
    'sluice_estimates_inside_p50_total inv.3': 6,
    'sluice_estimates_inside_p90_total inv.3': 13,
    'sluice_estimates_odds_total inv.3 likely served': 12,
    'sluice_estimates_odds_total inv.3 likely soldout': 2,
    'sluice_estimates_odds_total inv.3 unlikely served': 0,
  })
})

const owned = { position: { epoch: 7, seq: 4 }, mailbox: new Mailbox(1_000) }

test('OBS-2 each shard tells its epoch, its mailbox, and what its records held and took, also of the times that it was here before', () => {
  const name = shardName('ses', 1)
  const metrics = new ShardMetrics()
  const before = new ShardCounters()
  before.stored(10, 100, 4)
  metrics.ended(name, { counters: before, estimates: undefined })
  const mailbox = new Mailbox(1_000)
  mailbox.push(new Uint8Array(16))
  const counters = new ShardCounters()
  counters.stored(30, 100, 2)
  expect(told(metrics, [[name, { counters, estimates: undefined, position: { epoch: 9, seq: 1 }, mailbox }]])).toMatchObject({
    'sluice_shard_epoch ses.1': 9,
    'sluice_shard_mailbox_bytes ses.1': mailbox.bytes,
    'sluice_shard_record_events_count ses.1': 2,
    'sluice_shard_record_events_sum ses.1': 40,
    'sluice_shard_append_seconds_sum ses.1': 0.006,
    'sluice_shards_owned ses': 1,
    'sluice_shards_owned inv': 0,
  })
})

/** Seven of its places were told `likely`, of which six were served. */
function countsOf(served: number, insideP50: number, insideP90: number): EstimateCounts {
  return Object.assign(new EstimateCounts(), { served, insideP50, insideP90, likely: 7, likelyServed: 6 })
}

/** Series of the same name and labels add up, as on the metrics page. */
function told(metrics: ShardMetrics, shards: Parameters<ShardMetrics['collect']>[1]): Record<string, number> {
  const numbers: Record<string, number> = {}
  const add = (name: string, _help: string, value: number, labels: MetricLabels = {}): void => {
    const key = [name, ...Object.values(labels)].join(' ')
    numbers[key] = (numbers[key] ?? 0) + value
  }
  const summary = (name: string, help: string, count: number, sum: number, labels: MetricLabels = {}): void => {
    add(`${name}_count`, help, count, labels)
    add(`${name}_sum`, help, sum, labels)
  }
  metrics.collect({ counter: add, gauge: add, histogram: () => {}, summary }, shards)
  return numbers
}
