// The tests start whole fleets of processes. Running two tests at once would only slow down both.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
