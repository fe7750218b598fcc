/**
 * What makes each alert fire and clear, as series for `promtool test rules`: well for ten minutes, then ill for twenty, then well again. `for` and the windows of
 * the rules are the real ones.
 */
export type AlertCase = Readonly<Record<string, Course>>

/** A gauge has one value while all is well and another while it is not; a counter rises by so much every {@link stepSeconds}. */
type Course = { readonly gauge: readonly [well: number, ill: number] } | { readonly counter: readonly [well: number, ill: number] }

export const stepSeconds = 30
const wellSteps = 20
const illSteps = 40
/** Longer than the longest window of a rule. */
const againSteps = 160
export const askedAt = { well: wellSteps - 2, ill: wellSteps + illSteps - 2, again: wellSteps + illSteps + againSteps - 2 } as const

const gauge = (well: number, ill: number): Course => ({ gauge: [well, ill] })
const counter = (well: number, ill: number): Course => ({ counter: [well, ill] })
/** A histogram in which everything is at most 0.1 while all is well, and half of it ten while it is not. */
const slow = (name: string, labels: string): AlertCase => ({
  [`${name}_bucket{${labels},le="0.1"}`]: counter(100, 50),
  [`${name}_bucket{${labels},le="10"}`]: counter(100, 100),
  [`${name}_bucket{${labels},le="+Inf"}`]: counter(100, 100),
})

