// The specs start whole fleets of processes and mostly wait for them. Two classes at once use the waits; more would only slow each
// other down.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]
