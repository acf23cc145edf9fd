using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Cluster.Tools.Client;
using Akka.Configuration;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Security;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Wire;

if (args is not [var node, var task, var worker, .. var files] || files.Length is not (0 or 3))
{
    Console.Error.WriteLine(
        "Usage: Morag.Samples.ClusterClient HOST:PORT TASK WORKER [CERTIFICATE KEY AUTHORITIES], where HOST:PORT is the cluster address "
        + "of a node, and the files are needed if the nodes have TLS");
    return 2;
}

// Only a client with a certificate of the nodes' own authority can call nodes with TLS.
var tls = files is [var certificate, var key, var authorities]
    ? ClusterTls.Load(
        new() { Certificate = new() { Certificate = certificate, Key = key }, Authorities = authorities }, TimeProvider.System)
    : null;
var scheme = tls is null ? "akka.tcp" : ClusterTls.Scheme;

// FailoverClient.Config binds the contracts to their serializers. A type outside the contracts does not leave this program.
var config = ConfigurationFactory.ParseString($$"""
    akka {
      loglevel = WARNING
      actor.provider = remote
      remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }   # in production, an address that the nodes can reach
      cluster.client.initial-contacts = ["{{scheme}}://morag@{{node}}/system/receptionist"]
    }
    """).WithFallback(FailoverClient.Config);

var setup = tls is null
    ? ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(config))
    : BootstrapSetup.Create().WithConfig(ClusterTls.Config.WithFallback(config)).And(tls.Setup);
using var system = ActorSystem.Create("my-monitor", setup);
var client = system.ActorOf(ClusterClient.Props(ClusterClientSettings.Create(system)), "failover");

// The event id makes the report safe to repeat: the same id for the same task always gets the decision that was made first.
var report = new ReportFailure
{
    TaskId = new(task),
    WorkerId = new(worker),
    EventId = new($"my-monitor-{Guid.NewGuid():n}"),
    FailureType = FailureType.NetworkFailure,
    ErrorMessage = "my-monitor cannot reach the worker",
};

while (true)
{
    switch (await AskAsync(report))
    {
        case FailoverDecision decision:
            Console.WriteLine($"{decision.SelectedAction.Strategy}: {decision.SelectedAction.Reason}");
            return 0;
        case FailureStale stale:
            // The task went on in the meantime: it was completed, or another worker has it.
            Console.WriteLine($"Nothing to decide: {stale.Detail}");
            return 0;
        case Refused { Reason: RefusalReason.Unavailable } or null:
            // Nobody knows whether the report arrived, so send it again.
            await Task.Delay(TimeSpan.FromSeconds(1));
            break;
        case Refused refused:
            Console.Error.WriteLine($"Refused: {refused.Message}");
            return 1;
        case var other:
            throw new InvalidOperationException($"ReportFailure was answered with {other.GetType().Name}");
    }
}

async Task<IWireMessage?> AskAsync(ReportFailure message)
{
    try
    {
        return await client.Ask<IWireMessage>(new ClusterClient.Send(FailoverClient.Coordinators, message), TimeSpan.FromSeconds(15));
    }
    catch (AskTimeoutException)
    {
        return null;
    }
}
