using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Scenarios;

return await ScenarioProgram.RunAsync(
    args,
    new ThroughputBatch(),
    new ThroughputSingle(),
    new Pickup(),
    new Failures(),
    new LostWorker(),
    new KillAgent(),
    new RegisteredFleet(),
    new FleetListing(),
    new ScaleDistinctDisk(),
    new ScaleDistinctWorkers(),
    new ScaleUnmetHead(),
    new ScaleUnservedMove());
