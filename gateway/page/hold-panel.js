// @ts-check
/** @import { Actions, Panel, Product } from './product-state.js' */
import { drawing, element, pressButton, setEnabled, setText } from './element.js'
import { clockTime, price } from './words.js'

const payments = [
  { name: 'ok', token: 'tok_ok', label: 'A good card', detail: 'pays at once' },
  { name: 'declined', token: 'tok_declined', label: 'An empty card', detail: 'is declined' },
  { name: 'late', token: 'tok_late', label: 'A late bank', detail: 'answers too late' },
]

/** The arc is a half circle of this radius; `pathLength` makes it 100 units long whatever its size. */
const arc = 'M14 100a86 86 0 0 1 172 0'

/**
 * The unit is reserved: a fermata, the sign for a held note, runs out while the person pays.
 * @param {Product} product
 * @param {Actions} actions
 * @returns {Panel}
 */
export function holdPanel(product, actions) {
  const { sku, title } = product.info
  const left = element('p', { class: 'hold-left', 'data-testid': `hold-countdown-${sku}` })
  const rest = drawing('path', { class: 'arc-rest', d: arc, pathLength: '100' })
  const fermata = element(
    'div',
    { class: 'fermata' },
    drawing('svg', { viewBox: '0 0 200 108', 'aria-hidden': 'true' }, drawing('path', { class: 'arc-track', d: arc }), rest),
    left,
  )
  const submit = element('button', { type: 'submit', class: 'button on-turn', 'data-testid': `pay-${sku}` })
  const release = pressButton({ class: 'button quiet on-turn', 'data-testid': `leave-${sku}` }, 'Let it go', actions.leave)
  const form = element('form', { class: 'checkout' }, choices(sku), submit, release)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const token = new FormData(form).get('payment')
    if (submit.ariaDisabled !== 'true' && typeof token === 'string') actions.pay(token)
  })
  return {
    root: element(
      'div',
      { class: 'panel hold' },
      element('h3', { tabindex: '-1' }, 'It’s your turn'),
      fermata,
      element('p', { class: 'hold-text' }, `One ${title} is reserved for you. Pay before the time is up, or it goes to the next in line.`),
      form,
    ),
    update({ info, claim, status, busy, holdMs }, now, online) {
      setEnabled(submit, online && busy === '')
      setEnabled(release, online && busy === '')
      setText(release, busy === 'leave' ? 'Letting it go…' : 'Let it go')
      if (claim.state !== 'held') return
      // What is held costs what it did when it was held, though others may pay another price by now.
      const priceMinor = claim.priceMinor ?? info.priceMinor
      setText(submit, busy === 'checkout' ? 'Sending…' : `Pay ${price(priceMinor, info.currency)}`)
      const leftMs = Math.max(0, claim.expiresAt - now)
      setText(left, status.state === 'paused' ? 'paused' : clockTime(leftMs))
      rest.style.setProperty('--left', (holdMs <= 0 ? 0 : Math.min(1, leftMs / holdMs) * 100).toFixed(2))
    },
  }
}

/** @param {string} sku */
function choices(sku) {
  return element(
    'fieldset',
    { class: 'payments' },
    element('legend', {}, 'Pay with (a demo: no money moves)'),
    ...payments.map(({ name, token, label, detail }) =>
      element(
        'label',
        {},
        element('input', {
          type: 'radio',
          name: 'payment',
          value: token,
          'data-testid': `pay-${name}`,
          checked: name === 'ok',
          id: `pay-${name}-${sku}`,
        }),
        element('span', {}, label, element('small', {}, ` ${detail}`)),
      ),
    ),
  )
}
