using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Scenarios;

return await ScenarioProgram.RunAsync(
    args,
    new ThroughputBatch(),
    new ThroughputSingle(),
    new Idle(),
    new Pickup(),
    new Failures(),
    new LostWorker(),
    new KillAgent(),
    new TakeOver(rounds: 5),
    new Join(rounds: 1, tasks: 40_000),
    new RegisteredFleet(),
    new MetricsCost(),
    new MetricsScrape(),
    new Liveness(),
    new FleetListing(),
    new ScaleDeadWorkers("scale-dead-workers", workers: 20_000),
    new ScaleDistinctDisk(),
    new ScaleDistinctWorkers(),
    new ScaleWaitingWorkers(),
    new ScaleUnmetHead(),
    new ScaleUnservedMove(),
    new ScaleLargeQueue("scale-large-queue-20k", tasks: 20_000, payloadBytes: 500, recoverySeconds: 8),
    new ScaleLargeQueue("scale-large-queue-200k", tasks: 200_000, payloadBytes: 500, recoverySeconds: 8),
    new ScaleLargeQueue("scale-large-queue-200k-2600", tasks: 200_000, payloadBytes: 2_600, recoverySeconds: 8),
    new ScaleLargeQueue("scale-large-queue-1m", tasks: 1_000_000, payloadBytes: 500, recoverySeconds: 20));
