using Morag.Failover.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Scenarios;

// Runs the scenarios that are named, or all, one after the other; each prints one line of JSON.
IScenario[] all =
[
    new ThroughputBatch(), new ThroughputSingle(), new Pickup(), new Failures(), new LostWorker(), new KillAgent(), new RegisteredFleet(),
    new FleetListing(),
];
if (args.Except(all.Select(scenario => scenario.Name)).Any())
{
    await Console.Error.WriteLineAsync($"usage: Morag.Failover.Benchmarks [{string.Join("] [", all.Select(scenario => scenario.Name))}]");
    return 2;
}

foreach (var scenario in all.Where(scenario => args.Length == 0 || args.Contains(scenario.Name)))
{
    await Console.Out.WriteLineAsync((await Measurement.TakeAsync(scenario)).ToJson());
}

return 0;
