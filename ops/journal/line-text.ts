import { moneyText } from '../../protocol/money-text.ts'
import { timeText } from '../cli/tables.ts'
import { counted } from '../counted.ts'
import type { JournalLine, LineEvent } from './journal-lines.ts'

const usersNamed = 3

/** `lamp held ann: claim 2, 1 unit, until ...`, in parts: what happened, to whom, and the rest. */
export interface LineText {
  readonly sku: string
  readonly kind: string
  readonly who: string
  readonly details: string
}

export function lineText({ event, sku, users, moves, trail }: JournalLine): LineText {
  const more = users.length - usersNamed
  const who = `${users.slice(0, usersNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  const currency = trail?.ledger?.settings.currency
  const details = detailsOf(event, (minor) => (currency === undefined ? `${minor} minor units` : moneyText(minor, currency)))
  const first = moves[0]
  const claims =
    'claim' in event || first === undefined
      ? ''
      : moves.length === 1
        ? `claim ${first.claim}`
        : `claims ${first.claim} and on, in line order`
  return { sku, kind: event.kind, who, details: [details, claims].filter((text) => text !== '').join(', ') }
}

function detailsOf(event: LineEvent, money: (minor: number) => string): string {
  switch (event.kind) {
    case 'opened':
      return 'a new owner, a new epoch'
    case 'unreadable':
      return event.problem
    case 'configured': {
      const { stock, perUserMax, saleLimitPerUser, sale } = event.settings
      const saleLimit = saleLimitPerUser === undefined ? '' : `, ${saleLimitPerUser} of the sale`
      return `sale ${sale}, ${counted(stock, 'unit')}, at most ${perUserMax} a user${saleLimit}`
    }
    case 'edited':
      return Object.entries(event.edit)
        .map(([name, value]) => `${name} ${name === 'priceMinor' ? money(Number(value)) : String(value)}`)
        .join(', ')
    case 'phaseSet':
      return event.phase
    case 'held':
      return `claim ${event.claim}, ${counted(event.qty, 'unit')}, until ${timeText(event.until)}`
    case 'queued':
    case 'lobbied':
      return `claim ${event.claim}, ${counted(event.qty, 'unit')}`
    case 'left':
    case 'expired':
    case 'absent':
    case 'delivered':
      return `claim ${event.claim}`
    case 'granted':
      return `${counted(event.count, 'hold')} until ${timeText(event.until)}`
    case 'lineSoldOut':
      return `${counted(event.count, 'ticket')} of the line`
    case 'forgotten':
      return `${counted(event.count, 'ended claim')} put away`
    case 'ordered':
      return `claim ${event.claim}, ${money(event.amountMinor)} to pay by ${timeText(event.until)}`
    case 'settled':
      return `claim ${event.claim} is ${event.outcome}`
    case 'restocked':
      return `${counted(event.units, 'unit')} more`
    case 'refundBegun':
    case 'refundEnded': {
      const outcome = event.kind === 'refundBegun' ? 'asked for' : event.isDone ? 'given back' : 'refused by the provider'
      return `claim ${event.claim}, ${money(event.amountMinor)} of ${money(event.orderMinor)} ${outcome}`
    }
    case 'refundTold':
      return `claim ${event.claim}`
    case 'lobbyClosed':
      return `up to claim ${event.cutoff}`
    case 'counted':
      return `${counted(event.entries.length, 'participant')}, up to ${event.to}`
    case 'rosterHashed':
      return event.hash
    case 'beaconCame':
      return event.value.length === 0 ? 'no value came' : Buffer.from(event.value).toString('hex')
    case 'seated':
      return `${counted(event.claims.length, 'place')}${event.isLate ? ' of those who came late' : ''}`
    case 'drawn':
    case 'seedRevealed':
      return ''
    case 'resumedBy':
      return `${event.gapMs} ms without an owner`
    case 'answered':
      return `request ${event.request}`
    case 'reserved':
    case 'spent':
    case 'reservationTold':
      return `reservation ${event.number}`
    case 'attached':
    case 'detached':
      return event.gateway
    case 'erased':
    case 'userErased':
      return 'a pseudonym stands for the user from here on'
    case 'struck':
      return 'of a user who was erased'
    case 'named':
      return `${event.displayName ?? 'no name'}, ${event.tier ?? 'no tier'}`
    case 'orderNews':
      return `order ${event.order} is ${event.state}`
    case 'setAside':
      return `reservation ${event.number}: ${counted(event.qty, 'unit')} of sale ${event.sale}`
    case 'unitsCounted':
      return `up to reservation ${event.number}: ${event.live} live, ${event.bought} bought of sale ${event.sale}`
    case 'resumed':
      return `${event.gapMs} ms without an owner`
  }
}
