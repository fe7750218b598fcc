import { moneyText } from '../../protocol/money-text.ts'
import { timeText } from '../cli/tables.ts'
import { counted } from '../counted.ts'
import type { JourneyStep, SkuJourney } from './user-journey.ts'

/** What became of a user with a SKU, in a few words. */
export const outcomeNames: Readonly<Record<SkuJourney['outcome'], string>> = {
  bought: 'bought',
  refunded: 'bought, and refunded',
  unrefunded: 'money that does not go back',
  paying: 'paying',
  refunding: 'money on its way back',
  holding: 'holds units',
  waiting: 'waits in line',
  lobby: 'waits for the draw',
  declined: 'payment declined',
  cancelled: 'order given up',
  expired: 'let the hold run out',
  absent: 'was away for too long',
  soldout: 'sold out before the turn came',
  left: 'gave it up',
  none: 'nothing',
}

/** One step of a journey, in a few words. */
export function stepText({ kind, claim, qty, ahead, until, order, amountMinor, currency }: JourneyStep): string {
  const units = counted(qty, 'unit')
  const by = until === undefined ? '' : ` until ${timeText(until).slice(11)}`
  const money = amountMinor === undefined ? '' : currency === undefined ? `${amountMinor} minor units` : moneyText(amountMinor, currency)
  switch (kind) {
    case 'lobby':
      return `came before the opening, as number ${claim}`
    case 'drawn':
      return `drawn: ticket ${claim}, ${ahead ?? '?'} ahead`
    case 'queued':
      return `joined the line: ticket ${claim}, ${units}${ahead === undefined ? '' : `, ${ahead} ahead`}`
    case 'held':
      return `took a hold of ${units}${by} (claim ${claim})`
    case 'turn':
      return `turn of ticket ${claim}: a hold of ${units}${by}`
    case 'ordered':
      return `checked out: ${order ?? `claim ${claim}`}, ${money}`
    case 'paid':
      return `paid (claim ${claim})`
    case 'declined':
      return `payment declined (claim ${claim})`
    case 'overdue':
      return `payment not known in time, the units went on (claim ${claim})`
    case 'refunding':
      return `money is to go back (claim ${claim})`
    case 'refunded':
      return `money went back (claim ${claim})`
    case 'cancelled':
      return `order ended without money (claim ${claim})`
    case 'unrefunded':
      return `the provider does not give the money back (claim ${claim})`
    case 'expired':
      return `the hold ran out (claim ${claim})`
    case 'absent':
      return `the place was given up: nobody there (ticket ${claim})`
    case 'soldout':
      return `sold out (ticket ${claim})`
    case 'left':
      return `gave it up (claim ${claim})`
    case 'refundAsked':
      return `an operator gives back ${money} (claim ${claim})`
    case 'refundDone':
      return `${money} went back (claim ${claim})`
    case 'refundRefused':
      return `the provider refused to give back ${money} (claim ${claim})`
  }
}
