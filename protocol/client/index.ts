/** The client for browsers and Node over WebSocket. Services in Node that speak msgpack-RPC over TCP take `rpc-client.ts` instead. */
export { connectSocket, type SocketClient, type SocketClientConfig } from './socket-client.ts'
export { SluiceError } from './sluice-error.ts'
export type { CallOptions, CreateOptions } from './typed-call.ts'
export type { PublicCalls, SearchFilters } from './public-calls.ts'
export type { BuyOptions, HistoryOptions, UserCalls } from './user-calls.ts'
export type { ClientEventName, ClientEvents } from './events.ts'
export type { ClientState } from './connection-keeper.ts'
export type { Cancel, ClientWorld } from './client-world.ts'
export type { SocketConstructor, Subprotocol } from './socket-connection.ts'
export type { Code } from '../codes.ts'
export type { SearchResult } from '../search.ts'
export type {
  ClaimState,
  Eta,
  Events,
  HistoryEntry,
  NamedUser,
  Odds,
  Order,
  OrderClaim,
  OrderState,
  OwnedClaim,
  ProductInfo,
  ProductSummary,
  SaleInfo,
  SkuInfo,
  SkuStatus,
  UserHistory,
} from '../results.ts'
