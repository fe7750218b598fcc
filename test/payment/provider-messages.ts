import { z } from 'zod'
import { moods } from './provider-moods.ts'

/** What the process of a provider is started with. */
export const providerTaskSchema = z.object({ port: z.int(), ledgerFile: z.string(), secret: z.string(), webhookUrl: z.string().optional() })
export type ProviderTask = Readonly<z.output<typeof providerTaskSchema>>

/** What it is told to be like. */
export const climateSchema = z.partialRecord(z.enum(moods), z.number())

/** What it says when it listens. */
export const listeningSchema = z.object({ url: z.string() })
