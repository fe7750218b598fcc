import { dashboard, lines, number, row } from './panels.mjs'

const perSecond = (metric, by) => `sum by (${by}) (rate(${metric}[$__rate_interval]))`
const total = (metric) => `sum(rate(${metric}[$__rate_interval]))`

export const funnel = dashboard('funnel', 'Sluice: funnel', [
  number('Connections', 'short', [['sum(sluice_connections_open)']]),
  number('Calls a second', 'reqps', [['sum(method_code:sluice_calls:rate1m)']]),
  number('Refused a second', 'reqps', [['sum(layer_code:sluice_refused:rate1m)']]),
  number('Calls that fail', 'percentunit', [['sluice_calls_failed:ratio1m']], {
    redFrom: 0.05,
    description: 'BUSY, TIMEOUT and UNAVAILABLE.',
  }),
  number('Waiting for a shard', 'short', [['sum(sluice_pending_calls)']]),
  number('Banned', 'short', [['max(sluice_bans)']]),
  lines('Let through, by layer', 'reqps', [['layer:sluice_passed:rate1m', '{{layer}}']], {
    description: 'From the outside in; not everything comes to each layer.',
  }),
  lines('Refused, by layer', 'reqps', [['layer_code:sluice_refused:rate1m', '{{layer}} {{code}}']], { stacked: true }),
  lines(
    'Share that each layer refuses',
    'percentunit',
    [
      [
        'sum by (layer) (layer_code:sluice_refused:rate1m) / (sum by (layer) (layer_code:sluice_refused:rate1m) + sum by (layer) (layer:sluice_passed:rate1m))',
        '{{layer}}',
      ],
    ],
    { max: 1 },
  ),
  lines('Answers, by code', 'reqps', [['sum by (code) (method_code:sluice_calls:rate1m)', '{{code}}']], { stacked: true }),
  lines('Answers, by method and code', 'reqps', [['topk(12, method_code:sluice_calls:rate1m)', '{{method}} {{code}}']]),
  lines('How long calls take', 's', [
    ['sluice_call_seconds:p50_1m', 'half'],
    ['sluice_call_seconds:p99_1m', '99 of 100'],
  ]),
  row('Newcomers'),
  lines('Tokens for newcomers', 'short', [
    [perSecond('sluice_admission_tokens_total', 'from'), '{{from}}'],
    [total('sluice_admission_tokens_returned_total'), 'given back'],
  ]),
  lines('Gateways that share the rate', 'short', [
    ['max(sluice_admission_gateways)', 'gateways'],
    ['sum(sluice_admission_bucket_away)', 'without the shared bucket'],
    [total('sluice_admission_portions_failed_total'), 'failed portions a second'],
  ]),
  lines('Proofs of work', 'short', [
    [total('sluice_challenges_issued_total'), 'given out'],
    [perSecond('sluice_proofs_total', 'outcome'), '{{outcome}}'],
  ]),
  row('Connections and what is sent'),
  lines('Open', 'short', [['sum by (instance, transport) (sluice_connections_open)', '{{instance}} {{transport}}']], { stacked: true }),
  lines('Opened a second', 'short', [
    [perSecond('sluice_connections_total', 'transport'), '{{transport}}'],
    [total('sluice_http_calls_total'), 'HTTP calls'],
  ]),
  lines('Closed by us, a second', 'short', [
    [total('sluice_malformed_total'), 'malformed'],
    [total('sluice_slow_closed_total'), 'do not read'],
    [total('sluice_banned_closed_total'), 'banned'],
    [total('sluice_paced_closed_total'), 'send on and on'],
  ]),
  lines('Sent a second', 'short', [
    [perSecond('sluice_sends_total', 'transport'), '{{transport}}'],
    [total('sluice_position_frames_total'), 'places in line'],
  ]),
  lines('Not sent, a second', 'short', [
    [total('sluice_positions_put_off_total'), 'places put off'],
    [total('sluice_stock_frames_dropped_total'), 'stock frames dropped'],
  ]),
  lines('Position rounds', 's', [
    ['histogram_quantile(0.99, sum by (le) (rate(sluice_position_slice_seconds_bucket[$__rate_interval])))', 'slice, 99 of 100'],
    [total('sluice_position_rounds_encoded_total'), 'rounds by a worker, a second'],
    [total('sluice_position_encoder_failures_total'), 'failures of workers, a second'],
  ]),
  lines('Files and public reads', 'reqps', [[perSecond('sluice_reads_total', 'subject, outcome'), '{{subject}} {{outcome}}']]),
  lines('On the way to shards', 'short', [
    ['sum by (instance) (sluice_pending_calls)', '{{instance}} waiting'],
    [total('sluice_call_timeouts_total'), 'timed out, a second'],
    [total('sluice_frames_resent_total'), 'frames sent again, a second'],
  ]),
  lines('Views', 'short', [
    [total('sluice_view_resyncs_total'), 'read whole, a second'],
    [total('sluice_view_stale_total'), 'buys past a stale view, a second'],
  ]),
])
