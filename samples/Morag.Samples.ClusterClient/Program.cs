using Morag.Failover.Client;
using Morag.Failover.Client.Akka;
using Morag.Failover.Contracts.Failover;

if (args is not [var node, var task, var worker, .. var files] || files.Length is not (0 or 3))
{
    Console.Error.WriteLine(
        "Usage: Morag.Samples.ClusterClient HOST:PORT TASK WORKER [CERTIFICATE KEY AUTHORITIES], where HOST:PORT is the cluster address "
        + "of a node, and the files are needed if the nodes have TLS");
    return 2;
}

await using var transport = new ClusterClientTransport(new MoragClusterClientOptions
{
    Nodes = { node },
    Hostname = "127.0.0.1", // in production, an address at which the nodes reach this program

    // Only a client with a certificate of the nodes' own authority can call nodes with TLS.
    Tls = files is [var certificate, var key, var authorities]
        ? new() { Certificate = new() { Certificate = certificate, Key = key }, Authorities = authorities }
        : null,
});
var client = new MoragClient(transport);

try
{
    // The client repeats the report until it is answered. The event id makes that safe: the same id for the same task always gets the
    // decision that was made first.
    var decision = await client.ReportFailureAsync(new ReportFailure
    {
        TaskId = new(task),
        WorkerId = new(worker),
        EventId = new($"my-monitor-{Guid.NewGuid():n}"),
        FailureType = FailureType.NetworkFailure,
        ErrorMessage = "my-monitor cannot reach the worker",
    });
    Console.WriteLine($"{decision.SelectedAction.Strategy}: {decision.SelectedAction.Reason}");
    return 0;
}
catch (MoragLeaseEndedException ended)
{
    // The task went on in the meantime: it was completed, or another worker has it.
    Console.WriteLine($"Nothing to decide: {ended.Message}");
    return 0;
}
catch (MoragException failure)
{
    Console.Error.WriteLine($"Refused: {failure.Message}");
    return 1;
}
