import { describeClients } from '../protocol/client/client-behaviour.ts'
import { RunningNode } from './running-node.ts'

// The suite lets one user make hundreds of calls at once, which the limits of a real sale would refuse.
const roomy = {
  shards: 8,
  addressRatePerSecond: 1_000_000,
  addressBurst: 1_000_000,
  userRatePerSecond: 1_000_000,
  userBurst: 1_000_000,
  simulatedDelayMs: 20,
  tickMs: 20,
}

describeClients(async () => {
  const node = await RunningNode.start({ settings: roomy })
  return {
    rpcUrl: node.rpcUrl,
    operatorKey: node.secrets.operatorKey,
    socketUrl: node.socketUrl,
    tokenOf: async (user) => node.tokenOf(user),
    stop: () => node.stop(),
  }
})
