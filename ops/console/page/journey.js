// @ts-check
/** @import { ToldJourney, ToldSku } from '../answers.ts' */
import { element } from '../../../gateway/page/element.js'
import { timeText } from './words.js'

const visitsShown = 6

/**
 * What became of somebody and why, SKU by SKU. The sentences are the server's: the command line tells the same ones.
 * @param {ToldJourney} journey
 * @returns {readonly HTMLElement[]}
 */
export function journeyParts({ visits, skus, partial }) {
  const parts = []
  if (visits.length > 0) {
    const told = visits.slice(-visitsShown).map(({ at, kind }) => `${kind} ${timeText(at)}`)
    parts.push(element('p', { class: 'soft' }, `Devices: ${told.join(', ')}.`))
  }
  if (skus.length === 0) parts.push(element('p', {}, 'Nothing in the journal.'))
  for (const sku of skus) parts.push(skuPart(sku))
  if (partial.length > 0)
    parts.push(
      element(
        'p',
        { class: 'soft' },
        `Of ${partial.join(', ')} the oldest records are past the archive’s time: what happened in them is not told here.`,
      ),
    )
  return parts
}

/** @param {ToldSku} told */
function skuPart({ sku, sale, outcome, outcomeText, why, steps, stepTexts }) {
  const head = element('h3', {}, element('code', {}, sku), element('span', { class: 'outcome', 'data-outcome': outcome }, outcomeText))
  const from = sale === '' || sale === sku ? '' : element('p', { class: 'soft' }, `sale ${sale}`)
  const reasons = element('div', { class: 'why-text' }, ...why.map((sentence) => element('p', {}, sentence)))
  const list = element(
    'ol',
    { class: 'steps' },
    ...steps.map(({ at, record, shard }, i) =>
      element(
        'li',
        { title: `${shard} ${record}` },
        element('time', { datetime: new Date(at).toISOString() }, timeText(at)),
        element('span', {}, stepTexts[i] ?? ''),
      ),
    ),
  )
  return element('article', { class: 'sku-journey', 'data-testid': `journey-${sku}` }, head, from, reasons, steps.length === 0 ? '' : list)
}
