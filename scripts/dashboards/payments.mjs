import { dashboard, lines, number, row } from './panels.mjs'

const perSecond = (metric, by) => `sum by (${by}) (rate(${metric}[$__rate_interval]))`
const total = (metric) => `sum(rate(${metric}[$__rate_interval]))`
const quantile = (q, metric) => `histogram_quantile(${q}, sum by (question, le) (rate(${metric}_bucket[$__rate_interval])))`

export const payments = dashboard('payments', 'Sluice: orders and payments', [
  number('Open orders', 'short', [['sum(sluice_orders_open)']]),
  number('Oldest open order', 's', [['max(sluice_orders_oldest_open_seconds)']], { redFrom: 300 }),
  number('Until all are done', 's', [['sluice_orders_backlog:seconds']], { redFrom: 300 }),
  number('Provider fails', 'percentunit', [['sluice_payment_provider_failures:ratio1m']], { redFrom: 0.2 }),
  number('Stopped', 'short', [['max(sluice_payment_breaker_open)']], {
    redFrom: 1,
    description: '1 while the provider is left alone because it fails.',
  }),
  number('Dead orders', 'short', [['max(sluice_orders_dead)']], { redFrom: 1 }),
  lines('What comes of orders, a second', 'short', [['outcome:sluice_payments:rate1m', '{{outcome}}']], { stacked: true }),
  lines('Open orders', 'short', [['sum by (state) (sluice_orders_open)', '{{state}}']], { stacked: true }),
  lines('Worked on', 'short', [
    ['sum(sluice_payments_under_way)', 'orders'],
    ['sum(sluice_payment_provider_asking)', 'questions to the provider'],
  ]),
  row('Payment provider'),
  lines('How long it takes', 's', [
    [quantile(0.5, 'sluice_payment_provider_seconds'), '{{question}}, half'],
    [quantile(0.99, 'sluice_payment_provider_seconds'), '{{question}}, 99 of 100'],
  ]),
  lines('Questions a second', 'short', [
    [perSecond('sluice_payment_provider_seconds_count', 'question'), '{{question}}'],
    [perSecond('sluice_payment_provider_failures_total', 'question'), '{{question}}, no answer'],
    [perSecond('sluice_payment_provider_skipped_total', 'question'), '{{question}}, not asked'],
  ]),
  lines('Webhooks a second', 'short', [[perSecond('sluice_payment_webhooks_total', 'result'), '{{result}}']]),
  lines('What the simulated provider has', 'short', [['sum by (currency) (sluice_simulated_balance_minor)', '{{currency}}, minor units']]),
  row('Handing on'),
  lines('Handed on, a second', 'short', [[perSecond('sluice_outbox_handed_on_total', 'to'), '{{to}}']]),
  lines('Not handed on, a second', 'short', [[perSecond('sluice_outbox_failures_total', 'to'), '{{to}}']]),
  lines('Ended, and somebody does not know', 'short', [
    ['sum(sluice_orders_untold)', 'all'],
    ['max(sluice_office_owed)', 'back office'],
    ['max(sluice_office_late)', 'back office, late'],
  ]),
  row('Back office'),
  lines('Deliveries a second', 'short', [[perSecond('sluice_office_deliveries_total', 'outcome'), '{{outcome}}']]),
  lines('How long it takes', 's', [[quantile(0.99, 'sluice_office_seconds'), '99 of 100']]),
  lines('Trouble', 'short', [
    ['max(sluice_office_breaker_open)', 'left alone'],
    [total('sluice_office_failures_total'), 'no answer, a second'],
    [total('sluice_office_skipped_total'), 'not asked, a second'],
    ['sum(sluice_office_asking)', 'under way'],
    [total('sluice_orders_retried_total'), 'dead orders tried again, a second'],
  ]),
])
