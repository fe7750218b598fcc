// @ts-check
import { element, setText } from '../../../gateway/page/element.js'
import Plot from './plot-package/uplot.js'
import { timeText } from './words.js'

/**
 * @typedef {object} Series
 * @property {string} name
 * @property {string} colour a custom property of the page's style, such as `--signal`
 * @property {boolean} [fill] the area below it is filled
 */
/**
 * @typedef {object} ChartOptions
 * @property {string} title
 * @property {string} note what it is of, in a few words
 * @property {readonly Series[]} series
 * @property {(value: number) => string} format
 * @property {string} [testId]
 */

const height = 150
const axisNumbers = new Intl.NumberFormat('en', { notation: 'compact' })

/** The axis begins with a minute and grows to ten. */
const shortestSeconds = 60
const longestSeconds = 600

/**
 * Values over the last minutes. The picture itself says nothing to those who do not see it, so the values of now stand above it as text; under the mouse they are those of
 * that moment.
 */
export class TimeChart {
  root
  #options
  #values
  #moment = element('span', { class: 'chart-moment' })
  #place = element('div', { class: 'chart-canvas', 'aria-hidden': 'true' })
  /** @type {Plot | undefined} */
  #plot
  /** @type {readonly (readonly (number | null)[])[]} */
  #data = []
  #watcher
  #scheme = matchMedia('(prefers-color-scheme: dark)')
  #redraw = () => this.#plot?.redraw(false)

  /** @param {ChartOptions} options */
  constructor(options) {
    this.#options = options
    this.#values = options.series.map(() => element('dd'))
    const legend = element(
      'dl',
      { class: 'chart-legend' },
      ...options.series.map(({ name, colour }, i) => {
        const key = element('span', { class: 'chart-key', 'aria-hidden': 'true' })
        key.style.setProperty('--colour', `var(${colour})`)
        return element('div', {}, key, element('dt', {}, name), this.#values[i] ?? '')
      }),
    )
    const head = element(
      'figcaption',
      {},
      element('strong', {}, options.title),
      element('span', { class: 'soft' }, options.note),
      this.#moment,
      legend,
    )
    this.root = element('figure', { class: 'chart', 'data-testid': options.testId }, head, this.#place)
    this.#watcher = new ResizeObserver(() => this.#fit())
  }

  show() {
    this.#watcher.observe(this.#place)
    this.#scheme.addEventListener('change', this.#redraw)
  }

  /** Frees what it draws with; {@link show} brings it back. */
  hide() {
    this.#watcher.disconnect()
    this.#scheme.removeEventListener('change', this.#redraw)
    this.#plot?.destroy()
    this.#plot = undefined
  }

  /**
   * @param {readonly number[]} times seconds since 1970
   * @param {readonly (readonly (number | null)[])[]} rows values by series
   */
  update(times, rows) {
    this.#data = [times, ...rows]
    this.#tell(undefined)
    if (this.#plot === undefined) this.#make()
    else this.#plot.setData(this.#aligned())
  }

  #fit() {
    if (this.#plot === undefined) this.#make()
    else this.#plot.setSize({ width: this.#place.clientWidth, height })
  }

  #make() {
    const width = this.#place.clientWidth
    if (width === 0 || (this.#data[0]?.length ?? 0) === 0) return
    const colourOf = (/** @type {string} */ name) => getComputedStyle(document.documentElement).getPropertyValue(name)
    const axis = {
      stroke: () => colourOf('--soft'),
      grid: { stroke: () => colourOf('--hair'), width: 1 },
      ticks: { show: false },
      font: '12px "Helvetica Neue", Helvetica, "Liberation Sans", Roboto, Arial, sans-serif',
    }
    this.#plot = new Plot(
      {
        width,
        height,
        legend: { show: false },
        padding: [8, 28, 0, 0],
        cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
        scales: {
          x: { time: true, range: () => this.#window() },
          y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] },
        },
        axes: [
          { ...axis, space: 70, size: 26, values: (_plot, splits) => splits.map((at) => timeText(at * 1000)) },
          { ...axis, size: 52, space: 34, values: (_plot, splits) => splits.map((value) => axisNumbers.format(value)) },
        ],
        series: [
          {},
          ...this.#options.series.map(({ name, colour, fill }) => ({
            label: name,
            stroke: () => colourOf(colour),
            width: 1.5,
            points: { show: false },
            ...(fill === true ? { fill: () => `color-mix(in srgb, ${colourOf(colour)} 18%, transparent)` } : {}),
          })),
        ],
        hooks: { setCursor: [(/** @type {Plot} */ plot) => this.#tell(plot.cursor.idx ?? undefined)] },
      },
      this.#aligned(),
      this.#place,
    )
  }

  /**
   * By the samples themselves: of a single one uPlot would say that it lasts for years.
   *
   * @returns {[number, number]}
   */
  #window() {
    const [times = []] = this.#data
    const first = times[0] ?? 0
    const last = times.at(-1) ?? 0
    return [Math.max(last - longestSeconds, Math.min(first, last - shortestSeconds)), last]
  }

  /** @param {number | undefined} index of the moment under the mouse; undefined for now */
  #tell(index) {
    const [times = [], ...rows] = this.#data
    const at = index === undefined ? undefined : times[index]
    setText(this.#moment, at === undefined || at === null ? '' : timeText(at * 1000))
    rows.forEach((row, i) => {
      const value = row[index ?? row.length - 1]
      const node = this.#values[i]
      if (node !== undefined) setText(node, value === null || value === undefined ? '–' : this.#options.format(value))
    })
  }

  #aligned() {
    return /** @type {import('uplot').AlignedData} */ (/** @type {unknown} */ (this.#data))
  }
}
