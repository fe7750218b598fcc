/** Panels of a Grafana dashboard, as little as has to be said of each. A query is `[expression, legend]`. */

const datasource = { type: 'prometheus', uid: 'prometheus' }

export function lines(title, unit, queries, { description = '', stacked = false, max } = {}) {
  const custom = { fillOpacity: stacked ? 40 : 8, lineWidth: 1, showPoints: 'never', stacking: { mode: stacked ? 'normal' : 'none' } }
  const defaults = { unit, min: 0, ...(max === undefined ? {} : { max }), custom }
  const options = { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } }
  return { title, description, type: 'timeseries', w: 8, h: 8, queries, fieldConfig: { defaults, overrides: [] }, options }
}

/** One number. Above `redFrom` it is red; where `redBelow` is given, below it. */
export function number(title, unit, queries, { description = '', redFrom, redBelow } = {}) {
  const steps =
    redBelow === undefined
      ? [{ color: 'green', value: null }, ...(redFrom === undefined ? [] : [{ color: 'red', value: redFrom }])]
      : [
          { color: 'red', value: null },
          { color: 'green', value: redBelow },
        ]
  const defaults = { unit, thresholds: { mode: 'absolute', steps } }
  const options = {
    reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    colorMode: 'value',
    graphMode: 'area',
    textMode: 'auto',
  }
  return { title, description, type: 'stat', w: 4, h: 4, queries, fieldConfig: { defaults, overrides: [] }, options }
}

/** A heading over the panels that follow. */
export function row(title) {
  return { title, type: 'row', w: 24, h: 1, queries: [] }
}

const skuVariable = {
  name: 'sku',
  label: 'SKU',
  type: 'query',
  datasource,
  query: { query: 'label_values(sluice_sku_units, sku)', refId: 'sku' },
  definition: 'label_values(sluice_sku_units, sku)',
  includeAll: true,
  // Also what is told without a name, because there are too many SKUs.
  allValue: '.*',
  multi: true,
  refresh: 2,
  sort: 1,
  current: { selected: true, text: ['All'], value: ['$__all'] },
}

const pages = ['sale', 'funnel', 'cluster', 'payments']

/** A whole dashboard in Grafana's model, its panels laid out from left to right. */
export function dashboard(name, title, panels, { choosesSku = false } = {}) {
  const others = pages.map((page) => ({ title: page, type: 'link', url: `/d/sluice-${page}`, keepTime: true, includeVars: false }))
  return {
    uid: `sluice-${name}`,
    title,
    tags: ['sluice'],
    timezone: 'browser',
    schemaVersion: 39,
    version: 1,
    editable: true,
    refresh: '5s',
    time: { from: 'now-15m', to: 'now' },
    timepicker: { refresh_intervals: ['5s', '10s', '30s', '1m'] },
    links: others.filter(({ title: page }) => page !== name),
    templating: { list: choosesSku ? [skuVariable] : [] },
    annotations: { list: [] },
    panels: laidOut(panels),
  }
}

function laidOut(panels) {
  let x = 0
  let y = 0
  let height = 0
  return panels.map(({ w, h, queries, ...panel }, i) => {
    if (x + w > 24) {
      x = 0
      y += height
      height = 0
    }
    const gridPos = { x, y, w, h }
    x += w
    height = Math.max(height, h)
    if (panel.type === 'row') return { id: i + 1, ...panel, collapsed: false, gridPos, panels: [] }
    const targets = queries.map(([expr, legendFormat = ''], n) => ({
      refId: String.fromCharCode(65 + n),
      datasource,
      expr,
      legendFormat,
      range: true,
    }))
    return { id: i + 1, ...panel, datasource, gridPos, targets }
  })
}
