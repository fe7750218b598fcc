import type { SettledState } from './stock-events.ts'

/** Which states an order may come to from which; the last three have ended, and money came for them all the same, or went back after all. */
export const settlements: Readonly<Record<OrderFrom, ReadonlySet<SettledState>>> = {
  pending: new Set(['paid', 'declined', 'overdue', 'refunding']),
  overdue: new Set(['paid', 'declined', 'refunding']),
  refunding: new Set(['refunded', 'cancelled', 'unrefunded']),
  declined: new Set(['refunding']),
  cancelled: new Set(['refunding']),
  unrefunded: new Set(['refunded']),
}

type OrderFrom = 'pending' | 'overdue' | 'refunding' | 'declined' | 'cancelled' | 'unrefunded'

export const mayGoOn: readonly OrderFrom[] = ['pending', 'overdue', 'refunding', 'declined', 'cancelled', 'unrefunded']

export function isOrderFrom(state: string): state is OrderFrom {
  return mayGoOn.some((one) => one === state)
}
