/** What every process of a cluster knows, and its journal does not. */
export const drawKey = 'the draw key of a simulated cluster'
