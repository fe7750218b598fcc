import type { CodeSabotage } from '../sabotage.ts'
import { lawOff } from './law-off.ts'

/** Orders as the inventory has them. */
export const orderSabotages: readonly CodeSabotage[] = [
  {
    name: 'skip-outbox',
    where: 'code',
    how: 'A new owner hands on no order that the owner before it left open.',
    breaks: ['G2', 'G8'],
    patches: [
      {
        file: 'actors/inventory/outbox.js',
        find: 'let open = 0;',
        replace: `let open = 0;
        this.left ??= new Set(this.state.skus.flatMap((sku) => [...sku.orders.values()].map(({ order }) => order)));`,
      },
      {
        file: 'actors/inventory/outbox.js',
        find: 'if (attempt.underWay || attempt.dueAt > now)',
        replace: 'if (attempt.underWay || attempt.dueAt > now || this.left.has(item.order))',
      },
    ],
  },
  {
    name: 'late-payment-sold',
    where: 'code',
    how: 'A payment after its deadline always becomes a sale, though none is free or others wait.',
    breaks: ['G1', 'G6', 'G8'],
    patches: [
      {
        file: 'actors/inventory/order-life.js',
        find: 'return mayStillHave(sku, qty) ? claimState.paid : claimState.refunding;',
        replace: 'return claimState.paid;',
      },
      lawOff,
    ],
  },
  {
    name: 'cancel-forgets-money',
    where: 'code',
    how: 'An order that its buyer gives up ends at once, whatever its charge comes to.',
    breaks: ['G8'],
    patches: [
      {
        file: 'actors/inventory/decide-order.js',
        find: 'settle(owned, batch, name.claim, claimState.refunding);',
        replace: 'settle(owned, batch, name.claim, claimState.cancelled);',
      },
    ],
  },
  {
    name: 'price-of-now',
    where: 'code',
    how: 'An order costs what the SKU costs when it is made, and not what its hold was promised for.',
    breaks: ['G8'],
    patches: [{ file: 'actors/inventory/decide-order.js', find: 'sku.priceOf(row)', replace: 'settings.priceMinor' }],
  },
]
