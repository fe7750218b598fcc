// @ts-check
/** @import { DrawInfo } from '../../protocol/results.ts' */
/** @import { Product } from './product-state.js' */
import { element, setText } from './element.js'
import { counted } from './words.js'

/** Behind a product whose first places are drawn: what has been published of the draw, and in the end how anyone can do it over again. */
export class DrawNote {
  #root
  #summary = element('summary')
  #text = element('p')
  #facts = element('dl', { class: 'draw-facts' })
  #check
  #command = element('code')
  #proven = element('p')
  #userOf
  #shown = ''

  /**
   * @param {string} sku
   * @param {() => string} userOf under which name the person takes part
   */
  constructor(sku, userOf) {
    this.#userOf = userOf
    const proof = element('a', { href: '/demo/proof', download: `proof-${sku}.json`, 'data-testid': `proof-${sku}` }, 'Download the proof')
    this.#check = element(
      'div',
      { class: 'draw-check' },
      element('p', {}, proof, ', and have your own computer do the draw over again. It needs neither this shop nor the network:'),
      element('pre', { tabindex: '0' }, this.#command),
      this.#proven,
    )
    this.#root = element(
      'details',
      { class: 'draw-note', 'data-testid': `draw-${sku}`, hidden: true },
      this.#summary,
      this.#text,
      this.#facts,
      this.#check,
    )
  }

  get root() {
    return this.#root
  }

  /** @param {Product} product */
  update({ info: { sku, draw }, tookPart }) {
    this.#root.hidden = draw === undefined
    if (draw === undefined) return
    const isDone = draw.stage === 'done'
    this.#root.dataset['stage'] = draw.stage
    setText(this.#summary, isDone ? 'Check the draw' : 'How the draw works')
    setText(this.#text, !isDone ? beforehand : draw.people === 0 ? nobodyCame : afterwards)
    this.#check.hidden = !isDone || draw.people === 0
    if (isDone) {
      setText(this.#command, `sluice draw verify --file proof-${sku}.json${tookPart ? ` --user ${this.#userOf()}` : ''}`)
      setText(this.#proven, whatIsProven(draw))
    }
    this.#showFacts(draw)
  }

  /** @param {DrawInfo} draw */
  #showFacts(draw) {
    const facts = factsOf(draw)
    const text = JSON.stringify(facts)
    if (text === this.#shown) return
    this.#shown = text
    this.#facts.replaceChildren(...facts.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))))
  }
}

const beforehand =
  'Everyone who comes before the opening gets a place at random. A secret number decides which, and its fingerprint is public from the beginning, so that the number cannot be exchanged any more. After the draw we publish the number, and anyone can check every place.'
const nobodyCame = 'Nobody had come before the opening, so no places were drawn.'
const afterwards = 'The places were drawn among everyone who had come before the opening. The secret number is public now.'

/**
 * @param {DrawInfo} draw
 * @returns {readonly (readonly [string, string])[]}
 */
function factsOf({ commitment, people, beacon, rosterHash, beaconValue }) {
  /** @type {(readonly [string, string])[]} */
  const facts = [['Fingerprint of the secret', commitment]]
  if (people > 0 && rosterHash !== null) facts.push([`Fingerprint of the list of ${counted(people, 'person', 'people')}`, rosterHash])
  if (beacon !== null) facts.push([`Public number (${beacon.source}, round ${beacon.round})`, beaconValue ?? 'not there yet'])
  return facts
}

/**
 * What docs/draw.md says, in few words.
 * @param {DrawInfo} draw
 */
function whatIsProven({ beacon, beaconValue }) {
  const always = 'It shows that secret, list and places are the ones that were fixed beforehand, and that coming earlier was no help.'
  if (beacon !== null && beaconValue !== null)
    return `${always} Nobody could choose the places either: they also depend on a number that nobody knew when the list was fixed. Compare it with what ${beacon.source} says of round ${beacon.round}.`
  const missing = beacon === null ? '' : 'The public number that was planned did not come in time. '
  return `${always} ${missing}It cannot show that we, who could know the secret, did not add made-up people until the places suited us. For that a draw needs a public number from outside.`
}
