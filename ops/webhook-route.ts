import type { WebhookReceiver } from '../actors/payment/http/webhook-receiver.ts'
import type { OpsRoute } from './ops-routes.ts'

/** Where a payment provider's webhooks come in. */
export function webhookRoute(receiver: Pick<WebhookReceiver, 'receive'>): OpsRoute {
  return {
    method: 'POST',
    answer: async (request) => {
      const { status, result } = await receiver.receive(request)
      return { status, text: `${result}\n` }
    },
  }
}