export const alertCases: Readonly<Record<string, AlertCase>> = {
  SluiceProcessDown: { 'up{job="gateway",instance="a"}': gauge(1, 0), 'up{job="gateway",instance="b"}': gauge(1, 1) },
  SluiceRoleGone: { 'up{job="orders",instance="a"}': gauge(1, 0) },
  SluiceProcessRestarting: { 'process_start_time_seconds{job="actors",instance="a"}': counter(0, 30) },
  SluiceNotReady: { 'sluice_ready{instance="a"}': gauge(1, 0) },
  SluiceLoopLate: slow('sluice_loop_delay_seconds', 'instance="a"'),
  SluiceLoopFull: {
    'sluice_loop_active_seconds_total{instance="a"}': counter(10, 29),
    'sluice_loop_idle_seconds_total{instance="a"}': counter(20, 1),
  },
  SluiceFilesShort: {
    'process_open_fds{job="gateway",instance="a"}': gauge(100, 900),
    'process_max_fds{job="gateway",instance="a"}': gauge(1_000, 1_000),
  },
  SluiceSeriesDropped: { 'sluice_metrics_dropped_series{instance="a"}': gauge(0, 7) },
  SluiceConservation: { 'sluice_sku_conservation_difference_units{sku="lamp"}': gauge(0, 1) },
  SluiceStockDisagrees: {
    'sluice_sku_units{instance="a",sku="lamp",state="available"}': gauge(6, 7),
    'sluice_sku_units{instance="a",sku="lamp",state="sold"}': gauge(4, 4),
    'sluice_sku_put_in_units{instance="b",sku="lamp"}': gauge(10, 10),
  },
  SluiceShardsUnowned: {
    'sluice_shards{instance="a",kind="inv"}': gauge(64, 64),
    'sluice_shards_owned{instance="a",kind="inv"}': gauge(64, 63),
  },
  SluiceShardOwnedTwice: {
    'sluice_shard_epoch{instance="a",shard="inv.1"}': gauge(7, 7),
    'sluice_shard_epoch{instance="b",shard="inv.1"}': absentAtFirst(8),
  },
  SluiceShardsFenced: { 'sluice_shards_fenced_total{instance="a",shard="inv.1"}': counter(0, 1) },
  SluiceShardFailures: { 'sluice_shard_failures_total{instance="a"}': counter(0, 1) },
  SluiceShardsOverloaded: { 'sluice_shard_busy_frames_total{instance="a",kind="inv"}': counter(0, 5) },
  SluiceSnapshotsFail: { 'sluice_snapshot_failures_total{instance="a"}': counter(0, 1) },
  SluiceJournalLong: { 'sluice_shard_journal_lag_bytes{shard="inv.1"}': gauge(1_000_000, 900_000_000) },
  SluiceStoreAway: { 'sluice_store_connected{instance="a",link="sluice-journal"}': gauge(1, 0) },
  SluiceStoreFaults: { 'sluice_shard_store_faults_total{instance="a",kind="inv"}': counter(0, 9) },
  SluiceStoreLostRecords: { 'sluice_store_losses_total{instance="a"}': counter(0, 1) },
  SluiceStoreSlow: slow('sluice_append_seconds', 'kind="inv"'),
  SluiceStoreFilling: { 'sluice_store_used_bytes{instance="a"}': gauge(10, 90), 'sluice_store_limit_bytes{instance="a"}': gauge(100, 100) },
  SluiceBusAway: { 'sluice_bus_connected{instance="a",lane="answers"}': gauge(1, 0) },
  SluiceBusFull: { 'sluice_bus_full_total{instance="a",lane="answers"}': counter(0, 3) },
  SluiceCallsFail: {
    'sluice_calls_total{code="OK",method="buy"}': counter(100, 100),
    'sluice_calls_total{code="BUSY",method="buy"}': counter(1, 30),
  },
  SluiceCallsSlow: slow('sluice_call_seconds', 'instance="a"'),
  SluicePositionsLate: {
    ...slow('sluice_position_lag_seconds', 'instance="a"'),
    'sluice_position_bound_seconds{instance="a"}': gauge(2, 2),
  },
  SluiceViewsStale: { 'sluice_view_stale_total{instance="a"}': counter(0, 5) },
  SluiceClientsSlow: { 'sluice_slow_closed_total{instance="a"}': counter(30, 900) },
  SluiceAdmissionAlone: { 'sluice_admission_bucket_away{instance="a"}': gauge(0, 1) },
  SluicePaymentsFail: {
    'sluice_payment_provider_failures_total{question="charge"}': counter(1, 50),
    'sluice_payment_provider_seconds_count{question="charge"}': counter(100, 100),
  },
  SluicePaymentsStopped: { 'sluice_payment_breaker_open{instance="a"}': gauge(0, 1) },
  SluiceOrdersStuck: { 'sluice_orders_oldest_open_seconds{instance="a"}': gauge(2, 400) },
  SluiceOrdersBacklog: {
    'sluice_orders_open{state="pending"}': gauge(100, 5_000),
    'sluice_payments_total{outcome="paid"}': counter(300, 300),
  },
  SluiceOrdersDead: { 'sluice_orders_dead{instance="a"}': gauge(0, 2) },
  SluiceOutboxFailing: { 'sluice_outbox_failures_total{instance="a",to="payment"}': counter(0, 3) },
  SluiceOfficeAway: { 'sluice_office_breaker_open{instance="a"}': gauge(0, 1) },
  SluiceOfficeLate: { 'sluice_office_late{instance="a"}': gauge(0, 3) },
}

/** Its values in promtool's notation. */
export function notationOf(course: Course): string {
  if ('gauge' in course) {
    const [well, ill] = course.gauge
    const value = (one: number): string => (Number.isNaN(one) ? '_' : String(one))
    return `${value(well)}x${wellSteps - 1} ${value(ill)}x${illSteps - 1} ${value(well)}x${againSteps - 1}`
  }
  const [well, ill] = course.counter
  const rising = (from: number, by: number, steps: number): string => `${from}+${by}x${steps - 1}`
  const illFrom = well * wellSteps
  const againFrom = illFrom + ill * illSteps
  return `${rising(0, well, wellSteps)} ${rising(illFrom, ill, illSteps)} ${rising(againFrom, well, againSteps)}`
}

/** A series that is there only while something is wrong. */
function absentAtFirst(value: number): Course {
  return { gauge: [Number.NaN, value] }
}
