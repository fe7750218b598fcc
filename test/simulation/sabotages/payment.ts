import type { CodeSabotage } from '../sabotage.ts'

/** The payment worker, and the money that it moves. */
export const paymentSabotages: readonly CodeSabotage[] = [
  {
    name: 'refund-not-made',
    where: 'code',
    how: 'A refund that an operator asks for is settled as done, and the provider never hears of it.',
    breaks: ['G8'],
    patches: [
      {
        file: 'actors/payment/payment-worker.js',
        find: 'this.parts.provider.refund(refund, key)',
        replace: "Promise.resolve('refunded')",
      },
    ],
  },
  {
    name: 'charge-twice',
    where: 'code',
    how: 'Every try to charge has a key of its own.',
    breaks: ['G8'],
    patches: [
      {
        file: 'actors/payment/payment-worker.js',
        find: 'charges.charge(order, order.order)',
        replace: 'charges.charge(order, `${order.order}/${tried}`)',
      },
    ],
  },
  {
    name: 'forget-unknown',
    where: 'code',
    how: 'A charge of which the provider cannot say yet what became of it is taken for declined.',
    breaks: ['G8'],
    patches: [
      {
        file: 'actors/payment/payment-worker.js',
        find: "if (outcome === 'paid' || outcome === 'declined')\n                return outcome;",
        replace: "if (outcome !== 'absent')\n                return outcome === 'paid' ? 'paid' : 'declined';",
      },
    ],
  },
  {
    name: 'money-kept',
    where: 'code',
    how: 'Money that came for an order which its store has lost is not given back.',
    breaks: ['G8'],
    patches: [
      {
        file: 'actors/payment/payment-worker.js',
        find: "else if (state === 'declined' || state === 'cancelled') {",
        replace: "else if (state === 'declined') {",
      },
    ],
  },
]
