import { dashboard, lines, number, row } from './panels.mjs'

const units = (state) => `sum(sku_state:sluice_sku_units:max{sku=~"$sku",state="${state}"})`

export const sale = dashboard(
  'sale',
  'Sluice: sale',
  [
    number('Available', 'short', [[units('available')]]),
    number('Held', 'short', [[units('held')]]),
    number('On order', 'short', [[units('ordered')]]),
    number('Sold', 'short', [[units('sold')]]),
    number('Waiting', 'short', [['sum(sku:sluice_sku_waiting_people:max{sku=~"$sku"})']]),
    number('Alerts', 'short', [['count(ALERTS{alertname=~"Sluice.*",alertstate="firing"}) or vector(0)']], { redFrom: 1 }),
    lines('Units', 'short', [['sum by (state) (sku_state:sluice_sku_units:max{sku=~"$sku"})', '{{state}}']], { stacked: true }),
    lines('People in line', 'short', [['sum by (sku) (sku:sluice_sku_waiting_people:max{sku=~"$sku"})', '{{sku}}']], { stacked: true }),
    lines('Sold a second', 'short', [
      ['sum by (sku) (clamp_min(deriv(sku_state:sluice_sku_units:max{sku=~"$sku",state="sold"}[1m]), 0))', '{{sku}}'],
    ]),
    lines('Buys a second, by what came of them', 'reqps', [['method_code:sluice_calls:rate1m{method="buy"}', '{{code}}']], {
      stacked: true,
    }),
    lines('All calls a second', 'reqps', [['sum by (method) (method_code:sluice_calls:rate1m)', '{{method}}']], { stacked: true }),
    lines('How long calls take', 's', [
      ['sluice_call_seconds:p50_1m', 'half'],
      ['sluice_call_seconds:p99_1m', '99 of 100'],
    ]),
    row('What people see'),
    lines('Users connected', 'short', [['sum(sluice_users_connected)', 'users']]),
    lines(
      'How late places are told',
      's',
      [
        ['instance:sluice_position_lag_seconds:p99_1m', '{{instance}}, 99 of 100'],
        ['max(sluice_position_bound_seconds)', 'promised'],
      ],
      { description: 'Since a place was shown or found unchanged, when the client was told a newer one.' },
    ),
    lines(
      'How estimates come true',
      'percentunit',
      [
        ['sum(sluice_estimates_inside_p50_total) / sum(sluice_estimates_total)', 'within the p50 told (half is right)'],
        ['sum(sluice_estimates_inside_p90_total) / sum(sluice_estimates_total)', 'within the p90 told (nine of ten is right)'],
      ],
      { max: 1 },
    ),
    lines('Places given up for absence, a second', 'short', [['sum(rate(sluice_tickets_absent_total[$__rate_interval]))', 'places']]),
    lines('Work that a buy has to prove', 'short', [['max by (sku) (sluice_sku_heat{sku=~"$sku"})', '{{sku}}']]),
    number('Conservation', 'short', [['max(sluice_sku_conservation_difference_units)']], {
      redFrom: 1,
      description: 'By how many units the states of a SKU miss what was put in. Anything but 0 is a bug.',
    }),
    number('Put in', 'short', [['sum(max by (sku) (sluice_sku_put_in_units{sku=~"$sku"}))']]),
  ],
  { choosesSku: true },
)
