using Morag.Failover.Contracts.Ids;

namespace Morag.Failover.Client.Workers;

/// <summary>Another process works under the worker's id, so this worker stops. By default that stops the host.</summary>
public sealed class WorkerIdInUseException(WorkerId worker, string host)
    : Exception($"Another process on {host} is running as worker {worker}. Give each worker its own WorkerId.")
{
    /// <summary>The name of the machine that the other process runs on.</summary>
    internal string Host { get; } = host;

    /// <summary>The id.</summary>
    public WorkerId Worker { get; } = worker;
}
