// The tests start whole fleets of processes; two of them at once would only slow each other down.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
