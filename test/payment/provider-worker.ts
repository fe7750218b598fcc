import { climateSchema, providerTaskSchema } from './provider-messages.ts'
import { ProviderServer } from './provider-server.ts'
import { sendWebhook } from './webhook-sender.ts'

// The process that provider-process.ts starts, and kills: a provider whose ledger is a file. Its only argument says how; messages change its climate.
const { webhookUrl, ...options } = providerTaskSchema.parse(JSON.parse(process.argv[2] ?? ''))
let events = 0
const provider = await ProviderServer.start({
  ...options,
  onDecided: (charge, money) => {
    if (webhookUrl === undefined) return
    const body = JSON.stringify({ id: `evt ${process.pid} ${++events}`, charge, ...money })
    // A webhook that gets lost is a case to be tested, too.
    sendWebhook({ url: webhookUrl, secret: options.secret, body }).catch(() => undefined)
  },
})
process.on('message', (message) => {
  provider.climate = climateSchema.parse(message)
})
// Nobody is left to talk to.
process.on('disconnect', () => process.exit(0))
process.send?.({ url: provider.url })
